/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libprinted.h - what is printed of the traces in an image. */
#ifndef LIBPRINTED_H
#define LIBPRINTED_H

#include "../../fixtures/gen/hyp_model.h"
#include "format/format.h"
#include "libmem.h"

/* A remote in memory of its own. The caller frees. */
struct hypm *hypm_new(uint32_t cpus, uint32_t pages, uint32_t size);
struct hypm *hypm_new_android(enum hypm_gen gen, uint32_t cpus, uint32_t pages,
			      uint32_t size);
void hypm_free(struct hypm *m);
struct mem *hypm_mem(struct hypm *m);

/* Take len bytes out of its memory, once, after hypm_store(). */
void hypm_hole(struct hypm *m, uint64_t addr, size_t len);

struct printed {
	char *text, *flagged; /* all of it, and what is consumed */
	char *strings;	      /* fields of that name */
	uint64_t missing, damaged;
	char note[ML_SOURCE_NOTE]; /* of the decoder */
	uint32_t flags;		   /* of the log */
	uint32_t any;		   /* of its records */
	size_t logs;
	char reason[160];      /* of the log */
	size_t current, stale; /* logs in that state */
};

/* The caller frees. consumed: also what the reader has read. */
struct printed printed_opts(struct memlog_image *image,
			    const struct memlog_symbols *symbols,
			    bool consumed);
struct printed printed(struct hypm *m);

/* VMCOREINFO of a kernel of that generation. */
const char *hypm_release(const struct hypm *m);
void printed_free(struct printed *t);

/* All that trace_pipe would print is, in a certain order; also the events that it
 * has read of the page that it is on, flagged, if nothing says which they are. */
void printed_all(struct hypm *m);

/* Print it with each of these words at each of n places, which have len 8-byte words: no
 * bytes may do harm. */
void printed_hostile(struct hypm *m, const uint64_t *where, size_t n,
		     size_t len, const uint64_t *words, size_t n_words);

/* Write n events of all kinds. */
void hypm_fill(struct hypm *m, uint32_t cpu, uint32_t n);

/* The same of Android, those that its kernel has. */
void hypm_fill_android(struct hypm *m, uint32_t cpu, uint32_t n);

#endif
