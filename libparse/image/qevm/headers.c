/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* headers.c - parse a saved guest up to its first page. */
#include "stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define RAM_VERSION    4u
#define LIBVIRT_HEADER 92u
#define XML_LOOKED_AT  1024u /* bytes searched for the name */
#define MAPPED_HEADER  28u

/* ---- libvirt's header --------------------------------------------------- */

/* The text between <name> and </name> at the beginning of the XML. */
static void find_domain(struct ml_qevm *q, uint64_t len)
{
	char xml[XML_LOOKED_AT + 1], *name, *end;
	size_t got;

	if (ml_file_read_some(q->file, LIBVIRT_HEADER, xml,
			      ml_min(len, XML_LOOKED_AT), &got, NULL))
		return;
	xml[got] = '\0';
	name = strstr(xml, "<name>");
	end = name ? strstr(name, "</name>") : NULL;
	if (end) {
		*end = '\0';
		snprintf(q->domain, sizeof(q->domain), "%s", name + 6);
	}
}

/* Parse libvirt's header, if the file has one. */
static enum memlog_status qevm_headers_libvirt(struct ml_qevm *q,
					       struct memlog_err *err)
{
	static const struct {
		const char *name, *tool;
	} packed[] = {
		{ "gzip", "gunzip" },  { "bzip2", "bunzip2" }, { "xz", "unxz" },
		{ "lzop", "lzop -d" }, { "zstd", "unzstd" },
	};
	uint8_t h[LIBVIRT_HEADER];
	uint32_t len, compression;
	enum memlog_status s;
	bool be;

	s = ml_qevm_take(q, h, 16, err);
	if (s == MEMLOG_NO_DATA || (!s && memcmp(h, "LibvirtQemud", 12))) {
		q->at = 0;
		return MEMLOG_OK;
	}
	if (!s)
		s = ml_qevm_take(q, h + 16, sizeof(h) - 16, err);
	if (s)
		return s == MEMLOG_NO_DATA ? ml_qevm_invalid(q, "header", err) :
					     s;
	q->libvirt = true;
	q->unfinished = !memcmp(h + 12, "Part", 4);
	be = ml_be32(h + 16) < ml_le32(h + 16);
	len = be ? ml_be32(h + 20) : ml_le32(h + 20);
	compression = be ? ml_be32(h + 28) : ml_le32(h + 28);
	q->at += len;
	find_domain(q, len);
	if (compression && compression <= sizeof(packed) / sizeof(packed[0]))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a guest that libvirt "
			       "saved with %s; use tail -c +%" PRIu64
			       " FILE | %s | memlog-dump -",
			       packed[compression - 1].name, q->at + 1,
			       packed[compression - 1].tool);
	return MEMLOG_OK;
}

/* ---- headers ------------------------------------------------------------ */

static enum memlog_status qevm_headers_capabilities(struct ml_qevm *q,
						    struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s;
	uint32_t n;

	for (s = ml_qevm_u32(q, &n, err); n-- && !s;) {
		s = ml_qevm_name(q, name, err);
		if (s)
			break;
		q->mapped |= !strcmp(name, "mapped-ram");
		if (!strcmp(name, "x-ignore-shared"))
			s = ml_fail(err, MEMLOG_UNSUPPORTED,
				    "a stream without "
				    "shared memory, which is in the file of "
				    "its backend" ML_QEVM_INSTEAD);
	}
	return s;
}

static enum memlog_status qevm_headers_subsection(struct ml_qevm *q,
						  struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s;
	uint32_t v;

	s = ml_qevm_name(q, name, err);
	if (!s)
		s = ml_qevm_u32(q, &v, err);
	if (s)
		return s;
	if (!strcmp(name, "configuration/capabilities"))
		return qevm_headers_capabilities(q, err);
	if (!strcmp(name, "configuration/uuid"))
		return ml_qevm_skip(q, 16, err);
	if (strcmp(name, "configuration/target-page-bits"))
		return ml_qevm_invalid(q, "part of the configuration", err);
	s = ml_qevm_u32(q, &v, err);
	if (!s && v != 12)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a stream with pages "
			       "of other than 4096 bytes" ML_QEVM_INSTEAD);
	return s;
}

static enum memlog_status qevm_headers_configuration(struct ml_qevm *q,
						     struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t type = 0;
	uint32_t len;

	s = ml_qevm_u32(q, &len, err);
	if (s)
		return s;
	if (len >= ML_QEVM_NAME)
		return ml_qevm_invalid(q, "configuration", err);
	s = ml_qevm_take(q, q->machine, len, err);
	q->machine[s ? 0 : len] = '\0';
	while (!s) {
		s = ml_qevm_take(q, &type, 1, err);
		if (s || type != ML_QEVM_SUBSECTION)
			break;
		s = qevm_headers_subsection(q, err);
	}
	if (!s)
		q->at--;
	return s;
}

