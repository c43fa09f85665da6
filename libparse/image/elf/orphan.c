/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * orphan.c - memory in an ELF dump that no program header covers.
 *
 * QEMU's dump-guest-memory with paging=true writes all of the guest's memory,
 * but program headers only for memory that a CPU had mapped, and truncates
 * those at the end of the first block of memory. The rest is in the file all
 * the same. It is added as MEMLOG_FILE: all parts of the file, at least a page
 * long, that are not part of a header, section, note or load.
 *
 * QEMU writes blocks of memory in the order of their guest addresses, one after
 * the other. So (address - offset) never decreases towards the end of the file,
 * and the guest address of an orphan byte is known
 *  - between two loads with the same difference, and
 *  - after a load whose p_memsz exceeds its p_filesz by exactly the number of
 *    bytes up to the next load, section or the end of the file, unless a CPU's
 *    page tables are there and disagree (orphan_tables.c).
 * Elsewhere it is unknown, as it is everywhere in a file whose loads are not in
 * this order.
 */
#include "elf.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "base/range.h"
#include "base/sort.h"
#include "image/bytes/bulk.h"
#include "image/bytes/empty.h"

/* A load whose bytes are in the file. */
struct anchor {
	uint64_t off, addr, filesz, memsz, vaddr;
};

/* The address of the first byte of an orphan range, and the virtual one.
 * by_size: from the size of the load before it, which the page tables may
 * contradict. */
struct place {
	bool known, by_size;
	uint64_t addr, vaddr;
};

struct orphans {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	enum memlog_space space; /* of the loads */
	struct memlog_range *ranges;
	struct place *places; /* one for each range */
	size_t n;
	uint32_t bias;
	struct ml_empty empty; /* for next_data, in bytes */
};

/* ---- the parts of the file ---------------------------------------------- */

static void elf_orphan_claim(struct memlog_range *r, size_t *n, uint64_t off,
			     uint64_t len, uint64_t file_size)
{
	if (off >= file_size)
		return;
	r[*n].start = off;
	r[*n].end = off + ml_min(len, file_size - off);
	(*n)++;
}

/* The merged ranges of the file that are headers, sections, notes and loads;
 * *ret has room for one more. The caller frees it. */
static enum memlog_status
elf_orphan_claimed(const struct memlog_image *image, const struct ml_elf *elf,
		   const struct ml_file *file, struct memlog_range **ret,
		   size_t *ret_n, struct memlog_err *err)
{
	const struct ml_ehdr *e = &elf->ehdr;
	size_t i, n = 0, cap = elf->n_phdrs + e->shnum + 4;
	struct memlog_range *r;
	enum memlog_status status;
	struct ml_shdr s;

	status = ml_bulk_alloc(image, cap, sizeof(*r), &r, err);
	if (status)
		return status;
	elf_orphan_claim(r, &n, 0, e->is64 ? 64 : 52, file->size);
	elf_orphan_claim(r, &n, e->phoff, elf->n_phdrs * ml_ehdr_phdr_size(e),
			 file->size);
	if (e->shoff)
		elf_orphan_claim(r, &n, e->shoff,
				 ml_max(e->shnum, 1) * ml_ehdr_shdr_size(e),
				 file->size);
	for (i = 0; e->shoff && i < e->shnum; i++)
		if (ml_elf_shdr(elf, file, (uint32_t)i, &s) && s.type &&
		    s.type != 8 /* SHT_NOBITS */)
			elf_orphan_claim(r, &n, s.offset, s.size, file->size);
	for (i = 0; i < elf->n_phdrs; i++)
		elf_orphan_claim(r, &n, elf->phdrs[i].offset,
				 elf->phdrs[i].filesz, file->size);
	*ret_n = ml_ranges_merge(r, n);
	*ret = r;
	return MEMLOG_OK;
}

/* Replace n claimed ranges by the gaps of at least a page between them; r has
 * room for n + 1. Returns their number. */
static size_t elf_orphan_gaps(struct memlog_range *r, size_t n,
			      uint64_t file_size)
{
	uint64_t from = 0;
	size_t i, out = 0;

	for (i = 0; i <= n; i++) {
		struct memlog_range gap = { from, file_size };

		if (i < n) {
			gap.end = r[i].start;
			from = r[i].end;
		}
		if (gap.end > gap.start && gap.end - gap.start >= ML_PAGE)
			r[out++] = gap;
	}
	return out;
}

/* ---- their guest addresses ---------------------------------------------- */

static bool in_order(const struct anchor *a, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (a[i].addr < a[i - 1].addr ||
		    a[i].addr - a[i - 1].addr < a[i].off - a[i - 1].off)
			return false;
	return true;
}

