/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.c - go through a migration stream of QEMU.
 *
 * "QEVM", version 3, then sections, all big endian: a type of one byte and what
 * the type has. Sections of memory begin with START, which lists its blocks; any
 * number of PARTs and an END have its pages, each a record: offset in the block,
 * with flags in the low 12 bits; the block's name unless it is the one before;
 * then the page, or one byte that fills it. A running guest writes to its
 * memory, so pages come again: the last one counts. Sections of devices have no
 * length, but QEMU writes them behind the END of memory.
 *
 * With mapped-ram, pages do not stand in the stream: the list of blocks says for
 * each where in the file a bitmap (little endian) and the pages are.
 *
 * libvirt puts a header of 92 bytes in front, in the byte order of its host:
 * "LibvirtQemudSave", or Part while it is being written, version, length of what
 * follows it (the guest's XML and more), was it running, compression.
 *
 * Sources: QEMU's docs/devel/migration, migration/savevm.c and ram.c; libvirt's
 * qemu_saveimage.h; streams of QEMU 7.2 and 11.1.
 */
#include "qevm.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define RAM_VERSION	4u
#define LIBVIRT_HEADER	92u
#define XML_LOOKED_AT	1024u	/* for the name, which comes first */
#define MAPPED_HEADER	28u

enum section {
	START = 1, PART = 2, END = 3, FULL = 4, SUBSECTION = 5,
	CONFIGURATION = 7, COMMAND = 8, FOOTER = 0x7e,
};

enum flag {
	FILL = 0x02, MEM_SIZE = 0x04, PAGE = 0x08, EOS = 0x10, CONTINUE = 0x20,
	XBZRLE = 0x40, HOOK = 0x80, COMPRESSED = 0x100, MULTIFD = 0x200,
};

#define INSTEAD "; use QEMU's dump-guest-memory FILE, or virsh dump " \
	"--memory-only --format elf DOMAIN FILE"

/* ---- bytes -------------------------------------------------------------- */

/* NO_DATA: the file ends before them. */
static enum memlog_status take(struct ml_qevm *q, void *to, size_t len,
			       struct memlog_err *err)
{
	enum memlog_status s;

	if (q->at < q->buf_at || q->buf_n < len ||
	    q->at - q->buf_at > q->buf_n - len) {
		q->buf_n = 0;
		s = ml_file_read_some(q->file, q->at, q->buf, sizeof(q->buf),
				      &q->buf_n, err);
		q->buf_at = q->at;
		if (s)
			return s;
		if (q->buf_n < len)
			return ml_fail(err, MEMLOG_NO_DATA, "the file ends at "
				       "offset 0x%" PRIx64, q->at + q->buf_n);
	}
	memcpy(to, q->buf + (q->at - q->buf_at), len);
	q->at += len;
	return MEMLOG_OK;
}

static enum memlog_status skip(struct ml_qevm *q, uint64_t len,
			       struct memlog_err *err)
{
	if (q->at > q->file->size || len > q->file->size - q->at)
		return ml_fail(err, MEMLOG_NO_DATA, "the file ends at offset "
			       "0x%" PRIx64, q->file->size);
	q->at += len;
	return MEMLOG_OK;
}

static enum memlog_status take32(struct ml_qevm *q, uint32_t *ret,
				 struct memlog_err *err)
{
	uint8_t b[4];
	enum memlog_status s = take(q, b, sizeof(b), err);

	*ret = s ? 0 : ml_be32(b);
	return s;
}

static enum memlog_status take64(struct ml_qevm *q, uint64_t *ret,
				 struct memlog_err *err)
{
	uint8_t b[8];
	enum memlog_status s = take(q, b, sizeof(b), err);

	*ret = s ? 0 : ml_be64(b);
	return s;
}

static enum memlog_status take_name(struct ml_qevm *q, char name[ML_QEVM_NAME],
				    struct memlog_err *err)
{
	uint8_t len = 0;
	enum memlog_status s = take(q, &len, 1, err);

	if (!s)
		s = take(q, name, len, err);
	name[s ? 0 : len] = '\0';
	return s;
}

static enum memlog_status senseless(const struct ml_qevm *q, const char *what,
				    struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_CORRUPT, "the %s at offset 0x%" PRIx64
		       " makes no sense", what, q->at);
}

/* ---- in front of the stream --------------------------------------------- */

/* Between <name> and </name>; no more than the beginning is looked at. */
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

