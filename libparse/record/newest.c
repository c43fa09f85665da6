/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* newest.c - keep the newest N records, or bytes, of a stream. */
#include "newest.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/* A record and, after it, all the bytes that it points to. */
struct kept {
	struct kept *next;
	size_t bytes;
	bool begins; /* starts a line; else it continues one */
	struct memlog_record rec;
	uint8_t data[];
};

struct ml_newest {
	struct memlog_allocator alloc;
	struct kept *oldest, *latest, *taken;
	uint64_t want, lines, dropped;
	size_t bytes;
	bool inside; /* the previous record continues in the next */
};

enum memlog_status ml_newest_create(const struct memlog_allocator *alloc,
				    uint64_t count, struct ml_newest **ret,
				    struct memlog_err *err)
{
	struct ml_newest *n = ml_calloc(alloc, 1, sizeof(*n));

	if (!n)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the newest records");
	n->alloc = *alloc;
	n->want = count;
	*ret = n;
	return MEMLOG_OK;
}

static struct kept *newest_pop(struct ml_newest *n)
{
	struct kept *k = n->oldest;

	n->oldest = k->next;
	if (!n->oldest)
		n->latest = NULL;
	n->lines -= k->begins;
	n->bytes -= k->bytes;
	return k;
}

/* Drop the oldest line, with all its pieces. */
static void drop_line(struct ml_newest *n)
{
	do {
		ml_free(&n->alloc, newest_pop(n));
	} while (n->oldest && !n->oldest->begins);
}

void ml_newest_destroy(struct ml_newest *n)
{
	struct memlog_allocator a;

	if (!n)
		return;
	a = n->alloc;
	while (n->oldest)
		ml_free(&a, newest_pop(n));
	ml_free(&a, n->taken);
	ml_free(&a, n);
}

static size_t str_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

/* text and raw may be the same bytes; either may be the longer one. */
static size_t text_size(const struct memlog_record *rec)
{
	return rec->raw == rec->text && rec->raw_len > rec->text_len ?
		       rec->raw_len :
		       rec->text_len;
}

static size_t data_size(const struct memlog_record *rec)
{
	size_t n = text_size(rec) + str_size(rec->component) +
		   str_size(rec->phase);
	unsigned int i;

	if (rec->raw != rec->text)
		n += rec->raw_len;
	for (i = 0; i < rec->n_fields && i < MEMLOG_RECORD_FIELDS; i++)
		if (rec->fields[i].type == MEMLOG_FIELD_TEXT)
			n += rec->fields[i].text_len;
	return n;
}

/* Copy len bytes to *to, advance it, and return where they are. */
static const void *newest_put(uint8_t **to, const void *p, size_t len)
{
	uint8_t *at = *to;

	if (len)
		memcpy(at, p, len);
	*to += len;
	return at;
}

static void newest_copy(struct kept *k, const struct memlog_record *rec)
{
	struct memlog_record *r = &k->rec;
	uint8_t *to = k->data;
	unsigned int i;

	*r = *rec;
	r->text = newest_put(&to, rec->text, text_size(rec));
	if (rec->message)
		r->message = r->text + (rec->message - rec->text);
	r->raw = rec->raw == rec->text ?
			 r->text :
			 newest_put(&to, rec->raw, rec->raw_len);
	if (rec->component)
		r->component = newest_put(&to, rec->component,
					  str_size(rec->component));
	if (rec->phase)
		r->phase = newest_put(&to, rec->phase, str_size(rec->phase));
	for (i = 0; i < rec->n_fields && i < MEMLOG_RECORD_FIELDS; i++)
		if (rec->fields[i].type == MEMLOG_FIELD_TEXT)
			r->fields[i].text = newest_put(&to, rec->fields[i].text,
						       rec->fields[i].text_len);
}

enum memlog_status ml_newest_add(struct ml_newest *n,
				 const struct memlog_record *rec,
				 struct memlog_err *err)
{
	size_t bytes = sizeof(struct kept) + data_size(rec);
	bool begins = !n->inside;
	struct kept *k;

	if (!n->want)
		return MEMLOG_OK;
	n->inside = rec->flags & MEMLOG_REC_CONTINUES;
	while (n->oldest && n->lines + begins > n->want)
		drop_line(n);
	while (n->oldest && n->bytes + bytes > ML_MAX_NEWEST) {
		n->dropped++;
		ml_free(&n->alloc, newest_pop(n));
	}
	k = ml_calloc(&n->alloc, 1, bytes);
	if (!k)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory to keep the newest records");
	newest_copy(k, rec);
	k->bytes = bytes;
	k->begins = begins;
	n->lines += begins;
	if (n->latest)
		n->latest->next = k;
	else
		n->oldest = k;
	n->latest = k;
	n->bytes += bytes;
	return MEMLOG_OK;
}

const struct memlog_record *ml_newest_take(struct ml_newest *n)
{
	ml_free(&n->alloc, n->taken);
	n->taken = n->oldest ? newest_pop(n) : NULL;
	return n->taken ? &n->taken->rec : NULL;
}

uint64_t ml_newest_dropped(const struct ml_newest *n)
{
	return n->dropped;
}
