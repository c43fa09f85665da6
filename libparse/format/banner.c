/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* banner.c - where in the text of a log boots begin. */
#include "banner.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

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

static bool banner_is_blank(const struct memlog_record *rec)
{
	return rec->text_len == 1 ?
		       rec->text[0] == '\n' :
		       rec->text_len == 2 && !memcmp(rec->text, "\r\n", 2);
}

/* Read a line. *ret: the number of the banner that it is, or SIZE_MAX; *ret_at:
 * where the boot then begins. *lost: where lost bytes before it end, if there are
 * any. */
static enum memlog_status banner_step(struct ml_banners *b,
				      struct ml_banner_search *f,
				      struct ml_source *source, size_t *ret,
				      uint64_t *ret_at, uint64_t *lost,
				      struct memlog_err *err)
{
	struct memlog_record rec = { .flags = 0 };
	enum memlog_status s = ml_lines_next(&f->lines, source, &rec, err);
	bool inside = f->inside;

	*ret = SIZE_MAX;
	if (s)
		return s;
	f->pos += rec.lost;
	if (rec.lost) {
		*lost = f->pos;
		f->n_blank = 0;
	}
	*ret_at = f->pos;
	f->pos += rec.raw_len;
	f->inside = rec.flags & MEMLOG_REC_CONTINUES;
	if (inside)
		return MEMLOG_OK;
	if (banner_is_blank(&rec)) {
		if (f->n_blank == 2)
			f->blank[0] = f->blank[--f->n_blank];
		f->blank[f->n_blank++] = *ret_at;
		return MEMLOG_OK;
	}
	*ret = banner_of(b->name, b->banners, rec.text, rec.text_len);
	if (f->n_blank)
		*ret_at = f->blank[0];
	f->n_blank = 0;
	return MEMLOG_OK;
}

/* Where the next boot begins, into b->next; UINT64_MAX: there is no other. */
static void banner_look_ahead(struct ml_banners *b, struct ml_source *source)
{
	uint64_t missing = source->missing, lost;
	size_t i = SIZE_MAX;

	b->next = UINT64_MAX;
	while (b->first != SIZE_MAX && i != b->first)
		if (banner_step(b, &b->ahead, source, &i, &b->next, &lost,
				NULL)) {
			b->next = UINT64_MAX;
			break;
		}
	source->missing = missing;
}

static enum memlog_status banners_find(struct ml_banners *b,
				       struct ml_source *source,
				       struct memlog_err *err)
{
	uint64_t missing = source->missing, at, last = 0;
	struct memlog_err why = { .status = MEMLOG_OK };
	struct ml_banner_search *f = &b->ahead;
	enum memlog_status s;
	size_t i;

	b->first = SIZE_MAX;
	f->lines = b->lines;
	while (!(s = banner_step(b, f, source, &i, &at, &b->lost, &why))) {
		if (i < b->first) {
			b->first = i;
			b->n = 0;
		}
		if (i != SIZE_MAX && i == b->first) {
			b->n++;
			last = at;
		}
	}
	source->missing = missing;
	if (s == MEMLOG_NO_MEMORY) {
		if (err)
			*err = why;
		return s;
	}
	if (s != MEMLOG_NO_DATA || f->lines.lost)
		b->lost = UINT64_MAX;
	b->older = ml_min(last, b->lost);
	/* back to the start */
	f->lines = b->lines;
	f->pos = f->n_blank = 0;
	f->inside = false;
	banner_look_ahead(b, source);
	return MEMLOG_OK;
}

enum memlog_status ml_banners_open(struct ml_banners *b,
				   struct ml_source *source, const char *name,
				   const char *banners, struct memlog_err *err)
{
	const struct ml_banners_log *own = (const void *)source->log->priv;
	const struct memlog_log *log = &source->log->pub;

	b->name = name;
	b->banners = banners;
	ml_lines_add_ring(&b->lines, source->log->fmt->live.header,
			  log->capacity, own->start, log->used, 0);
	if (log->flags & MEMLOG_LOG_WRAPPED)
		b->lines.first_flags = MEMLOG_REC_TRUNCATED_HEAD;
	return banners_find(b, source, err);
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
	while (b->next <= b->pos) {
		b->passed++;
		banner_look_ahead(b, source);
	}
	if (b->pos < b->lost)
		rec->has_boot = false;
	else
		rec->boot = -(int32_t)(b->n - b->passed);
	if (rec->boot || b->pos < b->older)
		rec->flags |= MEMLOG_REC_STALE;
	b->pos += rec->raw_len;
	return MEMLOG_OK;
}

void ml_banners_relate(struct ml_log *const *logs, size_t n,
		       struct memlog_image *image, bool some)
{
	for (; n--; logs++) {
		const struct ml_banners_log *own = (const void *)logs[0]->priv;
		struct memlog_log *log = &logs[0]->pub;
		struct ml_source source = { .image = image, .log = logs[0] };
		uint8_t byte;
		size_t got;

		log->state = MEMLOG_STATE_CURRENT;
		if (log->flags & MEMLOG_LOG_EMPTY ||
		    !ml_source_read(&source, 0, own->newest, &byte, 1, &got,
				    NULL, NULL))
			continue;
		log->state = MEMLOG_STATE_UNKNOWN;
		snprintf(
			log->reason, sizeof(log->reason),
			"the newest text is missing: what is left may be of an "
			"older boot");
	}
}
