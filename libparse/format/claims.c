/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* claims.c - pages that belong to a log: so that logs whose structs lead to the same pages
 * again and again are not longer than the image. */
#include "base/bytes.h"
#include "base/err.h"
#include "format.h"

/* PROBES: real pages need a few in a table that is half full; those that were chosen to
 * need more count as claimed. */
enum { CLAIMS_FIRST = 1024, CLAIMS_PROBES = 512 };

/* The place of a page, or a free one; NULL: neither is near. */
static uint64_t *claims_place(uint64_t *table, size_t cap, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20), n;

	for (n = 0; n < CLAIMS_PROBES; n++, i++)
		if (!table[i & (cap - 1)] || table[i & (cap - 1)] == key)
			return &table[i & (cap - 1)];
	return NULL;
}

/* At most half of the places are used. */
static enum memlog_status claims_grow(struct memlog_logs *logs,
				      struct memlog_err *err)
{
	size_t cap = logs->cap_claims ? 2 * logs->cap_claims : CLAIMS_FIRST, i;
	uint64_t *table = ml_calloc(&logs->alloc, cap, sizeof(*table)), *place;

	if (!table)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a list of pages");
	for (i = 0; i < logs->cap_claims; i++) {
		place = logs->claims[i] ?
				claims_place(table, cap, logs->claims[i]) :
				NULL;
		if (place)
			*place = logs->claims[i];
	}
	ml_free(&logs->alloc, logs->claims);
	logs->claims = table;
	logs->cap_claims = cap;
	return MEMLOG_OK;
}

enum memlog_status ml_claim(struct memlog_logs *logs, uint64_t addr,
			    struct memlog_err *err)
{
	uint64_t key = addr / ML_PAGE + 1, *place;
	enum memlog_status s;

	if (2 * logs->n_claims >= logs->cap_claims) {
		s = claims_grow(logs, err);
		if (s)
			return s;
	}
	place = claims_place(logs->claims, logs->cap_claims, key);
	if (!place || *place)
		return ml_fail_at(err, MEMLOG_NOT_MINE, addr,
				  "the page is of another log");
	*place = key;
	logs->n_claims++;
	return MEMLOG_OK;
}

void ml_claims_clear(struct memlog_logs *logs)
{
	ml_free(&logs->alloc, logs->claims);
	logs->claims = NULL;
	logs->n_claims = logs->cap_claims = 0;
}
