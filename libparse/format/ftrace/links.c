/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * links.c - the pages of a CPU by the links of their structs.
 *
 * The ring is a list in both directions, and the low bits of a link forwards say that the
 * head is there. A link counts if the one back agrees: so a list that is not one ends, and
 * where one link is damaged those of the other direction replace it.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/sort.h"
#include "view.h"

#define FLAGS UINT64_C(3)

/* A struct buffer_page: addresses of the lists in it and in its neighbours, next with
 * flags; of its data. */
struct ftrace_node {
	uint64_t va, next, prev, data;
};

struct links {
	struct ftrace_view *v;
	struct memlog_logs *logs;
	struct ftrace_links *ret;
	uint32_t size;
	struct ftrace_node *ring;
	size_t n, cap;
	enum memlog_status status; /* NO_MEMORY */
	struct memlog_err *err;
};

static void links_note(struct links *l, uint64_t va)
{
	struct ftrace_links *r = l->ret;
	uint64_t phys;

	if (!ml_ftrace_walk(&l->v->kernel, va, &phys))
		return;
	phys &= -(uint64_t)ML_PAGE;
	if (l->status || (r->n_nodes && r->node[r->n_nodes - 1] == phys))
		return;
	l->status = ml_grow(&l->v->kernel.alloc, &r->node, r->n_nodes,
			    &r->cap_nodes, sizeof(*r->node), l->err);
	if (!l->status)
		r->node[r->n_nodes++] = phys;
}

/* va: of the list. False: it is not there, or there are too many. */
static bool links_load(struct links *l, uint64_t va, struct ftrace_node *ret)
{
	uint32_t len = ml_ftrace_ring_page_len(l->v);
	const uint32_t *off = l->v->off;
	uint64_t at = va - off[RING_PAGE_LIST];
	uint8_t b[FTRACE_NODE];

	if (l->logs->pages >= ML_FTRACE_LOOKED_AT)
		l->ret->full = true;
	if (l->ret->full || l->status || !(va >> 63) || va % 8)
		return false;
	l->logs->pages++;
	if (!ml_ftrace_kernel_look(&l->v->kernel, at, b, len))
		return false;
	links_note(l, at);
	links_note(l, at + len - 1);
	*ret = (struct ftrace_node){
		.va = va,
		.next = ml_le64(b + off[RING_PAGE_LIST]),
		.prev = ml_le64(b + off[RING_PAGE_LIST] + 8) & ~FLAGS,
		.data = ml_le64(b + off[RING_PAGE_DATA]),
	};
	return !l->status;
}

static bool links_add(struct links *l, const struct ftrace_node *node)
{
	if (l->n >= ML_FTRACE_PAGES) {
		l->ret->full = true;
		return false;
	}
	l->status = ml_grow(&l->v->kernel.alloc, &l->ring, l->n, &l->cap,
			    sizeof(*l->ring), l->err);
	if (l->status)
		return false;
	l->ring[l->n++] = *node;
	return true;
}

/* From a page on as far as links agree. True: all the way round. */
static bool links_forward(struct links *l, const struct ftrace_node *start)
{
	struct ftrace_node node = *start, next;

	while (links_add(l, &node)) {
		if ((node.next & ~FLAGS) == start->va)
			return start->prev == node.va;
		if (!links_load(l, node.next & ~FLAGS, &next) ||
		    next.prev != node.va)
			return false;
		node = next;
	}
	return false;
}

static void links_reverse(struct ftrace_node *a, size_t n)
{
	struct ftrace_node node;
	size_t i;

	for (i = 0; i < n / 2; i++) {
		node = a[i];
		a[i] = a[n - 1 - i];
		a[n - 1 - i] = node;
	}
}

/* The rest, backwards from the start. True: it ends where the other direction did. */
static bool links_backward(struct links *l, const struct ftrace_node *start)
{
	struct ftrace_node last = l->ring[l->n - 1], node = *start, prev;
	size_t from = l->n;

	while (node.prev != last.va && links_load(l, node.prev, &prev) &&
	       (prev.next & ~FLAGS) == node.va && links_add(l, &prev))
		node = prev;
	links_reverse(l->ring + from, l->n - from);
	return node.prev == last.va || (last.next & ~FLAGS) == node.va;
}

/* A page of the ring to begin with: where the head should be, or what else is known. */
static bool links_start(struct links *l, const struct ftrace_ring_cpu *cpu,
			const struct ftrace_node *reader,
			struct ftrace_node *ret)
{
	uint32_t list = l->v->off[RING_PAGE_LIST];
	const uint64_t places[] = { cpu->head + list, reader->next & ~FLAGS,
				    cpu->commit + list };
	struct ftrace_node next;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i] != cpu->reader + list &&
		    links_load(l, places[i], ret) &&
		    links_load(l, ret->next & ~FLAGS, &next) &&
		    (next.prev == ret->va || !i))
			return true;
	return false;
}

