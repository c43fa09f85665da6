/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.c - where the blocks of a saved guest are in its memory. QEMU puts its memory
 * backends one after another and lists the largest one first; names are the user's.
 *
 * Boards and libvirt have names that tell. Otherwise QEMU's table of nodes has their
 * sizes (srat.c); of the orders that fit, or all without it, the guest's page tables
 * decide (vote.c). Then comes memory that was plugged in (plug.c). A block that they say
 * nothing about has no address.
 */
#include "qevm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/board.h"
#include "place.h"

/* What max-ram-below-4g may be, besides the board's own rule. */
static const uint64_t place_low[] = { 0,	  1ull << 30, 2ull << 30,
				      3ull << 30, 0xb0000000, 0xe0000000 };
#define LOWS (sizeof(place_low) / sizeof(place_low[0]))

/* What is done with the places of one order. */
typedef enum memlog_status place_do(struct ml_qevm *q, void *arg,
				    const struct ml_qevm_spot *spots, size_t n,
				    struct memlog_err *err);

/* table: what QEMU says, which an order has to fit, or NULL; lows: without it, how many
 * of place_low are tried. */
struct place_all {
	const struct ml_qevm_srat *table;
	size_t lows;
	place_do *each;
	void *arg;
};

/* With an order of n blocks. */
static enum memlog_status place_lows(struct ml_qevm *q,
				     const struct place_all *all,
				     const size_t *order, size_t n,
				     struct memlog_err *err)
{
	struct ml_qevm_spot spots[ML_QEVM_NODES];
	enum memlog_status s = MEMLOG_OK;
	size_t k;

	if (all->table)
		return n && ml_qevm_fits(q, order, n, all->table) &&
				       ml_qevm_order_by_table(
					       q, order, n, all->table, spots) ?
			       all->each(q, all->arg, spots, n, err) :
			       MEMLOG_OK;
	for (k = 0; k < all->lows && n && !s; k++)
		if (place_low[k] < ml_qevm_bytes(q, order, n) &&
		    ml_qevm_order(q, order, n, place_low[k], spots))
			s = all->each(q, all->arg, spots, n, err);
	return s;
}

/* With all orders of the blocks that follow these n. */
static enum memlog_status place_orders(struct ml_qevm *q,
				       const struct place_all *all,
				       size_t *order, size_t n,
				       struct memlog_err *err)
{
	enum memlog_status s = place_lows(q, all, order, n, err);
	size_t i, k;

	for (i = 0; i < q->n_blocks && n < ML_QEVM_ORDER && !s; i++) {
		for (k = 0; k < n && order[k] != i; k++)
			;
		if (k < n || !q->blocks[i].ram || q->blocks[i].plugged)
			continue;
		order[n] = i;
		s = place_orders(q, all, order, n + 1, err);
	}
	return s;
}

static enum memlog_status place_vote(struct ml_qevm *q, void *arg,
				     const struct ml_qevm_spot *spots, size_t n,
				     struct memlog_err *err)
{
	return ml_qevm_vote(q, arg, spots, n, err);
}

/* What the orders that agree with known places say of all blocks: block i is in count[i]
 * of them. */
struct place_rest {
	const struct ml_qevm_spot *known;
	size_t orders, *count;
	struct ml_qevm_spot *spots;
};

static enum memlog_status place_agree(struct ml_qevm *q, void *arg,
				      const struct ml_qevm_spot *spots,
				      size_t n, struct memlog_err *err)
{
	struct place_rest *r = arg;
	struct ml_qevm_spot known;
	size_t i, k, left = 0;

	(void)err;
	for (i = 0; i < q->n_blocks; i++)
		left += r->known[i].n > 0;
	for (i = 0; i < n; i++) {
		known = r->known[spots[i].block];
		if (!known.n)
			continue;
		k = known.n;
		ml_qevm_spot_common(&known, &spots[i]);
		if (known.n != k ||
		    known.load[k - 1].len !=
			    r->known[spots[i].block].load[k - 1].len)
			return MEMLOG_OK;
		left--;
	}
	if (left)
		return MEMLOG_OK;
	r->orders++;
	for (i = 0; i < n; i++) {
		k = spots[i].block;
		if (r->count[k]++)
			ml_qevm_spot_common(&r->spots[k], &spots[i]);
		else
			r->spots[k] = spots[i];
	}
	return MEMLOG_OK;
}

