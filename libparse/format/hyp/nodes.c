/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nodes.c - the nodes of Android's hypervisor, which are in memory that only its
 * own page table maps. Each node points to its page, and where it is on its own
 * page of memory follows from its address.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "layout.h"
#include "structs.h"

/* The pages of all CPUs, by the writer's addresses. */
struct nodes_page {
	uint64_t va;
	struct hyp_cpu *cpu;
	uint32_t index;
};

struct nodes_search {
	struct memlog_logs *logs;
	struct memlog_image *image;
	const struct hyp_layout *l;
	struct nodes_page *page;
	size_t n, left; /* pieces to be found */
};

static int nodes_by_va(const void *a, const void *b)
{
	const struct nodes_page *x = a, *y = b;

	return x->va < y->va ? -1 : x->va > y->va;
}

static const struct nodes_page *nodes_of(const struct nodes_search *s,
					 uint64_t va)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->page[mid].va < va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->page[lo].va == va ? &s->page[lo] : NULL;
}

/* At phys is a pointer to that page: is it in its node? */
static void nodes_take(struct nodes_search *s, const struct nodes_page *p,
		       uint64_t phys)
{
	uint64_t first = p->cpu->nodes_va / ML_PAGE, va;
	uint32_t piece, id = s->l->node_id - HYP_NODE_PAGE;
	uint8_t b[4];

	va = p->cpu->nodes_va + (uint64_t)p->index * s->l->node + HYP_NODE_PAGE;
	piece = (uint32_t)(va / ML_PAGE - first);
	if ((va ^ phys) % ML_PAGE || p->cpu->piece[piece])
		return;
	/* its index may be on the next page */
	if (phys % ML_PAGE + id + sizeof(b) <= ML_PAGE &&
	    (!ml_hyp_read(s->image, phys + id, b, sizeof(b)) ||
	     ml_le32(b) != p->index))
		return;
	p->cpu->piece[piece] = phys & -(uint64_t)ML_PAGE;
	s->left--;
}

static bool nodes_look(void *arg, uint64_t addr, const uint8_t *p, size_t len)
{
	struct nodes_search *s = arg;
	uint64_t low = s->page[0].va, span = s->page[s->n - 1].va - low, v;
	const struct nodes_page *page;
	size_t at;

	for (at = 0; at + 8 <= len && s->left; at += 8) {
		v = ml_le64(p + at);
		page = v - low <= span && v % ML_PAGE == 0 ? nodes_of(s, v) :
							     NULL;
		if (page && ml_hyp_try(s->logs, s->image))
			nodes_take(s, page, addr + at);
	}
	return !s->left;
}

/* Add the pages of one CPU, and make room for where its nodes are. */
static void nodes_add(struct nodes_search *s, const struct hyp *h,
		      struct hyp_cpu *cpu)
{
	uint64_t len = (uint64_t)cpu->pages * s->l->node;
	uint8_t b[8];
	uint32_t i;

	cpu->n_pieces =
		(uint32_t)((cpu->nodes_va % ML_PAGE + len + ML_PAGE - 1) /
			   ML_PAGE);
	cpu->piece = ml_calloc(&s->image->alloc, cpu->n_pieces, 8);
	if (!cpu->piece) {
		s->image->starved = true;
		cpu->n_pieces = 0;
		return;
	}
	for (i = 0; i < cpu->pages; i++) {
		if (!ml_hyp_read_va(s->image, h,
				    cpu->entry + HYP_PART + 8 * (uint64_t)i, b,
				    8))
			break;
		s->page[s->n++] =
			(struct nodes_page){ ml_le64(b) + cpu->shift, cpu, i };
	}
	s->left += cpu->n_pieces;
}

void ml_hyp_nodes_find(struct memlog_logs *logs, struct ml_log *log,
		       struct memlog_image *image, struct hyp_cpu *cpus,
		       size_t n)
{
	struct nodes_search s = { .logs = logs,
				  .image = image,
				  .l = ml_hyp_layout(ml_hyp(log)) };
	struct hyp_sweep sweep = { &logs->writers, image, nodes_look, &s };
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < n; i++)
		pages += cpus[i].rb ? cpus[i].pages : 0;
	if (!pages || pages > ML_HYP_PAGES)
		return;
	s.page = ml_calloc(&image->alloc, (size_t)pages, sizeof(*s.page));
	if (!s.page) {
		image->starved = true;
		return;
	}
	for (i = 0; i < n; i++)
		if (cpus[i].rb)
			nodes_add(&s, ml_hyp(log), &cpus[i]);
	if (s.n) {
		qsort(s.page, s.n, sizeof(*s.page), nodes_by_va);
		ml_hyp_sweep_from(&sweep, cpus[0].rb);
	}
	ml_free(&image->alloc, s.page);
}

bool ml_hyp_node_read(struct memlog_image *image, const struct hyp *h,
		      const struct hyp_cpu *cpu, uint32_t i, uint8_t *ret)
{
	uint64_t off = (uint64_t)i * ml_hyp_layout(h)->node;
	size_t len = ml_hyp_layout(h)->node, n;
	const uint8_t *end;

	if (cpu->nodes)
		return ml_hyp_read(image, cpu->nodes + off, ret, len);
	memset(ret, 0xff, len);
	end = ret + HYP_NODE_PAGE + 8;
	for (off += cpu->nodes_va % ML_PAGE; len; len -= n) {
		n = (size_t)ml_min(len, ML_PAGE - off % ML_PAGE);
		/* what is after the last pointer to a page may not be found */
		if (off / ML_PAGE >= cpu->n_pieces ||
		    !cpu->piece[off / ML_PAGE] ||
		    !ml_hyp_read(image,
				 cpu->piece[off / ML_PAGE] + off % ML_PAGE, ret,
				 n))
			return ret >= end;
		ret += n;
		off += n;
	}
	return true;
}
