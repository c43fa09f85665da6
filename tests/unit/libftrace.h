/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libftrace.h - a model of the kernel's writer and reader of persistent ring buffers, and
 * what is printed of them. */
#ifndef LIBFTRACE_H
#define LIBFTRACE_H

#include "format/format.h"
#include "libmem.h"

#define FTRACE_BASE UINT64_C(0x47e67000)
/* the address of FTRACE_BASE in the kernel */
#define FTRACE_KERNEL UINT64_C(0xffff800012340000)
#define FTRACE_RAM    (1u << 20) /* 2 MiB for many CPUs */

enum { FTRACE_PAGES = 8, FTRACE_CPUS = 64, FTRACE_LINES = 4096 };

struct ftrace_ring {
	uint32_t order[FTRACE_PAGES]; /* the reader's page, then the ring */
	uint32_t head, tail;	      /* places in order */
	uint32_t used[FTRACE_PAGES];
	uint64_t stamp[FTRACE_PAGES], last;
	uint64_t meta, data;
};

struct ftrace_line {
	uint64_t time;
	uint32_t cpu, page, end; /* bytes of the page that it ends after */
	bool lost, read;
	char text[64];
};

struct ftrace_model {
	struct mem mem;
	uint8_t *ram;
	uint32_t size, n_cpus, n_pages, header;
	bool old;
	struct ftrace_ring ring[FTRACE_CPUS];
	struct ftrace_line line[FTRACE_LINES];
	uint32_t n;
	uint64_t now; /* in us */
};

/* header: of a CPU; 56 is that of Linux 6.12. */
struct ftrace_model *ftrace_new(uint32_t cpus, uint32_t pages, uint32_t size,
				uint32_t header);
void ftrace_free(struct ftrace_model *m);
uint8_t *ftrace_at(struct ftrace_model *m, uint64_t phys);
uint8_t *ftrace_page(struct ftrace_model *m, uint32_t cpu, uint32_t page);

/* A print event at a time in ns; absolute: after a stamp of its own. ftrace_say() makes up
 * the words. */
void ftrace_write(struct ftrace_model *m, uint32_t cpu, uint64_t time,
		  bool absolute, const char *words);
void ftrace_say(struct ftrace_model *m, uint32_t cpu, uint64_t time);
/* Many of them. Times are multiples of 1 us: what is printed is not rounded. */
void ftrace_run(struct ftrace_model *m, uint32_t events, uint64_t step);
/* The reader takes the page at the head and reads all of it. */
void ftrace_swap(struct ftrace_model *m, uint32_t cpu);
/* Write the headers into memory, after all events. */
void ftrace_store(struct ftrace_model *m);

struct ftrace_printed {
	char *text;
	uint32_t flags, any;
	uint64_t missing, damaged, absent;
	char reason[160];
	char note[ML_SOURCE_NOTE];
	size_t logs, records;
};

/* What the kernel's file trace has, by time; of two at once, the lower CPU. The caller
 * frees it. */
char *ftrace_truth(const struct ftrace_model *m, bool consumed);
/* What is printed; the caller frees text. ftrace_equals() calls ftrace_store(): it is all of
 * the truth. */
struct ftrace_printed ftrace_tell(struct ftrace_model *m, bool consumed);
struct ftrace_printed ftrace_equals(struct ftrace_model *m, bool consumed);

/* The headers of a CPU in each layout. */
extern const uint32_t ftrace_headers[3];
#define EACH_LAYOUT(i) for (i = 0; i < 3; i++)

#endif