/* What libvirt puts in front of a stream, if it does. */
static enum memlog_status libvirt(struct ml_qevm *q, struct memlog_err *err)
{
	static const struct { const char *name, *tool; } packed[] = {
		{ "gzip", "gunzip" }, { "bzip2", "bunzip2" }, { "xz", "unxz" },
		{ "lzop", "lzop -d" }, { "zstd", "unzstd" },
	};
	uint8_t h[LIBVIRT_HEADER];
	uint32_t len, compression;
	enum memlog_status s;
	bool be;

	s = take(q, h, 16, err);
	if (s == MEMLOG_NO_DATA || (!s && memcmp(h, "LibvirtQemud", 12))) {
		q->at = 0;
		return MEMLOG_OK;
	}
	if (!s)
		s = take(q, h + 16, sizeof(h) - 16, err);
	if (s)
		return s == MEMLOG_NO_DATA ? senseless(q, "header", err) : s;
	q->libvirt = true;
	q->unfinished = !memcmp(h + 12, "Part", 4);
	be = ml_be32(h + 16) < ml_le32(h + 16);
	len = be ? ml_be32(h + 20) : ml_le32(h + 20);
	compression = be ? ml_be32(h + 28) : ml_le32(h + 28);
	q->at += len;
	find_domain(q, len);
	if (compression && compression <= sizeof(packed) / sizeof(packed[0]))
		return ml_fail(err, MEMLOG_UNSUPPORTED, "a guest that libvirt "
			       "saved with %s; use tail -c +%" PRIu64
			       " FILE | %s | memlog-dump -",
			       packed[compression - 1].name, q->at + 1,
			       packed[compression - 1].tool);
	return MEMLOG_OK;
}

/* ---- headers ------------------------------------------------------------ */

static enum memlog_status capabilities(struct ml_qevm *q,
				       struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s;
	uint32_t n;

	for (s = take32(q, &n, err); n-- && !s;) {
		s = take_name(q, name, err);
		if (s)
			break;
		q->mapped |= !strcmp(name, "mapped-ram");
		if (!strcmp(name, "x-ignore-shared"))
			s = ml_fail(err, MEMLOG_UNSUPPORTED, "a stream without "
				    "shared memory: that is in the file behind "
				    "it" INSTEAD);
	}
	return s;
}

static enum memlog_status subsection(struct ml_qevm *q, struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s;
	uint32_t v;

	s = take_name(q, name, err);
	if (!s)
		s = take32(q, &v, err);
	if (s)
		return s;
	if (!strcmp(name, "configuration/capabilities"))
		return capabilities(q, err);
	if (!strcmp(name, "configuration/uuid"))
		return skip(q, 16, err);
	if (strcmp(name, "configuration/target-page-bits"))
		return senseless(q, "part of the configuration", err);
	s = take32(q, &v, err);
	if (!s && v != 12)
		return ml_fail(err, MEMLOG_UNSUPPORTED, "a stream whose pages "
			       "do not have 4096 bytes" INSTEAD);
	return s;
}

