/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel.c - search memory for the kernel's description of where it is. */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/acpi.h"
#include "image/hostmap.h"
#include "image/vmcoreinfo.h"
#include "job.h"

/* Pages that are peeked at together. */
enum { PEEKS = 256 };

/* Some bytes of every page. */
struct kernel_search {
	struct ml_scan_job *job;
	const struct memlog_symbols *symbols; /* NULL: of any kernel */
	size_t off, len;
	char banner[ML_BANNER];
	/* true: it is found */
	bool (*look)(struct kernel_search *k, uint64_t page, const uint8_t *p);
	bool found;
};

static bool kernel_look(struct kernel_search *k, uint64_t page,
			const uint8_t *p)
{
	return ml_vmcoreinfo_take(k->job->image, k->symbols, page, p);
}

/* Where the kernel's first message would be. */
static bool kernel_look_banner(struct kernel_search *k, uint64_t page,
			       const uint8_t *p)
{
	return !memcmp(p, k->banner, k->len) &&
	       ml_vmcoreinfo_make(k->job->image, k->symbols, page + k->off);
}

static bool kernel_page(struct kernel_search *k, uint64_t page)
{
	uint8_t b[MEMLOG_PEEK];
	size_t got;

	return !ml_image_fill(k->job->image, MEMLOG_PHYS, page + k->off, b,
			      k->len, &got, NULL) &&
	       got == k->len && k->look(k, page, b);
}

/* Bytes of a window, from the start of each page: many at once. */
static bool kernel_peek(struct kernel_search *k, const struct ml_space *sp,
			struct memlog_range r)
{
	uint8_t b[PEEKS * MEMLOG_PEEK];
	size_t n, i;
	uint64_t at;

	for (at = r.start; at < r.end && !k->found; at += n * ML_PAGE) {
		n = (size_t)ml_min(PEEKS, (r.end - at + ML_PAGE - 1) / ML_PAGE);
		if (sp->ops->peek(sp->self, at, n, b, NULL))
			return false;
		for (i = 0; i < n && !k->found; i++)
			k->found = k->look(k, at + i * ML_PAGE,
					   b + i * MEMLOG_PEEK);
		if (r.end - at <= n * ML_PAGE)
			break;
	}
	return true;
}

/* All pages of a window; those of which a part is not mapped are read. */
static void kernel_window(struct kernel_search *k, struct memlog_range r)
{
	const struct ml_space *sp = &k->job->image->spaces[MEMLOG_PHYS];
	const uint8_t *p = NULL;
	size_t got = 0;
	uint64_t at;

	if (sp->ops->map &&
	    sp->ops->map(sp->self, r.start, (size_t)(r.end - r.start), &p, &got,
			 NULL))
		got = 0;
	if (!got && sp->ops->peek && !k->off && kernel_peek(k, sp, r))
		return;
	for (at = r.start; at < r.end && !k->found; at += ML_PAGE) {
		k->found = at - r.start + k->off + k->len <= got ?
				   k->look(k, at, p + (at - r.start) + k->off) :
				   kernel_page(k, at);
		if (r.end - at <= ML_PAGE)
			break;
	}
}

static enum memlog_status kernel_search(struct kernel_search *k,
					struct memlog_err *err)
{
	struct ml_scan_job *job = k->job;
	struct memlog_range r, w;
	enum memlog_status s;
	uint64_t at;

	for (at = 0; !k->found; at = w.end) {
		s = memlog_image_next_data(job->image, MEMLOG_PHYS, at, &r,
					   err);
		if (s == MEMLOG_STOP || s == MEMLOG_NO_MEMORY)
			return s;
		w.start = (r.start + ML_PAGE - 1) & -(uint64_t)ML_PAGE;
		if (s || w.start < r.start)
			return MEMLOG_OK;
		w.end = w.start +
			ml_min(ml_max(r.end, w.start) - w.start,
			       job->image->spaces[MEMLOG_PHYS].ops->map ?
				       ML_SCAN_MAP_WINDOW :
				       ML_SCAN_WINDOW);
		kernel_window(k, w);
		if (job->opts->progress &&
		    job->opts->progress(job->opts->progress_arg,
					ml_min(job->done, job->all), job->all))
			return ml_fail(err, MEMLOG_STOP, "stopped");
	}
	return MEMLOG_OK;
}

/* Is it worth it before anything was found? */
static bool kernel_expected(const struct ml_scan_job *job)
{
	const struct memlog_symbols *s = &job->symbols;
	const struct memlog_image *image = job->image;
	uint64_t va;

	return image->n_order &&
	       !(image->spaces[image->order[0]].ops->flags &
		 MEMLOG_READER_SLOW) &&
	       s->addr && !s->addr(s->self, "init_uts_ns", &va);
}

