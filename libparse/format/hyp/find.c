/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * find.c - from the table of a remote's events to its pages.
 *
 * Where the kernel has mapped memory is found by checking: of all places where
 * the remote may be, it is where the pointer back to the table has the same
 * offset in a page, the number of events is right, and what it leads to is a
 * descriptor of meta pages.
 */
#include "hyp.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/vmcoreinfo.h"

/* struct remote_event */
enum {
	EVENT_ID = HYP_NAME,
	EVENT_ENABLED = 32,
	EVENT_REMOTE = 40,
	EVENT_FIELDS = 48,
	EVENT_FORMAT = 56,
	EVENT_PRINT = 64,
};

/* struct trace_remote */
enum {
	REMOTE_BUFFER = 16,
	REMOTE_DESC = 24,
	REMOTE_EVENTS = 48,
	REMOTE_N_EVENTS = 56,
	REMOTE = 64,
};

/* struct trace_buffer_desc, after which come the parts of the CPUs. Before the
 * one of the hypervisor are the address and the size of its nodes. */
enum {
	DESC_CPUS = 0,
	DESC_CPU = 16,
	DESC_NODES = 16,
	CPU_PAGES = 4,
	CPU_META = 8,
	CPU_HEADER = 16,
};

/* The direct map is aligned to this at least: a section of memory. */
#define STEP (UINT64_C(128) << 20)

#define KERNEL (UINT64_C(1) << 63)

/* ---- the table ---------------------------------------------------------- */

static bool hyp_is_name(const uint8_t *p)
{
	size_t n = 0;

	while (n < HYP_NAME && (p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z') ||
				(n && p[n] >= '0' && p[n] <= '9')))
		n++;
	if (!n || n == HYP_NAME)
		return false;
	while (n < HYP_NAME && !p[n])
		n++;
	return n == HYP_NAME;
}

bool ml_hyp_glance(const uint8_t *p, size_t len)
{
	uint64_t remote;

	if (len < EVENT_PRINT)
		return true;
	remote = ml_le64(p + EVENT_REMOTE);
	return hyp_is_name(p) && p[EVENT_ENABLED] <= 1 && remote >= KERNEL &&
	       remote % 8 == 0 && ml_le64(p + EVENT_FIELDS) >= KERNEL &&
	       ml_le64(p + EVENT_FORMAT) >= KERNEL &&
	       (len < HYP_EVENT || ml_le64(p + EVENT_PRINT) >= KERNEL);
}

enum memlog_status ml_hyp_probe(const struct ml_probe *p, struct ml_log *log,
				struct ml_found *ret, struct memlog_err *err)
{
	struct hyp *h = ml_hyp(log);
	const uint8_t *e = p->bytes;
	uint32_t n = 0;

	for (; n < ML_HYP_EVENTS && (n + 1) * HYP_EVENT <= p->len;
	     n++, e += HYP_EVENT)
		if (!ml_hyp_glance(e, HYP_EVENT) ||
		    memcmp(e + EVENT_REMOTE, p->bytes + EVENT_REMOTE, 8))
			break;
	if (!n)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not a table of a remote's events");
	if (p->hint)
		memcpy(h->hint, p->hint, sizeof(h->hint));
	h->n_events = n;
	h->remote = ml_le64(p->bytes + EVENT_REMOTE);
	if (!memcmp(p->bytes, "hyp_", 4))
		strcpy(log->pub.variant, "hypervisor");
	log->pub.flags = MEMLOG_LOG_TELLS_ALL | MEMLOG_LOG_EMPTY;
	log->pub.state = MEMLOG_STATE_CURRENT;
	ret->extent.len = (uint64_t)n * HYP_EVENT;
	ret->extent.role = HYP_ROLE_TABLE;
	return MEMLOG_OK;
}

/* ---- the remote --------------------------------------------------------- */

