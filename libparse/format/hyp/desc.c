/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* desc.c - the descriptor of a remote: what each CPU has. */
#include "hyp.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "layout.h"
#include "structs.h"

static bool desc_is_page(uint64_t va)
{
	return va >= HYP_KERNEL && va % ML_PAGE == 0;
}

/* Can these HYP_PART bytes be a CPU's part? */
static bool desc_is_part(const uint8_t *p)
{
	return ml_le32(p) <= INT32_MAX && ml_le32(p + HYP_PART_PAGES) >= 2 &&
	       ml_le32(p + HYP_PART_PAGES) <= ML_HYP_PAGES &&
	       desc_is_page(ml_le64(p + HYP_PART_META));
}

/* Does the meta page say as much? Android's may not count the reader's page. */
static bool desc_pages_fit(const struct hyp_layout *l,
			   const struct hyp_cpu *cpu)
{
	uint32_t n = cpu->meta.pages;

	return !n || n == cpu->pages || (l->packed && n + 1 == cpu->pages);
}

/* The part at *entry, whose meta page may be missing; moves on to the next. */
static bool desc_part_load(struct memlog_image *image, const struct hyp *h,
			   uint64_t *entry, struct hyp_cpu *ret)
{
	const struct hyp_layout *l = ml_hyp_layout(h);
	uint8_t b[HYP_PART], meta[HYP_META];

	if (!ml_hyp_read_va(image, h, *entry, b, sizeof(b)) || !desc_is_part(b))
		return false;
	*ret = (struct hyp_cpu){ .cpu = (int32_t)ml_le32(b),
				 .pages = ml_le32(b + HYP_PART_PAGES),
				 .meta_va = ml_le64(b + HYP_PART_META),
				 .entry = *entry };
	ret->has_meta = ml_hyp_read_va(image, h, ret->meta_va, meta, l->meta);
	if (ret->has_meta &&
	    (!ml_hyp_meta_load(l, meta, &ret->meta) ||
	     !desc_pages_fit(l, ret) || ret->meta.reader >= ret->pages ||
	     (h->page_size && h->page_size != ret->meta.page_size)))
		return false;
	return ml_add(*entry, HYP_PART + 8 * (uint64_t)ret->pages, entry);
}

/* Are the first pages of a part there, as far as can be seen? */
static bool desc_has_pages(struct memlog_image *image, const struct hyp *h,
			   const struct hyp_cpu *cpu)
{
	uint8_t b[16];
	bool any = false;
	uint64_t va;
	uint32_t i;

	for (i = 0; i < ml_min(cpu->pages, 64); i++) {
		if (!ml_hyp_read_va(image, h,
				    cpu->entry + HYP_PART + 8 * (uint64_t)i, b,
				    8))
			return false;
		va = ml_le64(b);
		if (!desc_is_page(va) || va == cpu->meta_va)
			return false;
		if (!ml_hyp_read_va(image, h, va, b, sizeof(b)))
			continue;
		any = true;
		if ((uint32_t)ml_le64(b + 8) % (1u << 30) > cpu->meta.page_size)
			return false;
	}
	return any;
}

bool ml_hyp_desc_walk(struct memlog_logs *logs, struct memlog_image *image,
		      struct hyp *h, uint64_t entry)
{
	struct hyp_cpu cpu, before;
	uint64_t next = entry, at;
	uint8_t b[4];
	uint32_t n;

	if (!desc_part_load(image, h, &next, &cpu) || !cpu.has_meta ||
	    !desc_has_pages(image, h, &cpu))
		return false;
	/* all have the same number of pages */
	for (n = 0; n < ML_HYP_CPUS && cpu.cpu && ml_hyp_try(logs, image);
	     n++) {
		at = next = entry - (HYP_PART + 8 * (uint64_t)cpu.pages);
		if (!desc_part_load(image, h, &next, &before) ||
		    before.cpu >= cpu.cpu || before.pages != cpu.pages)
			break;
		cpu = before;
		entry = at;
	}
	h->desc = entry - ml_hyp_layout(h)->part;
	return ml_hyp_read_va(image, h, h->desc, b, sizeof(b)) &&
	       ml_le32(b) > n && ml_le32(b) <= ML_HYP_CPUS;
}

/* What may begin with, or lead to, a descriptor: where that is in it. */
static const struct desc_form {
	enum hyp_gen gen;
	uint8_t off;
} desc_forms[] = {
	{ HYP_MAINLINE, 0 },	{ HYP_MAINLINE, HYP_DESC_NODES },
	{ HYP_ANDROID, 0 },	{ HYP_ANDROID, 24 },
	{ HYP_ANDROID, 40 },	{ HYP_ANDROID_15, 0 },
	{ HYP_ANDROID_15, 24 }, { HYP_ANDROID_15, 40 },
};

