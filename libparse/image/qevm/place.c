/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.c - where the blocks of a saved guest are in its memory. QEMU puts its memory
 * backends one after another and lists the largest one first; names are the user's.
 *
 * Boards and libvirt have names that tell. Otherwise all orders are tried, and the
 * guest's page tables decide (vote.c). A block that they say nothing about has no
 * address.
 */
#include "qevm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/board.h"
#include "vote.h"

/* ---- names -------------------------------------------------------------- */

/* Memory backends have the name of their object, or its QOM path. */
static const char *object_name(const struct ml_qevm_block *b)
{
	return strncmp(b->name, "/objects/", 9) ? b->name : b->name + 9;
}

/* Firmware, video memory and the like. Names of devices and of files in fw_cfg
 * have a slash, those of objects do not. */
static bool place_is_device(const struct ml_qevm_block *b)
{
	static const char *const names[] = {
		"pc.bios",     "pc.rom",	"isa-bios",
		"vga.vram",    "ramfb",		"virt.flash0",
		"virt.flash1", "system.flash0", "system.flash1",
	};
	const char *name = object_name(b);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return strchr(name, '/');
}

/* The names that boards and libvirt give to a block with all of the RAM. */
static bool is_main(const struct ml_qevm_block *b)
{
	const char *name = object_name(b);

	return !strcmp(name, "pc.ram") || !strcmp(name, "microvm.ram") ||
	       !strcmp(name, "mach-virt.ram");
}

/* libvirt's name for the RAM of the n-th NUMA node. */
static bool find_node(const struct ml_qevm *q, size_t n, size_t *ret)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "ram-node%zu", n);
	for (i = 0; i < q->n_blocks; i++)
		if (!strcmp(object_name(&q->blocks[i]), name)) {
			*ret = i;
			return true;
		}
	return false;
}

enum memlog_status ml_qevm_choose(struct ml_qevm *q, struct memlog_err *err)
{
	struct ml_qevm_block *b;
	char safe[64];
	size_t i;

	for (i = 0; i < q->n_blocks; i++) {
		b = &q->blocks[i];
		b->ram = !place_is_device(b);
		b->first = q->pages;
		if (b->ram) /* cannot overflow: the sum was read */
			q->pages += b->len / ML_PAGE;
	}
	if (!q->pages)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the saved guest has no memory");
	q->map = MEMLOG_MAP_PC;
	/* Streams of QEMU before 2.4 have no machine type; take it for a PC.
	 * Below this size, no PC has RAM above the hole. */
	if (*q->machine ? !ml_board_of(q->machine, &q->map) :
			  q->pages * ML_PAGE >= 0xb0000000)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a saved guest of an unknown machine type%s%s; "
			       "use QEMU's dump-guest-memory FILE",
			       *q->machine ? ", " : "",
			       memlog_escape(q->machine, safe, sizeof(safe)));
	return MEMLOG_OK;
}

/* The blocks that names put in order; returns how many, 0: names say nothing. */
static size_t place_by_name(const struct ml_qevm *q,
			    size_t order[ML_QEVM_NODES])
{
	size_t i, n = 0, any = 0, only = 0, node;

	for (i = 0; i < q->n_blocks; i++) {
		if (!q->blocks[i].ram)
			continue;
		any++;
		only = i;
		if (is_main(&q->blocks[i])) {
			order[0] = i;
			return 1;
		}
	}
	/* nodes may have no memory */
	for (node = 0; node < ML_QEVM_NODES; node++)
		n += find_node(q, node, &order[n]);
	if (n || any != 1)
		return n;
	order[0] = only;
	return 1;
}

