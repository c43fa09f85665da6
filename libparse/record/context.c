/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* context.c - the lines around those that match. */
#include "context.h"

#include "base/err.h"
#include "newest.h"

struct ml_context {
	struct memlog_allocator alloc;
	uint64_t before, after;
	struct ml_newest *held; /* not selected yet */
	uint64_t number;	/* of the current line */
	uint64_t left;		/* lines after the last match to come */
	uint64_t seen;	     /* records that were dropped, and did not matter */
	bool dropped;	     /* one was dropped that did */
	bool inside;	     /* the previous record goes on in the next */
	bool shown, matched; /* the current line is selected; it matches */
};

enum memlog_status ml_context_create(const struct memlog_allocator *alloc,
				     uint64_t before, uint64_t after,
				     struct ml_context **ret,
				     struct memlog_err *err)
{
	struct ml_context *c = ml_calloc(alloc, 1, sizeof(*c));
	enum memlog_status s;

	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for lines of context");
	c->alloc = *alloc;
	c->before = before;
	c->after = after;
	/* and the pieces of the current one */
	s = ml_newest_create(alloc, before == UINT64_MAX ? before : before + 1,
			     0, &c->held, err);
	if (s) {
		ml_free(alloc, c);
		return s;
	}
	*ret = c;
	return MEMLOG_OK;
}

void ml_context_destroy(struct ml_context *c)
{
	struct memlog_allocator a;

	if (!c)
		return;
	a = c->alloc;
	ml_newest_destroy(c->held);
	ml_free(&a, c);
}

static enum memlog_status context_put(const struct ml_context *c,
				      const struct memlog_record *rec,
				      uint64_t number, ml_context_put *put,
				      void *arg, struct memlog_err *err)
{
	struct memlog_record r = *rec;

	if (number != c->number || !c->matched)
		r.flags |= MEMLOG_REC_CONTEXT;
	return put(arg, &r, number, err);
}

/* The lines before one that matches, and its own first pieces. */
static enum memlog_status context_release(struct ml_context *c,
					  ml_context_put *put, void *arg,
					  struct memlog_err *err)
{
	const struct memlog_record *rec;
	enum memlog_status s = MEMLOG_OK;
	uint64_t number, n = ml_newest_dropped(c->held, &number);

	if (n != c->seen && c->number - number <= c->before)
		c->dropped = true;
	c->seen = n;
	while (!s && (rec = ml_newest_take(c->held, &number)))
		if (c->number - number <= c->before)
			s = context_put(c, rec, number, put, arg, err);
	return s;
}

enum memlog_status ml_context_take(struct ml_context *c,
				   const struct memlog_record *rec,
				   bool matched, ml_context_put *put, void *arg,
				   struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	bool more = rec->flags & MEMLOG_REC_CONTINUES, begins = !c->inside;

	c->inside = more;
	if (begins) {
		c->number++;
		c->shown = c->matched = false;
	}
	if (matched && !c->matched) {
		c->matched = true;
		s = context_release(c, put, arg, err);
		c->shown = true;
		c->left = c->after;
	} else if (begins && c->left) {
		c->left--;
		c->shown = true;
	}
	if (s)
		return s;
	/* the rest of a line that no longer matches is left out */
	if (c->matched && !matched)
		return MEMLOG_OK;
	if (c->shown)
		return context_put(c, rec, c->number, put, arg, err);
	if (!c->before && begins && !more)
		return MEMLOG_OK;
	return ml_newest_add(c->held, rec, c->number, err);
}

void ml_context_cut(struct ml_context *c)
{
	uint64_t number;

	while (ml_newest_take(c->held, &number))
		;
	c->seen = ml_newest_dropped(c->held, NULL);
	c->left = 0;
	c->inside = c->shown = c->matched = c->dropped = false;
}

bool ml_context_dropped(const struct ml_context *c)
{
	return c->dropped;
}

bool ml_context_done(const struct ml_context *c)
{
	return !c->left && !c->inside;
}