/* A block may be known by the gap that the others leave. */
static enum memlog_status place_gaps(struct ml_qevm *q,
				     const struct ml_qevm_srat *table,
				     struct ml_qevm_spot *spots,
				     struct memlog_err *err)
{
	struct place_rest r = {
		.known = spots,
		.count = ml_calloc(&q->alloc, q->n_blocks, sizeof(*r.count)),
		.spots = ml_calloc(&q->alloc, q->n_blocks, sizeof(*r.spots)),
	};
	struct place_all all = { table, 1, place_agree, &r };
	size_t order[ML_QEVM_ORDER], i;
	enum memlog_status s;

	s = r.count && r.spots ?
		    place_orders(q, &all, order, 0, err) :
		    ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a guest");
	all.lows = LOWS;
	if (!s && !r.orders && !table)
		s = place_orders(q, &all, order, 0, err);
	for (i = 0; i < q->n_blocks && !s && r.orders; i++)
		if (!spots[i].n && r.count[i] == r.orders)
			spots[i] = r.spots[i];
	ml_free(&q->alloc, r.count);
	ml_free(&q->alloc, r.spots);
	return s;
}

static void place_all_guessed(struct ml_qevm *q)
{
	q->guessed = (struct memlog_range){ 0, UINT64_MAX };
}

/* Let page tables tell, in the orders that fit; those blocks that none tell of, by the
 * names. named: the order that these give, n 0: none. */
static enum memlog_status place_by_votes(struct ml_qevm *q,
					 const struct ml_qevm_srat *table,
					 const size_t *named, size_t n,
					 struct ml_qevm_spot *spots,
					 struct memlog_err *err)
{
	struct ml_qevm_vote *v = NULL;
	struct place_all all = { table, LOWS, place_vote, NULL };
	size_t order[ML_QEVM_ORDER], i;
	enum memlog_status s;

	s = ml_qevm_vote_begin(q, &v, err);
	all.arg = v;
	if (!s)
		s = n ? place_lows(q, &all, named, n, err) :
			place_orders(q, &all, order, 0, err);
	if (!s)
		ml_qevm_vote_end(q, v, spots);
	ml_qevm_vote_free(q, v);
	for (i = 0; i < q->n_blocks; i++)
		if (spots[i].n && spots[i].guessed &&
		    (!n || spots[i].other_hole))
			place_all_guessed(q);
	return s;
}

static void place_set(struct ml_qevm_spot *spots, const size_t *order,
		      const struct ml_qevm_spot *from, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		spots[order[i]] = from[i];
}

/* The order of blocks whose names say nothing. sure: it is the only one that fits. */
static enum memlog_status place_unnamed(struct ml_qevm *q,
					const struct ml_qevm_srat *table,
					struct ml_qevm_spot *spots,
					struct memlog_err *err)
{
	struct ml_qevm_spot at[ML_QEVM_NODES];
	size_t order[ML_QEVM_NODES], n, i, ram = 0;
	bool sure = false, named = true;
	enum memlog_status s;

	if (table && !ml_qevm_by_size(q, table, order, &sure, &named))
		table = NULL;
	if (table && sure &&
	    ml_qevm_order_by_table(q, order, table->n, table, at)) {
		place_set(spots, order, at, table->n);
		return MEMLOG_OK;
	}
	for (i = 0; i < q->n_blocks; i++)
		ram += q->blocks[i].ram && !q->blocks[i].plugged;
	if (ram > ML_QEVM_ORDER)
		return MEMLOG_OK;
	s = place_by_votes(q, table, NULL, 0, spots, err);
	for (n = i = 0; i < q->n_blocks; i++)
		n += spots[i].n;
	if (s || n)
		return s ? s : place_gaps(q, table, spots, err);
	n = table ? ml_qevm_by_size(q, table, order, &sure, &named) :
		    ml_qevm_guess_order(q, order);
	if (!n || !named ||
	    !(table ? ml_qevm_order_by_table(q, order, n, table, at) :
		      ml_qevm_order(q, order, n, 0, at)))
		return MEMLOG_OK;
	place_set(spots, order, at, n);
	place_all_guessed(q);
	return MEMLOG_OK;
}

/* Put into spots, of which there is one for each block, where the blocks are; n 0: not
 * known. */
