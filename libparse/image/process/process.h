/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - read the memory of a running process without changing it.
 *
 * No page is faulted in. Private memory is read with process_vm_readv, and only
 * pages that are present according to the page map: reading an absent page
 * would map one. Shared memory is read through the file of the mapping, because
 * process_vm_readv would fill the holes of a memfd. The process is neither
 * stopped nor attached to.
 */
#ifndef ML_IMAGE_PROCESS_H
#define ML_IMAGE_PROCESS_H

#include <sys/types.h>

#include "base/alloc.h"
#include "memlog.h"

enum ml_area_kind {
	ML_AREA_ANON,	/* anonymous: absent pages are zero */
	ML_AREA_FILE,	/* shared: all of it is in the file */
	ML_AREA_COW,	/* private, of a file, which has absent pages */
	ML_AREA_MAPPED, /* the file cannot be opened: only present pages */
};

/* One mapping of guest memory. off: of start in fd. */
struct ml_area {
	uint64_t start, end;
	uint64_t file; /* as in struct ml_mapping */
	enum ml_area_kind kind;
	int fd; /* -1: none */
	uint64_t off;
};

struct ml_process {
	struct memlog_allocator alloc;
	pid_t pid;
	int dir;       /* /proc/PID */
	int maps;      /* its mappings */
	int pidfd;     /* -1: not supported by the kernel */
	int pagemap;   /* -1: it may not be read */
	int mem;       /* /proc/PID/mem, -1: it may not be read */
	bool no_readv; /* process_vm_readv is unavailable: use mem */
	bool no_scan;  /* no PAGEMAP_SCAN: read the page map */
	uint32_t page; /* page size of the host */
	struct ml_area *areas;
	size_t n_areas;
	struct memlog_range *ranges; /* of areas, merged */
	size_t n_ranges;
	uint64_t unreadable; /* bytes of guest memory left out */
};

/*
 * Open a process for reading. IO: no such process, or not permitted. NOT_MINE:
 * nothing in it looks like guest memory. UNSUPPORTED: the kernel has no page
 * map. Errors say what to do. The caller closes *ret.
 */
enum memlog_status ml_process_open(pid_t pid,
				   const struct memlog_allocator *alloc,
				   struct ml_process **ret,
				   struct memlog_err *err);
void ml_process_close(struct ml_process *p);

/* For the hook of an image: look again for guest memory, of which a monitor that has just
 * started has none yet. */
bool ml_process_renew(void *self);

/* The area that has addr; NULL: none. */
const struct ml_area *ml_process_area(const struct ml_process *p,
				      uint64_t addr);

/* IO: the process has ended. */
enum memlog_status ml_process_alive(const struct ml_process *p,
				    struct memlog_err *err);

/* A process as a reader of MEMLOG_HOST. */
extern const struct memlog_reader_ops ml_process_ops;

/* Fill err with why the process may not be read and what to do. sys: the errno.
 * what: "the memory", "the mappings". Returns IO. */
enum memlog_status ml_process_denied(pid_t pid, const char *what, int sys,
				     struct memlog_err *err);

/* What may help against EACCES: "try as root (sudo)" or, for root, what else
 * denies access. Static. */
const char *ml_process_advice(void);

/* An image of a process, without the last step, ml_image_opened(); opts are complete, see
 * image/open.h, and have a name. INVALID: no process can have this number. */
enum memlog_status ml_process_image(long pid,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err);

/* Add warnings about memory of the process that cannot be read. */
void ml_process_describe(struct memlog_image *image,
			 const struct ml_process *p);

/* ---- pages.c: which pages are present ----------------------------------- */

/* The state of a page in the page map. */
enum ml_page_state { ML_PAGE_ABSENT, ML_PAGE_PRESENT, ML_PAGE_SWAPPED };

#define ML_PAGES_BATCH 1024

/* The states of count pages of the host (at most ML_PAGES_BATCH), the first is
 * the one that contains addr. IO: the page map cannot be read. */
enum memlog_status ml_pages_state(const struct ml_process *p, uint64_t addr,
				  size_t count, uint8_t *ret,
				  struct memlog_err *err);

/*
 * The first range in [addr, end) of pages that are present or swapped out, and
 * not the zero page; it may include gaps below ML_PAGES_GAP. It may end early,
 * so call again with its end. NO_DATA: none.
 */
enum memlog_status ml_pages_next(struct ml_process *p, uint64_t addr,
				 uint64_t end, struct memlog_range *ret,
				 struct memlog_err *err);

/* Bytes; a smaller gap is not worth another call. */
#define ML_PAGES_GAP (1ull << 20)

#endif