enum { FORMS = sizeof(desc_forms) / sizeof(*desc_forms) };

bool ml_hyp_desc_fits(const uint8_t *p, size_t len, uint32_t *ret_off,
		      enum hyp_gen *ret_gen)
{
	struct hyp h = { .gen = HYP_MAINLINE };
	uint32_t part;
	size_t i;

	for (i = 0; i < FORMS; i++) {
		h.gen = *ret_gen = desc_forms[i].gen;
		*ret_off = desc_forms[i].off;
		part = *ret_off + ml_hyp_layout(&h)->part;
		if (len >= part + HYP_PART && ml_le32(p + *ret_off) &&
		    ml_le32(p + *ret_off) <= ML_HYP_CPUS &&
		    desc_is_part(p + part))
			return true;
	}
	return false;
}

bool ml_hyp_desc_map(struct memlog_logs *logs, struct memlog_image *image,
		     struct hyp *h, uint64_t phys)
{
	struct hyp_places p = { .image = image, .count = &logs->places };
	uint64_t at, va, part = phys + ml_hyp_layout(h)->part;
	enum hyp_gen gen = h->gen, other;
	struct hyp_cpu cpu;
	uint8_t b[HYP_PART];

	if (!ml_hyp_read(image, part, b, sizeof(b)) || !desc_is_part(b))
		return false;
	other = gen == HYP_ANDROID ? HYP_ANDROID_15 : gen;
	p.off = ml_le64(b + HYP_PART_META) % ML_HYP_STEP;
	while (ml_hyp_place_next(&p, &at)) {
		h->direct = ml_le64(b + HYP_PART_META) - at;
		va = part + h->direct;
		h->gen = gen;
		if (!desc_part_load(image, h, &va, &cpu) || !cpu.has_meta) {
			h->gen = other;
			if (!desc_part_load(image, h, &va, &cpu) ||
			    !cpu.has_meta)
				continue;
		}
		h->desc = phys + h->direct;
		return true;
	}
	return false;
}

bool ml_hyp_desc_phys(struct memlog_image *image, uint64_t *count, uint64_t va,
		      uint64_t *ret)
{
	struct hyp_places p = { .image = image,
				.count = count,
				.off = va % ML_HYP_STEP };
	struct hyp_cpu cpu;
	struct hyp h;
	uint64_t part;
	size_t i;

	while (va >= HYP_KERNEL && ml_hyp_place_next(&p, ret))
		for (i = 0; i < FORMS; i++) {
			h = (struct hyp){ .direct = va - *ret,
					  .gen = desc_forms[i].gen };
			part = va + desc_forms[i].off + ml_hyp_layout(&h)->part;
			if (desc_part_load(image, &h, &part, &cpu) &&
			    cpu.has_meta) {
				*ret += desc_forms[i].off;
				return true;
			}
		}
	return false;
}

/* The nodes of all CPUs follow each other; each points to its page, at the
 * address where the hypervisor has it. */
static void desc_nodes(struct memlog_image *image, const struct hyp *h,
		       struct hyp_cpu *cpu, uint64_t nodes)
{
	uint8_t node[24], page[8];

	if (!ml_hyp_read(image, nodes, node, sizeof(node)) ||
	    !ml_hyp_read_va(image, h, cpu->entry + HYP_PART, page,
			    sizeof(page)))
		return;
	cpu->nodes = nodes;
	cpu->shift = ml_le64(node + 16) - ml_le64(page);
	cpu->nodes_va = nodes + h->direct + cpu->shift;
}

/* Before the descriptor of a hypervisor; what other remotes have there is not an
 * address and a matching size. */
static uint64_t desc_backing(struct memlog_image *image, const struct hyp *h,
			     const struct hyp_cpu *cpus, size_t n)
{
	uint8_t b[HYP_DESC_NODES];
	uint64_t need = 0, va;
	size_t i;

	for (i = 0; i < n; i++)
		need += (uint64_t)cpus[i].pages * ml_hyp_layout(h)->node;
	if (!ml_hyp_layout(h)->linear || h->desc % ML_PAGE != HYP_DESC_NODES ||
	    !ml_hyp_read_va(image, h, h->desc - HYP_DESC_NODES, b, sizeof(b)))
		return 0;
	va = ml_le64(b);
	if (va < HYP_KERNEL || va % 8 || ml_le64(b + 8) < need)
		return 0;
	return ml_hyp_phys(h, va);
}