/* The place in the ring that a marked link leads to. */
static size_t links_head(const struct links *l)
{
	const struct ftrace_node *prev;
	size_t i;

	for (i = 0; i < l->n; i++) {
		prev = &l->ring[i ? i - 1 : l->n - 1];
		if (prev->next & FLAGS &&
		    (prev->next & ~FLAGS) == l->ring[i].va)
			return i;
	}
	l->ret->guessed = true;
	return 0;
}

/* ---- data ---------------------------------------------------------------- */

/* Where the data of a page is; a place that another one has is not its own. */
static uint64_t links_data(struct links *l, uint64_t va)
{
	uint64_t phys, off;

	if (!(va >> 63) || !ml_ftrace_walk(&l->v->kernel, va, &phys) ||
	    phys % l->size)
		return FTRACE_NOWHERE;
	for (off = 0; off < l->size && !l->status; off += ML_PAGE)
		switch (ml_claim(l->logs, phys + off, l->err)) {
		case MEMLOG_OK:
			break;
		case MEMLOG_NO_MEMORY:
			l->status = MEMLOG_NO_MEMORY;
			break;
		default:
			return FTRACE_NOWHERE;
		}
	return phys;
}

static void links_put(struct links *l, uint64_t va)
{
	struct ftrace_links *r = l->ret;
	uint64_t addr = links_data(l, va);

	if (l->status)
		return;
	r->damaged |= addr == FTRACE_NOWHERE;
	l->status = ml_grow(&l->v->kernel.alloc, &r->addr, r->n, &r->cap,
			    sizeof(*r->addr), l->err);
	if (!l->status)
		r->addr[r->n++] = addr;
}

/* The reader's page, then the ring from its head on. */
static void links_put_all(struct links *l, const struct ftrace_ring_cpu *cpu,
			  const struct ftrace_node *reader, size_t head)
{
	uint64_t commit = cpu->commit + l->v->off[RING_PAGE_LIST];
	bool found = cpu->commit == cpu->reader;
	size_t i, at;

	links_put(l, reader->data);
	for (i = 0; i < l->n && !l->status; i++) {
		at = (head + i) % l->n;
		links_put(l, l->ring[at].data);
		if (l->ring[at].va == commit) {
			l->ret->commit = (uint32_t)i + 1;
			found = true;
		}
	}
	l->ret->guessed |= !found;
}

/* What the ring has, and how much of it no link leads to. */
static void links_ring(struct links *l, const struct ftrace_ring_cpu *cpu,
		       const struct ftrace_node *reader)
{
	uint64_t pages = ml_min(cpu->pages, ML_FTRACE_PAGES);
	bool joined = false, closed = false;
	struct ftrace_node start;

	if (links_start(l, cpu, reader, &start)) {
		closed = links_forward(l, &start);
		joined = closed || (l->n && links_backward(l, &start));
	}
	/* a ring whose links all agree is right, whatever nr_pages is */
	if (!closed && pages > l->n)
		l->ret->gone = pages - l->n;
	else if (!joined)
		l->ret->gone = 1;
	if (!l->ret->full)
		l->ret->damaged |= !closed || pages != l->n;
}

static void links_sort_nodes(struct ftrace_links *r)
{
	size_t i, n = 0;

	ml_sort(r->node, r->n_nodes, sizeof(*r->node), 0, 0);
	for (i = 0; i < r->n_nodes; i++)
		if (!n || r->node[i] != r->node[n - 1])
			r->node[n++] = r->node[i];
	r->n_nodes = n;
}

enum memlog_status ml_ftrace_links(struct ftrace_view *v,
				   struct memlog_logs *logs,
				   const struct ftrace_ring *ring,
				   const struct ftrace_ring_cpu *cpu,
				   struct ftrace_links *ret,
				   struct memlog_err *err)
{
	struct links l = { .v = v,
			   .logs = logs,
			   .ret = ret,
			   .size = ring->page_size,
			   .err = err };
	struct ftrace_node reader = { 0 };

	*ret = (struct ftrace_links){ 0 };
	if (!links_load(&l, cpu->reader + v->off[RING_PAGE_LIST], &reader))
		reader = (struct ftrace_node){ 0 };
	else if (!ml_ftrace_walk(&v->kernel,
				 cpu->reader + v->off[RING_PAGE_READ],
				 &ret->read))
		ret->read = 0;
	links_ring(&l, cpu, &reader);
	links_put_all(&l, cpu, &reader, l.n ? links_head(&l) : 0);
	ml_free(&v->kernel.alloc, l.ring);
	links_sort_nodes(ret);
	return l.status;
}

void ml_ftrace_links_close(struct ftrace_view *v, struct ftrace_links *l)
{
	ml_free(&v->kernel.alloc, l->addr);
	ml_free(&v->kernel.alloc, l->node);
}
