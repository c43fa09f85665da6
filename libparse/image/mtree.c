/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mtree.c - where a guest has RAM, from "info mtree -f".
 *
 *	FlatView #2
 *	 AS "memory", root: system
 *	 AS "cpu-memory-0", root: system
 *	 Root memory region: system
 *	  0000000000000000-00000000000bffff (prio 0, ram): pc.ram
 *	  0000000000100000-0000000003ffffff (prio 0, ram): pc.ram @000...00100000
 *	  00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic
 *
 * Several address spaces share a view; the machine's is the one named "memory".
 * "ramd" is a device that is mapped like RAM and must not be read.
 */
#include "memlog.h"

#include <stdlib.h>
#include <string.h>

/* "start-end (prio N, KIND): NAME"; true when KIND is ram. */
static bool mtree_line(const char *p, const char *eol, struct memlog_range *ret)
{
	const char *kind;
	char *end;
	uint64_t last;

	while (p < eol && *p == ' ')
		p++;
	if (eol - p < 33 || p[16] != '-' || p[33] != ' ')
		return false;
	ret->start = strtoull(p, &end, 16);
	if (end != p + 16)
		return false;
	last = strtoull(p + 17, &end, 16);
	if (end != p + 33 || last < ret->start || last == UINT64_MAX)
		return false;
	ret->end = last + 1;
	kind = memmem(p, (size_t)(eol - p), ", ram)", 6);
	return kind && memchr(p, ')', (size_t)(eol - p)) == kind + 5;
}

static int mtree_order(const void *a, const void *b)
{
	const struct memlog_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* A valid list has no overlaps: of two ranges that overlap, drop the second. */
static size_t mtree_tidy(struct memlog_range *r, size_t n)
{
	size_t i, kept = 0;

	qsort(r, n, sizeof(*r), mtree_order);
	for (i = 0; i < n; i++)
		if (!kept || r[i].start >= r[kept - 1].end)
			r[kept++] = r[i];
	return kept;
}

size_t memlog_mtree_parse(const char *text, struct memlog_range *ret,
			  size_t max)
{
	static const char view[] = "FlatView", space[] = " AS \"memory\"";
	const char *p, *eol, *end = text + strlen(text);
	bool inside = false;
	size_t n = 0;

	for (p = text; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		if (!strncmp(p, view, sizeof(view) - 1)) {
			if (n)
				break;
			inside = false;
		} else if (!strncmp(p, space, sizeof(space) - 1)) {
			inside = true;
		} else if (inside && n < max && mtree_line(p, eol, &ret[n])) {
			n++;
		}
	}
	return mtree_tidy(ret, n);
}
