/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * walk.c - from one message to the next.
 *
 * A writer reserves space first, fills it, and writes the signature last. So a message
 * that was being written has no length that is known: the next one is where the next
 * signature is.
 */
#include "advlogger.h"

size_t ml_advlogger_parts(const struct ml_log *log, struct memlog_range ret[2])
{
	const struct advlogger *a = ml_advlogger_const(log);
	size_t n = 0;

	if (a->wrapped)
		ret[n++] = a->older;
	if (a->cursor > a->header)
		ret[n++] = (struct memlog_range){ a->header, a->cursor };
	return n;
}

void ml_advlogger_walk_init(struct adv_walk *w, const struct ml_log *log)
{
	w->n_parts = ml_advlogger_parts(log, w->part);
	w->at = w->n_parts ? w->part[0].start : 0;
}

size_t ml_advlogger_walk_see(struct adv_walk *w, struct ml_source *source,
			     uint64_t off, size_t len, uint64_t limit,
			     const uint8_t **ret)
{
	uint64_t missing = source->missing;
	size_t n;

	if (off >= limit)
		return 0;
	len = ml_min(len, limit - off);
	if (off < w->win_at || off >= w->win_at + w->win_n ||
	    len > w->win_at + w->win_n - off) {
		w->win_at = off;
		w->win_n = ml_source_fill(source, 0, off, w->win,
					  ml_min(sizeof(w->win), limit - off));
		source->missing = missing;
	}
	n = w->win_n - (size_t)(off - w->win_at);
	*ret = w->win + (off - w->win_at);
	return ml_min(len, n);
}

uint64_t ml_advlogger_walk_gap(struct ml_source *source, uint64_t off,
			       uint64_t limit)
{
	uint64_t missing = source->missing, gap = 0;
	uint8_t byte;
	size_t got;

	if (!ml_source_read(source, 0, off, &byte, 1, &got, &gap, NULL) || !gap)
		gap = limit - off;
	gap = ml_min(gap, limit - off);
	source->missing = missing + gap;
	return gap;
}

/* The message at off. */
static bool adv_walk_at(struct adv_walk *w, struct ml_source *source,
			uint64_t off, struct adv_message *ret)
{
	uint64_t end = w->part[w->cur].end;
	const uint8_t *p;
	size_t n = ml_advlogger_walk_see(w, source, off, ADV_ALM2, end, &p);

	return n && ml_advlogger_message(p, n, off, end, ret);
}

/* Does another message begin within the text of this one, with others up to its end if
 * leads is set? Then its length is wrong. Only the first that looks like one counts. */
static bool adv_walk_has_other(struct adv_walk *w, struct ml_source *source,
			       const struct adv_message *m, bool leads)
{
	struct adv_message other;
	/* its signature is text of this one, and not what was left after it */
	uint64_t at = m->at + ADV_ALIGN, end = m->text + m->len - 3;

	while (at < end && !adv_walk_at(w, source, at, &other))
		at += ADV_ALIGN;
	if (at >= end || !leads)
		return at < end;
	while (other.end < m->end && adv_walk_at(w, source, other.end, &other))
		;
	return other.end == m->end;
}

/* Is the length of a message right? Nothing tells if what follows it is missing. */
static bool adv_walk_sound(struct adv_walk *w, struct ml_source *source,
			   const struct adv_message *m)
{
	uint64_t end = w->part[w->cur].end;
	const uint8_t *p;
	size_t n = ml_advlogger_walk_see(w, source, m->end, 4, end, &p);

	return (!n && m->end < end) ||
	       !adv_walk_has_other(w, source, m,
				   !n || ml_advlogger_signed(p, n));
}

/* Go past what is no message, at most to the end of the part. */
static void adv_walk_skip(struct adv_walk *w, struct ml_source *source,
			  bool missing)
{
	uint64_t end = w->part[w->cur].end, n;

	if (missing) {
		n = ml_advlogger_walk_gap(source, w->at, end);
		w->lost += n;
		n += (0 - (w->at + n)) % ADV_ALIGN;
	} else {
		n = ml_min(ADV_ALIGN, end - w->at);
		w->lost += n;
		source->damaged += n;
	}
	w->at += n;
}

bool ml_advlogger_walk_next(struct adv_walk *w, struct ml_source *source,
			    struct adv_message *ret)
{
	const uint8_t *p;
	uint64_t end;
	size_t n;

	while (w->cur < w->n_parts) {
		end = w->part[w->cur].end;
		if (w->at >= end) {
			if (++w->cur < w->n_parts)
				w->at = w->part[w->cur].start;
			continue;
		}
		n = ml_advlogger_walk_see(w, source, w->at, ADV_ALM2, end, &p);
		if (n && ml_advlogger_message(p, n, w->at, end, ret) &&
		    adv_walk_sound(w, source, ret)) {
			w->at = ret->end;
			return true;
		}
		adv_walk_skip(w, source, !n);
	}
	return false;
}
