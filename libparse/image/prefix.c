/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefix.c - find the memory of a dump from the first bytes of a stream. */
#include "prefix.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/bytes/flattened.h"
#include "image/elf/elf.h"
#include "image/xen/xen.h"
#include "packed.h"

static enum memlog_status too_far(uint64_t need, struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_LIMIT, "its headers reach to offset 0x%llx",
		       (unsigned long long)need);
}

/* The number of program headers. *need is raised so as to include the section
 * header that has it, if one has. */
static enum memlog_status prefix_count(const struct ml_ehdr *e,
				       const uint8_t *bytes, size_t len,
				       uint64_t *need, uint64_t *ret,
				       struct memlog_err *err)
{
	struct ml_shdr first;
	uint64_t end;

	*ret = e->phnum;
	if (e->phnum != ML_PN_XNUM)
		return MEMLOG_OK;
	if (!ml_add(e->shoff, ml_ehdr_shdr_size(e), &end) ||
	    end > ML_STREAM_PREFIX)
		return too_far(e->shoff, err);
	*need = ml_max(*need, end);
	*ret = 0;
	if (end <= len &&
	    ml_shdr_parse(e, bytes + e->shoff, len - (size_t)e->shoff, &first))
		*ret = first.info;
	return MEMLOG_OK;
}

enum memlog_status ml_prefix_need(const uint8_t *bytes, size_t len,
				  uint64_t *ret_need, struct memlog_err *err)
{
	uint64_t need = ML_EHDR_MAX, n, i, end, memory = UINT64_MAX;
	struct ml_ehdr e;
	struct ml_phdr p;
	enum memlog_status s;
	size_t step;

	s = ml_ehdr_parse(bytes, len, &e, err);
	if (!s)
		s = prefix_count(&e, bytes, len, &need, &n, err);
	if (s)
		return s;
	/* xl dump-core: the table of frames is after the memory */
	if (!e.phnum && e.shnum)
		return ml_fail(err, MEMLOG_LIMIT, "it has only sections");
	step = ml_ehdr_phdr_size(&e);
	if (!ml_mul(n, step, &end) || !ml_add(end, e.phoff, &end) ||
	    end > ML_STREAM_PREFIX)
		return too_far(e.phoff, err);
	*ret_need = need = ml_max(need, end);
	if (need > len)
		return MEMLOG_OK;
	for (i = 0; i < n; i++) {
		ml_phdr_parse(&e, bytes + e.phoff + i * step, step, &p);
		if (p.type == ML_PT_LOAD && p.filesz)
			memory = ml_min(memory, p.offset);
	}
	for (i = 0; i < n; i++) {
		ml_phdr_parse(&e, bytes + e.phoff + i * step, step, &p);
		if (p.type == ML_PT_NOTE && p.offset < memory &&
		    ml_add(p.offset, ml_min(p.filesz, ML_MAX_NOTES_READ),
			   &end) &&
		    end <= ML_STREAM_PREFIX)
			need = ml_max(need, end);
	}
	*ret_need = need;
	return MEMLOG_OK;
}

enum memlog_status ml_prefix_loads(const uint8_t *bytes, size_t len,
				   const struct memlog_open_opts *opts,
				   struct ml_loads *ret, bool *ret_random,
				   struct memlog_err *err)
{
	struct memlog_image *scratch = NULL;
	struct ml_file file = { 0 };
	struct ml_elf elf;
	enum memlog_status s;
	enum ml_elf_by by;

	s = ml_file_memory(bytes, len, "input", opts->allocator, &file, err);
	if (!s)
		s = ml_image_create("input", opts->tmpdir, opts->allocator,
				    &scratch, err);
	if (!s)
		s = ml_elf_init(&elf, scratch, &file, err);
	if (s)
		goto out;
	ml_elf_notes(&elf, scratch, &file);
	ml_elf_space(&elf, scratch, &by);
	*ret_random = elf.facts.xen || ml_xen_runs(scratch);
	s = ml_image_complete(scratch, err);
	if (!s)
		s = ml_elf_loads(&elf, scratch, by, UINT64_MAX, ret, err);
	ml_elf_fini(&elf);
out:
	memlog_image_close(scratch);
	ml_file_close(&file);
	return s;
}

/* Try to open the beginning as f. NOT_MINE: it is of another format. */
static enum memlog_status prefix_try(const struct ml_image_format *f,
				     const uint8_t *bytes, size_t len,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	struct memlog_image *scratch;
	struct ml_file file;
	enum memlog_status s;

	s = ml_file_memory(bytes, len, "input", opts->allocator, &file, err);
	if (s)
		return s;
	s = ml_image_create("input", opts->tmpdir, opts->allocator, &scratch,
			    err);
	if (s) {
		ml_file_close(&file);
		return s;
	}
	scratch->file = file;
	s = f->open(scratch, &scratch->file, opts, err);
	memlog_image_close(scratch);
	return s;
}

enum memlog_status ml_prefix_needs_file(const uint8_t *bytes, size_t len,
					const struct memlog_open_opts *opts,
					bool *ret, struct memlog_err *err)
{
	const struct ml_image_format *const *f = ml_image_formats;
	enum memlog_status s;
	uint64_t at;

	/* packed: the file inside is what matters */
	*ret = ml_packed_find(bytes, len) || ml_packed_archive(bytes, len) ||
	       ml_packed_libvirt(bytes, len, &at);
	if (opts->force_raw)
		return MEMLOG_OK;
	*ret |= ml_flattened_is(bytes, len);
	for (; *f && !*ret; f++) {
		if ((*f)->streams)
			continue;
		s = prefix_try(*f, bytes, len, opts, err);
		if (s == MEMLOG_NO_MEMORY)
			return s;
		*ret = s != MEMLOG_NOT_MINE;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_prefix_known(const uint8_t *bytes, size_t len,
				   const struct memlog_open_opts *opts,
				   const char **ret)
{
	const struct ml_image_format *const *f = ml_image_formats;
	struct memlog_open_opts o = *opts;
	enum memlog_status s;

	o.force_raw = false;
	o.map = MEMLOG_MAP_NONE;
	o.raw_base = 0;
	*ret = ml_flattened_is(bytes, len) ? "a flattened file" : NULL;
	for (; *f && !*ret; f++) {
		if ((*f)->raw)
			continue;
		s = prefix_try(*f, bytes, len, &o, NULL);
		if (s == MEMLOG_NO_MEMORY)
			return s;
		if (s != MEMLOG_NOT_MINE)
			*ret = (*f)->title;
	}
	return MEMLOG_OK;
}
