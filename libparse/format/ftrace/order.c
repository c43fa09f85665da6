/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * order.c - the pages of a CPU in reading order.
 *
 * Its header lists them: the first is the reader's, the others are the ring. What
 * is live goes from the head to the page that is being written, which may be the
 * reader's. The rest of the ring was read, or was never used.
 */
#include "ftrace.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

struct ftrace_order {
	const struct ftrace_cpu_meta *meta;
	struct memlog_image *image;
	enum memlog_space space;
	uint32_t *list; /* of the header: the reader's, then the ring */
	uint32_t *at;	/* where each page is in the list */
	bool guessed;
	bool missing; /* neither the list nor a page is in the image */
};

/* A page that is to be added. */
struct ftrace_run {
	struct memlog_extent e;
	uint64_t used;
};

/* Its time and how much of it is used; false: it is not in the image. */
static bool order_page(const struct ftrace_order *o, uint32_t page,
		       uint64_t *ret_time, uint32_t *ret_used)
{
	uint8_t b[FTRACE_PAGE_HEADER];
	size_t got;

	*ret_time = *ret_used = 0;
	if (ml_image_fill(o->image, o->space,
			  o->meta->data + (uint64_t)page * o->meta->page_size,
			  b, sizeof(b), &got, NULL) ||
	    got != sizeof(b))
		return false;
	*ret_time = ml_le64(b);
	*ret_used = (uint32_t)ml_min(ml_le64(b + 8) & FTRACE_COMMIT,
				     o->meta->page_size - FTRACE_PAGE_HEADER);
	return true;
}

struct ftrace_stamp {
	uint64_t time;
	uint32_t page;
};

static int order_by_time(const void *a, const void *b)
{
	const struct ftrace_stamp *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->page < y->page ? -1 : x->page > y->page;
}

/* The list is damaged or not in the image: all pages by their times, after an empty reader's. */
static enum memlog_status order_by_times(struct ftrace_order *o,
					 struct memlog_err *err)
{
	uint32_t n = o->meta->n, i, used, k = 0;
	struct ftrace_stamp *s;

	o->guessed = true;
	s = ml_calloc(&o->image->alloc, n, sizeof(*s));
	if (!s)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u pages",
			       n);
	for (i = 0; i < n; i++) {
		order_page(o, i, &s[i].time, &used);
		s[i].time = used ? s[i].time : 0;
		s[i].page = i;
	}
	qsort(s, n, sizeof(*s), order_by_time);
	for (i = 0; i < n; i++)
		o->list[k++] = s[i].page;
	ml_free(&o->image->alloc, s);
	return MEMLOG_OK;
}

/* Is nothing of the pages in the image? Their number may be wrong. */
static bool order_is_gone(const struct ftrace_order *o)
{
	const struct ftrace_cpu_meta *m = o->meta;
	struct memlog_range r;

	return memlog_image_next_range(o->image, o->space, m->data, &r, NULL) ||
	       r.start >= m->data + (uint64_t)m->n * m->page_size;
}

/* Load the list; each page must be in it once. */
static enum memlog_status order_load(struct ftrace_order *o, uint32_t header,
				     struct memlog_err *err)
{
	uint32_t n = o->meta->n, i, page;
	size_t got = 0;
	bool bad;

	memset(o->at, 0xff, n * sizeof(*o->at));
	bad = ml_image_fill(o->image, o->space, o->meta->addr + header, o->list,
			    n * sizeof(*o->list), &got, NULL) ||
	      got != n * sizeof(*o->list);
	o->missing = bad && order_is_gone(o);
	if (o->missing)
		return MEMLOG_OK;
	for (i = 0; i < n && !bad; i++) {
		page = ml_le32(&o->list[i]);
		bad = page >= n || o->at[page] != UINT32_MAX;
		o->list[i] = page;
		if (!bad)
			o->at[page] = i;
	}
	return bad ? order_by_times(o, err) : MEMLOG_OK;
}

static enum memlog_status order_flush(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct ftrace_run *run,
				      struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	if (run->e.len)
		s = ml_log_add_extent(logs, log, &run->e, err);
	run->e.len = 0;
	return s;
}

/* Add a page; those that follow each other are one extent. */
static enum memlog_status order_take(struct memlog_logs *logs,
				     struct ml_log *log,
				     const struct ftrace_order *o,
				     struct ftrace_run *run, uint32_t page,
				     uint32_t role, struct memlog_err *err)
{
	uint64_t addr = o->meta->data + (uint64_t)page * o->meta->page_size;
	enum memlog_status s = MEMLOG_OK;
	uint64_t time;
	uint32_t used;
	bool there = order_page(o, page, &time, &used);

	if (!used && role == FTRACE_ROLE_READ)
		return MEMLOG_OK;
	log->text += o->meta->page_size - FTRACE_PAGE_HEADER;
	if (!there) {
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
		log->absent += o->meta->page_size - FTRACE_PAGE_HEADER;
	}
	if (used && role != FTRACE_ROLE_READ) {
		log->pub.used += used;
		log->pub.flags &= ~MEMLOG_LOG_EMPTY;
	}
	if (o->guessed)
		role |= FTRACE_ROLE_GUESSED;
	if (run->e.role != role || run->e.addr + run->e.len != addr)
		s = order_flush(logs, log, run, err);
	if (!run->e.len)
		run->e.addr = addr;
	run->e.role = role;
	run->e.len += o->meta->page_size;
	return s;
}

