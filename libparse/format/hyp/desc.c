/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* desc.c - the descriptor of a remote: what each CPU has. */
#include "hyp.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"

/* struct trace_buffer_desc, after which come the parts of the CPUs. Before the
 * one of the hypervisor are the address and the size of its nodes. */
enum {
	DESC_PART = 16,
	PART_PAGES = 4,
	PART_META = 8,
	PART = 16,
};

#define KERNEL (UINT64_C(1) << 63)

static bool desc_is_page(uint64_t va)
{
	return va >= KERNEL && va % ML_PAGE == 0;
}

/* Can these PART bytes be a CPU's part? */
static bool desc_is_part(const uint8_t *p)
{
	return ml_le32(p) <= INT32_MAX && ml_le32(p + PART_PAGES) >= 2 &&
	       ml_le32(p + PART_PAGES) <= ML_HYP_PAGES &&
	       desc_is_page(ml_le64(p + PART_META));
}

/* The part at *entry, whose meta page may be missing; moves on to the next. */
static bool desc_part_load(struct memlog_image *image, const struct hyp *h,
			   uint64_t *entry, struct hyp_cpu *ret)
{
	uint8_t b[PART], meta[HYP_META];

	if (!ml_hyp_read_va(image, h, *entry, b, sizeof(b)) || !desc_is_part(b))
		return false;
	*ret = (struct hyp_cpu){ .cpu = (int32_t)ml_le32(b),
				 .pages = ml_le32(b + PART_PAGES),
				 .meta_va = ml_le64(b + PART_META),
				 .entry = *entry };
	ret->has_meta =
		ml_hyp_read_va(image, h, ret->meta_va, meta, sizeof(meta));
	if (ret->has_meta &&
	    (!ml_hyp_meta_load(meta, &ret->meta) ||
	     (ret->meta.pages && ret->meta.pages != ret->pages) ||
	     ret->meta.reader >= ret->pages ||
	     (h->page_size && h->page_size != ret->meta.page_size)))
		return false;
	return ml_add(*entry, PART + 8 * (uint64_t)ret->pages, entry);
}

bool ml_hyp_desc_walk(struct memlog_image *image, struct hyp *h, uint64_t entry)
{
	struct hyp_cpu cpu, before;
	uint64_t next = entry, at;
	uint32_t n;

	if (!desc_part_load(image, h, &next, &cpu) || !cpu.has_meta)
		return false;
	/* all have the same number of pages */
	for (n = 0; n < ML_HYP_CPUS && cpu.cpu; n++) {
		at = next = entry - (PART + 8 * (uint64_t)cpu.pages);
		if (!desc_part_load(image, h, &next, &before) ||
		    before.cpu >= cpu.cpu || before.pages != cpu.pages)
			break;
		cpu = before;
		entry = at;
	}
	h->desc = entry - DESC_PART;
	return true;
}

bool ml_hyp_desc_fits(const uint8_t *p, size_t len, uint32_t *ret_off)
{
	uint32_t off;

	for (off = 0; off <= HYP_DESC_NODES; off += HYP_DESC_NODES) {
		if (len < off + DESC_PART + PART)
			return false;
		*ret_off = off;
		if (ml_le32(p + off) && ml_le32(p + off) <= ML_HYP_CPUS &&
		    desc_is_part(p + off + DESC_PART))
			return true;
	}
	return false;
}

bool ml_hyp_desc_map(struct memlog_logs *logs, struct memlog_image *image,
		     struct hyp *h, uint64_t phys)
{
	struct hyp_places p = { .image = image, .count = &logs->places };
	struct hyp_cpu cpu;
	uint8_t b[PART];
	uint64_t at, va;

	if (!ml_hyp_read(image, phys + DESC_PART, b, sizeof(b)) ||
	    !desc_is_part(b))
		return false;
	p.off = ml_le64(b + PART_META) % ML_HYP_STEP;
	while (ml_hyp_place_next(&p, &at)) {
		h->direct = ml_le64(b + PART_META) - at;
		va = phys + DESC_PART + h->direct;
		if (desc_part_load(image, h, &va, &cpu) && cpu.has_meta) {
			h->desc = phys + h->direct;
			return true;
		}
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

	while (va >= KERNEL && ml_hyp_place_next(&p, ret)) {
		part = va + DESC_PART;
		h = (struct hyp){ .direct = va - *ret };
		if (desc_part_load(image, &h, &part, &cpu) && cpu.has_meta)
			return true;
	}
	return false;
}

/* The nodes of all CPUs follow each other; each points to its page, at the
 * address where the hypervisor has it. */
static void desc_nodes(struct memlog_image *image, const struct hyp *h,
		       struct hyp_cpu *cpu, uint64_t nodes)
{
	uint8_t node[HYP_NODE], page[8];

	if (!ml_hyp_read(image, nodes, node, sizeof(node)) ||
	    !ml_hyp_read_va(image, h, cpu->entry + PART, page, sizeof(page)))
		return;
	cpu->nodes = nodes;
	cpu->shift = ml_le64(node + 16) - ml_le64(page);
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
		need += (uint64_t)cpus[i].pages * HYP_NODE;
	if (h->desc % ML_PAGE != HYP_DESC_NODES ||
	    !ml_hyp_read_va(image, h, h->desc - HYP_DESC_NODES, b, sizeof(b)))
		return 0;
	va = ml_le64(b);
	if (va < KERNEL || va % 8 || ml_le64(b + 8) < need)
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
		nodes += (uint64_t)cpus[i].pages * HYP_NODE;
	}
	ml_hyp_rb_find(logs, log, image, cpus, n);
	for (i = 0; i < n && !s; i++)
		s = ml_hyp_cpu_add(logs, log, image, &cpus[i], err);
	return s;
}

/* The parts of up to max CPUs. Returns how many there are; *ret_end: after the
 * last. */
static uint32_t desc_load(struct memlog_image *image, struct hyp *h,
			  struct hyp_cpu *cpus, uint32_t max, uint64_t *ret_end)
{
	uint64_t entry = h->desc + DESC_PART;
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
	uint64_t from = h->desc % ML_PAGE == HYP_DESC_NODES ?
				h->desc - HYP_DESC_NODES :
				h->desc;
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
	if (h->n_cpus < max)
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
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
