/* SPDX-License-Identifier: GPL-2.0-or-later */
/* librings.h - ordinary ring buffers in the memory of a kernel: the model of libftrace.h, and
 * the structs that lead to its pages, as several kernels have them. */
#ifndef LIBRINGS_H
#define LIBRINGS_H

#include "libbtf.h"
#include "libftrace.h"
#include "libkernel.h"

/* physical: the kernel's structs */
#define RINGS_STRUCTS UINT64_C(0x42000000)

enum {
	RINGS_LAYOUTS = 4,
	RINGS_BTF = 0x88000, /* in the kernel's memory */
	RINGS_HEAD = 0x7000, /* ftrace_trace_arrays, then other variables */
	RINGS_GLOBAL = 0x8000,
	RINGS_NODE = 128, /* bytes that a struct buffer_page takes */
	/* after RINGS_STRUCTS */
	RINGS_BUFFER = 0x1000,
	RINGS_POINTERS = 0x2000,
	RINGS_INSTANCE = 0x4000,
	RINGS_CPU = 0x10000, /* and 0x1000 for each CPU */
	RINGS_NODES = 0x60000,
	RINGS_ROOM = 0x100000,
};

/* What has a name in the test, of one kernel; -1: no such member. */
struct rings_layout {
	const char *name;
	int order, cpus, range, clock, buffers, pages, head, commit, reader,
		lost, last, entries, overrun, read, data;
	bool new_names;
};
extern const struct rings_layout rings_layouts[RINGS_LAYOUTS];

struct rings {
	struct ftrace_model *m;
	struct kernel *k;
	const struct rings_layout *l;
	uint8_t *structs; /* at RINGS_STRUCTS */
	uint8_t *kernel;  /* at KERNEL_BASE */
	uint64_t read[FTRACE_CPUS], last[FTRACE_CPUS], lost[FTRACE_CPUS];
	bool no_btf, live;
	struct memlog_reader_ops ops; /* of one that is live */
};

/* size: of a page. */
struct rings *rings_new(const struct rings_layout *l, uint32_t cpus,
			uint32_t pages, uint32_t size);
void rings_free(struct rings *r);

/* The reader takes the page at the head, or reads n events of its page. */
void rings_swap(struct rings *r, uint32_t cpu);
void rings_consume(struct rings *r, uint32_t cpu, uint32_t n);

/* Write the structs. */
void rings_store(struct rings *r);

uint64_t rings_direct(uint64_t phys);
uint8_t *rings_at(struct rings *r, uint64_t phys);
/* The struct of the page at a place in the order of the model. */
uint8_t *rings_node(struct rings *r, uint32_t cpu, uint32_t place);
uint64_t rings_node_va(uint32_t cpu, uint32_t place);

/* As of struct ftrace_printed, with all logs of format ftrace; asked: by its name. Bytes:
 * that were read. */
struct rings_printed {
	char *text;
	uint32_t flags, any, logs, records;
	uint64_t missing, damaged, absent, bytes;
	char reason[160], variant[4][32], warning[512], lost[256];
};
struct rings_printed rings_tell(struct rings *r, bool asked, bool consumed);

/* What is printed but for lines of lost events is the truth. */
struct rings_printed rings_equals(struct rings *r, bool consumed);

#endif