static struct place elf_orphan_locate(const struct anchor *a, size_t n,
				      const struct memlog_range *r)
{
	struct place none = { 0 }, ret = { .known = true };
	size_t lo = 0, hi = n;
	uint64_t end;

	while (lo < hi) { /* the first load after the range */
		size_t mid = lo + (hi - lo) / 2;

		if (a[mid].off < r->end)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return none;
	a += lo - 1;
	if (!ml_add(a->addr, r->start - a->off, &ret.addr))
		return none;
	ret.vaddr = a->vaddr + (r->start - a->off);
	if (lo < n && a[1].addr - a[1].off == a->addr - a->off)
		return ret;
	if (a->off + a->filesz == r->start && ml_add(a->off, a->memsz, &end) &&
	    end == r->end) {
		ret.by_size = true;
		return ret;
	}
	return none;
}

/* How many bytes of [start, end) do program headers cover? */
static uint64_t elf_orphan_promised(const struct memlog_range *p, size_t n,
				    uint64_t start, uint64_t end)
{
	struct memlog_range want = { start, end }, both;
	uint64_t sum = 0;
	size_t i;

	for (i = ml_ranges_find(p, n, start); i < n; i++) {
		if (!ml_range_intersect(p[i], want, &both))
			break;
		sum += both.end - both.start;
	}
	return sum;
}

static bool tables_agree(const struct orphans *o, struct memlog_image *image,
			 struct ml_orphan_roots *roots, size_t i)
{
	struct ml_orphan_place at = {
		.off = o->ranges[i].start,
		.len = o->ranges[i].end - o->ranges[i].start,
		.addr = o->places[i].addr,
		.vaddr = o->places[i].vaddr,
	};

	return ml_orphan_tables_agree(roots, image, o->file, &at);
}

/* The loads whose bytes are in the file, by offset, and the merged memory of all; both have
 * room for one of each header. Returns the number of the first. */
static size_t elf_orphan_anchors(const struct orphans *o,
				 const struct ml_elf *elf, struct anchor *a,
				 struct memlog_range *p, size_t *ret_n_p)
{
	uint64_t file_size = o->file->size;
	size_t i, n = 0, n_p = 0;

	for (i = 0; i < elf->n_phdrs; i++) {
		const struct ml_phdr *h = &elf->phdrs[i];
		uint64_t addr = o->space == MEMLOG_VIRT ? h->vaddr : h->paddr;

		if (h->type != ML_PT_LOAD)
			continue;
		p[n_p].start = addr;
		p[n_p++].end = addr + ml_min(h->memsz, UINT64_MAX - addr);
		if (h->filesz && h->offset < file_size &&
		    h->filesz <= file_size - h->offset)
			a[n++] = (struct anchor){ h->offset, addr, h->filesz,
						  h->memsz, h->vaddr };
	}
	*ret_n_p = ml_ranges_merge(p, n_p);
	ml_sort(a, n, sizeof(*a), offsetof(struct anchor, off),
		offsetof(struct anchor, memsz));
	return n;
}

static enum memlog_status locate_all(struct orphans *o,
				     struct memlog_image *image,
				     const struct ml_elf *elf,
				     struct memlog_err *err)
{
	struct ml_orphan_roots roots = { 0 };
	struct memlog_range *p = NULL;
	struct anchor *a = NULL;
	size_t i, n, n_p;
	uint64_t found = 0, len, left;
	enum memlog_status s;
	bool sorted;

	s = ml_bulk_alloc(image, o->n, sizeof(*o->places), &o->places, err);
	if (!s)
		s = ml_bulk_alloc(image, elf->n_phdrs, sizeof(*p), &p, err);
	if (!s)
		s = ml_bulk_alloc(image, elf->n_phdrs, sizeof(*a), &a, err);
	if (!s)
		s = ml_orphan_roots_init(&roots, image, elf, err);
	if (s) {
		ml_bulk_free(p);
		ml_bulk_free(a);
		return s;
	}
	n = elf_orphan_anchors(o, elf, a, p, &n_p);
	sorted = in_order(a, n);
	/* pages are aligned as in the loads, else to the first orphan */
	o->bias = (uint32_t)((n ? a[0].off - a[0].addr : o->ranges[0].start) %
			     ML_PAGE);
	for (i = 0; sorted && i < o->n; i++) {
		o->places[i] = elf_orphan_locate(a, n, &o->ranges[i]);
		len = o->ranges[i].end - o->ranges[i].start;
		if (o->places[i].by_size && !tables_agree(o, image, &roots, i))
			o->places[i].known = false;
		if (o->places[i].known)
			found += elf_orphan_promised(p, n_p, o->places[i].addr,
						     o->places[i].addr + len);
	}
	left = ml_min(found, image->left_out);
	image->left_out -= left;
	image->missing -= ml_min(found - left, image->missing);
	ml_orphan_roots_fini(&roots);
	ml_bulk_free(p);
	ml_bulk_free(a);
	return MEMLOG_OK;
}

/* ---- the reader --------------------------------------------------------- */

/* The range that contains off, or the first after it; n if there is none. */
static size_t elf_orphan_find(const struct orphans *o, uint64_t off)
{
	return ml_ranges_find(o->ranges, o->n, off);
}

static enum memlog_status elf_orphan_inside(const struct orphans *o,
					    uint64_t off, size_t *ret_i,
					    struct memlog_err *err)
{
	*ret_i = elf_orphan_find(o, off);
	if (*ret_i < o->n && o->ranges[*ret_i].start <= off)
		return MEMLOG_OK;
	return ml_fail_at(err, MEMLOG_NO_DATA, off,
			  "offset 0x%" PRIx64 " is not memory without a header",
			  off);
}

static enum memlog_status orphan_read(void *self, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct orphans *o = self;
	enum memlog_status s;
	size_t i;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	s = elf_orphan_inside(o, off, &i, err);
	if (s)
		return s;
	return o->file->ops->read(o->file->self, off, buf,
				  ml_min(len, o->ranges[i].end - off), ret,
				  err);
}

static enum memlog_status orphan_map(void *self, uint64_t off, size_t len,
				     const uint8_t **ret_ptr, size_t *ret,
				     struct memlog_err *err)
{
	struct orphans *o = self;
	enum memlog_status s;
	size_t i;

	if (!o->file->ops->map)
		return MEMLOG_UNSUPPORTED;
	s = elf_orphan_inside(o, off, &i, err);
	if (s)
		return s;
	return o->file->ops->map(o->file->self, off,
				 ml_min(len, o->ranges[i].end - off), ret_ptr,
				 ret, err);
}

static enum memlog_status orphan_next_range(void *self, uint64_t off,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct orphans *o = self;

	(void)err;
	return ml_ranges_next(o->ranges, o->n, off, ret);
}

static enum memlog_status orphan_next_data(void *self, uint64_t off,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct orphans *o = self;
	struct memlog_range data;
	uint64_t at;
	enum memlog_status s;
	size_t i;

	for (at = off; (i = elf_orphan_find(o, at)) < o->n; at = data.start) {
		at = ml_max(at, o->ranges[i].start);
		data.start = ml_empty_skip(&o->empty, at);
		if (data.start > at)
			continue;
		s = ml_file_next_data(o->file, at, &data, err);
		if (s == MEMLOG_NO_DATA)
			break;
		if (s)
			return s;
		data.start = ml_max(data.start, at);
		if (ml_range_intersect(o->ranges[i], data, ret)) {
			ml_empty_add(&o->empty, off, ret->start);
			return MEMLOG_OK;
		}
	}
	ml_empty_add(&o->empty, off, UINT64_MAX);
	return MEMLOG_NO_DATA;
}

static enum memlog_status orphan_alias(void *self, uint64_t off,
				       enum memlog_space *ret_space,
				       uint64_t *ret_addr)
{
	struct orphans *o = self;
	size_t i;

	if (elf_orphan_inside(o, off, &i, NULL) || !o->places[i].known)
		return MEMLOG_NO_DATA;
	*ret_space = o->space;
	*ret_addr = o->places[i].addr + (off - o->ranges[i].start);
	return MEMLOG_OK;
}

static void orphan_close(void *self)
{
	struct orphans *o = self;
	struct memlog_allocator a = o->alloc;

	ml_bulk_free(o->ranges);
	ml_bulk_free(o->places);
	ml_free(&a, o);
}

static const struct memlog_reader_ops orphan_ops = {
	.size = sizeof(orphan_ops),
	.read = orphan_read,
	.next_range = orphan_next_range,
	.map = orphan_map,
	.alias = orphan_alias,
	.close = orphan_close,
	.next_data = orphan_next_data,
};

enum memlog_status ml_orphan_add(struct memlog_image *image,
				 const struct ml_elf *elf,
				 const struct ml_file *file,
				 enum memlog_space space,
				 struct memlog_err *err)
{
	struct orphans *o;
	enum memlog_status s;
	uint64_t bytes;
	size_t n = 0;

	if (file->size == UINT64_MAX)
		return MEMLOG_OK;
	o = ml_calloc(&image->alloc, 1, sizeof(*o));
	if (!o)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	o->alloc = image->alloc;
	o->file = file;
	o->space = space;
	s = elf_orphan_claimed(image, elf, file, &o->ranges, &n, err);
	if (!s) {
		o->n = elf_orphan_gaps(o->ranges, n, file->size);
		if (o->n)
			s = locate_all(o, image, elf, err);
	}
	if (s || !o->n) {
		orphan_close(o);
		return s;
	}
	bytes = ml_ranges_bytes(o->ranges, o->n);
	ml_image_warn_part(image,
			   "%" PRIu64 " byte%s of memory %s no program "
			   "header and %s searched by file offset",
			   bytes, ml_s(bytes), bytes == 1 ? "has" : "have",
			   ml_are(bytes));
	ml_image_add_space(image, MEMLOG_FILE, &orphan_ops, o, o->bias, true);
	return MEMLOG_OK;
}
