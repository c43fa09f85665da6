/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * order.c - the pages of a CPU of a persistent ring buffer. Its header lists them: the
 * first is the reader's, the others are the ring.
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

static uint64_t order_addr(const struct ftrace_order *o, uint32_t page)
{
	return o->meta->data + (uint64_t)page * o->meta->page_size;
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
		ml_ftrace_page_head(o->image, o->space, order_addr(o, i),
				    o->meta->page_size, &s[i].time, &used);
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

/* The place in the list of a sub-buffer that the header points to. */
static uint32_t order_place(const struct ftrace_order *o, uint64_t va)
{
	return o->at[(va - o->meta->first) / o->meta->page_size];
}

/* Nothing of the CPU is there. */
static void order_lose(struct ml_log *log, const struct ftrace_cpu_meta *m)
{
	uint64_t all = (uint64_t)m->n * (m->page_size - FTRACE_PAGE_HEADER);

	log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
	log->text += all;
	log->absent += all;
	ml_ftrace(log)->lost += all;
}

static enum memlog_status order_add(struct memlog_logs *logs,
				    struct ml_log *log,
				    const struct ftrace_order *o, int32_t cpu,
				    struct memlog_err *err)
{
	const struct ftrace_cpu_meta *m = o->meta;
	struct ftrace_pages p = { .n = m->n,
				  .size = m->page_size,
				  .cpu = cpu,
				  .guessed = o->guessed };
	enum memlog_status s;
	uint64_t *addr;
	uint32_t i;

	if (o->missing)
		order_lose(log, m);
	if (o->missing || (!m->head && !o->guessed))
		return MEMLOG_OK;
	addr = ml_calloc(&o->image->alloc, m->n, sizeof(*addr));
	if (!addr)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u pages",
			       m->n);
	for (i = 0; i < m->n; i++)
		addr[i] = order_addr(o, o->list[i]);
	p.addr = addr;
	if (!o->guessed) {
		p.head = order_place(o, m->head);
		p.commit = order_place(o, m->commit);
		/* the head may be left on the reader's page when that is
		 * damaged */
		if (!p.head)
			p.head = 1;
		if (p.commit && p.head != 1 && p.commit + 1 == p.head)
			log->pub.flags |= MEMLOG_LOG_WRAPPED;
	}
	s = ml_ftrace_pages_add(logs, log, o->image, &p, err);
	ml_free(&o->image->alloc, addr);
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
		s = order_add(logs, log, &o, cpu, err);
	ml_free(&image->alloc, o.list);
	ml_free(&image->alloc, o.at);
	return s;
}