static enum memlog_status desc_add_cpus(struct memlog_logs *logs,
					struct ml_log *log,
					struct memlog_image *image,
					struct hyp_cpu *cpus, size_t n,
					struct memlog_err *err)
{
	struct hyp *h = ml_hyp(log);
	uint64_t nodes = desc_backing(image, h, cpus, n);
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	h->backing = nodes;
	for (i = 0; i < n && nodes; i++) {
		desc_nodes(image, h, &cpus[i], nodes);
		nodes += (uint64_t)cpus[i].pages * ml_hyp_layout(h)->node;
	}
	ml_hyp_rb_find(logs, log, image, cpus, n);
	if (!ml_hyp_layout(h)->linear)
		ml_hyp_nodes_find(logs, log, image, cpus, n);
	for (i = 0; i < n && !s; i++)
		s = ml_hyp_cpu_add(logs, log, image, &cpus[i], err);
	for (i = 0; i < n; i++)
		ml_free(&image->alloc, cpus[i].piece);
	return s;
}

/* The parts of up to max CPUs. Returns how many there are; *ret_end: after the
 * last. */
static uint32_t desc_load(struct memlog_image *image, struct hyp *h,
			  struct hyp_cpu *cpus, uint32_t max, uint64_t *ret_end)
{
	uint64_t entry = h->desc + ml_hyp_layout(h)->part;
	uint32_t n;

	for (n = 0; n < max; n++) {
		*ret_end = entry;
		if (!desc_part_load(image, h, &entry, &cpus[n]) ||
		    (n && cpus[n].cpu <= cpus[n - 1].cpu))
			return n;
		if (cpus[n].has_meta)
			h->page_size = cpus[n].meta.page_size;
	}
	*ret_end = entry;
	return h->page_size ? n : 0;
}

/* The extents of the remote and of its descriptor; without a table the latter is
 * the log's first. */
static enum memlog_status desc_add(struct memlog_logs *logs, struct ml_log *log,
				   uint64_t end, struct memlog_err *err)
{
	const struct hyp *h = ml_hyp(log);
	bool nodes = h->gen == HYP_MAINLINE &&
		     h->desc % ML_PAGE == HYP_DESC_NODES;
	uint64_t from = h->desc - (nodes ? HYP_DESC_NODES : 0);
	struct memlog_extent desc = { .addr = ml_hyp_phys(h, from),
				      .len = end - from,
				      .cpu = -1,
				      .role = HYP_ROLE_DESC };
	struct memlog_extent remote = { .addr = ml_hyp_phys(h, h->remote),
					.len = HYP_REMOTE,
					.cpu = -1,
					.role = HYP_ROLE_REMOTE };
	enum memlog_status s = MEMLOG_OK;

	if (!h->table)
		log->extents[0] = desc;
	if (h->remote)
		s = ml_log_add_extent(logs, log, &remote, err);
	if (!s && h->table)
		s = ml_log_add_extent(logs, log, &desc, err);
	return s;
}

/* CPUs of max that could not be loaded: the first one's part would be at entry. All
 * have as many pages. */
static void desc_note_lost(struct ml_log *log, struct memlog_image *image,
			   const struct hyp_cpu *cpus, uint32_t max,
			   uint64_t entry)
{
	struct hyp *h = ml_hyp(log);
	uint8_t b[HYP_PART];

	h->n_lost = max - h->n_cpus;
	if (!h->n_lost || !h->n_cpus)
		return;
	log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
	/* what is there, but is not a part, does not say how much is missing */
	if (ml_hyp_read_va(image, h, entry, b, sizeof(b)))
		return;
	h->lost = (uint64_t)h->n_lost * cpus[0].pages *
		  (h->page_size - HYP_PAGE_HEADER);
	log->text += h->lost;
	log->absent += h->lost;
}

enum memlog_status ml_hyp_desc_add(struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_image *image,
				   struct memlog_err *err)
{
	struct hyp *h = ml_hyp(log);
	enum memlog_status s;
	struct hyp_cpu *cpus;
	uint32_t max;
	uint64_t end;
	uint8_t b[4];

	if (!ml_hyp_read_va(image, h, h->desc, b, sizeof(b)) ||
	    ml_le32(b) > ML_HYP_CPUS)
		return ml_fail(err, MEMLOG_NOT_MINE, "its descriptor is gone");
	max = ml_le32(b);
	cpus = ml_calloc(&image->alloc, max + 1, sizeof(*cpus));
	if (!cpus)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u CPU%s",
			       max, ml_s(max));
	h->n_cpus = desc_load(image, h, cpus, max, &end);
	desc_note_lost(log, image, cpus, max, end);
	if (!h->n_cpus)
		s = ml_fail(err, MEMLOG_NOT_MINE,
			    "its descriptor leads to no meta page");
	else
		s = desc_add(logs, log, end, err);
	if (!s)
		s = desc_add_cpus(logs, log, image, cpus, h->n_cpus, err);
	ml_free(&image->alloc, cpus);
	return s;
}
