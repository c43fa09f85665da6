/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tracks.h - the CPUs of a log while its records are read, for the files of slices.h. */
#ifndef ML_RENDER_TRACE_TRACKS_H
#define ML_RENDER_TRACE_TRACKS_H

#include "record/clock.h"
#include "keep.h"
#include "lanes.h"
#include "slices.h"

/* A slice that has begun: since, on lane; stepped: the clock did; key: what its end has
 * too, of one with edges. */
struct ml_slice_open {
	uint64_t since;
	unsigned int lane;
	bool stepped;
	char key[ML_KEEP_NAME];
	struct ml_keep what;
};

/*
 * A CPU. exit: what it does in the hypervisor, if in_exit. user: who has it, since
 * when. edges: those that are inside each other. A line lasts on track line, if
 * in_line. vm_lanes: tracks that VMs have, a bit for each.
 */
struct ml_slice_cpu {
	int32_t cpu;
	bool in_exit, in_line, user_stepped, user_seen;
	uint64_t first_time, last_time, user_since, line_time;
	struct ml_clock clock;
	struct ml_lanes lanes;
	struct ml_slice_open exit;
	struct ml_slice_track line;
	unsigned int user_lane;
	uint32_t user, vm_lanes[ML_LANES];
	struct ml_slice_open *edges;
	unsigned int n_edges;
};

struct ml_slices {
	struct memlog_allocator alloc;
	uint64_t tsc_hz;
	const struct ml_slices_ops *ops;
	void *self;
	const struct memlog_log *log;
	const struct ml_format *fmt;
	struct ml_slice_cpu **cpus; /* by number */
	size_t n, cap;
	char machines[ML_SLICES_MACHINES][ML_KEEP_NAME]; /* safe text */
	size_t n_machines;
	bool any;     /* a time */
	uint32_t vms; /* groups that there are, a bit for each */
	uint64_t untimed, left_out, cycles, others; /* of this log */
};

/* The CPU of that number; *ret is NULL if there are too many. */
enum memlog_status ml_track_of(struct ml_slices *s, int32_t cpu,
			       struct ml_slice_cpu **ret,
			       struct memlog_err *err);

/* The track of a machine, in place of a CPU's number. */
int32_t ml_track_machine(struct ml_slices *s, const char *name, size_t len);

/* Forget all CPUs. */
void ml_tracks_clear(struct ml_slices *s);

/* Announce a track. */
void ml_track_start(struct ml_slices *s, const struct ml_slice_track *track);

/* A slice of the CPU ended, with the record last; unpaired: without it. */
void ml_track_put(struct ml_slices *s, const struct ml_slice_cpu *c,
		  const struct ml_slice_open *o, uint64_t end,
		  const struct memlog_record *last, const char *unpaired);

#endif
