/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* header.c - parse the three layouts of the header. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "ovmf.h"

#define C_HEADER 192
#define B_HEADER 184
#define A_HEADER 70

/* All fields of one header. Version is borrowed from the bytes. */
struct fields {
	struct ovmf o;
	const uint8_t *version;
	size_t version_len;
	uint64_t max; /* header and ring together */
};

static enum memlog_status family_c(struct ml_cursor *c, struct fields *f,
				   struct memlog_err *err)
{
	const uint8_t *second;

	ml_cursor_take(c, 8);
	second = ml_cursor_take(c, 8);
	f->o.family = OVMF_C;
	f->max = ML_OVMF_MAX;
	f->o.header_size = ml_cursor_u64(c);
	f->o.size = ml_cursor_u64(c);
	f->o.lock = ml_cursor_u64(c);
	f->o.head = ml_cursor_u64(c);
	f->o.tail = ml_cursor_u64(c);
	f->o.truncated = ml_cursor_u64(c);
	f->version_len = 128;
	f->version = ml_cursor_take(c, f->version_len);
	if (c->failed)
		return ml_fail(err, MEMLOG_NOT_MINE, "the header is truncated");
	if (!memcmp(second, "ovmfmdgp", 8))
		f->o.kind = OVMF_KIND_PREVIOUS;
	else if (!memcmp(second, "ovmfmdgs", 8))
		f->o.kind = OVMF_KIND_RESUME;
	else if (memcmp(second, "ovmfmdg2", 8))
		f->o.kind = OVMF_KIND_UNKNOWN;
	return MEMLOG_OK;
}

static enum memlog_status family_b(struct ml_cursor *c, struct fields *f,
				   struct memlog_err *err)
{
	ml_cursor_take(c, 8);
	f->o.family = OVMF_B;
	f->max = ML_OVMF_MAX;
	f->o.header_size = ml_cursor_u64(c);
	f->o.size = ml_cursor_u64(c);
	f->o.lock = ml_cursor_u64(c);
	f->o.head = ml_cursor_u64(c);
	f->o.tail = ml_cursor_u64(c);
	f->o.truncated = ml_cursor_u64(c);
	f->version_len = 128;
	f->version = ml_cursor_take(c, f->version_len);
	if (c->failed)
		return ml_fail(err, MEMLOG_NOT_MINE, "the header is truncated");
	return MEMLOG_OK;
}

/* Packed: nothing is aligned, and there is no header size. */
static enum memlog_status family_a(struct ml_cursor *c, struct fields *f,
				   struct memlog_err *err)
{
	uint8_t version;

	ml_cursor_take(c, 16);
	f->o.family = OVMF_A;
	f->max = ML_OVMF_MAX;
	f->o.header_size = A_HEADER;
	version = ml_cursor_u8(c);
	f->o.size = ml_cursor_u32(c);
	f->o.head = ml_cursor_u32(c);
	f->o.tail = ml_cursor_u32(c);
	f->o.lock = ml_cursor_u64(c);
	f->o.truncated = ml_cursor_u8(c);
	f->version_len = 32;
	f->version = ml_cursor_take(c, f->version_len);
	if (c->failed)
		return ml_fail(err, MEMLOG_NOT_MINE, "the header is truncated");
	if (version != 1 && f->o.size)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "header version %u, only 1 is known", version);
	return MEMLOG_OK;
}

/* The firmware zeroes the buffer, then writes the header from its top down:
 * with a size still 0 everything after it is 0, too. */
static bool mid_init(const struct ml_probe *p, const struct fields *f)
{
	size_t i, from;

	if (f->o.size || f->o.head || f->o.tail || f->o.lock ||
	    f->o.truncated || f->o.kind == OVMF_KIND_PREVIOUS ||
	    f->o.kind == OVMF_KIND_RESUME)
		return false;
	switch (f->o.family) {
	case OVMF_C:
		if (f->o.header_size && f->o.header_size != C_HEADER)
			return false;
		if (f->o.kind == OVMF_KIND_UNKNOWN &&
		    (ml_le64(p->bytes + 8) || f->o.header_size))
			return false;
		from = 0x20;
		break;
	case OVMF_B:
		if (f->o.header_size && f->o.header_size != B_HEADER)
			return false;
		from = 0x18;
		break;
	default:
		from = 17;
		break;
	}
	for (i = from; i < p->len; i++)
		if (p->bytes[i])
			return false;
	return true;
}

static enum memlog_status check_sizes(const struct fields *f,
				      struct memlog_err *err)
{
	uint64_t min = f->o.family == OVMF_C ? C_HEADER :
		       f->o.family == OVMF_B ? B_HEADER :
					       A_HEADER;
	uint64_t all;

	if (f->o.header_size < min ||
	    (f->o.family != OVMF_A && f->o.header_size % 8))
		return ml_fail(err, MEMLOG_NOT_MINE, "header of 0x%llx bytes",
			       (unsigned long long)f->o.header_size);
	if (f->o.size < 2)
		return ml_fail(err, MEMLOG_NOT_MINE, "a ring of %llu byte%s",
			       (unsigned long long)f->o.size, ml_s(f->o.size));
	if (!ml_add(f->o.header_size, f->o.size, &all) || all > f->max)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "header 0x%llx and ring 0x%llx exceed 0x%llx",
			       (unsigned long long)f->o.header_size,
			       (unsigned long long)f->o.size,
			       (unsigned long long)f->max);
	return MEMLOG_OK;
}

