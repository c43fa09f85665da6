/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guestram.c - find the mappings of a process that may be guest memory. */
#include "guestram.h"

static bool process_guestram_possible(const struct ml_mapping *m)
{
	return m->read && m->write && !m->exec && !m->own && m->start < m->end;
}

bool ml_mapping_joins(const struct ml_mapping *a, const struct ml_mapping *b)
{
	return a->end == b->start && a->shared == b->shared &&
	       a->file == b->file &&
	       (!a->file || b->offset == a->offset + (a->end - a->start));
}

static uint64_t process_guestram_mark(struct ml_mapping *m, size_t n,
				      uint64_t min)
{
	uint64_t all = 0;
	size_t i, k;

	for (i = 0; i < n; i = k) {
		k = i + 1;
		if (!process_guestram_possible(&m[i]))
			continue;
		while (k < n && process_guestram_possible(&m[k]) &&
		       ml_mapping_joins(&m[k - 1], &m[k]))
			k++;
		if (m[k - 1].end - m[i].start < min ||
		    (m[k - 1].end - m[i].start) % ML_GUEST_RAM_UNIT)
			continue;
		all += m[k - 1].end - m[i].start;
		for (; i < k; i++)
			m[i].guest = true;
	}
	return all;
}

uint64_t ml_guest_ram(struct ml_mapping *m, size_t n)
{
	uint64_t all = process_guestram_mark(m, n, ML_GUEST_RAM_MIN);

	return all ? all : process_guestram_mark(m, n, ML_GUEST_RAM_SMALL);
}
