/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * srat.c - what QEMU wrote for the guest of its memory: the sizes of NUMA nodes in the
 * order of their addresses, and where memory can be plugged in. The tables are in a block
 * of the stream, as they were before the guest's firmware put in their checksums.
 *
 * Source: the ACPI specification, System Resource Affinity Table; streams of QEMU 7.2 and
 * 11.1.
 */
#include <string.h>

#include "base/bytes.h"
#include "place.h"

#define TABLES	"/rom@etc/acpi/tables"
#define HEADER	48u /* of the table, before its structures */
#define LENGTH	4u
#define MEMORY	1u /* a structure of memory */
#define SIZE	40u
#define NODE	2u
#define BASE	8u
#define BYTES	16u
#define FLAGS	28u
#define ENABLED 1u
#define PLUG	2u
#define NVDIMM	4u /* it was plugged in */

/* The most that are parsed: there is one, but its signature may be anywhere. */
#define TRIES 16u

/* RAM of a PC goes on here; of a large guest with an AMD processor, at the second. */
#define FOUR_GIB (UINT64_C(1) << 32)
#define ONE_TIB	 (UINT64_C(1) << 40)
/* Between these there is no RAM for a PC. */
#define HOLE	 0xa0000u
#define HOLE_END 0x100000u

bool ml_qevm_is_tables(const struct ml_qevm_block *b)
{
	return !strcmp(b->name, TABLES) && b->len <= ML_QEVM_TABLES * ML_PAGE;
}

/* All of the block; what is not in the stream is zeros. */
static void srat_load(const struct ml_qevm *q, uint8_t *buf)
{
	uint64_t number;
	size_t i, got;

	for (i = 0; i < q->tables->len / ML_PAGE; i++) {
		number = q->table_page[i];
		if (number && !(number & ML_QEVM_FILL))
			(void)ml_file_read_some(q->file, number >> 1,
						buf + i * ML_PAGE, ML_PAGE,
						&got, NULL);
	}
}

/* One range. False: it is not where the others end. */
static bool srat_range(struct ml_qevm_srat *t, uint64_t node, uint64_t *last,
		       struct memlog_range r, uint32_t flags)
{
	uint64_t at = t->end;

	if (flags & PLUG) {
		if (t->window.end)
			return false;
		t->window = r;
		return true;
	}
	if (at == HOLE && r.start == HOLE_END)
		r.start = HOLE;
	if (r.start != at) {
		if ((r.start != FOUR_GIB && r.start != ONE_TIB) ||
		    at > FOUR_GIB || t->low)
			return false;
		t->low = at;
		t->high = r.start;
	}
	if (!t->n || node != *last) {
		if (t->n == ML_QEVM_NODES)
			return false;
		t->node[t->n++] = 0;
		*last = node;
	}
	t->node[t->n - 1] += r.end - r.start;
	t->end = r.end;
	return true;
}

/* A table of len bytes. */
static bool srat_parse(const uint8_t *p, size_t len, uint64_t base,
		       struct ml_qevm_srat *ret)
{
	struct memlog_range r;
	uint64_t last = 0;
	uint32_t flags;
	size_t at, n;

	*ret = (struct ml_qevm_srat){ .end = base, .high = FOUR_GIB };
	for (at = HEADER; at < len; at += n) {
		n = len - at < 2 ? 0 : p[at + 1];
		if (n < 2 || n > len - at)
			return false;
		if (p[at] != MEMORY || n < SIZE)
			continue;
		flags = ml_le32(p + at + FLAGS);
		r.start = ml_le64(p + at + BASE);
		if (!(flags & ENABLED) || flags & NVDIMM ||
		    !ml_le64(p + at + BYTES))
			continue;
		if (!ml_add(r.start, ml_le64(p + at + BYTES), &r.end) ||
		    !srat_range(ret, ml_le32(p + at + NODE), &last, r, flags))
			return false;
	}
	if (!ret->low)
		ret->low = ret->end;
	return ret->n > 0;
}

bool ml_qevm_srat(struct ml_qevm *q, uint64_t base, struct ml_qevm_srat *ret)
{
	uint8_t *buf, *p;
	unsigned int tries = 0;
	bool found = false;
	size_t len, left;

	if (!q->tables)
		return false;
	buf = ml_calloc(&q->alloc, (size_t)q->tables->len, 1);
	if (!buf)
		return false;
	srat_load(q, buf);
	for (p = buf; !found && tries < TRIES; p++) {
		left = (size_t)(q->tables->len - (uint64_t)(p - buf));
		p = memmem(p, left, "SRAT", 4);
		if (!p)
			break;
		left = (size_t)(q->tables->len - (uint64_t)(p - buf));
		len = left < HEADER ? 0 : ml_le32(p + LENGTH);
		if (len <= HEADER || len > left)
			continue;
		tries++;
		found = srat_parse(p, len, base, ret);
	}
	ml_free(&q->alloc, buf);
	return found;
}
