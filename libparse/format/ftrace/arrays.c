/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arrays.c - the kernel's list of trace arrays: the top one, and its instances, each with
 * a buffer, and one for snapshots.
 */
#include <stdio.h>
#include <string.h>

#include "view.h"

#define ARRAYS_NAME sizeof(((struct ftrace_holder *)0)->name)

struct arrays {
	struct ftrace_view *v;
	uint64_t va[ML_FTRACE_ARRAYS];
	size_t n;
};

static bool arrays_is_pointer(uint64_t va)
{
	return va >> 63 && va % 8 == 0;
}

/* False: it is known, or there are too many. */
static bool arrays_add(struct arrays *a, uint64_t va)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->va[i] == va)
			return false;
	if (a->n == ML_FTRACE_ARRAYS)
		return false;
	a->va[a->n++] = va;
	return true;
}

/* From the head on, by the pointers at to; those at back must agree. True: all the way
 * round. */
static bool arrays_walk(struct arrays *a, uint64_t head, uint64_t to,
			uint64_t back)
{
	uint64_t at = head, next, prev;

	for (;; at = next) {
		if (!ml_ftrace_view_u64(a->v, at + to, &next))
			return false;
		if (next == head)
			return true;
		if (!arrays_is_pointer(next) ||
		    !ml_ftrace_view_u64(a->v, next + back, &prev) ||
		    prev != at ||
		    !arrays_add(a, next - a->v->off[RING_ARRAY_LIST]))
			return false;
	}
}

static void arrays_find(struct arrays *a)
{
	uint64_t va;

	if (ml_ftrace_view_symbol(a->v, "ftrace_trace_arrays", &va) &&
	    !arrays_walk(a, va, 0, 8))
		arrays_walk(a, va, 8, 0);
	/* also where the list is damaged */
	if (ml_ftrace_view_symbol(a->v, "global_trace", &va))
		arrays_add(a, va);
}

/* Is that the array's, and not persistent? */
static bool arrays_holder(struct ftrace_view *v, uint64_t array, uint32_t off,
			  struct ftrace_holder *ret)
{
	uint64_t back, buffer;

	if (off == FTRACE_NONE)
		return false;
	ret->array = array;
	ret->va = array + off;
	return ml_ftrace_view_u64(v, ret->va + v->off[RING_HOLDER_ARRAY],
				  &back) &&
	       back == array &&
	       ml_ftrace_view_u64(v, ret->va + v->off[RING_HOLDER_BUFFER],
				  &buffer) &&
	       arrays_is_pointer(buffer);
}

static bool arrays_is_persistent(struct ftrace_view *v, uint64_t array)
{
	uint32_t off = v->off[RING_ARRAY_RANGE];
	uint64_t start;

	return off != FTRACE_NONE &&
	       ml_ftrace_view_u64(v, array + off, &start) && start;
}

static void arrays_name(struct ftrace_view *v, uint64_t array, char *ret)
{
	uint64_t at;

	ret[0] = '\0';
	if (!ml_ftrace_view_u64(v, array + v->off[RING_ARRAY_NAME], &at) || !at)
		return;
	if (!ml_ftrace_kernel_name(&v->kernel, at, ret, ARRAYS_NAME) || !ret[0])
		snprintf(ret, ARRAYS_NAME, "?");
}

size_t ml_ftrace_holders(struct ftrace_view *v,
			 struct ftrace_holder ret[FTRACE_HOLDERS])
{
	struct arrays a = { .v = v };
	uint64_t array;
	size_t i, n = 0;
	int snapshot;

	arrays_find(&a);
	for (i = 0; i < a.n; i++) {
		array = a.va[i];
		for (snapshot = 0; snapshot < 2; snapshot++) {
			memset(&ret[n], 0, sizeof(*ret));
			ret[n].snapshot = snapshot;
			if (!arrays_holder(
				    v, array,
				    v->off[snapshot ? RING_ARRAY_SNAPSHOT :
						      RING_ARRAY_BUFFER],
				    &ret[n]) ||
			    (!snapshot && arrays_is_persistent(v, array)))
				continue;
			arrays_name(v, array, ret[n++].name);
		}
	}
	return n;
}

/* Are there events that were not read? */
static bool arrays_has_events(struct ftrace_view *v,
			      const struct ftrace_holder *h)
{
	struct ftrace_ring_cpu c;
	struct ftrace_ring ring;
	uint32_t i;

	if (!ml_ftrace_ring_open(v, h, &ring))
		return false;
	for (i = 0; i < ring.cpus; i++) {
		enum memlog_status s = ml_ftrace_ring_cpu(v, &ring, i, &c);

		if (!s && (int64_t)(c.entries - c.overrun - c.read) > 0)
			return true;
		if (s == MEMLOG_CORRUPT && !ring.known)
			break;
	}
	return false;
}

static size_t arrays_likely(struct ftrace_view *v, bool asked,
			    struct ml_likely *ret, size_t max)
{
	struct ftrace_holder *h =
		ml_calloc(&v->kernel.alloc, FTRACE_HOLDERS, sizeof(*h));
	size_t n, i, found = 0;
	uint64_t phys;

	v->kernel.starved |= !h;
	n = h ? ml_ftrace_holders(v, h) : 0;
	for (i = 0; i < n && found < max; i++) {
		/* one that is empty is of no use, but as an answer */
		if (!arrays_has_events(v, &h[i]) && (!asked || h[i].snapshot))
			continue;
		if (!ml_ftrace_walk(&v->kernel, h[i].va, &phys))
			continue;
		ret[found++] = (struct ml_likely){
			.space = MEMLOG_PHYS,
			.range = { phys, phys + FTRACE_HOLDER },
			.exact = true,
		};
	}
	ml_free(&v->kernel.alloc, h);
	return found;
}

size_t ml_ftrace_by_kernel(struct memlog_image *image,
			   const struct memlog_symbols *symbols, bool asked,
			   struct ml_likely *ret, size_t max)
{
	struct ftrace f = { .clock = -1 };
	struct ftrace_view v = { .missing = NULL };
	size_t n = 0;

	if (!memlog_image_has_space(image, MEMLOG_PHYS))
		return 0;
	if (ml_ftrace_view_open(&v, image, symbols, &f) &&
	    ml_ftrace_view_types(&v, &f))
		n = arrays_likely(&v, asked, ret, max);
	if (asked && v.missing)
		ml_image_warn(image,
			      "ring buffers of the kernel are not "
			      "looked for: %s",
			      v.missing);
	image->starved |= v.kernel.starved;
	ml_ftrace_view_close(&v);
	return n;
}