static enum memlog_status place_blocks(struct ml_qevm *q,
				       struct ml_qevm_spot *spots,
				       struct memlog_err *err)
{
	uint64_t base = q->map == MEMLOG_MAP_VIRT ? UINT64_C(1) << 30 : 0;
	struct ml_qevm_spot named[ML_QEVM_NODES];
	enum memlog_status s = MEMLOG_OK;
	size_t order[ML_QEVM_NODES], n;
	struct ml_qevm_srat table;
	bool fits;

	if (!ml_qevm_srat(q, base, &table))
		table = (struct ml_qevm_srat){ .n = 0 };
	n = ml_qevm_by_name(q, order);
	fits = n && table.n && ml_qevm_fits(q, order, n, &table);
	if (n && (fits ? ml_qevm_order_by_table(q, order, n, &table, named) :
			 ml_qevm_order(q, order, n, 0, named)))
		place_set(spots, order, named, n);
	if (!n)
		s = place_unnamed(q, table.n ? &table : NULL, spots, err);
	else if (!fits && q->pages * ML_PAGE > place_low[1])
		s = place_by_votes(q, NULL, order, n, spots, err);
	if (!s)
		ml_qevm_plug_in(q, table.window, spots);
	return s;
}

/* The blocks without an address, one after another; of some only the end has none. */
static size_t place_rest(const struct ml_qevm *q, struct memlog_image *image,
			 const struct ml_qevm_spot *spots, struct ml_load *ret)
{
	const struct ml_qevm_block *b;
	uint64_t at = 0, done;
	size_t i, k, n = 0;

	for (i = 0; i < q->n_blocks; i++) {
		b = &q->blocks[i];
		for (done = k = 0; k < spots[i].n; k++)
			done += spots[i].load[k].len;
		if (!b->ram || done == b->len)
			continue;
		ret[n] = (struct ml_load){ at, b->len - done,
					   b->first * ML_PAGE + done, 0 };
		ml_image_warn_part(image,
				   "nothing says at which address %" PRIu64
				   " bytes of memory are (%s); they have the "
				   "addresses file:0x%" PRIx64
				   " to file:0x%" PRIx64,
				   ret[n].len, b->name, at, at + ret[n].len);
		at += ret[n++].len;
	}
	return n;
}

static enum memlog_status place_loads(struct ml_qevm *q,
				      struct memlog_image *image,
				      const struct ml_qevm_spot *spots,
				      struct ml_load *in, struct ml_loads *phys,
				      struct ml_loads *rest,
				      struct memlog_err *err)
{
	uint64_t size = q->index.end * ML_PAGE;
	enum memlog_status s;
	size_t i, k, n = 0;

	for (i = 0; i < q->n_blocks; i++)
		for (k = 0; k < spots[i].n; k++)
			in[n++] = spots[i].load[k];
	s = ml_loads_init(phys, in, n, size, image, err);
	if (s)
		return s;
	n = place_rest(q, image, spots, in);
	s = ml_loads_init(rest, in, n, size, image, err);
	if (s)
		ml_loads_fini(phys);
	return s;
}

enum memlog_status ml_qevm_place(struct ml_qevm *q, struct memlog_image *image,
				 struct ml_loads *phys, struct ml_loads *rest,
				 struct memlog_err *err)
{
	struct ml_qevm_spot *spots =
		ml_calloc(&q->alloc, q->n_blocks, sizeof(*spots));
	struct ml_load *in = ml_calloc(&q->alloc, 2 * q->n_blocks, sizeof(*in));
	enum memlog_status s = MEMLOG_NO_MEMORY;

	if (!spots || !in)
		(void)ml_fail(err, s, "no memory for a guest");
	else
		s = place_blocks(q, spots, err);
	if (!s)
		s = place_loads(q, image, spots, in, phys, rest, err);
	if (!s && q->guessed.end == UINT64_MAX)
		ml_image_warn(image,
			      "addresses of memory are guessed by the names of "
			      "its blocks and the few page tables in it; "
			      "QEMU's dump-guest-memory FILE has them");
	else if (!s && q->guessed.end)
		ml_image_warn(image,
			      "addresses from 0x%" PRIx64 " to 0x%" PRIx64
			      " are guessed, by the order in which QEMU plugs "
			      "in memory; dump-guest-memory FILE has them",
			      q->guessed.start, q->guessed.end);
	ml_free(&q->alloc, in);
	ml_free(&q->alloc, spots);
	return s;
}
