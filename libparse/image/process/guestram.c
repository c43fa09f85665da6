/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guestram.c - find the mappings of a process that may be guest memory. */
#include "guestram.h"

#include "base/bytes.h"
#include "base/limits.h"

/* Blocks that are looked for among mappings that join. */
#define BLOCKS 8u

/* Bytes of the guard of a stack: a page of any host. */
#define GUARD_MAX 0x10000u

static bool process_guestram_possible(const struct ml_mapping *m)
{
	return !m->guest && m->read && m->write && !m->exec && !m->own &&
	       m->start < m->end;
}

/* Is the i-th mapping a stack that a program made: private memory after a guard? It may
 * end where a block of guest memory begins, and has a round size. A monitor's own guards
 * are after its blocks. */
static bool process_guestram_stack(const struct ml_mapping *m, size_t i)
{
	const struct ml_mapping *guard = i ? &m[i - 1] : NULL;

	return guard && m[i].end - m[i].start < ML_GUEST_RAM_MIN &&
	       !m[i].file && !m[i].shared && guard->end == m[i].start &&
	       !guard->read && !guard->write && !guard->exec && !guard->file &&
	       guard->end - guard->start <= GUARD_MAX;
}

bool ml_mapping_joins(const struct ml_mapping *a, const struct ml_mapping *b)
{
	return a->end == b->start && a->shared == b->shared &&
	       a->file == b->file &&
	       (!a->file || b->offset == a->offset + (a->end - a->start));
}

/* Of mappings [i, k), which join, those that are a block of guest memory: the longest of
 * them whose size is a multiple of the unit, if they start at one. What the kernel puts
 * beside a block, as the stack of a thread, is not of it. False: there is none. */
static bool process_guestram_block(const struct ml_mapping *m, size_t i,
				   size_t k, uint64_t min, size_t *ret_i,
				   size_t *ret_k)
{
	struct {
		size_t first;
		bool seen;
	} at[ML_GUEST_RAM_UNIT / ML_PAGE] = { { 0, false } };
	uint64_t best = 0, len;
	bool aligned = false;
	size_t r;

	for (; i < k; i++) {
		r = m[i].start % ML_GUEST_RAM_UNIT / ML_PAGE;
		if (!at[r].seen)
			at[r].first = i;
		at[r].seen = true;
		r = m[i].end % ML_GUEST_RAM_UNIT / ML_PAGE;
		len = at[r].seen ? m[i].end - m[at[r].first].start : 0;
		if (len < min || len % ML_GUEST_RAM_UNIT || (aligned && r) ||
		    (len <= best && aligned == !r))
			continue;
		aligned = !r;
		best = len;
		*ret_i = at[r].first;
		*ret_k = i + 1;
	}
	return best != 0;
}

static uint64_t process_guestram_pass(struct ml_mapping *m, size_t n,
				      uint64_t min)
{
	uint64_t all = 0;
	size_t i, k, end;

	for (i = 0; i < n; i = end) {
		end = i + 1;
		if (!process_guestram_possible(&m[i]) ||
		    (min >= ML_GUEST_RAM_MIN && process_guestram_stack(m, i)))
			continue;
		while (end < n && process_guestram_possible(&m[end]) &&
		       ml_mapping_joins(&m[end - 1], &m[end]))
			end++;
		if (!process_guestram_block(m, i, end, min, &i, &k))
			continue;
		all += m[k - 1].end - m[i].start;
		for (; i < k; i++)
			m[i].guest = true;
	}
	return all;
}

static uint64_t process_guestram_mark(struct ml_mapping *m, size_t n,
				      uint64_t min)
{
	uint64_t all = 0, more;
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		more = process_guestram_pass(m, n, min);
		if (!more)
			break;
		all += more;
	}
	return all;
}

uint64_t ml_guest_ram(struct ml_mapping *m, size_t n)
{
	uint64_t all = process_guestram_mark(m, n, ML_GUEST_RAM_MIN);

	return all ? all : process_guestram_mark(m, n, ML_GUEST_RAM_SMALL);
}
