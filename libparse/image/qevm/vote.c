/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vote.c - find the addresses of blocks by the guest's page tables. Source of the format:
 * the manuals of Intel, AMD and Arm. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "stream.h"
#include "vote.h"

#define CHILDREN 256u /* taken from the tables of one block */
#define OF_ONE	 4u   /* of one table: those of pages of data would be all */
#define SPOTS	 64u  /* of one block */
#define ENOUGH	 2u   /* votes for a place */
#define SURE	 4u   /* votes that are no accident */

#define ENTRIES	   (ML_PAGE / 8)
#define ADDRESS	   0x3ffffffff000ull	 /* up to 64 TiB */
#define X86_UNUSED 0x7fffc00000000000ull /* above that, but NX */
#define X86_LARGE  0x80u
#define ARM_UNUSED 0x3c00000000000ull /* above that; attributes are higher */
#define ARM_TABLE  3u

/* hits: a bit for each of the addresses. */
struct vote_spot {
	struct ml_qevm_spot spot;
	size_t votes;
	uint8_t hits[ML_QEVM_ORDER * CHILDREN / 8];
};

struct ml_qevm_vote {
	uint64_t children[ML_QEVM_ORDER * CHILDREN]; /* sorted */
	size_t n_children;
	struct vote_spot *spots;
	size_t n_spots, cap_spots;
};

/* Is it a page table: nothing but entries, at least one? children, if any, gets the
 * addresses of other tables that it may have; *n of them. */
static bool vote_is_table(const struct ml_qevm *q, const uint8_t page[ML_PAGE],
			  uint64_t *children, size_t *n)
{
	bool arm = q->map == MEMLOG_MAP_VIRT, table;
	uint64_t e, unused = arm ? ARM_UNUSED : X86_UNUSED;
	size_t i, found = 0;

	for (i = 0; i < ENTRIES; i++) {
		e = ml_le64(page + 8 * i);
		if (!e)
			continue;
		if (!(e & 1) || e & unused)
			return false;
		found++;
		table = arm ? (e & ARM_TABLE) == ARM_TABLE : !(e & X86_LARGE);
		if (children && table && *n < OF_ONE)
			children[(*n)++] = e & ADDRESS;
	}
	return found;
}

static int vote_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sort, without duplicates. */
static size_t vote_unique(uint64_t *list, size_t n)
{
	size_t i, out = 0;

	qsort(list, n, sizeof(*list), vote_order);
	for (i = 0; i < n; i++)
		if (!out || list[out - 1] != list[i])
			list[out++] = list[i];
	return out;
}

/* The first CHILDREN addresses in tables of a block. */
static enum memlog_status vote_collect(struct ml_qevm *q,
				       const struct ml_qevm_block *b,
				       struct ml_qevm_vote *v,
				       struct memlog_err *err)
{
	uint64_t list[CHILDREN + OF_ONE], page, end;
	uint8_t buf[ML_PAGE];
	enum memlog_status s = MEMLOG_OK;
	size_t n = 0, got;

	end = b->first + b->len / ML_PAGE;
	for (page = b->first; page < end && n < CHILDREN && !s; page++) {
		page = ml_pageindex_skip(&q->index, page);
		if (page >= end)
			break;
		s = ml_qevm_tick(q, err);
		got = 0;
		if (!s && ml_qevm_page(q, page, buf) &&
		    vote_is_table(q, buf, list + n, &got))
			n = vote_unique(list, n + got);
	}
	n = ml_min(n, CHILDREN);
	if (n)
		memcpy(v->children + v->n_children, list, n * sizeof(*list));
	v->n_children += n;
	return s;
}

enum memlog_status ml_qevm_vote_begin(struct ml_qevm *q,
				      struct ml_qevm_vote **ret,
				      struct memlog_err *err)
{
	struct ml_qevm_vote *v = ml_calloc(&q->alloc, 1, sizeof(*v));
	enum memlog_status s = MEMLOG_OK;
	size_t i, blocks = 0;

	*ret = v;
	if (!v)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a guest");
	for (i = 0; i < q->n_blocks && blocks < ML_QEVM_ORDER && !s; i++)
		if (q->blocks[i].ram) {
			s = vote_collect(q, &q->blocks[i], v, err);
			blocks++;
		}
	v->n_children = vote_unique(v->children, v->n_children);
	return s;
}

static bool vote_hits(const struct vote_spot *s, size_t child)
{
	return s->hits[child / 8] >> child % 8 & 1;
}

/* Which of the addresses are in this place, with a table there? */
static enum memlog_status vote_count(struct ml_qevm *q,
				     const struct ml_qevm_vote *v,
				     struct vote_spot *s,
				     struct memlog_err *err)
{
	enum memlog_status st;
	const struct ml_load *l;
	uint8_t buf[ML_PAGE];
	uint64_t off;
	size_t i, k;

