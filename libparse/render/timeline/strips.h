/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * strips.h - what CPUs did, from the slices of a log: each alone while there are few,
 * and how much of each column of a picture they cover. Memory does not grow with the
 * log: columns get wider as it does.
 */
#ifndef ML_RENDER_TIMELINE_STRIPS_H
#define ML_RENDER_TIMELINE_STRIPS_H

#include "base/alloc.h"
#include "render/trace/slices.h"

/* Columns of a strip; at least half of them are used. */
#define ML_STRIP_COLUMNS 2048u

/* Strips and slices of a log that are kept; reasons that have a name. */
#define ML_STRIPS_GROUPS 32u
#define ML_STRIPS	 64u
#define ML_STRIP_SLICES	 3000u
#define ML_STRIP_REASONS 32u

/* busy: nanoseconds; reason: that has most of it, or nearly, by weight of them. */
struct ml_strip_column {
	uint64_t busy, weight;
	uint32_t reason;
};

/* A track. slices, busy: all of them, and nanoseconds. */
struct ml_strip {
	struct ml_slice_track track;
	char name[48], group[64];
	uint64_t slices, busy, first, last;
	struct ml_strip_column *columns;
};

struct ml_strip_slice {
	uint32_t strip, reason;
	uint64_t begin, end;
	bool instant;
};

struct ml_strip_reason {
	char name[64];
	uint64_t n, busy;
};

/*
 * Those of one log, in the order of groups and CPUs. title: of the log. from, width: where the
 * first column begins, and how wide each is, in nanoseconds. kept: all slices are in slice. more:
 * tracks that are left out. reason 0: all others.
 */
struct ml_strips {
	const struct memlog_allocator *alloc;
	char title[160];
	struct ml_strip strip[ML_STRIPS];
	size_t n, more;
	uint64_t from, width, until;
	bool any, kept;
	struct ml_strip_slice *slice;
	size_t n_slices;
	struct ml_strip_reason reason[ML_STRIP_REASONS];
	size_t n_reasons;
	char groups[ML_STRIPS_GROUPS][64]; /* names of groups */
	enum memlog_status status;	   /* first failure */
};

/* For ml_slices_create(); self is a struct ml_strips, zeroed but for alloc. */
extern const struct ml_slices_ops ml_strips_ops;

/* Sort them, after the last record. */
void ml_strips_finish(struct ml_strips *s);
void ml_strips_fini(struct ml_strips *s);

#endif