/* Are the fields of the first event where the image would be? */
static bool hyp_image_fits(struct memlog_image *image, const struct hyp *h,
			   uint64_t table)
{
	uint8_t event[HYP_EVENT], field[16], name;
	uint64_t va;

	if (!ml_hyp_read(image, table, event, sizeof(event)) ||
	    !ml_hyp_read_va(image, h, ml_le64(event + EVENT_FIELDS), field,
			    sizeof(field)))
		return false;
	va = ml_le64(field + 8);
	return !va || (va >= KERNEL && ml_hyp_read_va(image, h, va, &name, 1) &&
		       name > ' ' && name < 0x7f);
}

/* Is it at phys? */
static bool hyp_is_remote(struct memlog_image *image, struct hyp *h,
			  uint64_t table, uint64_t phys)
{
	uint8_t b[REMOTE], d[8];

	if (!ml_hyp_read(image, phys, b, sizeof(b)))
		return false;
	h->table = ml_le64(b + REMOTE_EVENTS);
	h->buffer = ml_le64(b + REMOTE_BUFFER);
	h->desc = ml_le64(b + REMOTE_DESC);
	if (h->table < KERNEL || (h->table ^ table) % ML_PAGE ||
	    ml_le64(b + REMOTE_N_EVENTS) != h->n_events || h->desc < KERNEL ||
	    h->desc % 8)
		return false;
	h->direct = h->remote - phys;
	h->image = h->table - table;
	return hyp_image_fits(image, h, table) &&
	       ml_hyp_read_va(image, h, h->desc, d, sizeof(d)) && ml_le32(d) &&
	       ml_le32(d) <= ML_HYP_CPUS;
}

static bool hyp_find_remote(struct memlog_logs *logs,
			    struct memlog_image *image, struct hyp *h,
			    uint64_t table)
{
	uint64_t addr = 0, at, off = h->remote % STEP;
	struct memlog_range r;

	while (!memlog_image_next_range(image, MEMLOG_PHYS, addr, &r, NULL)) {
		at = r.start - r.start % STEP + off;
		if (at < r.start)
			at += STEP;
		/* a range counts too */
		if (logs->places++ >= ML_HYP_PLACES)
			return false;
		for (; at >= r.start && at < r.end; at += STEP) {
			if (logs->places++ >= ML_HYP_PLACES)
				return false;
			if (hyp_is_remote(image, h, table, at))
				return true;
		}
		addr = r.end;
	}
	return false;
}

/* ---- the descriptor ----------------------------------------------------- */

/* The index-th CPU's part is at entry; moves on to the next. */
static bool hyp_cpu_load(struct memlog_image *image, struct hyp *h,
			 uint64_t *entry, struct hyp_cpu *ret)
{
	uint8_t b[CPU_HEADER], meta[HYP_META];

	if (!ml_hyp_read_va(image, h, *entry, b, sizeof(b)))
		return false;
	ret->cpu = (int32_t)ml_le32(b);
	ret->pages = ml_le32(b + CPU_PAGES);
	ret->meta_va = ml_le64(b + CPU_META);
	ret->entry = *entry;
	if (ret->cpu < 0 || ret->pages < 2 || ret->pages > ML_HYP_PAGES ||
	    ret->meta_va < KERNEL || ret->meta_va % ML_PAGE ||
	    !ml_hyp_read_va(image, h, ret->meta_va, meta, sizeof(meta)) ||
	    !ml_hyp_meta_load(meta, &ret->meta) ||
	    (ret->meta.pages && ret->meta.pages != ret->pages) ||
	    ret->meta.reader >= ret->pages ||
	    (h->page_size && h->page_size != ret->meta.page_size))
		return false;
	h->page_size = ret->meta.page_size;
	return ml_add(*entry, CPU_HEADER + 8 * (uint64_t)ret->pages, entry);
}

/* The nodes of all CPUs follow each other; each points to its page, at the
 * address where the hypervisor has it. */
static void hyp_nodes(struct memlog_image *image, const struct hyp *h,
		      struct hyp_cpu *cpu, uint64_t nodes)
{
	uint8_t node[HYP_NODE], page[8];

