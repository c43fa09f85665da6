/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* newest.c - keep the newest N records, or bytes, of a stream. */
#include "newest.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* A record has room for many fields, and few have any: what is before and after them. */
enum {
	KEPT_HEAD = offsetof(struct memlog_record, fields),
	KEPT_TAIL = KEPT_HEAD + sizeof(((struct memlog_record *)0)->fields)
};

/* A record, and after its fields all the bytes that it points to. */
struct kept {
	struct kept *next;
	size_t bytes;
	uint64_t number; /* of its line */
	uint32_t flags;	 /* of the record, as they are now */
	unsigned int n_fields;
	uint8_t head[KEPT_HEAD];
	uint8_t tail[sizeof(struct memlog_record) - KEPT_TAIL];
	struct memlog_field fields[];
};

struct ml_newest {
	struct memlog_allocator alloc;
	struct kept *oldest, *latest, *taken;
	struct kept *first;	  /* the oldest of the lines that count */
	struct memlog_record rec; /* of taken */
	uint64_t want, before, lines, dropped;
	uint64_t last_dropped; /* its number */
	uint64_t counted;      /* the number of the last line that counts */
	size_t bytes;
};

enum memlog_status ml_newest_create(const struct memlog_allocator *alloc,
				    uint64_t count, uint64_t before,
				    struct ml_newest **ret,
				    struct memlog_err *err)
{
	struct ml_newest *n = ml_calloc(alloc, 1, sizeof(*n));

	if (!n)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the newest records");
	n->alloc = *alloc;
	n->want = count;
	n->before = before;
	*ret = n;
	return MEMLOG_OK;
}

static bool newest_counts(const struct kept *k)
{
	return !(k->flags & MEMLOG_REC_CONTEXT);
}

/* The first line that counts no longer does. */
static void newest_pass_first(struct ml_newest *n)
{
	uint64_t number = n->first->number;

	while (n->first && n->first->number == number) {
		n->first->flags |= MEMLOG_REC_CONTEXT;
		n->first = n->first->next;
	}
	while (n->first && !newest_counts(n->first))
		n->first = n->first->next;
	n->lines--;
}

static struct kept *newest_pop(struct ml_newest *n)
{
	struct kept *k = n->oldest;
	uint32_t flags = k->flags;

	if (k == n->first && k->next && k->next->number == k->number) {
		n->first = k->next; /* the rest of the line */
	} else if (k == n->first) {
		newest_pass_first(n);
		k->flags = flags;
	}
	n->oldest = k->next;
	if (!n->oldest)
		n->latest = NULL;
	n->bytes -= k->bytes;
	return k;
}

/* Another line counts, of this number. */
static void newest_count(struct ml_newest *n, uint64_t number)
{
	n->counted = number;
	n->lines++;
	if (n->lines <= n->want)
		return;
	if (n->first)
		newest_pass_first(n);
	if (n->first)
		number = n->first->number;
	while (n->oldest && number - n->oldest->number > n->before)
		ml_free(&n->alloc, newest_pop(n));
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

static unsigned int field_count(const struct memlog_record *rec)
{
	return (unsigned int)ml_min(rec->n_fields, MEMLOG_RECORD_FIELDS);
}

static size_t data_size(const struct memlog_record *rec)
{
	size_t n = text_size(rec) + str_size(rec->component) +
		   str_size(rec->phase);
	unsigned int i;

	if (rec->raw != rec->text)
		n += rec->raw_len;
	for (i = 0; i < field_count(rec); i++)
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
	struct memlog_record r = *rec;
	unsigned int i;
	uint8_t *to;

	k->flags = rec->flags;
	k->n_fields = field_count(rec);
	to = (uint8_t *)(k->fields + k->n_fields);
	r.text = newest_put(&to, rec->text, text_size(rec));
	if (rec->message)
		r.message = r.text + (rec->message - rec->text);
	r.raw = rec->raw == rec->text ? r.text :
					newest_put(&to, rec->raw, rec->raw_len);
	if (rec->component)
		r.component = newest_put(&to, rec->component,
					 str_size(rec->component));
	if (rec->phase)
		r.phase = newest_put(&to, rec->phase, str_size(rec->phase));
	for (i = 0; i < k->n_fields; i++) {
		k->fields[i] = rec->fields[i];
		if (rec->fields[i].type == MEMLOG_FIELD_TEXT)
			k->fields[i].text = newest_put(&to, rec->fields[i].text,
						       rec->fields[i].text_len);
	}
	memcpy(k->head, &r, sizeof(k->head));
	memcpy(k->tail, (const uint8_t *)&r + KEPT_TAIL, sizeof(k->tail));
}

/* The record again, whose bytes stay where they are kept. */
static void newest_unfold(const struct kept *k, struct memlog_record *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, k->head, sizeof(k->head));
	memcpy((uint8_t *)ret + KEPT_TAIL, k->tail, sizeof(k->tail));
	memcpy(ret->fields, k->fields, k->n_fields * sizeof(*k->fields));
	ret->n_fields = k->n_fields;
	ret->flags = k->flags;
}

enum memlog_status ml_newest_add(struct ml_newest *n,
				 const struct memlog_record *rec,
				 uint64_t number, struct memlog_err *err)
{
	size_t bytes = sizeof(struct kept) +
		       field_count(rec) * sizeof(struct memlog_field) +
		       data_size(rec);
	struct kept *k;

	if (!n->want)
		return MEMLOG_OK;
	if (!(rec->flags & MEMLOG_REC_CONTEXT) &&
	    (!n->lines || number != n->counted))
		newest_count(n, number);
	while (n->oldest && n->bytes + bytes > ML_MAX_NEWEST) {
		n->dropped++;
		n->last_dropped = n->oldest->number;
		ml_free(&n->alloc, newest_pop(n));
	}
	k = ml_calloc(&n->alloc, 1, bytes);
	if (!k)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory to keep the newest records");
	newest_copy(k, rec);
	k->bytes = bytes;
	k->number = number;
	if (n->latest)
		n->latest->next = k;
	else
		n->oldest = k;
	n->latest = k;
	n->bytes += bytes;
	if (!n->first && newest_counts(k))
		n->first = k;
	return MEMLOG_OK;
}

const struct memlog_record *ml_newest_take(struct ml_newest *n,
					   uint64_t *ret_number)
{
	ml_free(&n->alloc, n->taken);
	n->taken = n->oldest ? newest_pop(n) : NULL;
	if (!n->taken)
		return NULL;
	*ret_number = n->taken->number;
	newest_unfold(n->taken, &n->rec);
	return &n->rec;
}

uint64_t ml_newest_dropped(const struct ml_newest *n, uint64_t *ret_number)
{
	if (ret_number)
		*ret_number = n->last_dropped;
	return n->dropped;
}