static enum memlog_status mapped_header(struct ml_qevm *q,
					struct ml_qevm_block *b,
					struct memlog_err *err)
{
	uint8_t h[MAPPED_HEADER];
	enum memlog_status s = ml_qevm_take(q, h, sizeof(h), err);

	if (s)
		return s;
	if (ml_be32(h) != 1 || ml_be64(h + 4) != ML_PAGE)
		return ml_qevm_invalid(q, "list of pages", err);
	b->bitmap = ml_be64(h + 12);
	b->pages = ml_be64(h + 20);
	/* each block has pages of its own, after its header */
	if (b->pages < q->at || b->pages > INT64_MAX ||
	    !ml_add(b->pages, b->len, &q->at) || q->at > INT64_MAX)
		return ml_qevm_invalid(q, "list of pages", err);
	return MEMLOG_OK;
}

/* The list of blocks: the sum of their lengths, then the blocks. */
static enum memlog_status block_list(struct ml_qevm *q, struct memlog_err *err)
{
	struct ml_qevm_block *b;
	enum memlog_status s;
	uint64_t left;

	s = ml_qevm_u64(q, &left, err);
	if (s)
		return s;
	if (left % ML_PAGE != ML_QEVM_REC_MEM_SIZE)
		return ml_qevm_invalid(q, "list of blocks", err);
	for (left -= ML_QEVM_REC_MEM_SIZE; left; left -= b->len) {
		if (q->n_blocks >= ML_MAX_SAVED_BLOCKS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "more than %u blocks "
				       "of memory",
				       ML_MAX_SAVED_BLOCKS);
		s = ml_grow(&q->alloc, &q->blocks, q->n_blocks, &q->cap_blocks,
			    sizeof(*q->blocks), err);
		if (s)
			return s;
		b = &q->blocks[q->n_blocks++];
		memset(b, 0, sizeof(*b));
		s = ml_qevm_name(q, b->name, err);
		if (!s)
			s = ml_qevm_u64(q, &b->len, err);
		if (s)
			return s;
		if (b->len > left || b->len % ML_PAGE)
			return ml_qevm_invalid(q, "list of blocks", err);
		s = q->mapped ? mapped_header(q, b, err) : MEMLOG_OK;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Parse a START or FULL section after its type: the memory, or a device that comes before
 * it. */
static enum memlog_status qevm_headers_section(struct ml_qevm *q, bool *ret,
					       struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s;
	uint32_t id, version;
	uint64_t at;

	s = ml_qevm_section(q, name, &id, &version, err);
	if (s)
		return s;
	*ret = !strcmp(name, "ram");
	if (!*ret) {
		at = q->at;
		s = ml_qevm_device(q, id, err);
		if (!s)
			s = ml_qevm_plug(q, name, at, err);
		return s == MEMLOG_NO_DATA ?
			       ml_fail(err, MEMLOG_UNSUPPORTED,
				       "a stream with a device, whose length "
				       "is unknown, before "
				       "memory" ML_QEVM_INSTEAD) :
			       s;
	}
	q->ram_id = id;
	if (version != RAM_VERSION)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a stream with memory "
			       "of version %" PRIu32 ML_QEVM_INSTEAD,
			       version);
	return block_list(q, err);
}

enum memlog_status ml_qevm_begin(struct ml_qevm *q, struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t h[8], type = 0;
	bool ram = false;

	s = qevm_headers_libvirt(q, err);
	if (s)
		return s;
	s = ml_qevm_take(q, h, sizeof(h), err);
	if (s == MEMLOG_NO_DATA || (!s && memcmp(h, "QEVM", 4)))
		return q->libvirt ? ml_qevm_invalid(q, "stream", err) :
				    ml_fail(err, MEMLOG_NOT_MINE,
					    "not a saved guest");
	if (!s && ml_be32(h + 4) != 3)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a migration stream of "
			       "version %" PRIu32 ML_QEVM_INSTEAD,
			       ml_be32(h + 4));
	while (!s) {
		s = ml_qevm_take(q, &type, 1, err);
		if (s)
			break;
		if (type == ML_QEVM_CONFIGURATION)
			s = qevm_headers_configuration(q, err);
		else if (type == ML_QEVM_COMMAND)
			s = ml_qevm_command(q, err);
		else if (type == ML_QEVM_START || type == ML_QEVM_FULL)
			s = qevm_headers_section(q, &ram, err);
		else
			return ml_fail(
				err, MEMLOG_UNSUPPORTED,
				"a migration "
				"stream whose memory cannot be reached: "
				"a section of type %u comes first" ML_QEVM_INSTEAD,
				type);
		if (!s && ram)
			return MEMLOG_OK;
	}
	/* a stream truncated before its memory is of no use */
	return s == MEMLOG_NO_DATA ?
		       ml_prefix(err, MEMLOG_CORRUPT,
				 "the saved guest has no memory") :
		       s;
}