	for (i = 0; i < v->n_children; i++)
		for (k = 0; k < s->spot.n; k++) {
			l = &s->spot.load[k];
			off = v->children[i] - l->addr;
			st = ml_qevm_tick(q, err);
			if (st)
				return st;
			if (off < l->len &&
			    ml_qevm_page(q, (l->off + off) / ML_PAGE, buf) &&
			    vote_is_table(q, buf, NULL, NULL)) {
				s->hits[i / 8] |= (uint8_t)(1u << i % 8);
				s->votes++;
			}
		}
	return MEMLOG_OK;
}

static bool vote_same(const struct ml_qevm_spot *a,
		      const struct ml_qevm_spot *b)
{
	return a->block == b->block && a->n == b->n &&
	       a->other_hole == b->other_hole &&
	       !memcmp(a->load, b->load, a->n * sizeof(*a->load));
}

enum memlog_status ml_qevm_vote(struct ml_qevm *q, struct ml_qevm_vote *v,
				const struct ml_qevm_spot *spots, size_t n,
				struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i, k, of_block;

	for (i = 0; i < n && !s; i++) {
		for (k = of_block = 0; k < v->n_spots; k++) {
			if (vote_same(&v->spots[k].spot, &spots[i]))
				break;
			of_block += v->spots[k].spot.block == spots[i].block;
		}
		if (k < v->n_spots || of_block >= SPOTS)
			continue;
		s = ml_grow(&q->alloc, &v->spots, v->n_spots, &v->cap_spots,
			    sizeof(*v->spots), err);
		if (!s)
			s = ml_qevm_tick(q, err);
		if (s)
			break;
		v->spots[v->n_spots] = (struct vote_spot){ .spot = spots[i] };
		s = vote_count(q, v, &v->spots[v->n_spots++], err);
	}
	return s;
}

/* Do two places have an address in common? */
static bool vote_overlap(const struct ml_qevm_spot *a,
			 const struct ml_qevm_spot *b)
{
	size_t i, k;

	for (i = 0; i < a->n; i++)
		for (k = 0; k < b->n; k++)
			if (a->load[i].addr <
				    b->load[k].addr + b->load[k].len &&
			    b->load[k].addr < a->load[i].addr + a->load[i].len)
				return true;
	return false;
}

/* Is a right and b wrong? */
static bool vote_beats(const struct ml_qevm_vote *v, const struct vote_spot *a,
		       const struct vote_spot *b)
{
	size_t i, only_a = 0, only_b = 0;

	for (i = 0; i < v->n_children; i++) {
		only_a += vote_hits(a, i) && !vote_hits(b, i);
		only_b += vote_hits(b, i) && !vote_hits(a, i);
	}
	if (only_a > 2 * only_b)
		return true;
	/* without a reason for another hole the board's rule holds */
	return b->spot.other_hole && !a->spot.other_hole && only_a >= only_b;
}

void ml_qevm_spot_common(struct ml_qevm_spot *a, const struct ml_qevm_spot *b)
{
	size_t i, n = a->n;

	a->n = 0;
	for (i = 0; i < n && i < b->n && a->load[i].addr == b->load[i].addr &&
		    a->load[i].off == b->load[i].off;
	     i++) {
		a->n++;
		if (a->load[i].len == b->load[i].len)
			continue;
		a->load[i].len = ml_min(a->load[i].len, b->load[i].len);
		break;
	}
}

/* What the places with the most votes say of a block. */
static struct ml_qevm_spot vote_of_block(const struct ml_qevm_vote *v,
					 size_t block)
{
	struct ml_qevm_spot ret = { .block = block };
	const struct vote_spot *best = NULL, *s;
	size_t i;

	for (i = 0; i < v->n_spots; i++) {
		s = &v->spots[i];
		if (s->spot.block == block &&
		    (!best || s->votes > best->votes ||
		     (s->votes == best->votes && best->spot.other_hole &&
		      !s->spot.other_hole)))
			best = s;
	}
	if (!best || best->votes < ENOUGH)
		return ret;
	ret = best->spot;
	ret.guessed = best->votes < SURE;
	for (i = 0; i < v->n_spots; i++) {
		s = &v->spots[i];
		if (s != best && s->spot.block == block &&
		    !vote_beats(v, best, s))
			ml_qevm_spot_common(&ret, &s->spot);
	}
	return ret;
}

void ml_qevm_vote_end(const struct ml_qevm *q, const struct ml_qevm_vote *v,
		      struct ml_qevm_spot *spots)
{
	struct ml_qevm_spot found;
	size_t i, k;

	for (i = 0; i < q->n_blocks; i++) {
		found = vote_of_block(v, i);
		if (found.n)
			spots[i] = found;
	}
	/* two that are both right cannot be at one address */
	for (i = 0; i < q->n_blocks; i++)
		for (k = 0; k < i; k++)
			if (vote_overlap(&spots[i], &spots[k]))
				spots[i].n = spots[k].n = 0;
}

void ml_qevm_vote_free(const struct ml_qevm *q, struct ml_qevm_vote *v)
{
	if (!v)
		return;
	ml_free(&q->alloc, v->spots);
	ml_free(&q->alloc, v);
}