/* In physical memory: its note, by its symbols, or the note of another kernel. */
static enum memlog_status kernel_in_memory(struct ml_scan_job *job, bool *ret,
					   struct memlog_err *err)
{
	struct kernel_search k = { .job = job,
				   .symbols = job->logs->symbols,
				   .len = ML_VMCOREINFO_PEEK,
				   .look = kernel_look };
	enum memlog_status s = kernel_search(&k, err);
	uint64_t va;

	if (!s && !k.found && k.symbols &&
	    ml_vmcoreinfo_banner(k.symbols, k.banner, &va)) {
		k.look = kernel_look_banner;
		k.off = va % ML_PAGE;
		k.len = MEMLOG_PEEK;
		s = kernel_search(&k, err);
	}
	if (!s && !k.found && k.symbols) {
		k.symbols = NULL;
		k.look = kernel_look;
		k.off = 0;
		k.len = ML_VMCOREINFO_PEEK;
		s = kernel_search(&k, err);
	}
	*ret = k.found;
	return s;
}

/* In memory of a process, at guest physical addresses that confirm confirms. */
static enum memlog_status kernel_in_process(
	struct ml_scan_job *job,
	enum memlog_status (*confirm)(struct ml_scan_job *job, bool *ret,
				      struct memlog_err *err),
	struct memlog_err *err)
{
	enum memlog_status s;
	bool found = false;
	int i;

	for (i = 0; i < ML_HOSTMAPS && !found; i++) {
		s = ml_hostmap_assume(job->image, i, err);
		if (s == MEMLOG_NO_DATA)
			continue;
		if (s)
			return s;
		s = confirm(job, &found, err);
		if (s || !found)
			ml_hostmap_drop(job->image);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

static bool kernel_look_acpi(struct kernel_search *k, uint64_t page,
			     const uint8_t *p)
{
	(void)page;
	return ml_acpi_confirms(k->job->image, p);
}

/* The pointer to the ACPI tables, at the start of a page or where a BIOS keeps it. */
static enum memlog_status kernel_find_acpi(struct ml_scan_job *job, bool *ret,
					   struct memlog_err *err)
{
	struct kernel_search k = { .job = job,
				   .len = ML_ACPI_POINTER,
				   .look = kernel_look_acpi };
	enum memlog_status s = MEMLOG_OK;

	k.found = ml_acpi_in_bios(job->image);
	if (!k.found)
		s = kernel_search(&k, err);
	*ret = k.found;
	return s;
}

enum memlog_status ml_scan_guest_phys(struct memlog_image *image,
				      const struct memlog_scan_opts *opts,
				      struct memlog_err *err)
{
	struct ml_scan_job job;
	enum memlog_status s;
	unsigned int flags;

	if (memlog_image_has_space(image, MEMLOG_PHYS) ||
	    !memlog_image_has_space(image, MEMLOG_HOST))
		return MEMLOG_OK;
	flags = image->spaces[MEMLOG_HOST].ops->flags;
	if ((flags & MEMLOG_READER_SLOW) && !(flags & MEMLOG_READER_PEEK))
		return MEMLOG_OK;
	s = ml_scan_job_init(&job, image, opts, err);
	if (s)
		return s;
	s = kernel_in_process(&job, kernel_find_acpi, err);
	if (!s && !memlog_image_has_space(image, MEMLOG_PHYS))
		s = kernel_in_process(&job, kernel_in_memory, err);
	ml_scan_job_fini(&job);
	memlog_logs_destroy(job.logs);
	return s;
}

enum memlog_status ml_scan_kernel(struct ml_scan_job *job,
				  const struct ml_format *fmt,
				  unsigned int when, struct memlog_err *err)
{
	struct memlog_image *image = job->image;
	bool phys = memlog_image_has_space(image, MEMLOG_PHYS), found;
	size_t len;

	if (!(fmt->find.kernel & when) || job->kernel ||
	    (when == ML_KERNEL_LOCATE && !kernel_expected(job)))
		return MEMLOG_OK;
	job->kernel = true;
	if (phys && !ml_vmcoreinfo(image, "OSRELEASE", &len))
		return kernel_in_memory(job, &found, err);
	if (!phys && memlog_image_has_space(image, MEMLOG_HOST))
		return kernel_in_process(job, kernel_in_memory, err);
	return MEMLOG_OK;
}
