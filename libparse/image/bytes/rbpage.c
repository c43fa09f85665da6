/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbpage.c - the events of one page of the ring buffer of Linux. */
#include "rbpage.h"

#include "base/bytes.h"

enum {
	LONG = 0, /* its length follows */
	DATA_MAX = 28,
	PADDING = 29,
	TIME_EXTEND = 30,
	TIME_STAMP = 31,
	WORD = 4,
	STAMP_BITS = 59,
};

/* The whole length of what is at p, of which left bytes are there; 0: it is not
 * an event. */
static size_t rbpage_length(const uint8_t *p, size_t left)
{
	uint32_t kind, delta;
	size_t len;

	if (left < WORD)
		return 0;
	kind = ml_le32(p) & 31;
	delta = ml_le32(p) >> 5;
	if (kind == PADDING && !delta)
		return left;
	if (kind > LONG && kind <= DATA_MAX)
		len = WORD + (size_t)kind * 4;
	else if (left < 2 * WORD)
		return 0;
	else if (kind >= TIME_EXTEND)
		len = 2 * WORD;
	else
		len = WORD + (size_t)ml_le32(p + WORD);
	return len < 2 * WORD || len > left ? 0 : len;
}

static void rbpage_time(struct ml_rb_events *e, const uint8_t *p)
{
	uint64_t delta = ml_le32(p) >> 5, high = UINT64_MAX << STAMP_BITS;

	switch (ml_le32(p) & 31) {
	case PADDING:
		break;
	case TIME_EXTEND:
		e->time += delta + ((uint64_t)ml_le32(p + WORD) << 27);
		break;
	case TIME_STAMP:
		delta += (uint64_t)ml_le32(p + WORD) << 27;
		e->time = (e->time & high) | (delta & ~high);
		break;
	default:
		e->time += delta;
	}
}

bool ml_rb_event_next(struct ml_rb_events *e, struct ml_rb_event *ret)
{
	const uint8_t *p;
	uint32_t kind;
	size_t len;

	while (e->pos < e->len && !e->bad) {
		p = e->bytes + e->pos;
		len = rbpage_length(p, e->len - e->pos);
		e->bad = !len;
		if (e->bad)
			break;
		rbpage_time(e, p);
		kind = ml_le32(p) & 31;
		ret->pos = e->pos;
		e->pos += len;
		if (kind >= PADDING)
			continue;
		ret->raw = p;
		ret->raw_len = len;
		ret->payload = p + (kind == LONG ? 2 * WORD : WORD);
		ret->payload_len = len - (size_t)(ret->payload - p);
		return true;
	}
	return false;
}

size_t ml_rb_event_skip(struct ml_rb_events *e)
{
	size_t n = e->bad ? e->len - e->pos : 0;

	e->pos += n;
	e->bad = false;
	return n;
}
