/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - events on pages of a ring buffer, as the kernel writes them.
 *
 * A page is a time stamp u64, bytes in use u64, events. An event is u32, its
 * length in words in bits 0 to 4 and the time since the event before in the rest,
 * then its bytes; a length of 0: it comes next, in bytes, and counts itself. Of
 * lost events bit 31 of the bytes in use says that they were before the page, and
 * bit 30 that their number follows the events.
 *
 * The pages of a CPU are together in the file, and their number comes before
 * them. So they are kept until the end: the first ones in memory, then in a
 * temporary file. Of each page only its link to the next stays in memory.
 */
#include "tracedat.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/spool.h"

enum {
	PAGES_DATA = DAT_PAGE - DAT_PAGE_HEADER,
	PAGES_BLOCK = 64, /* pages */
	PAGES_BLOCK_BYTES = PAGES_BLOCK * DAT_PAGE,
	PAGES_COUNT = 8, /* bytes of the number of lost events */
	WORDS_MAX = 28,
	TIME_EXTEND = 30,
	TIME_BITS = 27, /* of an event */
	EXTEND_BITS = 59,
	EXTEND = 8, /* bytes */
};

_Static_assert(8 + DAT_EVENT <= PAGES_DATA - PAGES_COUNT,
	       "an event fits on a page");

#define PAGES_NONE	UINT32_MAX
#define PAGES_LOST	(UINT64_C(1) << 31)
#define PAGES_LOST_SAID (UINT64_C(1) << 30)

/* Where page n's block is in the file. */
static uint64_t pages_offset(size_t n)
{
	return (n / PAGES_BLOCK - ML_TRACEDAT_BLOCKS) *
	       (uint64_t)PAGES_BLOCK_BYTES;
}

void ml_dat_pages_init(struct dat_pages *p,
		       const struct memlog_allocator *alloc, const char *tmpdir)
{
	*p = (struct dat_pages){
		.alloc = *alloc,
		.tmpdir = tmpdir,
		.fd = -1,
	};
}

void ml_dat_pages_fini(struct dat_pages *p)
{
	size_t i;

	for (i = 0; i < p->n_cpus; i++) {
		if (p->cpus[i])
			ml_free(&p->alloc, p->cpus[i]->page);
		ml_free(&p->alloc, p->cpus[i]);
	}
	for (i = 0; i < p->n_blocks; i++)
		ml_free(&p->alloc, p->blocks[i]);
	ml_free(&p->alloc, p->cpus);
	ml_free(&p->alloc, p->next);
	ml_free(&p->alloc, p->blocks);
	if (p->fd >= 0)
		close(p->fd);
	ml_dat_pages_init(p, &p->alloc, p->tmpdir);
}

enum memlog_status ml_dat_cpu(struct dat_pages *p, int32_t cpu,
			      struct dat_cpu **ret, struct memlog_err *err)
{
	size_t i = cpu < 0 ? 0 : (size_t)cpu;
	enum memlog_status s;
	struct dat_cpu *c;

	if (i >= ML_TRACEDAT_CPUS)
		return ml_fail(err, MEMLOG_LIMIT,
			       "there is a CPU %" PRId32
			       "; trace.dat is written for at most %u",
			       cpu, ML_TRACEDAT_CPUS);
	while (p->n_cpus <= i) {
		s = ml_grow(&p->alloc, &p->cpus, p->n_cpus, &p->cap_cpus,
			    sizeof(*p->cpus), err);
		if (s)
			return s;
		p->cpus[p->n_cpus++] = NULL;
	}
	if (!p->cpus[i]) {
		c = ml_calloc(&p->alloc, 1, sizeof(*c));
		if (c)
			c->page = ml_calloc(&p->alloc, 1, DAT_PAGE);
		if (!c || !c->page) {
			ml_free(&p->alloc, c);
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for the events of a CPU");
		}
		c->first = c->last = PAGES_NONE;
		p->cpus[i] = c;
	}
	*ret = p->cpus[i];
	return MEMLOG_OK;
}

/* ---- pages that are full -------------------------------------------------- */

/* A block for page n and those after it: of its own, or the one that goes to the
 * file whenever it is full. */
static enum memlog_status pages_block(struct dat_pages *p, size_t n,
				      struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	if (n / PAGES_BLOCK > ML_TRACEDAT_BLOCKS) {
		if (p->fd < 0)
			s = ml_spool_create(p->tmpdir, &p->fd, err);
		return s ? s :
			   ml_spool_write(p->fd, pages_offset(n - PAGES_BLOCK),
					  p->block, PAGES_BLOCK_BYTES, err);
	}
	s = ml_grow(&p->alloc, &p->blocks, p->n_blocks, &p->cap_blocks,
		    sizeof(*p->blocks), err);
	if (s)
		return s;
	p->block = ml_calloc(&p->alloc, 1, PAGES_BLOCK_BYTES);
	if (!p->block)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for events");
	p->blocks[p->n_blocks++] = p->block;
	return MEMLOG_OK;
}

static enum memlog_status pages_store(struct dat_pages *p, struct dat_cpu *c,
				      struct memlog_err *err)
{
	uint32_t n = (uint32_t)p->n;
	enum memlog_status s;