/* A name without the number that it ends with, or SIZE_MAX if there is none. */
static size_t place_number(const char *name, uint64_t *ret)
{
	size_t end = strlen(name), n = end, i;

	while (n && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	if (n == end || end - n > 9)
		return SIZE_MAX;
	for (*ret = 0, i = n; i < end; i++)
		*ret = *ret * 10 + (uint64_t)(name[i] - '0');
	return n;
}

/* Is the name one that is given to memory that is plugged in? */
static bool place_is_plugged(const struct ml_qevm_block *b)
{
	static const char *const names[] = { "dimm",	   "nv",     "vmem",
					     "virtio-mem", "vmdimm", "hotplug",
					     "pmem" };
	const char *name = object_name(b);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncasecmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Is a the block before b? Their names have the same letters and then a number. false, and
 * *ok is cleared: nothing tells. */
static bool place_before(const struct ml_qevm_block *a,
			 const struct ml_qevm_block *b, bool *ok)
{
	const char *x = object_name(a), *y = object_name(b);
	uint64_t i = 0, k = 0;
	size_t n = place_number(x, &i);

	*ok &= n != SIZE_MAX && n == place_number(y, &k) && !strncmp(x, y, n) &&
	       i != k;
	return i < k;
}

/* What names suggest, where nothing tells: mem0, mem1, and none called dimm2. Returns how
 * many, 0: nothing. */
static size_t place_guess(const struct ml_qevm *q, size_t order[ML_QEVM_ORDER])
{
	size_t i, k, n = 0;
	bool ok = true;

	for (i = 0; i < q->n_blocks; i++) {
		if (!q->blocks[i].ram || place_is_plugged(&q->blocks[i]))
			continue;
		if (n == ML_QEVM_ORDER)
			return 0;
		for (k = n++; k && place_before(&q->blocks[i],
						&q->blocks[order[k - 1]], &ok);
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	return ok ? n : 0;
}

/* ---- addresses ---------------------------------------------------------- */

/* What max-ram-below-4g may be, besides the board's own rule. */
static const uint64_t place_low[] = { 0,	  1ull << 30, 2ull << 30,
				      3ull << 30, 0xb0000000, 0xe0000000 };
#define LOWS (sizeof(place_low) / sizeof(place_low[0]))

/* The addresses of blocks one after another. low: bytes below 4 GiB, 0: by the rule of the
 * board. False: as another number of them. */
static bool place_order(const struct ml_qevm *q, const size_t *order, size_t n,
			uint64_t low, struct ml_qevm_spot *ret)
{
	uint64_t size = 0, at = 0, from, to;
	const struct ml_qevm_block *b;
	struct ml_load board[2];
	size_t i, k, parts;

	for (i = 0; i < n; i++)
		size += q->blocks[order[i]].len;
	if (ml_board_loads(q->map, 0, size, board, &parts, NULL) ||
	    (low &&
	     (low >= size || q->map == MEMLOG_MAP_VIRT || low == board[0].len)))
		return false;
	if (low) {
		board[0].len = low;
		board[1] = (struct ml_load){ 1ull << 32, size - low, low, 0 };
		parts = 2;
	}
	for (i = 0; i < n; at += b->len, i++) {
		b = &q->blocks[order[i]];
		ret[i] = (struct ml_qevm_spot){ .block = order[i],
						.other_hole = low };
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

/* What is done with the places of one order. */
typedef enum memlog_status place_do(struct ml_qevm *q, void *arg,
				    const struct ml_qevm_spot *spots, size_t n,
				    struct memlog_err *err);

/* With an order of n blocks, for the first lows of place_low. */
static enum memlog_status place_lows(struct ml_qevm *q, const size_t *order,
				     size_t n, size_t lows, place_do *each,
				     void *arg, struct memlog_err *err)
{
	struct ml_qevm_spot spots[ML_QEVM_NODES];
	enum memlog_status s = MEMLOG_OK;
	size_t k;

	for (k = 0; k < lows && n && !s; k++)
		if (place_order(q, order, n, place_low[k], spots))
			s = each(q, arg, spots, n, err);
	return s;
}

/* With all orders of the blocks that follow these n. */
static enum memlog_status place_orders(struct ml_qevm *q, size_t *order,
				       size_t n, size_t lows, place_do *each,
				       void *arg, struct memlog_err *err)
{
	enum memlog_status s = place_lows(q, order, n, lows, each, arg, err);
	size_t i, k;

	for (i = 0; i < q->n_blocks && n < ML_QEVM_ORDER && !s; i++) {
		for (k = 0; k < n && order[k] != i; k++)
			;
		if (k < n || !q->blocks[i].ram)
			continue;
		order[n] = i;
		s = place_orders(q, order, n + 1, lows, each, arg, err);
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
				     struct ml_qevm_spot *spots,
				     struct memlog_err *err)
{
	struct place_rest r = {
		.known = spots,
		.count = ml_calloc(&q->alloc, q->n_blocks, sizeof(*r.count)),
		.spots = ml_calloc(&q->alloc, q->n_blocks, sizeof(*r.spots)),
	};
	size_t order[ML_QEVM_ORDER], i;
	enum memlog_status s;

	s = r.count && r.spots ?
		    place_orders(q, order, 0, 1, place_agree, &r, err) :
		    ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a guest");
	if (!s && !r.orders)
		s = place_orders(q, order, 0, LOWS, place_agree, &r, err);
	for (i = 0; i < q->n_blocks && !s && r.orders; i++)
		if (!spots[i].n && r.count[i] == r.orders)
			spots[i] = r.spots[i];
	ml_free(&q->alloc, r.count);
	ml_free(&q->alloc, r.spots);
	return s;
}

/* Put into spots, of which there is one for each block, where the blocks are; n 0: not
 * known. */
static enum memlog_status place_find(struct ml_qevm *q,
				     struct ml_qevm_spot *spots,
				     struct memlog_err *err)
{
	struct ml_qevm_spot named[ML_QEVM_NODES];
	size_t order[ML_QEVM_NODES], n, i, ram = 0;
	struct ml_qevm_vote *v = NULL;
	enum memlog_status s = MEMLOG_OK;

	n = place_by_name(q, order);
	if (n && place_order(q, order, n, 0, named))
		for (i = 0; i < n; i++)
			spots[order[i]] = named[i];
	for (i = 0; i < q->n_blocks; i++)
		ram += q->blocks[i].ram;
	if (n ? q->pages * ML_PAGE <= place_low[1] : ram > ML_QEVM_ORDER)
		return MEMLOG_OK;
	s = ml_qevm_vote_begin(q, &v, err);
	if (!s)
		s = n ? place_lows(q, order, n, LOWS, place_vote, v, err) :
			place_orders(q, order, 0, LOWS, place_vote, v, err);
	if (!s)
		ml_qevm_vote_end(q, v, spots);
	ml_qevm_vote_free(q, v);
	for (i = 0; i < q->n_blocks; i++)
		q->guessed |= spots[i].n && spots[i].guessed &&
			      (!n || spots[i].other_hole);
	if (s || n)
		return s;
	for (i = 0; i < q->n_blocks; i++)
		n += spots[i].n;
	if (n)
		return place_gaps(q, spots, err);
	n = place_guess(q, order);
	if (n && place_order(q, order, n, 0, named))
		for (i = 0; i < n; i++)
			spots[order[i]] = named[i];
	q->guessed = n;
	return MEMLOG_OK;
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
		ml_image_warn(image,
			      "nothing says at which address %" PRIu64
			      " bytes of memory are (%s); they have the "
			      "addresses file:0x%" PRIx64 " to file:0x%" PRIx64,
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
	s = ml_loads_init(phys, in, n, size, &image->alloc, err);
	if (s)
		return s;
	n = place_rest(q, image, spots, in);
	s = ml_loads_init(rest, in, n, size, &image->alloc, err);
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
		s = place_find(q, spots, err);
	if (!s)
		s = place_loads(q, image, spots, in, phys, rest, err);
	if (!s && q->guessed)
		ml_image_warn(image,
			      "addresses of memory are guessed by the names of "
			      "its blocks and the few page tables in it; "
			      "QEMU's dump-guest-memory FILE has them");
	ml_free(&q->alloc, in);
	ml_free(&q->alloc, spots);
	return s;
}
