/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rb.c - find what the writer knows of each CPU, struct simple_rb_per_cpu: it
 * has the tail, and what was lost up to the last read. */
#include "hyp.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/vmcoreinfo.h"
#include "layout.h"

enum { RB_STATUS_MAX = 2 };

struct hyp_search {
	struct memlog_logs *logs;
	struct memlog_image *image;
	const struct hyp *h;
	struct rb_sorted *sorted; /* by what points to their meta pages */
	size_t n, left;
};

/* What a pointer to the CPU's meta page is searched by. If it is not known where
 * the writer has the direct map: by what any such place leaves as it is. */
static uint64_t rb_key(const struct hyp *h, uint64_t va)
{
	return ml_hyp_layout(h)->linear ? va : va % ML_HYP_STEP;
}

static bool rb_is_node(const struct hyp *h, const struct hyp_cpu *cpu,
		       uint64_t off)
{
	uint64_t node = ml_hyp_layout(h)->node;

	return off % node == 0 && off / node < cpu->pages;
}

/* Take it if it is one, of this CPU. The nodes of a remote in the kernel are
 * where it says. */
static bool rb_take(struct memlog_image *image, const struct hyp *h,
		    struct hyp_cpu *cpu, uint64_t phys)
{
	const struct hyp_layout *l = ml_hyp_layout(h);
	uint8_t *b = cpu->rb_bytes;
	uint64_t va, meta;

	if (phys % 8 || !ml_hyp_read(image, phys, b, HYP_RB))
		return false;
	meta = ml_le64(b + l->rb_meta);
	va = ml_le64(b + l->rb_nodes);
	if (rb_key(h, meta) != rb_key(h, cpu->meta_va + cpu->shift) ||
	    (!l->linear && meta == cpu->meta_va) ||
	    ml_le32(b + l->rb_pages) < cpu->pages - 1 ||
	    ml_le32(b + l->rb_pages) > cpu->pages ||
	    ml_le32(b + l->rb_status) > RB_STATUS_MAX || !va || va % 8 ||
	    (cpu->nodes_va && va != cpu->nodes_va) ||
	    !rb_is_node(h, cpu, ml_le64(b + l->rb_tail) - va) ||
	    !rb_is_node(h, cpu, ml_le64(b + l->rb_reader) - va))
		return false;
	cpu->shift = meta - cpu->meta_va;
	cpu->nodes_va = va;
	if (l->linear)
		cpu->nodes = va - cpu->shift - h->direct;
	cpu->rb = phys;
	return true;
}

/* The variable is the struct, or a pointer to it. */
static void rb_by_hint(struct memlog_image *image, const struct hyp *h,
		       struct hyp_cpu *cpu)
{
	uint64_t va = h->hint[HYP_HINT_ARRAY], phys;
	uint8_t b[8];

	if (!va ||
	    !ml_vmcoreinfo_phys(image, va + 8 * (uint64_t)cpu->cpu, &phys) ||
	    !ml_hyp_read(image, phys, b, sizeof(b)))
		return;
	phys = ml_hyp_phys(h, ml_le64(b) + h->hint[HYP_HINT_OFFSET]);
	if (!rb_take(image, h, cpu, phys) &&
	    ml_hyp_read(image, phys, b, sizeof(b)))
		rb_take(image, h, cpu, ml_hyp_phys(h, ml_le64(b)));
}

/* ---- by a search -------------------------------------------------------- */

struct rb_sorted {
	uint64_t key;
	struct hyp_cpu *cpu;
};

static int rb_by_key(const void *a, const void *b)
{
	const struct rb_sorted *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* The first with that key, or what is after it. */
static size_t rb_first(const struct hyp_search *s, uint64_t key)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->sorted[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool rb_search_look(void *arg, uint64_t addr, const uint8_t *p,
			   size_t len)
{
	struct hyp_search *s = arg;
	uint64_t low = s->sorted[0].key, key;
	uint64_t span = s->sorted[s->n - 1].key - low;
	uint32_t off = ml_hyp_layout(s->h)->rb_meta;
	size_t at, i;

	for (at = 0; at + 8 <= len && s->left; at += 8) {
		key = rb_key(s->h, ml_le64(p + at));
		if (key - low > span || addr + at < off)
			continue;
		for (i = rb_first(s, key); i < s->n && s->sorted[i].key == key;
		     i++)
			if (!s->sorted[i].cpu->rb &&
			    ml_hyp_try(s->logs, s->image) &&
			    rb_take(s->image, s->h, s->sorted[i].cpu,
				    addr + at - off))
				s->left--;
	}
	return !s->left;
}

/* Is there more to know than the nodes show? */
static bool rb_wanted(const struct hyp_cpu *cpu)
{
	return !cpu->rb &&
	       (!cpu->nodes_va || cpu->meta.reader || cpu->meta.pages_lost ||
		cpu->meta.lost || cpu->meta.touched + 1 >= cpu->pages);
}

void ml_hyp_rb_find(struct memlog_logs *logs, struct ml_log *log,
		    struct memlog_image *image, struct hyp_cpu *cpus, size_t n)
{
	struct hyp_search s = { .logs = logs,
				.image = image,
				.h = ml_hyp(log) };
	struct hyp_sweep sweep = { &logs->writers, image, rb_search_look, &s };
	size_t i;

	s.sorted = ml_calloc(&image->alloc, n, sizeof(*s.sorted));
	image->starved |= !s.sorted;
	for (i = 0; i < n; i++) {
		rb_by_hint(image, s.h, &cpus[i]);
		if (s.sorted && rb_wanted(&cpus[i]))
			s.sorted[s.n++] = (struct rb_sorted){
				rb_key(s.h, cpus[i].meta_va + cpus[i].shift),
				&cpus[i]
			};
	}
	s.left = s.n;
	if (s.n) {
		qsort(s.sorted, s.n, sizeof(*s.sorted), rb_by_key);
		ml_hyp_sweep_from(&sweep, ml_hyp_phys(s.h, cpus[0].meta_va));
	}
	ml_free(&image->alloc, s.sorted);
}
