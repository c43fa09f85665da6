/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* peek.c - the starts of pages, for a search. */
#include "base/bytes.h"
#include "kdump.h"

/* The start of a page, not verified. */
static enum memlog_status peek_begin(struct ml_kdump_pages *k,
				     const struct ml_kdump_desc *d,
				     uint64_t pfn, uint8_t *out,
				     struct memlog_err *err)
{
	const size_t len = MEMLOG_PEEK;
	const uint8_t *in, *there;
	enum memlog_status s;
	unsigned int c;
	size_t got = len;

	s = ml_kdump_pages_prepare(k, d, &c, &in, err);
	if (s)
		return s;
	if (c == ML_KDUMP_CODECS) {
		got = ml_min(len, d->size);
		memcpy(out, in, got);
	} else if (ml_kdump_pages_literal(k, c, d, in, &there)) {
		memcpy(out, there, len);
	} else {
		if (k->codecs[c].threads)
			ml_kdump_ahead_start(k, pfn);
		there = ml_kdump_ahead_get(k, pfn);
		if (there)
			memcpy(out, there, len);
		else if (k->codecs[c].expand(k->states[0][c], in, d->size, out,
					     len, &got))
			got = 0;
	}
	return got == len ? MEMLOG_OK : ml_kdump_pages_damaged(k, d, err);
}

enum memlog_status ml_kdump_pages_peek(struct ml_kdump_pages *k, uint64_t pfn,
				       uint8_t *out, struct memlog_err *err)
{
	const struct ml_kdump_slot *slot;
	enum memlog_status s;
	struct ml_kdump_desc d;
	const uint8_t *ahead = ml_kdump_ahead_get(k, pfn);

	if (ahead) {
		memcpy(out, ahead, MEMLOG_PEEK);
		return MEMLOG_OK;
	}
	s = ml_kdump_pages_find(k, pfn, &d, err);
	if (s)
		return s;
	slot = ml_kdump_pages_cached(k, &d);
	if (slot)
		memcpy(out, slot->bytes, MEMLOG_PEEK);
	else if (ml_kdump_same(&k->zero, &d))
		memset(out, 0, MEMLOG_PEEK);
	else
		s = peek_begin(k, &d, pfn, out, err);
	return s;
}
