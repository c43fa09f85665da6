/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* region.c - from the header of a persistent ring buffer to all of its CPUs. */
#include "ftrace.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "collect.h"
#include "image/vmcoreinfo.h"

/* Is a CPU's header at addr, all of whose pages are in the region? */
static bool region_cpu(struct memlog_image *image, const struct ml_log *log,
		       uint64_t addr, struct ftrace_cpu_meta *ret)
{
	const struct ftrace *f = ml_ftrace_const(log);
	uint8_t b[FTRACE_META_MAX];
	size_t got;

	return addr < f->end &&
	       !ml_image_fill(image, log->extents[0].space, addr, b,
			      f->cpu_header, &got, NULL) &&
	       got == f->cpu_header &&
	       ml_ftrace_meta_load(b, f->old, f->cpu_header, addr, ret) &&
	       ret->end <= f->end;
}

/* The next CPU's header. A damaged one is skipped if those of its neighbours say
 * where the next must be: all have as many pages. */
static bool region_next(struct memlog_image *image, struct ml_log *log,
			struct ftrace_cpu_meta *m, int32_t *cpu)
{
	struct ftrace *f = ml_ftrace(log);
	struct ftrace_cpu_meta next;
	uint64_t size, at = m->end, header = f->cpu_header + 4ull * m->n;

	size = (header + m->page_size - 1) / m->page_size * m->page_size +
	       (uint64_t)m->n * m->page_size;
	++*cpu;
	if (region_cpu(image, log, at, &next)) {
		*m = next;
		return true;
	}
	if (f->old || !ml_add(at, size, &at) ||
	    !region_cpu(image, log, at, &next))
		return false;
	++*cpu;
	*m = next;
	log->pub.flags |= MEMLOG_LOG_DAMAGED;
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "the header of CPU %d is damaged", *cpu - 1);
	return true;
}

/* Did the kernel of this image write it? Symbols tell, or where both say that the
 * kernel was; in the older layout that is only somewhere in its text. */
static bool region_is_current(const struct ftrace *f,
			      const struct memlog_image *image, bool *ret)
{
	uint64_t stext, offset;

	/* without KASLR it is always at the same place */
	if (!f->text ||
	    (ml_vmcoreinfo_number(image, "KERNELOFFSET", &offset) && !offset))
		return false;
	if (f->kernel.events) {
		*ret = f->kernel.then == f->kernel.slide;
		return true;
	}
	if (f->old || !ml_vmcoreinfo_number(image, "SYMBOL(_stext)", &stext))
		return false;
	/* the text begins in the first 2 MiB of the image */
	*ret = stext >= f->text && stext - f->text < 1u << 21;
	return true;
}

static void region_state(struct ml_log *log, const struct memlog_image *image)
{
	struct memlog_log *pub = &log->pub;
	size_t n = strlen(pub->reason), size = sizeof(pub->reason) - n, len;
	bool current;
	const char *s;

	if (!region_is_current(ml_ftrace_const(log), image, &current))
		return;
	if (!current) {
		snprintf(pub->reason + n, size,
			 "%sthe kernel was at another address when it wrote it",
			 n ? "; " : "");
		return;
	}
	pub->state = MEMLOG_STATE_CURRENT;
	s = ml_vmcoreinfo(image, "OSRELEASE", &len);
	if (s)
		snprintf(pub->version, sizeof(pub->version), "Linux %.*s",
			 (int)ml_min(len, 100), s);
}

enum memlog_status ml_ftrace_expand(struct memlog_logs *logs,
				    struct ml_log *log,
				    struct memlog_image *image,
				    struct memlog_err *err)
{
	struct ftrace *f = ml_ftrace(log);
	struct ftrace_cpu_meta m;
	enum memlog_status s;
	uint32_t n = 0;
	int32_t cpu = 0;

	if (!region_cpu(image, log, f->cpus, &m))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "no header of a CPU at 0x%llx",
			       (unsigned long long)f->cpus);
	f->page_size = m.page_size;
	do {
		if (m.page_size != f->page_size)
			break;
		logs->pages += m.n;
		if (logs->pages > ML_FTRACE_LOOKED_AT) {
			log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
			break;
		}
		s = ml_ftrace_cpu_add(logs, log, image, &m, cpu, err);
		if (s)
			return s;
	} while (++n < ML_FTRACE_CPUS && region_next(image, log, &m, &cpu));
	if (!log->pub.variant[0])
		snprintf(log->pub.variant, sizeof(log->pub.variant),
			 "persistent");
	if (!log->pub.reason[0])
		snprintf(log->pub.reason, sizeof(log->pub.reason),
			 "%u CPU%s, pages of %u bytes", n, n == 1 ? "" : "s",
			 f->page_size);
	s = ml_ftrace_collect(logs, log, image, err);
	region_state(log, image);
	return s;
}
