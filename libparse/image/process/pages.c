/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - which pages of a process are in memory.
 *
 * /proc/PID/pagemap has 8 bytes per page: bit 63 present, bit 62 swapped (or
 * being migrated). Since Linux 6.7 the PAGEMAP_SCAN ioctl on the same file
 * skips absent pages. Sources: proc_pid_pagemap(5), PAGEMAP_SCAN(2const).
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "process.h"

#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)

/* The kernel's interface, in linux/fs.h only since Linux 6.7. */
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, returned;
};

struct scan_region {
	uint64_t start, end, categories;
};

#define SCAN_IOCTL   _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (1ull << 3)
#define SCAN_SWAPPED (1ull << 4)
#define SCAN_PFNZERO (1ull << 5)

#define REGIONS 128

/* Bytes scanned at first, and at most once nothing was found. A scan takes 30
 * microseconds per MiB of present small pages; absent pages cost little. */
#define STEP_FIRST (4ull << 20)
#define STEP_MOST  (16ull << 30)

enum memlog_status ml_pages_state(const struct ml_process *p, uint64_t addr,
				  size_t count, uint8_t *ret,
				  struct memlog_err *err)
{
	uint64_t entries[ML_PAGES_BATCH];
	uint64_t index = addr / p->page;
	size_t got = 0, i;
	ssize_t n;

	count = ml_min(count, ML_PAGES_BATCH);
	while (got < count) {
		n = pread(p->pagemap, entries + got, (count - got) * 8,
			  (off_t)((index + got) * 8));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read the page map of "
					     "process %d",
					     (int)p->pid);
		if (n < 8) /* the process has ended */
			break;
		got += (size_t)n / 8;
	}
	for (i = 0; i < count; i++)
		ret[i] = i >= got		    ? ML_PAGE_ABSENT :
			 entries[i] & ENTRY_PRESENT ? ML_PAGE_PRESENT :
			 entries[i] & ENTRY_SWAPPED ? ML_PAGE_SWAPPED :
						      ML_PAGE_ABSENT;
	return MEMLOG_OK;
}

/* Add [start, end) to *ret. True: *ret is complete. */
static bool process_pages_take(struct memlog_range *ret, uint64_t start,
			       uint64_t end)
{
	if (ret->end && start - ret->end >= ML_PAGES_GAP)
		return true;
	if (!ret->end)
		ret->start = start;
	ret->end = end;
	return false;
}

/* Find pages with the ioctl. UNSUPPORTED: the kernel does not have it. */
static enum memlog_status process_pages_scan(struct ml_process *p,
					     uint64_t addr, uint64_t end,
					     struct memlog_range *ret)
{
	struct scan_region region[REGIONS];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = addr,
		.end = end,
		.vec = (uintptr_t)region,
		.vec_len = REGIONS,
		.inverted = SCAN_PFNZERO,
		.mask = SCAN_PFNZERO,
		.anyof = SCAN_PRESENT | SCAN_SWAPPED,
		.returned = SCAN_PRESENT,
	};
	long n, i;

	while (arg.start < end) {
		arg.walk_end = 0;
		n = ioctl(p->pagemap, SCAN_IOCTL, &arg);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return MEMLOG_UNSUPPORTED;
		for (i = 0; i < n; i++)
			if (process_pages_take(ret, region[i].start,
					       region[i].end))
				return MEMLOG_OK;
		if (arg.walk_end <= arg.start)
			break;
		arg.start = arg.walk_end;
	}
	return MEMLOG_OK;
}

static enum memlog_status process_pages_walk(struct ml_process *p,
					     uint64_t addr, uint64_t end,
					     struct memlog_range *ret,
					     struct memlog_err *err)
{
	uint8_t state[ML_PAGES_BATCH];
	enum memlog_status s;
	size_t n, i;

	for (; addr < end; addr += (uint64_t)n * p->page) {
		n = ml_min(ML_PAGES_BATCH, (end - addr) / p->page);
		s = ml_pages_state(p, addr, n, state, err);
		if (s || !n)
			return s;
		for (i = 0; i < n; i++)
			if (state[i] != ML_PAGE_ABSENT &&
			    process_pages_take(ret, addr + i * p->page,
					       addr + (i + 1) * p->page))
				return MEMLOG_OK;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_pages_next(struct ml_process *p, uint64_t addr,
				 uint64_t end, struct memlog_range *ret,
				 struct memlog_err *err)
{
	uint64_t from = addr - addr % p->page, step = STEP_FIRST, to;
	enum memlog_status s;

	*ret = (struct memlog_range){ 0, 0 };
	for (; from < end; from = to) {
		to = end - from > step ? from + step : end;
		s = MEMLOG_UNSUPPORTED;
		if (!p->no_scan)
			s = process_pages_scan(p, from, to, ret);
		if (s == MEMLOG_UNSUPPORTED) {
			p->no_scan = true;
			s = process_pages_walk(p, from, to, ret, err);
		}
		if (s)
			return s;
		if (ret->end)
			break;
		step = ml_min(step * 2, STEP_MOST);
	}
	if (!ret->end)
		return MEMLOG_NO_DATA;
	ret->start = ml_max(ret->start, addr);
	ret->end = ml_min(ret->end, end);
	return MEMLOG_OK;
}
