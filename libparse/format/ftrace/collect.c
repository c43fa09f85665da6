/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* collect.c - the pages of the kernel that are needed to print the events of a log
 * become extents of it. */
#include "collect.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/rbpage.h"
#include "text.h"
#include "view.h"

enum { STRINGS = 1024 };

struct ftrace_collect {
	struct ftrace_kernel *kernel;
	struct ftrace_types types;
	struct ftrace_tasks tasks;
	uint8_t *page;
	uint8_t seen[(UINT16_MAX + 1) / 8]; /* types of events */
	bool unknown;			    /* one of these is */
	const struct ftrace_type *print[2]; /* those of trace_printk() */
	uint64_t string[STRINGS];	    /* what these lead to */
};

/* Load a type that was not seen before. */
static void collect_type(struct ftrace_collect *c, uint16_t id)
{
	const struct ftrace_type *t =
		ml_ftrace_types_find(&c->types, c->kernel, id);

	c->seen[id / 8] |= (uint8_t)(1 << id % 8);
	if (!t)
		c->unknown |= id != FTRACE_TYPE_FUNCTION &&
			      id != FTRACE_TYPE_STACK &&
			      id != FTRACE_TYPE_PRINT;
	else if (!strcmp(t->name, "bprint"))
		c->print[0] = t;
	else if (!strcmp(t->name, "bputs"))
		c->print[1] = t;
}

/* Note the pages of a string; of those that are in the events again and again once. */
static void collect_string(struct ftrace_collect *c, uint64_t at)
{
	uint64_t *known = &c->string[at / 4 % STRINGS];
	char text[FTRACE_STRING];

	if (at && *known != at)
		ml_ftrace_kernel_string(c->kernel, at, text, sizeof(text));
	*known = at;
}

/* Load the types of the events on a page. */
static void collect_page(struct ftrace_collect *c, size_t len)
{
	struct ml_rb_events events = { .bytes = c->page + FTRACE_PAGE_HEADER };
	struct ml_rb_event e;
	uint16_t id;
	size_t i;

	if (len < FTRACE_PAGE_HEADER)
		return;
	events.len = (size_t)ml_min(ml_le64(c->page + 8) & FTRACE_COMMIT,
				    len - FTRACE_PAGE_HEADER);
	while (ml_rb_event_next(&events, &e)) {
		if (e.payload_len < FTRACE_ENTRY)
			continue;
		id = ml_le16(e.payload);
		if (!(c->seen[id / 8] >> id % 8 & 1))
			collect_type(c, id);
		for (i = 0; i < 2; i++)
			if (c->print[i] && c->print[i]->id == id)
				collect_string(
					c, ml_ftrace_bprint_at(c->print[i],
							       e.payload,
							       e.payload_len));
	}
}

static void collect_events(struct ftrace_collect *c, const struct ml_log *log)
{
	uint32_t size = ml_ftrace_const(log)->page_size;
	const struct memlog_extent *e;
	uint64_t off;
	size_t i, got;

	for (i = 0; i < log->pub.n_extents; i++) {
		e = &log->extents[i];
		if (!ml_ftrace_is_page(e->role))
			continue;
		for (off = 0; off + size <= e->len; off += size)
			if (!ml_image_fill(c->kernel->image, e->space,
					   e->addr + off, c->page, size, &got,
					   NULL))
				collect_page(c, got);
	}
}

/* Pages that follow each other are one extent. */
static enum memlog_status collect_put(struct memlog_logs *logs,
				      struct ml_log *log,
				      const struct ftrace_kernel *k,
				      struct memlog_err *err)
{
	struct memlog_extent e = { .cpu = -1, .role = FTRACE_ROLE_KERNEL };
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; i < k->n && !s; i++) {
		if (!e.len)
			e.addr = k->page[i];
		e.len += ML_PAGE;
		if (i + 1 < k->n && k->page[i + 1] == e.addr + e.len)
			continue;
		s = ml_log_add_extent(logs, log, &e, err);
		e.len = 0;
	}
	return s;
}

static enum memlog_status collect_all(struct ftrace_collect *c,
				      struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_err *err)
{
	enum memlog_status s = ml_ftrace_types_init(&c->types, c->kernel, err);

	if (!s)
		s = ml_ftrace_tasks_init(&c->tasks, c->kernel, err);
	if (s)
		return s;
	collect_events(c, log);
	return collect_put(logs, log, c->kernel, err);
}

/* What is not known of the events of an ordinary buffer. */
static void collect_warn(const struct ftrace_collect *c,
			 const struct ml_log *log)
{
	if (!ml_ftrace_const(log)->ordinary ||
	    log->pub.flags & MEMLOG_LOG_EMPTY)
		return;
	if (!c->types.n)
		ml_image_warn(c->kernel->image,
			      "the kernel's list of events, ftrace_events, is "
			      "damaged or not in the image: events are printed "
			      "in hexadecimal");
	else if (!c->types.whole && c->unknown)
		ml_image_warn(c->kernel->image,
			      "a part of the kernel's list of events, "
			      "ftrace_events, is damaged or not in the image: "
			      "some events are printed in hexadecimal");
	if (!c->tasks.whole)
		ml_image_warn(c->kernel->image,
			      "%sthe kernel's names of tasks, savedcmd, are "
			      "damaged or not in the image",
			      c->tasks.n ? "some of " : "");
}

enum memlog_status ml_ftrace_collect_view(struct ftrace_view *v,
					  struct memlog_logs *logs,
					  struct ml_log *log,
					  struct memlog_err *err)
{
	const struct memlog_allocator *alloc = &v->kernel.alloc;
	struct ftrace_collect *c = ml_calloc(alloc, 1, sizeof(*c));
	enum memlog_status s;

	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for types of events");
	c->kernel = &v->kernel;
	c->page = ml_calloc(alloc, 1, ml_ftrace(log)->page_size);
	if (!c->page)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	else
		s = collect_all(c, logs, log, err);
	if (!s)
		collect_warn(c, log);
	ml_ftrace_types_fini(&c->types, alloc);
	ml_ftrace_tasks_fini(&c->tasks, alloc);
	ml_free(alloc, c->page);
	ml_free(alloc, c);
	return s;
}

enum memlog_status ml_ftrace_collect(struct memlog_logs *logs,
				     struct ml_log *log,
				     struct memlog_image *image,
				     struct memlog_err *err)
{
	struct ftrace *f = ml_ftrace(log);
	struct ftrace_view v = { .missing = NULL };
	enum memlog_status s = MEMLOG_OK;

	if (log->extents[0].space != MEMLOG_PHYS)
		return MEMLOG_OK;
	if (ml_ftrace_view_open(&v, image, logs->symbols, f))
		s = ml_ftrace_collect_view(&v, logs, log, err);
	else
		memset(&f->kernel, 0, sizeof(f->kernel));
	if (!s && v.kernel.starved)
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory for what events are called");
	ml_ftrace_view_close(&v);
	return s;
}
