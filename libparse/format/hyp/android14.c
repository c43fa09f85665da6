/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * android14.c - traces of android14-5.15 and android14-6.1. Their descriptor is
 * given back once the hypervisor has it, and there are no meta pages: what is left is
 * what the writer knows of each CPU, trace_rb, and its nodes, both in the direct map.
 * Nothing has a magic; a ring of nodes that closes is proof enough.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/vmcoreinfo.h"
#include "layout.h"
#include "structs.h"

enum {
	NODE = 32,
	FOOTER = 32, /* at the end of a page: two words of flags */
	FLAGS = 7,
	SIZED = 64, /* pages of a CPU that are looked at to tell their size */
};

/* All that are found; direct is that of the first. */
struct hyp_14 {
	struct memlog_logs *logs;
	struct memlog_image *image;
	struct hyp *h;
	struct hyp_cpu *cpu;
	uint32_t n, cap;
	bool first; /* it is enough */
};

static bool android14_is_node(uint64_t off)
{
	return off % NODE == 0 && off / NODE <= ML_HYP_PAGES;
}

/* May it be what the writer knows of a CPU? */
static bool android14_fits(const uint8_t *p)
{
	uint64_t nodes = ml_le64(p + HYP_14_NODES),
		 pages = ml_le64(p + HYP_14_PAGES);

	return nodes && nodes % 8 == 0 && pages && pages <= ML_HYP_PAGES &&
	       ml_le32(p + HYP_14_STATUS) <= 2 &&
	       android14_is_node(ml_le64(p + HYP_14_TAIL) - nodes) &&
	       android14_is_node(ml_le64(p + HYP_14_READER) - nodes) &&
	       android14_is_node(ml_le64(p + HYP_14_HEAD) - nodes);
}

/* The index of a node, at most pages: it may or may not count the reader's. */
static bool android14_index(const uint8_t *rb, uint64_t va, uint32_t *ret)
{
	uint64_t off =
		(va & ~(uint64_t)HYP_LINK_FLAGS) - ml_le64(rb + HYP_14_NODES);

	*ret = (uint32_t)(off / NODE);
	return off % NODE == 0 && off / NODE <= ml_le64(rb + HYP_14_PAGES);
}

/* Do its nodes, with the first at phys, make a ring? Sets their number. */
static bool android14_close(struct hyp_14 *s, const uint8_t *rb, uint64_t phys,
			    uint32_t *ret)
{
	uint32_t head, at, most, steps = 0;
	uint8_t b[NODE];

	if (!android14_index(rb, ml_le64(rb + HYP_14_HEAD), &head) ||
	    !android14_index(rb, ml_le64(rb + HYP_14_READER), &most))
		return false;
	at = head;
	do {
		most = at > most ? at : most;
		if (steps++ > ml_le64(rb + HYP_14_PAGES) ||
		    !ml_hyp_try(s->logs, s->image) ||
		    !ml_hyp_read(s->image, phys + (uint64_t)at * NODE, b,
				 NODE) ||
		    !ml_le64(b + HYP_NODE_PAGE) ||
		    ml_le64(b + HYP_NODE_PAGE) % ML_PAGE ||
		    !android14_index(rb, ml_le64(b), &at))
			return false;
	} while (at != head);
	*ret = most + 1;
	return most >= 1 &&
	       android14_index(rb, ml_le64(rb + HYP_14_TAIL), &at) &&
	       at <= most;
}

/* Where its first node is. */
static bool android14_nodes(struct hyp_14 *s, const uint8_t *rb, uint64_t *ret,
			    uint32_t *ret_n)
{
	uint64_t va = ml_le64(rb + HYP_14_NODES);
	struct hyp_places p = { .image = s->image,
				.count = &s->logs->places,
				.off = va % ML_HYP_STEP };

	if (s->h->direct) {
		*ret = va - s->h->direct;
		return android14_close(s, rb, *ret, ret_n);
	}
	while (ml_hyp_place_next(&p, ret))
		if (android14_close(s, rb, *ret, ret_n))
			return true;
	return false;
}

static void android14_take(struct hyp_14 *s, uint64_t phys)
{
	struct hyp_cpu *c = &s->cpu[s->n];
	uint8_t b[HYP_RB];
	uint64_t nodes;
	uint32_t n;

	if (s->n == s->cap || !ml_hyp_read(s->image, phys, b, sizeof(b)) ||
	    !android14_fits(b) || !android14_nodes(s, b, &nodes, &n))
		return;
	*c = (struct hyp_cpu){ .cpu = (int32_t)s->n,
			       .pages = n,
			       .nodes = nodes,
			       .nodes_va = ml_le64(b + HYP_14_NODES),
			       .rb = phys,
			       .has_meta = true,
			       .meta.overrun = ml_le32(b + HYP_14_OVERRUN) };
	memcpy(c->rb_bytes, b, sizeof(b));
	android14_index(b, ml_le64(b + HYP_14_READER), &c->meta.reader);
	s->h->direct = c->nodes_va - nodes;
	s->n++;
}

static bool android14_look(void *arg, uint64_t addr, const uint8_t *p,
			   size_t len)
{
	struct hyp_14 *s = arg;
	size_t at;

	for (at = 0; at + 8 <= len && s->n < s->cap; at += 8) {
		/* the rest may be in the next chunk */
		if (!ml_le64(p + at) ||
		    (at + HYP_RB <= len && !android14_fits(p + at)))
			continue;
		android14_take(s, addr + at);
		if (s->first && s->n)
			return true;
	}
	return s->n == s->cap;
}

