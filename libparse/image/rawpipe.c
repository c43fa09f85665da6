/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rawpipe.c - what was read from per_cpu/cpuN/trace_pipe_raw in tracefs: pages of
 * Linux's ring buffer, one after the other. They are recognised by their events,
 * and put after the headers of a persistent ring buffer (docs/facts/ftrace.md). The
 * number of the CPU is in the file's name, if that was kept.
 */
#include "captured.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/bytes/rbpage.h"

enum {
	PAGE_HEADER = 16,
	REGION_HEADER = 48, /* with what the tracer keeps */
	CPU_HEADER = 32,
	LOOKED_AT = 16, /* pages */
	UNUSED_PAGES = 2,
};

#define COMMIT_LENGTH ((1u << 27) - 1)
#define MARK	      UINT64_C(0x6465727574706163) /* "captured", of no kernel */
#define ADDRESS	      UINT64_C(0xffff800000000000) /* of the region; any would do */

/* ---- is it one? --------------------------------------------------------- */

/* A page whose events end where its header says; *last: its time. */
static bool rawpipe_is_page(const uint8_t *p, uint32_t size, uint64_t *last)
{
	struct ml_rb_events e = { .bytes = p + PAGE_HEADER,
				  .len = ml_le64(p + 8) & COMMIT_LENGTH,
				  .time = ml_le64(p) };
	struct ml_rb_event event;
	uint32_t n = 0;

	if (!e.len || e.len > size - PAGE_HEADER || ml_le64(p + 8) >> 32 ||
	    e.time < *last)
		return false;
	*last = e.time;
	for (; ml_rb_event_next(&e, &event); n++)
		if (event.payload_len < 8 || !ml_le16(event.payload))
			return false;
	return n && !e.bad && e.pos == e.len;
}

/* The size of pages; 0: these are not pages of a ring buffer. */
static uint32_t rawpipe_page_size(const uint8_t *p, size_t len, uint64_t size)
{
	uint64_t last;
	uint32_t n;
	size_t at;

	for (n = ML_PAGE; n <= ML_FTRACE_PAGE; n *= 4) {
		if (size % n || size / n >= ML_FTRACE_PAGES)
			continue;
		last = 0;
		for (at = 0; at + n <= len && at / n < LOOKED_AT; at += n)
			if (!rawpipe_is_page(p + at, n, &last))
				break;
		if (at && (at + n > len || at / n == LOOKED_AT))
			return n;
	}
	return 0;
}

/* The number in ".../cpuN/trace_pipe_raw" or "cpuN", the last there is. */
static uint32_t rawpipe_cpu(const char *name)
{
	const char *p, *found = NULL;
	unsigned long n;

	for (p = name; p && (p = strstr(p, "cpu")); p += 3)
		if (p[3] >= '0' && p[3] <= '9')
			found = p + 3;
	n = found ? strtoul(found, NULL, 10) : 0;
	return n < ML_FTRACE_CPUS ? (uint32_t)n : 0;
}

/* ---- headers ------------------------------------------------------------ */

struct rawpipe {
	uint32_t page, n, cpu; /* n: pages of the file */
	uint64_t at, end;      /* the file, the region */
	struct ml_captured_piece *pieces;
};

static void rawpipe_meta(uint8_t *p, uint64_t data, uint32_t page, uint32_t n)
{
	ml_put_le64(p, ADDRESS + data);
	ml_put_le32(p + 24, page);
	ml_put_le32(p + 28, n);
}

static bool rawpipe_piece(struct ml_captured_piece *p,
			  const struct memlog_allocator *alloc, uint64_t addr,
			  size_t len)
{
	p->addr = addr;
	p->len = (uint32_t)len;
	p->bytes = ml_calloc(alloc, 1, len);
	return p->bytes;
}

static uint64_t rawpipe_align(uint64_t v, uint32_t page)
{
	return (v + page - 1) & -(uint64_t)page;
}

/* The CPUs before it, which were never used; then its own header: the reader's
 * page, which is empty, is the last one. */
static bool rawpipe_headers(struct rawpipe *r,
			    const struct memlog_allocator *alloc)
{
	uint64_t at = REGION_HEADER, data;
	struct ml_captured_piece *p = r->pieces + 1;
	uint32_t i, used = CPU_HEADER + 4 * (r->n + 1);

	for (i = 0; i < r->cpu; i++, p++) {
		data = rawpipe_align(at + CPU_HEADER + 4 * UNUSED_PAGES,
				     r->page);
		if (!rawpipe_piece(p, alloc, at, CPU_HEADER + 4 * UNUSED_PAGES))
			return false;
		rawpipe_meta(p->bytes, data, r->page, UNUSED_PAGES);
		ml_put_le32(p->bytes + CPU_HEADER + 4, 1);
		at = data + UNUSED_PAGES * (uint64_t)r->page;
	}
	r->at = rawpipe_align(at + used, r->page);
	r->end = r->at + (r->n + 1) * (uint64_t)r->page;
	if (!rawpipe_piece(p, alloc, at, used))
		return false;
	rawpipe_meta(p->bytes, r->at, r->page, r->n + 1);
	ml_put_le64(p->bytes + 8, ADDRESS + r->at);
	ml_put_le64(p->bytes + 16,
		    ADDRESS + r->at + (r->n - 1) * (uint64_t)r->page);
	ml_put_le32(p->bytes + CPU_HEADER, r->n);
	for (i = 0; i < r->n; i++)
		ml_put_le32(p->bytes + CPU_HEADER + 4 + 4 * i, i);
	p = r->pieces;
	if (!rawpipe_piece(p, alloc, 0, REGION_HEADER))
		return false;
	ml_put_le32(p->bytes, 0x0badfeed);
	ml_put_le32(p->bytes + 4, 24 << 16 | CPU_HEADER);
	ml_put_le64(p->bytes + 8, r->end);
	ml_put_le64(p->bytes + 16, REGION_HEADER);
	ml_put_le64(p->bytes + 24, MARK);
	return true;
}

static enum memlog_status rawpipe_open(struct memlog_image *image,
				       const struct ml_file *file,
				       const struct memlog_open_opts *opts,
				       struct memlog_err *err)
{
	struct rawpipe r = { 0 };
	size_t len, got = 0;
	uint8_t *b;

	if (ml_captured_refused(file, opts) || file->size % ML_PAGE)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not pages of a ring buffer");
	len = (size_t)ml_min(file->size, ML_FTRACE_PAGE);
	b = ml_calloc(&image->alloc, 1, len);
	if (!b)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	if (!file->ops->read(file->self, 0, b, len, &got, NULL))
		r.page = rawpipe_page_size(b, got, file->size);
	ml_free(&image->alloc, b);
	if (!r.page)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not pages of a ring buffer");
	r.n = (uint32_t)(file->size / r.page);
	r.cpu = rawpipe_cpu(image->name);
	r.pieces = ml_calloc(&image->alloc, r.cpu + 2, sizeof(*r.pieces));
	if (!r.pieces || !rawpipe_headers(&r, &image->alloc)) {
		if (r.pieces)
			ml_captured_free(&image->alloc, r.pieces, r.cpu + 2);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for headers");
	}
	return ml_captured_add(image, file, r.at, r.end, r.pieces, r.cpu + 2,
			       err);
}

const struct ml_image_format ml_image_rawpipe = {
	.name = "ring-pages",
	.title = "pages read from trace_pipe_raw",
	.open = rawpipe_open,
};
