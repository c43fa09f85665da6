/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ftrace.h - ring buffers of Linux: persistent ones and ordinary ones.
 *
 * A persistent one is a region of memory that the kernel leaves alone when it starts: a
 * header, then for each CPU a header, the order of its pages, and these. An ordinary one
 * is pages anywhere in memory, which the kernel's structs lead to. Layouts are in
 * docs/facts/ftrace.md. A log's extents are the header of the region, or the struct
 * array_buffer; for each CPU its header and its pages in reading order, those that follow
 * each other in memory as one; then what else of the kernel is needed to print events.
 */
#ifndef ML_FORMAT_FTRACE_H
#define ML_FORMAT_FTRACE_H

#include "base/limits.h"
#include "format/format.h"
#include "space/pagewalk.h"

enum {
	FTRACE_HEADER = 24,	    /* of the region */
	FTRACE_SCRATCH = 24,	    /* after it: the start of the kernel */
	FTRACE_SCRATCH_MAX = 65536, /* with all modules */
	FTRACE_OLD = 56,	    /* of a CPU, which is all that 6.12 has */
	FTRACE_PAGE_HEADER = 16,    /* time and commit */
	FTRACE_ENTRY = 8,	    /* what every event begins with */
	FTRACE_HOLDER = 16,	    /* used of struct array_buffer */
};

/* Roles of extents. */
enum {
	FTRACE_ROLE_REGION,
	FTRACE_ROLE_CPU, /* its header and order, or struct ring_buffer_per_cpu */
	FTRACE_ROLE_READ,   /* pages that were read and not used again */
	FTRACE_ROLE_READER, /* the page that the reader has taken */
	FTRACE_ROLE_PAGE,
	FTRACE_ROLE_KERNEL, /* to print events; the last extents, sorted */
	FTRACE_ROLE_NODES, /* structs that lead to the pages of an ordinary one */
	FTRACE_ROLE_POSITION, /* u32: bytes of the reader's page that were read */
	FTRACE_ROLE_MASK = 0xff,
	FTRACE_ROLE_GUESSED = 0x100, /* the order is not that of the header */
};

/* Members of the kernel's structs whose place the symbols give; otherwise they are
 * where they have been from 6.12 to 7.3, or, with 0, are looked for. */
enum ftrace_member {
	FTRACE_CALL_CLASS,
	FTRACE_CALL_NAME,
	FTRACE_CALL_EVENT,
	FTRACE_CALL_FORMAT,
	FTRACE_CALL_DATA,
	FTRACE_EVENT_TYPE,
	FTRACE_CLASS_SYSTEM,
	FTRACE_CLASS_FIELDS,
	FTRACE_FIELD_NAME,
	FTRACE_FIELD_TYPE,
	FTRACE_FIELD_OFFSET,
	FTRACE_FIELD_SIZE,
	FTRACE_SYSCALL_FIELDS,
	FTRACE_TASKS_PIDS,
	FTRACE_TASKS_N,
	FTRACE_TASKS_NAMES,
	FTRACE_MEMBERS
};

/* Where the kernel's own table of symbols is; names 0: not used. base: of its
 * variable, 0: there is none. */
struct ftrace_kallsyms {
	uint64_t names, count, tokens, index, offsets, base, stext;
};

/*
 * Where things are: virtual addresses, 0: not known. image, direct: a virtual
 * address less the physical one, in the kernel's image, from anchor to image_end, and in
 * its direct map of direct_len bytes. slide: how far the kernel runs from where it was
 * linked. then: how far the one that wrote the log was from that. tables: for all other
 * addresses.
 */
struct ftrace_kernel_info {
	uint64_t image, anchor, image_end;
	uint64_t direct, direct_start, direct_len;
	struct ml_tables tables;
	uint64_t slide, then;
	uint64_t events, tasks;
	uint32_t off[FTRACE_MEMBERS];
	struct ftrace_kallsyms kallsyms;
};

/* Bytes of events in the second word of a page. */
#define FTRACE_COMMIT ((1u << 27) - 1)

/* A log's private part. ordinary: what follows is of struct ring_buffer_per_cpu, how many
 * events were lost before the reader's page, were overwritten, and had been when it was
 * taken; u64 each. old: the layout of 6.12. text: where the kernel that wrote it was; 0:
 * not known. scratch: where that is in the region, before the list of modules. clock: index
 * of its clock, -1: not known; cycles: it is not in ns. plain: as in struct ftrace_entry. */
