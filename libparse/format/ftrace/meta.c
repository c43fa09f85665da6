/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* meta.c - headers of a persistent ring buffer: of the region, of a CPU. */
#include "ftrace.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

#define MAGIC 0x0badfeedu

/* of the region: the magic; sizes of the two headers; bytes in all; where the first
 * CPU's header is */
enum { REGION_SIZES = 4, REGION_TOTAL = 8, REGION_CPUS = 16 };

/* of a CPU */
enum {
	CPU_FIRST,
	CPU_HEAD = 8,
	CPU_COMMIT = 16,
	CPU_SIZE = 24,
	CPU_PAGES = 28
};

/* what 6.12 has before that: the magic, the size, two addresses of the kernel */
enum { OLD_CPU = 24, OLD_TEXT = 8 };

/* after the region's header: later versions have the clock first */
enum { SCRATCH_TEXT = FTRACE_HEADER, SCRATCH_CLOCK_TEXT = FTRACE_HEADER + 8 };

#define KERNEL (UINT64_C(1) << 63)

/* The kernel's clocks: there are ten. */
#define CLOCKS 32u

static bool meta_is_size(uint32_t v)
{
	return ml_is_pow2(v) && v >= ML_PAGE && v <= ML_FTRACE_PAGE;
}

bool ml_ftrace_glance(const uint8_t *p, size_t len)
{
	uint32_t sizes = ml_le32(p + REGION_SIZES);

	if (len < FTRACE_HEADER || ml_le32(p) != MAGIC)
		return false;
	if (sizes == FTRACE_OLD)
		return len < FTRACE_OLD ||
		       (meta_is_size(ml_le32(p + 48)) && ml_le64(p + OLD_CPU));
	return sizes >> 16 == FTRACE_HEADER && (sizes & 0xffff) >= 32 &&
	       (sizes & 0xffff) <= FTRACE_META_MAX && !(sizes & 7) &&
	       ml_le64(p + REGION_CPUS) >= FTRACE_HEADER &&
	       ml_le64(p + REGION_CPUS) % 8 == 0 &&
	       ml_le64(p + REGION_CPUS) < ml_le64(p + REGION_TOTAL);
}

/* Where the kernel was, and its clock. */
static void meta_scratch(struct ftrace *f, const uint8_t *p)
{
	uint64_t first = ml_le64(p + SCRATCH_TEXT);

	f->scratch = SCRATCH_TEXT;
	if (first >= KERNEL) {
		f->text = first;
	} else if (ml_le32(p + SCRATCH_TEXT) < CLOCKS &&
		   ml_le64(p + SCRATCH_CLOCK_TEXT) >= KERNEL) {
		f->text = ml_le64(p + SCRATCH_CLOCK_TEXT);
		f->clock = (int32_t)ml_le32(p + SCRATCH_TEXT);
		f->scratch = SCRATCH_CLOCK_TEXT;
	}
}

/* Can it be a struct array_buffer? It begins with pointers to its trace array and its
 * buffer. */
static bool meta_is_holder(const struct ml_probe *p)
{
	uint64_t array = ml_le64(p->bytes), buffer = ml_le64(p->bytes + 8);

	return (p->hint || p->at) && p->space == MEMLOG_PHYS &&
	       array >= KERNEL && buffer >= KERNEL && array % 8 == 0 &&
	       buffer % 8 == 0;
}

static enum memlog_status meta_holder(struct ml_log *log, struct ml_found *ret)
{
	struct ftrace *f = ml_ftrace(log);

	f->clock = -1;
	f->ordinary = true;
	ret->extent.role = FTRACE_ROLE_REGION;
	ret->extent.len = FTRACE_HOLDER;
	log->pub.flags = MEMLOG_LOG_TELLS_ALL | MEMLOG_LOG_EMPTY;
	return MEMLOG_OK;
}

enum memlog_status ml_ftrace_probe(const struct ml_probe *p, struct ml_log *log,
				   struct ml_found *ret, struct memlog_err *err)
{
	struct ftrace *f = ml_ftrace(log);

	if (meta_is_holder(p))
		return meta_holder(log, ret);
	if (!ml_ftrace_glance(p->bytes, p->len))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not the header of a persistent ring buffer");
	f->clock = -1;
	f->old = ml_le32(p->bytes + REGION_SIZES) == FTRACE_OLD;
	f->start = f->cpus = p->addr;
	f->end = UINT64_MAX;
	ret->extent.role = FTRACE_ROLE_REGION;
	ret->extent.len = FTRACE_HEADER;
	log->pub.flags = MEMLOG_LOG_TELLS_ALL | MEMLOG_LOG_EMPTY;
	if (f->old) {
		f->cpu_header = FTRACE_OLD;
		f->text = ml_le64(p->bytes + OLD_TEXT);
		return MEMLOG_OK;
	}
	f->cpu_header = ml_le32(p->bytes + REGION_SIZES) & 0xffff;
	if (!ml_add(p->addr, ml_le64(p->bytes + REGION_TOTAL), &f->end) ||
	    !ml_add(p->addr, ml_le64(p->bytes + REGION_CPUS), &f->cpus))
		return ml_fail(
			err, MEMLOG_NOT_MINE,
			"a persistent ring buffer of %llu bytes",
			(unsigned long long)ml_le64(p->bytes + REGION_TOTAL));
	if (f->cpus - f->start >= FTRACE_HEADER + FTRACE_SCRATCH &&
	    p->len >= FTRACE_HEADER + FTRACE_SCRATCH) {
		meta_scratch(f, p->bytes);
		if (ml_le64(p->bytes + SCRATCH_TEXT) == FTRACE_CAPTURED)
			snprintf(log->pub.variant, sizeof(log->pub.variant),
				 "captured");
		ret->extent.len =
			ml_min(f->cpus - f->start, FTRACE_SCRATCH_MAX);
	}
	return MEMLOG_OK;
}

/* Is it a sub-buffer of this CPU, or none? */
static bool meta_holds(const struct ftrace_cpu_meta *m, uint64_t va)
{
	return !va || (va >= m->first && (va - m->first) % m->page_size == 0 &&
		       (va - m->first) / m->page_size < m->n);
}

bool ml_ftrace_meta_load(const uint8_t *p, bool old, uint32_t header,
			 uint64_t addr, struct ftrace_cpu_meta *ret)
{
	uint64_t size, from;

	if (old &&
	    (ml_le32(p) != MAGIC || ml_le32(p + REGION_SIZES) != FTRACE_OLD))
		return false;
	if (old)
		p += OLD_CPU;
	ret->addr = addr;
	ret->first = ml_le64(p + CPU_FIRST);
	ret->head = ml_le64(p + CPU_HEAD);
	ret->commit = ml_le64(p + CPU_COMMIT);
	ret->page_size = ml_le32(p + CPU_SIZE);
	ret->n = ml_le32(p + CPU_PAGES);
	if (!meta_is_size(ret->page_size) || ret->n < 2 ||
	    ret->n > ML_FTRACE_PAGES || !ret->first || ret->first % ML_PAGE ||
	    !meta_holds(ret, ret->head) || !meta_holds(ret, ret->commit) ||
	    !ret->head != !ret->commit)
		return false;
	/* the pages are aligned, as in the kernel's own addresses */
	size = (uint64_t)ret->n * ret->page_size;
	if (!ml_add(addr, header + 4 * (uint64_t)ret->n, &from) ||
	    !ml_add(from, ret->page_size - 1, &ret->data))
		return false;
	ret->data &= -(uint64_t)ret->page_size;
	return ml_add(ret->data, size, &ret->end);
}
