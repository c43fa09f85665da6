/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reader.c - the events in some of a log's extents, one page after the other. */
#include "reader.h"

#include <string.h>

#include "base/bytes.h"
#include "data.h"
#include "layout.h"

enum { COMMIT_LOST = 3u << 30 /* a reader's marks: events lost before */ };

/* What was lost before the reader page is reported with its first event, which may
 * have been read; before the head what came since that page was taken. */
static void reader_lost(struct hyp_reader *r, uint64_t commit, uint32_t role)
{
	struct hyp_reader_cpu *c = &r->cpu;
	bool first = !c->after_reader;

	r->lost = 0;
	r->is_lost = commit & COMMIT_LOST;
	if (r->role == HYP_ROLE_READER) {
		if (c->has_meta && !(c->has_read && c->read))
			r->lost = c->meta.lost;
	} else if (first && c->has_meta) {
		c->after_reader = true;
		if (role & HYP_ROLE_ALL)
			r->lost = 0;
		else if (c->has_last)
			r->lost = c->meta.overrun -
				  ml_min(c->last_overrun, c->meta.overrun);
		else if (!c->swapped)
			r->lost = c->meta.overrun;
		else if (c->has_lost && c->meta.overrun > c->meta.lost)
			r->is_lost = true;
	}
	r->is_lost |= r->lost != 0;
}

static void reader_load_page(struct hyp_reader *r, struct ml_source *source,
			     size_t extent)
{
	uint64_t commit, len;

	ml_hyp_page_load(source, extent, r->page, &r->events, &commit);
	len = ml_min(commit & HYP_COMMIT,
		     ml_hyp_capacity(ml_hyp_const(source->log)));
	/* no more than there is was read */
	if (r->role == HYP_ROLE_READER && r->cpu.read > len)
		r->cpu.has_read = false;
	if (r->role == HYP_ROLE_READER && r->events.len)
		r->cpu.swapped = true;
	if (r->events.len)
		reader_lost(r, commit, source->log->extents[extent].role);
}

/* Of Android 14, which has no meta page: what was overwritten, not since when. */
static void reader_load_rb(struct hyp_reader *r, struct ml_source *source,
			   size_t extent)
{
	const struct hyp_layout *l = ml_hyp_layout(ml_hyp_const(source->log));
	uint8_t b[HYP_RB];

	memset(&r->cpu, 0, sizeof(r->cpu));
	if (ml_hyp_extent_read(source, extent, b, HYP_RB) < HYP_RB)
		return;
	r->cpu.has_meta = true;
	r->cpu.meta.overrun = ml_le32(b + l->rb_overrun);
	r->cpu.swapped = ml_le64(b + l->rb_reader) != ml_le64(b + l->rb_nodes);
}

/* Go to the next page; false: there is none. */
static bool reader_next_page(struct hyp_reader *r, struct ml_source *source)
{
	const struct ml_log *log = source->log;
	const struct hyp_layout *l = ml_hyp_layout(ml_hyp_const(log));
	uint8_t b[HYP_META];
	size_t i;

	while (r->next < r->end) {
		i = r->next++;
		r->role = log->extents[i].role & HYP_ROLE_MASK;
		r->begun = log->extents[i].role & HYP_ROLE_BEGUN;
		r->cpu_nr = log->extents[i].cpu;
		switch (r->role) {
		case HYP_ROLE_META:
			memset(&r->cpu, 0, sizeof(r->cpu));
			r->cpu.has_meta =
				ml_hyp_extent_read(source, i, b, l->meta) ==
					l->meta &&
				ml_hyp_meta_load(l, b, &r->cpu.meta);
			r->cpu.has_lost = r->cpu.has_meta;
			r->cpu.swapped = r->cpu.meta.reader || r->cpu.meta.lost;
			break;
		case HYP_ROLE_RB:
			if (!l->meta) {
				reader_load_rb(r, source, i);
				break;
			}
			r->cpu.has_last = ml_hyp_extent_read(source, i, b,
							     HYP_RB) == HYP_RB;
			r->cpu.last_overrun = ml_le64(b + l->rb_overrun);
			break;
		case HYP_ROLE_POSITION:
			r->cpu.has_read = ml_hyp_extent_read(source, i, b, 4) ==
					  4;
			r->cpu.read = ml_le32(b);
			break;
		case HYP_ROLE_READER:
		case HYP_ROLE_PAGE:
			reader_load_page(r, source, i);
			if (r->events.len)
				return true;
		}
	}
	return false;
}

/* The next event of the page that is wanted; false: there is none. */
static bool reader_event(struct hyp_reader *r, struct ml_source *source)
{
	bool known = r->role == HYP_ROLE_READER && r->cpu.has_read;

	while (ml_rb_event_next(&r->events, &r->event) &&
	       !(r->begun && r->events.pos == r->events.len))
		if (!known || r->consumed || r->event.pos >= r->cpu.read)
			return true;
	source->damaged += ml_rb_event_skip(&r->events);
	return false;
}

bool ml_hyp_reader_next(struct hyp_reader *r, struct ml_source *source)
{
	while (!r->have) {
		r->have = reader_event(r, source);
		if (!r->have && !reader_next_page(r, source))
			return false;
	}
	return true;
}

uint32_t ml_hyp_reader_flags(const struct hyp_reader *r,
			     const struct ml_log *log)
{
	uint32_t flags = 0;

	/* how far the reader page was read may not be known */
	if (r->role == HYP_ROLE_READER &&
	    (!r->cpu.has_read || r->event.pos < r->cpu.read))
		flags |= MEMLOG_REC_CONSUMED;
	if (log->extents[r->next - 1].role & HYP_ROLE_GUESSED)
		flags |= MEMLOG_REC_GUESSED;
	return flags;
}