/* With an unknown second magic, all the rest must fit. */
static bool all_plausible(const struct ovmf *o)
{
	return (o->header_size + o->size) % ML_PAGE == 0 && o->head < o->size &&
	       o->tail < o->size && o->lock <= 2 && o->truncated <= 1;
}

/* The bytes from a up to b in a ring of size bytes, cyclic. */
static uint64_t ovmf_header_distance(uint64_t a, uint64_t b, uint64_t size)
{
	return b >= a ? b - a : size - a + b;
}

/*
 * Two offsets are stored one after the other at the end of a write. In between,
 * the ring breaks the rule head == tail + 1 that holds once it has wrapped.
 * Head is stored first: then head - tail - 1 is the length of the message in
 * flight. A compiler may swap the stores: then the tail has passed the head by
 * less than a message, and head is moved after it.
 */
static void ovmf_header_settle(struct ovmf *o, struct memlog_log *log)
{
	uint64_t next = o->tail + 1 == o->size ? 0 : o->tail + 1;
	uint64_t ahead;

	if (o->lock != 2 || o->truncated != 1 || o->head == next ||
	    o->head == 0)
		return;
	ahead = ovmf_header_distance(next, o->head, o->size);
	if (ahead < OVMF_MESSAGE_MAX && ahead < o->size / 2) {
		o->in_flight = ahead;
		snprintf(log->reason, sizeof(log->reason),
			 "caught between the two offset stores, %llu byte%s of "
			 "a message not yet counted",
			 (unsigned long long)ahead, ml_s(ahead));
		return;
	}
	ahead = ovmf_header_distance(o->head, next, o->size);
	if (ahead < OVMF_MESSAGE_MAX && ahead < o->size / 2) {
		o->head = next;
		snprintf(log->reason, sizeof(log->reason),
			 "caught between the two offset stores, head taken "
			 "from tail");
	}
}

static void judge_state(struct ovmf *o, struct memlog_log *log)
{
	bool invariant;

	if (o->head == o->size)
		o->head = 0;
	if (o->tail == o->size)
		o->tail = 0;
	if (o->head > o->size || o->tail > o->size) {
		o->state = OVMF_BAD_OFFSETS;
		log->flags |= MEMLOG_LOG_DAMAGED;
		log->used = o->size;
		snprintf(log->reason, sizeof(log->reason),
			 "head 0x%llx or tail 0x%llx is outside the ring of "
			 "0x%llx bytes: its order is not known",
			 (unsigned long long)o->head,
			 (unsigned long long)o->tail,
			 (unsigned long long)o->size);
		return;
	}
	ovmf_header_settle(o, log);
	invariant = o->head == (o->tail + 1) % o->size;
	log->used = ovmf_header_distance(o->head, o->tail, o->size);
	if (o->head == o->tail)
		o->state = OVMF_EMPTY;
	else if (o->head > o->tail || (o->truncated && invariant) ||
		 (o->truncated && o->head))
		o->state = OVMF_WRAPPED;
	else
		o->state = OVMF_LINEAR;
	if (o->state == OVMF_WRAPPED)
		log->flags |= MEMLOG_LOG_WRAPPED;
	else if (o->state == OVMF_LINEAR && o->truncated)
		log->flags |= MEMLOG_LOG_LOST_HEAD;
	if (o->state == OVMF_EMPTY)
		log->flags |= MEMLOG_LOG_EMPTY;
	if (o->lock == 2)
		log->flags |= MEMLOG_LOG_LOCKED;
}

/* Offsets that no firmware leaves; the text is still shown. */
static void judge_oddities(const struct ovmf *o, struct memlog_log *log)
{
	const char *odd = NULL;

	if (log->reason[0] || o->state == OVMF_EMPTY)
		return;
	if (o->lock > 2)
		odd = "the lock word has a value that no firmware writes";
	else if (o->truncated > 1)
		odd = "the truncated flag is neither 0 nor 1";
	else if (o->state == OVMF_WRAPPED && o->head != (o->tail + 1) % o->size)
		odd = "head and tail do not fit a ring that wrapped";
	else if (o->state == OVMF_WRAPPED && !o->truncated)
		odd = "it wrapped, and the header does not say so";
	else if (o->state == OVMF_LINEAR && o->head && !o->truncated)
		odd = "head has moved, and nothing wrapped";
	if (!odd)
		return;
	log->flags |= MEMLOG_LOG_DAMAGED;
	snprintf(log->reason, sizeof(log->reason), "%s", odd);
}

static void copy_version(const struct fields *f, struct memlog_log *log)
{
	size_t n = ml_min(f->version_len, sizeof(log->version) - 1);

	memcpy(log->version, f->version, n);
	log->version[n] = '\0';
}

