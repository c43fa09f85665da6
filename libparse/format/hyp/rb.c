/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rb.c - find what the writer knows of each CPU, struct simple_rb_per_cpu: it
 * has the tail, and what was lost up to the last read. */
#include "hyp.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum {
	RB_NODES = 24,
	RB_META = 32,
	RB_PAGES = 40,
	RB_STATUS = 44,
	RB_STATUS_MAX = 2,
};

struct hyp_search {
	struct memlog_image *image;
	const struct hyp *h;
	struct hyp_cpu **sorted; /* by what points to their meta pages */
	size_t n, left;
};

static uint64_t rb_key(const struct hyp_cpu *cpu)
{
	return cpu->meta_va + cpu->shift;
}

/* Take it if it is one, of this CPU. The nodes of a remote in the kernel are
 * where it says. */
static bool rb_take(struct memlog_image *image, const struct hyp *h,
		    struct hyp_cpu *cpu, uint64_t phys)
{
	uint8_t *b = cpu->rb_bytes;
	uint64_t nodes;

	if (phys % 8 || !ml_hyp_read(image, phys, b, HYP_RB) ||
	    ml_le64(b + RB_META) != rb_key(cpu) ||
	    ml_le32(b + RB_PAGES) < cpu->pages - 1 ||
	    ml_le32(b + RB_PAGES) > cpu->pages ||
	    ml_le32(b + RB_STATUS) > RB_STATUS_MAX)
		return false;
	nodes = ml_le64(b + RB_NODES) - cpu->shift - h->direct;
	if (cpu->nodes && nodes != cpu->nodes)
		return false;
	cpu->nodes = nodes;
	cpu->rb = phys;
	return true;
}

/* The variable is the struct, or a pointer to it. */
static void rb_by_hint(struct memlog_image *image, const struct hyp *h,
		       struct hyp_cpu *cpu)
{
	uint64_t va = h->hint[HYP_HINT_ARRAY], phys;
	uint8_t b[8];

	if (!va || !ml_hyp_read_va(image, h, va + 8 * (uint64_t)cpu->cpu, b,
				   sizeof(b)))
		return;
	phys = ml_hyp_phys(h, ml_le64(b) + h->hint[HYP_HINT_OFFSET]);
	if (!rb_take(image, h, cpu, phys) &&
	    ml_hyp_read(image, phys, b, sizeof(b)))
		rb_take(image, h, cpu, ml_hyp_phys(h, ml_le64(b)));
}

/* ---- by a search -------------------------------------------------------- */

static int rb_by_key(const void *a, const void *b)
{
	uint64_t x = rb_key(*(struct hyp_cpu *const *)a);
	uint64_t y = rb_key(*(struct hyp_cpu *const *)b);

	return x < y ? -1 : x > y;
}

static struct hyp_cpu *rb_cpu_of(const struct hyp_search *s, uint64_t key)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (rb_key(s->sorted[mid]) < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && rb_key(s->sorted[lo]) == key ? s->sorted[lo] : NULL;
}

static bool rb_search_look(void *arg, uint64_t addr, const uint8_t *p,
			   size_t len)
{
	struct hyp_search *s = arg;
	uint64_t low = rb_key(s->sorted[0]), v;
	uint64_t span = rb_key(s->sorted[s->n - 1]) - low;
	struct hyp_cpu *cpu;
	size_t at;

	for (at = 0; at + 8 <= len && s->left; at += 8) {
		v = ml_le64(p + at);
		if (v - low > span)
			continue;
		cpu = rb_cpu_of(s, v);
		if (cpu && !cpu->rb && addr + at >= RB_META &&
		    rb_take(s->image, s->h, cpu, addr + at - RB_META))
			s->left--;
	}
	return !s->left;
}

/* Is there more to know than the nodes show? */
static bool rb_wanted(const struct hyp_cpu *cpu)
{
	return !cpu->rb &&
	       (!cpu->nodes || cpu->meta.reader || cpu->meta.pages_lost ||
		cpu->meta.lost || cpu->meta.touched + 1 >= cpu->pages);
}

void ml_hyp_rb_find(struct memlog_logs *logs, struct ml_log *log,
		    struct memlog_image *image, struct hyp_cpu *cpus, size_t n)
{
	struct hyp_search s = { .image = image, .h = ml_hyp(log) };
	struct hyp_sweep sweep = { logs, image, rb_search_look, &s };
	size_t i;

	s.sorted = ml_calloc(&image->alloc, n, sizeof(struct hyp_cpu *));
	image->starved |= !s.sorted;
	for (i = 0; i < n; i++) {
		rb_by_hint(image, s.h, &cpus[i]);
		if (s.sorted && rb_wanted(&cpus[i]))
			s.sorted[s.n++] = &cpus[i];
	}
	s.left = s.n;
	if (s.n) {
		qsort(s.sorted, s.n, sizeof(struct hyp_cpu *), rb_by_key);
		ml_hyp_sweep(&sweep, (struct memlog_range){ 0, UINT64_MAX });
	}
	ml_free(&image->alloc, s.sorted);
}