	if (!ml_hyp_read(image, nodes, node, sizeof(node)) ||
	    !ml_hyp_read_va(image, h, cpu->entry + CPU_HEADER, page,
			    sizeof(page)))
		return;
	cpu->nodes = nodes;
	cpu->shift = ml_le64(node + 16) - ml_le64(page);
}

/* Before the descriptor of a hypervisor; what other remotes have there is not an
 * address and a matching size. */
static uint64_t hyp_backing(struct memlog_image *image, const struct hyp *h,
			    const struct hyp_cpu *cpus, size_t n)
{
	uint8_t b[DESC_NODES];
	uint64_t need = 0, va;
	size_t i;

	for (i = 0; i < n; i++)
		need += (uint64_t)cpus[i].pages * HYP_NODE;
	if (h->desc % ML_PAGE != DESC_NODES ||
	    !ml_hyp_read_va(image, h, h->desc - DESC_NODES, b, sizeof(b)))
		return 0;
	va = ml_le64(b);
	if (va < KERNEL || va % 8 || ml_le64(b + 8) < need)
		return 0;
	return ml_hyp_phys(h, va);
}

static enum memlog_status hyp_add_cpus(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       struct hyp_cpu *cpus, size_t n,
				       struct memlog_err *err)
{
	struct hyp *h = ml_hyp(log);
	uint64_t nodes = hyp_backing(image, h, cpus, n);
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	h->backing = nodes;
	for (i = 0; i < n && nodes; i++) {
		hyp_nodes(image, h, &cpus[i], nodes);
		nodes += (uint64_t)cpus[i].pages * HYP_NODE;
	}
	ml_hyp_rb_find(logs, log, image, cpus, n);
	for (i = 0; i < n && !s; i++)
		s = ml_hyp_cpu_add(logs, log, image, &cpus[i], err);
	return s;
}

static enum memlog_status hyp_add_desc(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       struct memlog_err *err)
{
	struct hyp *h = ml_hyp(log);
	uint64_t from = h->desc % ML_PAGE == DESC_NODES ? h->desc - DESC_NODES :
							  h->desc;
	struct memlog_extent e = { .addr = ml_hyp_phys(h, from),
				   .cpu = -1,
				   .role = HYP_ROLE_DESC };
	struct memlog_extent remote = { .addr = ml_hyp_phys(h, h->remote),
					.len = REMOTE,
					.cpu = -1,
					.role = HYP_ROLE_REMOTE };
	uint64_t entry = h->desc + DESC_CPU;
	enum memlog_status s = MEMLOG_OK;
	struct hyp_cpu *cpus;
	uint8_t b[4];
	uint32_t n;

	if (!ml_hyp_read_va(image, h, h->desc, b, sizeof(b)) ||
	    ml_le32(b) > ML_HYP_CPUS)
		return ml_fail(err, MEMLOG_NOT_MINE, "its descriptor is gone");
	cpus = ml_calloc(&image->alloc, ml_le32(b) + 1, sizeof(*cpus));
	if (!cpus)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u CPUs",
			       ml_le32(b));
	for (n = 0; n < ml_le32(b); n++)
		if (!hyp_cpu_load(image, h, &entry, &cpus[n]) ||
		    (n && cpus[n].cpu <= cpus[n - 1].cpu))
			break;
	h->n_cpus = n;
	if (n < ml_le32(b))
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
	e.len = entry - from;
	if (!n)
		s = ml_fail(err, MEMLOG_NOT_MINE,
			    "its descriptor leads to no meta page");
	else
		s = ml_log_add_extent(logs, log, &remote, err);
	if (!s)
		s = ml_log_add_extent(logs, log, &e, err);
	if (!s)
		s = hyp_add_cpus(logs, log, image, cpus, n, err);
	ml_free(&image->alloc, cpus);
	return s;
}

/* ---- the rest of the kernel --------------------------------------------- */

