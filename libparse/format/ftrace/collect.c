/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* collect.c - the pages of the kernel that are needed to print the events of a log
 * become extents of it. */
#include "collect.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/rbpage.h"
#include "image/vmcoreinfo.h"
#include "kallsyms.h"
#include "kernel.h"

struct ftrace_collect {
	struct ftrace_kernel kernel;
	struct ftrace_types types;
	struct ftrace_tasks tasks;
	uint8_t *page;
	uint8_t seen[(UINT16_MAX + 1) / 8]; /* types of events */
};

/* Load the types of the events on a page. */
static void collect_page(struct ftrace_collect *c, size_t len)
{
	struct ml_rb_events events = { .bytes = c->page + FTRACE_PAGE_HEADER };
	struct ml_rb_event e;
	uint16_t id;

	if (len < FTRACE_PAGE_HEADER)
		return;
	events.len = (size_t)ml_min(ml_le64(c->page + 8) & FTRACE_COMMIT,
				    len - FTRACE_PAGE_HEADER);
	while (ml_rb_event_next(&events, &e)) {
		if (e.payload_len < FTRACE_ENTRY)
			continue;
		id = ml_le16(e.payload);
		if (c->seen[id / 8] >> id % 8 & 1)
			continue;
		c->seen[id / 8] |= (uint8_t)(1 << id % 8);
		ml_ftrace_types_find(&c->types, &c->kernel, id);
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
			if (!ml_image_fill(c->kernel.image, e->space,
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
	enum memlog_status s = ml_ftrace_types_init(&c->types, &c->kernel, err);

	if (!s)
		s = ml_ftrace_tasks_init(&c->tasks, &c->kernel, err);
	if (s)
		return s;
	collect_events(c, log);
	return collect_put(logs, log, &c->kernel, err);
}

/* With the symbols of the search, or the kernel's own. */
static bool collect_place(struct ftrace_collect *c, struct ml_log *log,
			  const struct memlog_symbols *symbols)
{
	struct ftrace *f = ml_ftrace(log);
	struct memlog_symbols *own = NULL;
	bool ok;

	symbols = ml_vmcoreinfo_checked(c->kernel.image, symbols);
	if (!symbols) {
		if (!ml_ftrace_place_image(&c->kernel, &f->kernel) ||
		    !ml_ftrace_kallsyms_place(c->kernel.image,
					      &f->kernel.kallsyms))
			return false;
		own = ml_ftrace_kallsyms_open(&c->kernel, &f->kernel.kallsyms);
		if (!own)
			return false;
	}
	ok = ml_ftrace_place(&c->kernel, own ? own : symbols, f, &f->kernel);
	ml_ftrace_kallsyms_close(own);
	return ok;
}

enum memlog_status ml_ftrace_collect(struct memlog_logs *logs,
				     struct ml_log *log,
				     struct memlog_image *image,
				     struct memlog_err *err)
{
	struct ftrace *f = ml_ftrace(log);
	struct ftrace_collect *c;
	enum memlog_status s = MEMLOG_OK;

	if (log->extents[0].space != MEMLOG_PHYS)
		return MEMLOG_OK;
	c = ml_calloc(&image->alloc, 1, sizeof(*c));
	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for types of events");
	c->kernel.alloc = image->alloc;
	c->kernel.image = image;
	c->page = ml_calloc(&image->alloc, 1, f->page_size);
	if (!c->page)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	else if (collect_place(c, log, logs->symbols))
		s = collect_all(c, logs, log, err);
	else
		memset(&f->kernel, 0, sizeof(f->kernel));
	if (!s && c->kernel.starved)
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory for what events are called");
	ml_ftrace_types_fini(&c->types, &image->alloc);
	ml_ftrace_tasks_fini(&c->tasks, &image->alloc);
	ml_ftrace_kernel_close(&c->kernel);
	ml_free(&image->alloc, c->page);
	ml_free(&image->alloc, c);
	return s;
}