	if (p->n >= PAGES_NONE)
		return ml_fail(err, MEMLOG_LIMIT,
			       "there are too many events for one file");
	s = ml_grow(&p->alloc, &p->next, p->n, &p->cap, sizeof(*p->next), err);
	if (!s && n % PAGES_BLOCK == 0)
		s = pages_block(p, n, err);
	if (s)
		return s;
	memcpy(p->block + (size_t)(n % PAGES_BLOCK) * DAT_PAGE, c->page,
	       DAT_PAGE);
	p->next[p->n++] = PAGES_NONE;
	if (c->pages++)
		p->next[c->last] = n;
	else
		c->first = n;
	c->last = n;
	return MEMLOG_OK;
}

static enum memlog_status pages_load(struct dat_pages *p, size_t n,
				     uint8_t *ret, struct memlog_err *err)
{
	size_t block = n / PAGES_BLOCK, in = n % PAGES_BLOCK * DAT_PAGE;

	if (block < ML_TRACEDAT_BLOCKS)
		memcpy(ret, p->blocks[block] + in, DAT_PAGE);
	else if (block == (p->n - 1) / PAGES_BLOCK)
		memcpy(ret, p->block + in, DAT_PAGE);
	else
		return ml_spool_read(p->fd, pages_offset(n) + in, ret, DAT_PAGE,
				     err);
	return MEMLOG_OK;
}

enum memlog_status ml_dat_pages_write(struct dat_pages *p,
				      const struct dat_cpu *c,
				      struct ml_out *out,
				      struct memlog_err *err)
{
	uint32_t n = c->pages ? c->first : PAGES_NONE;
	enum memlog_status s = MEMLOG_OK;
	uint8_t page[DAT_PAGE];

	for (; !s && n != PAGES_NONE; n = p->next[n]) {
		s = pages_load(p, n, page, err);
		if (!s)
			ml_out_write(out, page, DAT_PAGE);
		if (out->status)
			s = ml_out_flush(out, err);
	}
	return s;
}

/* ---- the page being filled ------------------------------------------------ */

static enum memlog_status pages_end(struct dat_pages *p, struct dat_cpu *c,
				    struct memlog_err *err)
{
	uint64_t commit = c->len;
	enum memlog_status s;

	if (!c->len)
		return MEMLOG_OK;
	if (c->page_is_lost)
		commit |= PAGES_LOST;
	if (c->page_is_lost && c->page_lost) {
		commit |= PAGES_LOST_SAID;
		ml_put_le64(c->page + DAT_PAGE_HEADER + c->len, c->page_lost);
	}
	ml_put_le64(c->page + 8, commit);
	s = pages_store(p, c, err);
	memset(c->page, 0, DAT_PAGE);
	c->len = 0;
	return s;
}

enum memlog_status ml_dat_pages_end(struct dat_pages *p, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; i < p->n_cpus && !s; i++)
		if (p->cpus[i])
			s = pages_end(p, p->cpus[i], err);
	return s;
}

static void pages_begin(struct dat_cpu *c, uint64_t ns)
{
	ml_put_le64(c->page, ns);
	c->time = ns;
	c->page_lost = c->lost;
	c->page_is_lost = c->is_lost;
	c->lost = 0;
	c->is_lost = false;
}

/* Bytes of the time extensions that an event at ns needs. A step back is one
 * forward, modulo 2^64, of several. */
static size_t pages_extends(const struct dat_cpu *c, uint64_t ns)
{
	const uint64_t most = (UINT64_C(1) << EXTEND_BITS) - 1;
	uint64_t delta = ns - c->time;

	return (size_t)(delta / most + (delta % most >> TIME_BITS != 0)) *
	       EXTEND;
}

/* Write them, and return what is left for the event. */
static uint32_t pages_put_time(struct dat_cpu *c, uint64_t ns)
{
	const uint64_t most = (UINT64_C(1) << EXTEND_BITS) - 1;
	uint64_t delta = ns - c->time, part;

	c->time = ns;
	while (delta >> TIME_BITS) {
		uint8_t *to = c->page + DAT_PAGE_HEADER + c->len;

		part = ml_min(delta, most);
		ml_put_le32(to, TIME_EXTEND | (uint32_t)(part << 5));
		ml_put_le32(to + 4, (uint32_t)(part >> TIME_BITS));
		c->len += EXTEND;
		delta -= part;
	}
	return (uint32_t)delta;
}

enum memlog_status ml_dat_add(struct dat_pages *p, struct dat_cpu *c,
			      uint64_t ns, const uint8_t *event, size_t len,
			      struct memlog_err *err)
{
	bool is_long = len > WORDS_MAX * 4;
	size_t need = 4 + (is_long ? 4 : 0) + len;
	enum memlog_status s = MEMLOG_OK;
	uint32_t words, delta;
	uint8_t *to;

	if (c->is_lost || (c->len && need + pages_extends(c, ns) >
					     PAGES_DATA - PAGES_COUNT - c->len))
		s = pages_end(p, c, err);
	if (s)
		return s;
	if (!c->len)
		pages_begin(c, ns);
	delta = pages_put_time(c, ns);
	to = c->page + DAT_PAGE_HEADER + c->len;
	words = is_long ? 0 : (uint32_t)len / 4;
	ml_put_le32(to, words | delta << 5);
	if (is_long)
		ml_put_le32(to + 4, (uint32_t)len + 4);
	memcpy(to + need - len, event, len);
	c->len += need;
	return MEMLOG_OK;
}