static enum memlog_status hyp_add_kernel(struct memlog_logs *logs,
					 struct ml_log *log,
					 struct memlog_image *image,
					 struct memlog_err *err)
{
	struct hyp_kernel k = { .image = image, .h = ml_hyp(log) };
	struct memlog_extent e = { .len = ML_PAGE,
				   .cpu = -1,
				   .role = HYP_ROLE_KERNEL };
	enum memlog_status s = MEMLOG_OK;
	struct hyp_type type;
	uint32_t i;
	size_t n;

	for (i = 0; i < k.h->n_events; i++)
		ml_hyp_type_load(&k, i, &type);
	for (n = 0; n < k.n && !s; n++) {
		e.addr = k.page[n];
		s = ml_log_add_extent(logs, log, &e, err);
	}
	return s;
}

/* A table of names of HYP_REASON bytes each that begins with these two, near
 * the name of the first field's type, another constant of the kernel. */
static enum memlog_status hyp_add_reasons(struct memlog_logs *logs,
					  struct ml_log *log,
					  struct memlog_image *image,
					  struct memlog_err *err)
{
	static const char first[2 * HYP_REASON] = "smc\0\0\0\0\0\0\0\0\0hvc";
	struct memlog_extent e = { .len = (uint64_t)HYP_REASON * HYP_REASONS,
				   .cpu = -1,
				   .role = HYP_ROLE_REASONS };
	const struct hyp *h = ml_hyp(log);
	uint8_t *page, b[8];
	uint64_t at, off;
	const uint8_t *p;

	if (!ml_hyp_read_va(image, h, h->table + EVENT_FIELDS, b, 8) ||
	    !ml_hyp_read_va(image, h, ml_le64(b), b, 8))
		return MEMLOG_OK;
	at = ml_hyp_phys(h, ml_le64(b));
	at = (at - ml_min(at, ML_HYP_NEAR / 2)) & -(uint64_t)ML_PAGE;
	page = ml_calloc(&image->alloc, 2, ML_PAGE);
	if (!page)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	/* two pages at a time: it may cross from one to the next */
	for (off = 0, p = NULL; off < ML_HYP_NEAR && !p; off += ML_PAGE) {
		size_t got = 0;

		if (logs->around >= ML_MAX_AROUND)
			break;
		logs->around += ML_PAGE;
		if (!ml_image_fill(image, MEMLOG_PHYS, at + off, page,
				   2 * ML_PAGE, &got, NULL))
			p = memmem(page, got, first, sizeof(first));
		if (p)
			e.addr = at + off + (uint64_t)(p - page);
	}
	ml_free(&image->alloc, page);
	return p ? ml_log_add_extent(logs, log, &e, err) : MEMLOG_OK;
}

static void hyp_describe(struct ml_log *log, struct memlog_image *image)
{
	struct hyp *h = ml_hyp(log);
	const char *s;
	size_t len;

	h->release = ml_vmcoreinfo_release(image);
	s = ml_vmcoreinfo(image, "OSRELEASE", &len);
	if (s)
		snprintf(log->pub.version, sizeof(log->pub.version),
			 "Linux %.*s", (int)ml_min(len, 100), s);
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "%u CPUs, pages of %u bytes", h->n_cpus, h->page_size);
}

enum memlog_status ml_hyp_expand(struct memlog_logs *logs, struct ml_log *log,
				 struct memlog_image *image,
				 struct memlog_err *err)
{
	uint64_t table = log->extents[0].addr;
	enum memlog_status s;

	if (log->extents[0].space != MEMLOG_PHYS ||
	    !hyp_find_remote(logs, image, ml_hyp(log), table))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "its remote is nowhere in memory");
	s = hyp_add_desc(logs, log, image, err);
	if (!s)
		s = hyp_add_kernel(logs, log, image, err);
	if (!s && log->pub.variant[0])
		s = hyp_add_reasons(logs, log, image, err);
	if (!s)
		hyp_describe(log, image);
	return s;
}
