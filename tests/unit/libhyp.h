/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libhyp.h - a model of Linux's trace remote: it writes and reads events as the
 * hypervisor and trace_pipe do, and lays out memory as the kernel does. Written
 * from docs/facts/hyp-trace.md, and shares nothing with the decoder.
 */
#ifndef LIBHYP_H
#define LIBHYP_H

#include <stdbool.h>
#include <stdint.h>

#include "libmem.h"

#define HYP_BASE   UINT64_C(0x40000000)
#define HYP_DIRECT UINT64_C(0xffff000000000000) /* of physical 0x40000000 */
#define HYP_IMAGE  UINT64_C(0xffff9abc40000000)
#define HYP_SHIFT  UINT64_C(0x1234567000) /* the writer's addresses */
#define HYP_TEXT   (4u << 20)		  /* of all CPUs */

enum { HYPM_PAGES = 16, HYPM_CPUS = 64 };

struct hypm_cpu {
	uint8_t *page[HYPM_PAGES];
	uint64_t addr[HYPM_PAGES], meta, nodes, rb;
	uint32_t write[HYPM_PAGES], events[HYPM_PAGES];
	uint32_t next[HYPM_PAGES];
	uint32_t reader, head, tail, read;
	uint64_t entries, overrun, last_overrun, lost, lost_pages, touched;
	uint64_t stamp, printed; /* of the last event */
	char *text[HYPM_PAGES];	 /* what is on each page */
};

struct hypm {
	struct mem mem;
	uint8_t *ram;
	uint32_t used; /* bytes of ram */
	uint32_t size; /* of a page */
	uint32_t n_cpus, n_pages;
	uint64_t table, remote, desc, backing, buffer;
	uint64_t variable; /* has the address of desc */
	bool no_nodes;	   /* the kernel cannot read them */
	bool no_buffer;	   /* nothing says how far it was read */
	struct hypm_cpu cpu[HYPM_CPUS];
};

/* An empty remote. The caller frees. */
struct hypm *hypm_new(uint32_t cpus, uint32_t pages, uint32_t size);
void hypm_free(struct hypm *m);

/* Write an event: hyp_enter, or selftest. */
void hypm_enter(struct hypm *m, uint32_t cpu, uint64_t ns, uint8_t reason,
		int32_t vcpu);
void hypm_selftest(struct hypm *m, uint32_t cpu, uint64_t ns, uint64_t id);

/* As a reader: take the next page, false if nothing is on it; read n more events of
 * it. */
bool hypm_swap(struct hypm *m, uint32_t cpu);
void hypm_read(struct hypm *m, uint32_t cpu, uint32_t n);

/* Write all of it to memory. */
void hypm_store(struct hypm *m);

/* Move the table to that offset in a page; before hypm_store(). */
void hypm_move_table(struct hypm *m, uint32_t off);

/* Take len bytes out of memory, once, after hypm_store(). */
void hypm_hole(struct hypm *m, uint64_t addr, size_t len);

/* What trace_pipe would print from here on; all: also what it has printed of the
 * page that it is reading. The caller frees. */
char *hypm_truth(const struct hypm *m, bool all);

#endif