bool ml_hyp_14_first(struct memlog_image *image, uint64_t *ret)
{
	struct memlog_logs logs = { .alloc = image->alloc };
	struct hyp h = { .gen = HYP_ANDROID_14 };
	struct hyp_cpu cpu;
	struct hyp_14 s = {
		.logs = &logs,
		.image = image,
		.h = &h,
		.cpu = &cpu,
		.cap = 1,
		.first = true,
	};
	struct hyp_sweep sweep = { &logs.writers, image, android14_look, &s };

	if (!ml_hyp_sweep_from(&sweep, ml_hyp_kernel(image)))
		return false;
	*ret = cpu.rb;
	return true;
}

bool ml_hyp_14_fits(const uint8_t *p, size_t len)
{
	return len >= HYP_RB && android14_fits(p);
}

/* Could the pages of all CPUs be of that size, by what is at their ends? */
static bool android14_size_fits(const struct hyp_14 *s, uint32_t size)
{
	uint8_t b[NODE], f[8];
	bool any = false;
	uint32_t i, k;
	uint64_t va;

	for (i = 0; i < s->n; i++)
		for (k = 0; k < ml_min(s->cpu[i].pages, SIZED); k++) {
			if (!ml_hyp_read(s->image,
					 s->cpu[i].nodes + (uint64_t)k * NODE,
					 b, NODE))
				return false;
			va = ml_le64(b + HYP_NODE_PAGE);
			if (va % size)
				return false;
			if (!ml_hyp_read_va(s->image, s->h, va + size - FOOTER,
					    f, sizeof(f)))
				continue;
			if (ml_le32(f) & ~FLAGS || ml_le32(f + 4) & ~FLAGS)
				return false;
			any |= ml_le64(f) != 0;
		}
	return any;
}

/* The kernel knows which CPU's memory each is in, if its symbols are there: the
 * numbers of CPUs are by what is at array, virtual. */
static void android14_number_by(struct hyp_14 *s, uint64_t array)
{
	uint8_t *b = ml_calloc(&s->image->alloc, ML_HYP_CPUS, 8);
	size_t got = 0, cpu, i;
	uint64_t phys, va;

	s->image->starved |= !b;
	if (b && ml_vmcoreinfo_phys(s->image, array, &phys))
		ml_image_fill(s->image, MEMLOG_PHYS, phys, b, 8 * ML_HYP_CPUS,
			      &got, NULL);
	for (cpu = 0; cpu < got / 8 && ml_le64(b + 8 * cpu); cpu++) {
		va = ml_le64(b + 8 * cpu) + s->h->hint[HYP_HINT_OFFSET];
		for (i = 0; i < s->n; i++)
			if ((va - s->cpu[i].rb) % ML_HYP_STEP == 0)
				s->cpu[i].cpu = (int32_t)cpu;
	}
	ml_free(&s->image->alloc, b);
}

static int android14_by_place(const void *a, const void *b)
{
	const struct hyp_cpu *x = a, *y = b;

	return x->rb < y->rb ? -1 : x->rb > y->rb;
}

/* Otherwise they are taken in the order of their addresses. */
static void android14_number(struct hyp_14 *s)
{
	uint32_t i;

	qsort(s->cpu, s->n, sizeof(*s->cpu), android14_by_place);
	for (i = 0; i < s->n; i++)
		s->cpu[i].cpu = (int32_t)i;
	if (s->h->hint[HYP_HINT_ARRAY])
		android14_number_by(s, s->h->hint[HYP_HINT_ARRAY]);
}

static int android14_by_cpu(const void *a, const void *b)
{
	const struct hyp_cpu *x = a, *y = b;

	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static enum memlog_status android14_add(struct hyp_14 *s, struct ml_log *log,
					struct memlog_err *err)
{
	enum memlog_status status = MEMLOG_OK;
	uint32_t size, i;

	s->h->page_size = 4096;
	for (size = 65536; size > 4096; size /= 4)
		if (android14_size_fits(s, size) &&
		    !android14_size_fits(s, 4096))
			s->h->page_size = size;
	android14_number(s);
	qsort(s->cpu, s->n, sizeof(*s->cpu), android14_by_cpu);
	s->h->n_cpus = s->n;
	for (i = 0; i < s->n && !status; i++)
		status =
			ml_hyp_cpu_add(s->logs, log, s->image, &s->cpu[i], err);
	return status;
}

enum memlog_status ml_hyp_14_expand(struct memlog_logs *logs,
				    struct ml_log *log,
				    struct memlog_image *image,
				    struct memlog_err *err)
{
	struct hyp_14 s = { .logs = logs,
			    .image = image,
			    .h = ml_hyp(log),
			    .cap = ML_HYP_CPUS };
	struct hyp_sweep sweep = { &logs->writers, image, android14_look, &s };
	uint64_t first = log->extents[0].addr;
	enum memlog_status status;

	s.cpu = ml_calloc(&image->alloc, s.cap, sizeof(*s.cpu));
	if (!s.cpu)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u CPUs",
			       s.cap);
	android14_take(&s, first);
	if (!s.n) {
		status = ml_fail(err, MEMLOG_NOT_MINE,
				 "the nodes of its ring are not in the image");
	} else {
		s.n = 0; /* it will be found again */
		ml_hyp_sweep_from(&sweep, first);
		if (s.n)
			status = android14_add(&s, log, err);
		else if (image->starved)
			status = ml_fail(err, MEMLOG_NO_MEMORY,
					 "no memory to search the image");
		else
			status = ml_fail(err, MEMLOG_NOT_MINE, "it is gone");
	}
	ml_free(&image->alloc, s.cpu);
	return status;
}
