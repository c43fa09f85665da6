/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* order.c - blocks one after another in the RAM of a board. */
#include <string.h>

#include "base/bytes.h"
#include "image/board.h"
#include "place.h"

uint64_t ml_qevm_bytes(const struct ml_qevm *q, const size_t *order, size_t n)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < n; i++)
		size += q->blocks[order[i]].len;
	return size;
}

/* Where a board has size bytes, in one or two parts. low: bytes below 4 GiB, 0: by the
 * rule of the board; *ret_other: that differs. */
static size_t place_board(const struct ml_qevm *q, uint64_t size, uint64_t low,
			  struct ml_load board[2], bool *ret_other)
{
	size_t parts;

	*ret_other = false;
	if (ml_board_loads(q->map, 0, size, board, &parts, NULL))
		return 0;
	if (!low || low == board[0].len || q->map == MEMLOG_MAP_VIRT)
		return parts;
	*ret_other = true;
	board[0].len = ml_min(low, size);
	board[1] = (struct ml_load){ 1ull << 32, size - board[0].len,
				     board[0].len, 0 };
	return low < size ? 2 : 1;
}

bool ml_qevm_order(const struct ml_qevm *q, const size_t *order, size_t n,
		   uint64_t low, struct ml_qevm_spot *ret)
{
	const struct ml_qevm_block *b;
	uint64_t at = 0, from, to;
	struct ml_load board[2];
	size_t i, k, parts;
	bool other;

	parts = place_board(q, ml_qevm_bytes(q, order, n), low, board, &other);
	if (!parts || (low && !other))
		return false;
	for (i = 0; i < n; at += b->len, i++) {
		b = &q->blocks[order[i]];
		ret[i] = (struct ml_qevm_spot){ .block = order[i],
						.other_hole = other };
		for (k = 0; k < parts; k++) {
			from = ml_max(at, board[k].off);
			to = ml_min(at + b->len, board[k].off + board[k].len);
			if (from < to)
				ret[i].load[ret[i].n++] = (struct ml_load){
					board[k].addr + (from - board[k].off),
					to - from,
					b->first * ML_PAGE + (from - at), 0
				};
		}
	}
	return true;
}

bool ml_qevm_order_by_table(const struct ml_qevm *q, const size_t *order,
			    size_t n, const struct ml_qevm_srat *t,
			    struct ml_qevm_spot *ret)
{
	const uint64_t usual = UINT64_C(1) << 32;
	size_t i, k;

	if (!ml_qevm_order(q, order, n, t->low, ret) &&
	    !ml_qevm_order(q, order, n, 0, ret))
		return false;
	for (i = 0; i < n; i++) {
		ret[i].other_hole = false;
		for (k = 0; k < ret[i].n; k++)
			if (q->map != MEMLOG_MAP_VIRT &&
			    ret[i].load[k].addr >= usual)
				ret[i].load[k].addr += t->high - usual;
	}
	return true;
}

/* Has one block all nodes? Then blocks of their sizes may be dimms. */
static bool has_all_nodes(const struct ml_qevm *q, const struct ml_qevm_srat *t)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < t->n; i++)
		all += t->node[i];
	for (i = 0; i < q->n_blocks && t->n > 1; i++)
		if (q->blocks[i].ram && !q->blocks[i].plugged &&
		    q->blocks[i].len == all)
			return true;
	return false;
}

size_t ml_qevm_by_size(const struct ml_qevm *q, const struct ml_qevm_srat *t,
		       size_t order[ML_QEVM_NODES], bool *ret_sure,
		       bool *ret_named)
{
	const struct ml_qevm_block *b;
	size_t n, i, k, best;

	*ret_sure = *ret_named = !has_all_nodes(q, t);
	for (n = 0; n < t->n; n++) {
		best = q->n_blocks;
		for (i = 0; i < q->n_blocks; i++) {
			b = &q->blocks[i];
			for (k = 0; k < n && order[k] != i; k++)
				;
			if (k < n || !b->ram || b->plugged ||
			    b->len != t->node[n])
				continue;
			*ret_sure &= best == q->n_blocks;
			if (best == q->n_blocks ||
			    ml_qevm_before(b, &q->blocks[best], ret_named))
				best = i;
		}
		if (best == q->n_blocks)
			return 0;
		order[n] = best;
	}
	return n;
}

bool ml_qevm_fits(const struct ml_qevm *q, const size_t *order, size_t n,
		  const struct ml_qevm_srat *t)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < t->n; i++)
		all += t->node[i];
	if (n == 1 && q->blocks[order[0]].len == all)
		return true;
	for (i = 0; i < n && i < t->n; i++)
		if (q->blocks[order[i]].len != t->node[i])
			return false;
	return n == t->n;
}
