/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* banner.c - where in the text of a log boots begin. */
#include "banner.h"

#include <string.h>

#include "base/bytes.h"

/* The text before a line: where up to two empty lines right before it start. */
struct banner_before {
	uint64_t blank[2];
	size_t n;
};

static void banner_add(struct ml_banners *b, uint64_t pos)
{
	if (b->n == ML_MAX_BOOTS) {
		memmove(b->start, b->start + 1,
			(ML_MAX_BOOTS - 1) * sizeof(b->start[0]));
		b->n--;
	}
	b->start[b->n++] = pos;
}

/* The number of the first banner that the line is; SIZE_MAX: of none. */
static size_t banner_of(const char *name, const char *banners,
			const uint8_t *text, size_t len)
{
	size_t n = strlen(name), i;
	bool named;

	if (len && *text < ' ') {
		text++;
		len--;
	}
	named = len >= n && !memcmp(text, name, n);
	for (i = 0; *banners; i++, banners += n + 1) {
		n = strcspn(banners, "\n");
		if ((len >= n && !memcmp(text, banners, n)) ||
		    (named && memmem(text, len, banners, n)))
			return i;
	}
	return SIZE_MAX;
}

/* Note a line at pos that is banner number i. *best: the first so far. */
static void banner_look(struct ml_banners *b, const struct memlog_record *rec,
			uint64_t pos, size_t i, struct banner_before *before,
			size_t *best)
{
	bool blank = rec->text_len == 1 ? rec->text[0] == '\n' :
					  rec->text_len == 2 &&
						  !memcmp(rec->text, "\r\n", 2);

	if (blank) {
		if (before->n == 2)
			before->blank[0] = before->blank[--before->n];
		before->blank[before->n++] = pos;
		return;
	}
	if (i < *best) {
		b->n = 0;
		*best = i;
	}
	if (i == *best && i != SIZE_MAX)
		banner_add(b, before->n ? before->blank[0] : pos);
	before->n = 0;
}

enum memlog_status ml_banners_find(struct ml_banners *b, const char *name,
				   const char *banners,
				   struct ml_source *source,
				   struct memlog_err *err)
{
	uint64_t missing = source->missing, pos = 0;
	struct memlog_err why = { .status = MEMLOG_OK };
	struct banner_before before = { .n = 0 };
	uint32_t first = b->lines.first_flags;
	struct ml_lines *l = &b->lines;
	size_t best = SIZE_MAX;
	enum memlog_status s;
	bool inside = false;

	for (;;) {
		struct memlog_record rec = { .flags = 0 };

		s = ml_lines_next(l, source, &rec, &why);
		if (s)
			break;
		pos += rec.lost;
		if (!inside)
			banner_look(b, &rec, pos,
				    banner_of(name, banners, rec.text,
					      rec.text_len),
				    &before, &best);
		inside = rec.flags & MEMLOG_REC_CONTINUES;
		pos += rec.raw_len;
	}
	/* back to the start */
	source->missing = missing;
	l->cur = l->start = l->end = 0;
	l->pos = l->lost = l->gap = l->seq = 0;
	l->first_flags = first;
	if (s == MEMLOG_NO_MEMORY && err)
		*err = why;
	return s == MEMLOG_NO_MEMORY ? s : MEMLOG_OK;
}

enum memlog_status ml_banners_next(struct ml_banners *b,
				   struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err)
{
	enum memlog_status s = ml_lines_next(&b->lines, source, rec, err);

	if (s)
		return s;
	b->begins = !b->inside;
	b->inside = rec->flags & MEMLOG_REC_CONTINUES;
	b->pos += rec->lost;
	while (b->next < b->n && b->start[b->next] <= b->pos)
		b->next++;
	b->pos += rec->raw_len;
	rec->boot = -(int32_t)(b->n - b->next);
	if (rec->boot)
		rec->flags |= MEMLOG_REC_STALE;
	return MEMLOG_OK;
}
