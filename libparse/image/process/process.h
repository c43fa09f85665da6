/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - the memory of a running process, only read.
 *
 * No page is ever faulted in: what the process has not in memory is not
 * touched. Private memory is read with process_vm_readv, and only where the
 * page map says that a page is present: reading an absent page would map one.
 * Shared memory and files are read through the file behind the mapping,
 * because process_vm_readv on a hole of a memfd would fill it. Nothing is
 * stopped, and nothing is attached to.
 */
#ifndef ML_IMAGE_PROCESS_H
#define ML_IMAGE_PROCESS_H

#include <sys/types.h>

#include "base/alloc.h"
#include "memlog.h"

enum ml_area_kind {
	ML_AREA_ANON,	/* private memory without a file: absent is zero */
	ML_AREA_FILE,	/* shared: all of it is in the file */
	ML_AREA_COW,	/* private over a file: present pages, else the file */
	ML_AREA_MAPPED,	/* a file that cannot be opened: present pages only */
};

/* One mapping of guest memory. off is where start stands in fd. */
struct ml_area {
	uint64_t start, end;
	enum ml_area_kind kind;
	int fd;			/* -1: none */
	uint64_t off;
};

struct ml_process {
	struct memlog_allocator alloc;
	pid_t pid;
	int dir;		/* /proc/PID */
	int pidfd;		/* -1: the kernel has none */
	int pagemap;		/* -1: not needed */
	int mem;		/* /proc/PID/mem, -1: not needed */
	bool no_readv;		/* process_vm_readv is unavailable: use mem */
	bool no_scan;		/* no PAGEMAP_SCAN: read the page map */
	uint32_t page;		/* of the host */
	struct ml_area *areas;
	size_t n_areas;
	struct memlog_range *ranges;	/* areas, joined where they touch */
	size_t n_ranges;
	uint64_t unreadable;	/* bytes of guest memory that are left out */
};

/*
 * Open a process for reading. Errors say what to do: IO (no such process, not
 * permitted), NOT_MINE (nothing in it looks like guest memory). The caller
 * closes *ret.
 */
enum memlog_status ml_process_open(pid_t pid,
				   const struct memlog_allocator *alloc,
				   struct ml_process **ret,
				   struct memlog_err *err);
void ml_process_close(struct ml_process *p);

/* OK, or IO when the process has ended. */
enum memlog_status ml_process_alive(const struct ml_process *p,
				    struct memlog_err *err);

/* A process as a reader of MEMLOG_HOST. */
extern const struct memlog_reader_ops ml_process_ops;

/* Why the process may not be read, and what to do: fills err from sys, an
 * errno. what: "its memory", "its mappings". */
enum memlog_status ml_process_denied(pid_t pid, const char *what, int sys,
				     struct memlog_err *err);

/* An image of a process under the name that the user gave; opts are complete,
 * see image/open.h. */
enum memlog_status ml_process_image(pid_t pid, const char *name,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err);

/* Warn of what of the process cannot be read. */
void ml_process_describe(struct memlog_image *image,
			 const struct ml_process *p);

/* ---- pages.c: which pages are there ------------------------------------- */

/* What the page map says of a page. */
enum ml_page_state { ML_PAGE_ABSENT, ML_PAGE_PRESENT, ML_PAGE_SWAPPED };

#define ML_PAGES_BATCH 1024

/* The states of count pages (at most ML_PAGES_BATCH) from the one that holds
 * addr. */
enum memlog_status ml_pages_state(const struct ml_process *p, uint64_t addr,
				  size_t count, uint8_t *ret,
				  struct memlog_err *err);

/*
 * The first pages in [addr, end) that are present or swapped out and not the
 * zero page; small gaps are not taken out. It may end early; the caller asks
 * again. NO_DATA when there are none.
 */
enum memlog_status ml_pages_next(struct ml_process *p, uint64_t addr,
				 uint64_t end, struct memlog_range *ret,
				 struct memlog_err *err);

/* Gaps of less than this are not worth a call of their own. */
#define ML_PAGES_GAP (1ull << 20)

#endif