static enum memlog_status load_fields(const uint8_t *p, size_t len,
				      struct fields *f, struct memlog_err *err)
{
	struct ml_cursor c;

	ml_cursor_init(&c, p, len, false);
	if (len >= 8 && !memcmp(p, "ovmfmdg1", 8))
		return family_c(&c, f, err);
	if (len >= 8 && !memcmp(p, "ovmfmdgl", 8))
		return family_b(&c, f, err);
	if (len >= 16 && !memcmp(p, "ovmfmemdebugmagc", 16))
		return family_a(&c, f, err);
	return ml_fail(err, MEMLOG_NOT_MINE, "no OVMF magic");
}

/* Everything that decides is in the first 64 bytes of each family; what follows
 * is the version, which does not matter. */
bool ml_ovmf_glance(const uint8_t *p, size_t len)
{
	uint8_t head[C_HEADER] = { 0 };
	struct fields f = { .max = 0 };
	struct ml_probe probe = { .bytes = head, .len = MEMLOG_PEEK };

	if (len < MEMLOG_PEEK)
		return true;
	memcpy(head, p, MEMLOG_PEEK);
	if (load_fields(head, sizeof(head), &f, NULL))
		return false;
	if (mid_init(&probe, &f))
		return true;
	return !check_sizes(&f, NULL) &&
	       (f.o.kind != OVMF_KIND_UNKNOWN || all_plausible(&f.o));
}

enum memlog_status ml_ovmf_probe(const struct ml_probe *probe,
				 struct ml_log *log, struct ml_found *ret,
				 struct memlog_err *err)
{
	struct fields f = { .max = 0 };
	struct memlog_log *pub = &log->pub;
	enum memlog_status s;

	s = load_fields(probe->bytes, probe->len, &f, err);
	if (s)
		return s;
	ret->extent.len = probe->len;
	if (mid_init(probe, &f)) {
		f.o.state = OVMF_MID_INIT;
		pub->flags = MEMLOG_LOG_EMPTY;
		snprintf(pub->reason, sizeof(pub->reason),
			 "caught while the firmware set it up: no text yet");
		memcpy(log->priv, &f.o, sizeof(f.o));
		return MEMLOG_OK;
	}
	s = check_sizes(&f, err);
	if (s)
		return s;
	if (f.o.kind == OVMF_KIND_UNKNOWN && !all_plausible(&f.o))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "half a magic, and no header after it");
	ret->extent.len = f.o.header_size + f.o.size;
	pub->capacity = f.o.size - 1;
	if (f.o.family == OVMF_C && f.o.header_size > C_HEADER)
		pub->flags |= MEMLOG_LOG_PLAIN;
	copy_version(&f, pub);
	judge_state(&f.o, pub);
	judge_oddities(&f.o, pub);
	if (f.o.kind == OVMF_KIND_PREVIOUS)
		pub->state = MEMLOG_STATE_STALE;
	memcpy(log->priv, &f.o, sizeof(f.o));
	return MEMLOG_OK;
}

/* Everything but lock, head, tail and truncated must stay the same; those four
 * change with a message. Equal copies mean that there was no message in
 * between. */
bool ml_ovmf_stable(const uint8_t *before, const uint8_t *after, size_t len)
{
	return !memcmp(before, after, len);
}

/* Head moves when the oldest text is overwritten, and the message being written
 * has overwritten up to its own length more. */
bool ml_ovmf_narrow(struct ml_log *before, const struct ml_log *after,
		    bool *ret_lost)
{
	const struct ovmf *b = ml_ovmf_const(after);
	struct ovmf *a = ml_ovmf(before);
	uint64_t head = b->head, gone;

	*ret_lost = false;
	if (a->family != b->family || a->kind != b->kind ||
	    a->header_size != b->header_size || a->size != b->size ||
	    a->state > OVMF_WRAPPED || b->state > OVMF_WRAPPED)
		return false;
	if (a->state == OVMF_EMPTY)
		return true;
	if (b->state == OVMF_LINEAR)
		return a->state == OVMF_LINEAR && a->head == b->head &&
		       a->tail <= b->tail;
	if (b->state != OVMF_WRAPPED)
		return false;
	if (b->lock == 2)
		head = (head + OVMF_MESSAGE_MAX) % a->size;
	gone = ovmf_header_distance(a->head, head, a->size);
	if (gone >= before->pub.used)
		return false;
	a->in_flight = 0;
	a->lock = 1;
	before->pub.flags &= ~MEMLOG_LOG_LOCKED;
	if (!gone)
		return true;
	a->head = head;
	before->pub.used -= gone;
	before->pub.flags |= MEMLOG_LOG_WRAPPED;
	*ret_lost = true;
	return true;
}

const char *ml_ovmf_variant(const struct ovmf *o)
{
	if (o->kind == OVMF_KIND_PREVIOUS)
		return "previous";
	if (o->kind == OVMF_KIND_RESUME)
		return "resume";
	if (o->kind == OVMF_KIND_UNKNOWN && o->state != OVMF_MID_INIT)
		return "unknown variant";
	return o->early ? "early" : "main";
}