/* The place in the list of a sub-buffer that the header points to. */
static uint32_t order_place(const struct ftrace_order *o, uint64_t va)
{
	return o->at[(va - o->meta->first) / o->meta->page_size];
}

/* From one place in the ring to another one, both included, round and round. */
static enum memlog_status order_put_ring(struct memlog_logs *logs,
					 struct ml_log *log,
					 const struct ftrace_order *o,
					 struct ftrace_run *run, uint32_t from,
					 uint32_t to, uint32_t role,
					 struct memlog_err *err)
{
	enum memlog_status s;

	for (;;) {
		s = order_take(logs, log, o, run, o->list[from], role, err);
		if (s || from == to)
			return s;
		from = from + 1 < o->meta->n ? from + 1 : 1;
	}
}

static uint32_t order_after(const struct ftrace_order *o, uint32_t place)
{
	return place + 1 < o->meta->n ? place + 1 : 1;
}

static enum memlog_status order_put_all(struct memlog_logs *logs,
					struct ml_log *log,
					const struct ftrace_order *o,
					struct ftrace_run *run,
					struct memlog_err *err)
{
	uint32_t head, commit, last = o->meta->n - 1, prev;
	uint64_t all = (uint64_t)o->meta->n *
		       (o->meta->page_size - FTRACE_PAGE_HEADER);
	enum memlog_status s = MEMLOG_OK;

	if (o->guessed)
		return order_put_ring(logs, log, o, run, 0, last,
				      FTRACE_ROLE_PAGE, err);
	if (o->missing) {
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
		log->text += all;
		log->absent += all;
		ml_ftrace(log)->lost += all;
	}
	if (o->missing || !o->meta->head)
		return MEMLOG_OK;
	head = order_place(o, o->meta->head);
	commit = order_place(o, o->meta->commit);
	/* the head may be left on the reader's page when that is damaged */
	if (!head)
		head = 1;
	prev = head > 1 ? head - 1 : last;
	/* the writer is still on the page that the reader took */
	if (!commit)
		s = order_put_ring(logs, log, o, run, head, prev,
				   FTRACE_ROLE_READ, err);
	else if (order_after(o, commit) != head)
		s = order_put_ring(logs, log, o, run, order_after(o, commit),
				   prev, FTRACE_ROLE_READ, err);
	if (!s)
		s = order_take(logs, log, o, run, o->list[0],
			       FTRACE_ROLE_READER, err);
	if (!s && commit)
		s = order_put_ring(logs, log, o, run, head, commit,
				   FTRACE_ROLE_PAGE, err);
	if (commit && order_after(o, commit) == head && head != 1)
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
	return s;
}

enum memlog_status ml_ftrace_cpu_add(struct memlog_logs *logs,
				     struct ml_log *log,
				     struct memlog_image *image,
				     const struct ftrace_cpu_meta *meta,
				     int32_t cpu, struct memlog_err *err)
{
	struct ftrace_order o = {
		.meta = meta,
		.image = image,
		.space = log->extents[0].space,
	};
	struct ftrace_run run = { .e = { .space = o.space, .cpu = cpu } };
	struct memlog_extent e = { .space = o.space,
				   .addr = meta->addr,
				   .cpu = cpu,
				   .role = FTRACE_ROLE_CPU };
	uint32_t header = ml_ftrace(log)->cpu_header;
	enum memlog_status s;

	e.len = header + 4 * (uint64_t)meta->n;
	log->pub.capacity +=
		(uint64_t)meta->n * (meta->page_size - FTRACE_PAGE_HEADER);
	o.list = ml_calloc(&image->alloc, meta->n, sizeof(*o.list));
	o.at = ml_calloc(&image->alloc, meta->n, sizeof(*o.at));
	if (!o.list || !o.at)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u pages",
			    meta->n);
	else
		s = order_load(&o, header, err);
	if (!s)
		s = ml_log_add_extent(logs, log, &e, err);
	if (!s)
		s = order_put_all(logs, log, &o, &run, err);
	if (!s)
		s = order_flush(logs, log, &run, err);
	ml_free(&image->alloc, o.list);
	ml_free(&image->alloc, o.at);
	return s;
}