struct ftrace {
	bool ordinary, cycles, plain;
	uint16_t cpu_lost, cpu_overrun, cpu_last;
	bool old;
	int32_t clock;
	uint32_t page_size, cpu_header, scratch;
	uint64_t text;
	uint64_t lost; /* bytes of events that no extent has: not in the image */
	uint64_t start, cpus, end; /* of the region, of its first CPU */
	struct ftrace_kernel_info kernel;
};

_Static_assert(sizeof(struct ftrace) <= ML_LOG_PRIV, "private part too small");

static inline struct ftrace *ml_ftrace(struct ml_log *log)
{
	return (struct ftrace *)log->priv;
}

static inline const struct ftrace *ml_ftrace_const(const struct ml_log *log)
{
	return (const struct ftrace *)log->priv;
}

/* Where the start of the kernel would be, in a region that image/rawpipe.c made. */
#define FTRACE_CAPTURED UINT64_C(0x6465727574706163)

/* Is an extent with this role one of pages with events? */
static inline bool ml_ftrace_is_page(uint32_t role)
{
	role &= FTRACE_ROLE_MASK;
	return role >= FTRACE_ROLE_READ && role <= FTRACE_ROLE_PAGE;
}

/* The header of a CPU at addr. first, head, commit: addresses of sub-buffers in the
 * kernel that wrote them; head 0: never used. data: where the first one is. */
struct ftrace_cpu_meta {
	uint64_t addr, data, end;
	uint64_t first, head, commit;
	uint32_t page_size, n;
};

/* Load one; false: it is invalid. header: the size up to the order. meta.c */
bool ml_ftrace_meta_load(const uint8_t *p, bool old, uint32_t header,
			 uint64_t addr, struct ftrace_cpu_meta *ret);

/* Bytes of a CPU's header that ml_ftrace_meta_load() looks at. */
#define FTRACE_META_MAX 64u

/* meta.c */
enum memlog_status ml_ftrace_probe(const struct ml_probe *p, struct ml_log *log,
				   struct ml_found *ret,
				   struct memlog_err *err);
bool ml_ftrace_glance(const uint8_t *p, size_t len);

/* likely.c: below the top of RAM. */
size_t ml_ftrace_pointed(struct memlog_image *image, struct ml_likely *ret,
			 size_t max);

/* order.c: add the extents of a CPU of a region to the log, pages in reading order. */
enum memlog_status ml_ftrace_cpu_add(struct memlog_logs *logs,
				     struct ml_log *log,
				     struct memlog_image *image,
				     const struct ftrace_cpu_meta *meta,
				     int32_t cpu, struct memlog_err *err);

/* An address that is nowhere. */
#define FTRACE_NOWHERE UINT64_MAX

/* The pages of a CPU: where each is in the space of the log, FTRACE_NOWHERE: not in the
 * image. The first is the reader's, the others are the ring; head and commit are places in
 * this list, head not 0. guessed: all of them, in the order of the list. */
struct ftrace_pages {
	const uint64_t *addr;
	uint32_t n, head, commit, size;
	int32_t cpu;
	bool guessed;
};

/* pages.c: add their extents to the log, in reading order. */
enum memlog_status ml_ftrace_pages_add(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       const struct ftrace_pages *p,
				       struct memlog_err *err);

/* Time and used bytes of a page; false: it is not in the image. */
bool ml_ftrace_page_head(struct memlog_image *image, enum memlog_space space,
			 uint64_t addr, uint32_t size, uint64_t *ret_time,
			 uint32_t *ret_used);

/* buffer.c: from the struct array_buffer to all CPUs. */
enum memlog_status ml_ftrace_buffer_expand(struct memlog_logs *logs,
					   struct ml_log *log,
					   struct memlog_image *image,
					   struct memlog_err *err);

/* arrays.c: where ordinary ring buffers are, by the kernel's structs. */
size_t ml_ftrace_by_kernel(struct memlog_image *image,
			   const struct memlog_symbols *symbols, bool asked,
			   struct ml_likely *ret, size_t max);

/* region.c: from the header to all CPUs. */
enum memlog_status ml_ftrace_expand(struct memlog_logs *logs,
				    struct ml_log *log,
				    struct memlog_image *image,
				    struct memlog_err *err);

/* What every event begins with: struct trace_entry. plain: preempt is one number, as it
 * was before 5.15. */
struct ftrace_entry {
	uint16_t type;
	uint8_t flags, preempt;
	bool plain;
	int32_t pid;
};

/* Write what the kernel prints before an event, at most size bytes with a NUL:
 * task, CPU, flags, time. comm NULL: not known. prefix.c */
size_t ml_ftrace_prefix(const struct ftrace_entry *e, const char *comm,
			int32_t cpu, uint64_t time, bool ns, char *ret,
			size_t size);

#endif