static enum memlog_status configuration(struct ml_qevm *q,
					struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t type = 0;
	uint32_t len;

	s = take32(q, &len, err);
	if (s)
		return s;
	if (len >= ML_QEVM_NAME)
		return senseless(q, "configuration", err);
	s = take(q, q->machine, len, err);
	q->machine[s ? 0 : len] = '\0';
	while (!s) {
		s = take(q, &type, 1, err);
		if (s || type != SUBSECTION)
			break;
		s = subsection(q, err);
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
	enum memlog_status s = take(q, h, sizeof(h), err);

	if (s)
		return s;
	if (ml_be32(h) != 1 || ml_be64(h + 4) != ML_PAGE)
		return senseless(q, "list of pages", err);
	b->bitmap = ml_be64(h + 12);
	b->pages = ml_be64(h + 20);
	if (b->pages > INT64_MAX || !ml_add(b->pages, b->len, &q->at) ||
	    q->at > INT64_MAX)
		return senseless(q, "list of pages", err);
	return MEMLOG_OK;
}

/* The blocks, whose lengths make up what is said first. */
static enum memlog_status block_list(struct ml_qevm *q, struct memlog_err *err)
{
	struct ml_qevm_block *b;
	enum memlog_status s;
	uint64_t left;

	s = take64(q, &left, err);
	if (s)
		return s;
	if (left % ML_PAGE != MEM_SIZE)
		return senseless(q, "list of blocks", err);
	for (left -= MEM_SIZE; left; left -= b->len) {
		if (q->n_blocks >= ML_MAX_SAVED_BLOCKS)
			return ml_fail(err, MEMLOG_LIMIT, "more than %u blocks "
				       "of memory", ML_MAX_SAVED_BLOCKS);
		s = ml_grow(&q->alloc, &q->blocks, q->n_blocks, &q->cap_blocks,
			    sizeof(*q->blocks), err);
		if (s)
			return s;
		b = &q->blocks[q->n_blocks++];
		memset(b, 0, sizeof(*b));
		s = take_name(q, b->name, err);
		if (!s)
			s = take64(q, &b->len, err);
		if (s)
			return s;
		if (b->len > left || b->len % ML_PAGE)
			return senseless(q, "list of blocks", err);
		s = q->mapped ? mapped_header(q, b, err) : MEMLOG_OK;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* What stands behind the type of a START. */
static enum memlog_status start(struct ml_qevm *q, struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	uint32_t instance, version;
	enum memlog_status s;

	s = take32(q, &q->ram_id, err);
	if (!s)
		s = take_name(q, name, err);
	if (!s)
		s = take32(q, &instance, err);
	if (!s)
		s = take32(q, &version, err);
	if (s)
		return s;
	if (strcmp(name, "ram"))
		return ml_fail(err, MEMLOG_UNSUPPORTED, "a stream with a "
			       "device, whose length nobody knows, in front of "
			       "memory" INSTEAD);
	if (version != RAM_VERSION)
		return ml_fail(err, MEMLOG_UNSUPPORTED, "a stream with memory "
			       "of version %" PRIu32 INSTEAD, version);
	return block_list(q, err);
}

static enum memlog_status command(struct ml_qevm *q, struct memlog_err *err)
{
	uint32_t v;	/* what, and length: 16 bits each */
	enum memlog_status s = take32(q, &v, err);

	return s ? s : skip(q, v & 0xffff, err);
}

enum memlog_status ml_qevm_begin(struct ml_qevm *q, struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t h[8], type = 0;

	s = libvirt(q, err);
	if (s)
		return s;
	s = take(q, h, sizeof(h), err);
	if (s == MEMLOG_NO_DATA || (!s && memcmp(h, "QEVM", 4)))
		return q->libvirt ? senseless(q, "stream", err) :
		       ml_fail(err, MEMLOG_NOT_MINE, "not a saved guest");
	if (!s && ml_be32(h + 4) != 3)
		return ml_fail(err, MEMLOG_UNSUPPORTED, "a migration stream of "
			       "version %" PRIu32 INSTEAD, ml_be32(h + 4));
	while (!s) {
		s = take(q, &type, 1, err);
		if (s)
			break;
		if (type == CONFIGURATION)
			s = configuration(q, err);
		else if (type == COMMAND)
			s = command(q, err);
		else if (type == START)
			s = start(q, err);
		else
			return ml_fail(err, MEMLOG_UNSUPPORTED, "a migration "
				       "stream whose memory cannot be reached: "
				       "a section of type %u comes first"
				       INSTEAD, type);
		if (!s && type == START)
			return MEMLOG_OK;
	}
	/* without memory a stream that is cut is of no use */
	return s == MEMLOG_NO_DATA ? ml_prefix(err, MEMLOG_CORRUPT,
		"the saved guest has no memory") : s;
}

/* ---- pages -------------------------------------------------------------- */

static enum memlog_status tick(struct ml_qevm *q, struct memlog_err *err)
{
	if (q->n_records++ % 4096 == 0 && q->opts->progress &&
	    q->opts->progress(q->opts->progress_arg, q->at,
			      q->file->size == UINT64_MAX ? 0 : q->file->size))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

static enum memlog_status not_read(uint32_t flags, struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_UNSUPPORTED, "a stream made with %s" INSTEAD,
		       flags & XBZRLE ? "xbzrle" :
		       flags & COMPRESSED ? "compress" :
		       flags & MULTIFD ? "multifd" : "RDMA");
}

static enum memlog_status find_block(struct ml_qevm *q, struct memlog_err *err)
{
	char name[ML_QEVM_NAME];
	enum memlog_status s = take_name(q, name, err);
	size_t i;

	q->block = NULL;
	for (i = 0; i < q->n_blocks && !s && !q->block; i++)
		if (!strcmp(q->blocks[i].name, name))
			q->block = &q->blocks[i];
	return s;
}

/* A page whose record began with flags; off is in its block. */
static enum memlog_status page(struct ml_qevm *q, uint32_t flags, uint64_t off,
			       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t number;
	uint8_t fill;

	if (!(flags & CONTINUE))
		s = find_block(q, err);
	if (s)
		return s;
	if (!q->block || off >= q->block->len)
		return senseless(q, "page", err);
	number = q->at << 1;
	if (flags & PAGE) {
		s = skip(q, ML_PAGE, err);
	} else {
		s = take(q, &fill, 1, err);
		number = fill ? number | ML_QEVM_FILL : ML_QEVM_FILL;
	}
	if (s || !q->block->ram)
		return s;
	return ml_pageindex_put(&q->index, q->block->first + off / ML_PAGE,
				number, err);
}

/* All up to the end of a section. */
static enum memlog_status records(struct ml_qevm *q, struct memlog_err *err)
{
	enum memlog_status s;
	uint32_t flags;
	uint64_t v;

	for (;;) {
		s = tick(q, err);
		if (!s)
			s = take64(q, &v, err);
		if (s)
			return s;
		flags = v % ML_PAGE;
		if (flags == EOS)
			return MEMLOG_OK;
		if (flags == MULTIFD && q->mapped)
			continue;	/* a mark between two rounds */
		if (flags & (XBZRLE | HOOK | COMPRESSED | MULTIFD))
			return not_read(flags, err);
		flags &= ~(uint32_t)CONTINUE;
		if (flags != PAGE && flags != FILL)
			return senseless(q, "page", err);
		s = page(q, v % ML_PAGE, v - v % ML_PAGE, err);
		if (s)
			return s;
	}
}

/* Step over what stands between two sections of RAM. *ret_end: the one that
 * follows is the last. */
static enum memlog_status next_section(struct ml_qevm *q, bool *ret_end,
				       struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t type = 0;
	uint32_t id;

	for (;;) {
		s = take(q, &type, 1, err);
		if (s)
			return s;
		if (type == COMMAND) {
			s = command(q, err);
			if (s)
				return s;
			continue;
		}
		if (type != FOOTER && type != PART && type != END)
			return ml_fail(err, MEMLOG_CORRUPT, "at offset 0x%"
				       PRIx64 " it goes on with a section of "
				       "type %u, whose length nobody knows",
				       q->at, type);
		s = take32(q, &id, err);
		if (s)
			return s;
		if (id != q->ram_id)
			return ml_fail(err, MEMLOG_CORRUPT, "at offset 0x%"
				       PRIx64 " it goes on with a device, whose "
				       "length nobody knows", q->at);
		*ret_end = type == END;
		if (type != FOOTER)
			return MEMLOG_OK;
	}
}

/* The pages of a block of mapped-ram, as far as the file goes. whole: those
 * without a bit are zeros; otherwise they may just not have been written. */
static enum memlog_status mapped_block(struct ml_qevm *q,
				       const struct ml_qevm_block *b,
				       bool whole, struct memlog_err *err)
{
	uint64_t n = b->len / ML_PAGE, i, at;
	enum memlog_status s;
	uint8_t bits = 0;

	q->at = b->bitmap;
	for (i = 0; i < n; i++) {
		s = i % 8 ? MEMLOG_OK : take(q, &bits, 1, err);
		if (!s)
			s = tick(q, err);
		if (s)
			return s;
		at = b->pages + i * ML_PAGE;
		if (!(bits >> i % 8 & 1)) {
			if (whole)
				s = ml_pageindex_put(&q->index, b->first + i,
						     ML_QEVM_FILL, err);
		} else if (at < q->file->size && q->file->size - at >= ML_PAGE) {
			s = ml_pageindex_put(&q->index, b->first + i, at << 1,
					     err);
		}
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* Without mapped-ram the pages are in the sections of RAM; with it, these only
 * tell whether it came to an end. */
enum memlog_status ml_qevm_pages(struct ml_qevm *q, struct memlog_err *err)
{
	enum memlog_status s, end;
	bool last = false;
	size_t i;

	for (;;) {
		end = records(q, err);
		if (!end && last)
			break;
		if (!end)
			end = next_section(q, &last, err);
		if (end)
			break;
	}
	if (!q->mapped || (end && end != MEMLOG_NO_DATA &&
			   end != MEMLOG_CORRUPT))
		return end;
	for (i = 0; i < q->n_blocks; i++) {
		s = q->blocks[i].ram ?
		    mapped_block(q, &q->blocks[i], !end, err) : MEMLOG_OK;
		if (s)
			return s;
	}
	return end;
}
