/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view.h - the kernel of an image: its memory, its symbols, its structs. */
#ifndef ML_FORMAT_FTRACE_VIEW_H
#define ML_FORMAT_FTRACE_VIEW_H

#include "kernel.h"

/* symbols: what is used, those of the search or own, the kernel's. types: what knows
 * structs; NULL: nothing. missing: why a function returned false, for a message. */
struct ftrace_view {
	struct ftrace_kernel kernel;
	const struct memlog_symbols *symbols, *types;
	struct memlog_symbols *own, *btf;
	uint32_t off[RING_MEMBERS];
	const char *missing;
	char words[128]; /* that missing may be */
};

/* Zeroed before. symbols are those of the search, or NULL. Places the kernel for a log,
 * whose private part must outlive the view. False: it is not known where things are. To be
 * closed in either case. */
bool ml_ftrace_view_open(struct ftrace_view *v, struct memlog_image *image,
			 const struct memlog_symbols *symbols,
			 struct ftrace *f);
void ml_ftrace_view_close(struct ftrace_view *v);

/* Where members of the structs of ring buffers are: by the symbols of the search, or by the
 * BTF in the kernel's memory. Also those that describe events. */
bool ml_ftrace_view_types(struct ftrace_view *v, struct ftrace *f);

/* A variable's address; false: it is not known. */
bool ml_ftrace_view_symbol(struct ftrace_view *v, const char *name,
			   uint64_t *ret);

/* u64 at a virtual address. */
bool ml_ftrace_view_u64(struct ftrace_view *v, uint64_t va, uint64_t *ret);

/* ---- the kernel's list of buffers: arrays.c ------------------------------ */

/* Two for each array: its buffer, and its snapshot. */
#define FTRACE_HOLDERS (2 * ML_FTRACE_ARRAYS)

/* A struct array_buffer. name: of the instance, "": the top one. */
struct ftrace_holder {
	uint64_t va, array;
	char name[256];
	bool snapshot;
};

/* All of them, but for those that are persistent: these are found by their region. */
size_t ml_ftrace_holders(struct ftrace_view *v,
			 struct ftrace_holder ret[FTRACE_HOLDERS]);

/* ---- a buffer: ring.c ---------------------------------------------------- */

/* struct trace_buffer. cpus: there are not more; known: so many there are; damaged: the
 * number in it is not one. */
struct ftrace_ring {
	uint64_t va, buffers;
	uint32_t page_size, cpus;
	bool known, damaged;
};

/* A struct ring_buffer_per_cpu. Counters that are not known are 0. */
struct ftrace_ring_cpu {
	uint64_t va, pages, head, commit, reader;
	uint64_t entries, overrun, read;
};

bool ml_ftrace_ring_open(struct ftrace_view *v,
			 const struct ftrace_holder *holder,
			 struct ftrace_ring *ret);

/* NO_DATA: there is no such CPU. CORRUPT: it is not what it should be. */
enum memlog_status ml_ftrace_ring_cpu(struct ftrace_view *v,
				      const struct ftrace_ring *ring,
				      uint32_t cpu,
				      struct ftrace_ring_cpu *ret);

/* Bytes of struct ring_buffer_per_cpu and of struct buffer_page up to the last member that
 * is read. */
uint32_t ml_ftrace_ring_cpu_len(const struct ftrace_view *v);
uint32_t ml_ftrace_ring_page_len(const struct ftrace_view *v);

/* ---- its pages: links.c -------------------------------------------------- */

/* What is read of a struct buffer_page. */
#define FTRACE_NODE 512u

/* addr: as in struct ftrace_pages. read: where the kernel has how many bytes of the
 * reader's page were read, physical; 0: not known. gone: pages that no link leads to.
 * damaged: links do not agree. node: pages with the structs that were read, physical,
 * sorted. */
struct ftrace_links {
	uint64_t *addr;
	size_t n, cap;
	uint32_t commit;
	uint64_t read, gone;
	bool damaged, guessed, full; /* full: there are too many pages */
	uint64_t *node;
	size_t n_nodes, cap_nodes;
};

/* Follow the links of a CPU, and claim its pages. Only NO_MEMORY is returned. The caller
 * closes it in every case. */
enum memlog_status ml_ftrace_links(struct ftrace_view *v,
				   struct memlog_logs *logs,
				   const struct ftrace_ring *ring,
				   const struct ftrace_ring_cpu *cpu,
				   struct ftrace_links *ret,
				   struct memlog_err *err);
void ml_ftrace_links_close(struct ftrace_view *v, struct ftrace_links *l);

#endif
