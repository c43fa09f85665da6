/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slices.h - what the records of a log look like on tracks, for outputs that draw
 * them: a group of tracks, one for each CPU, and of hypervisors that switch between
 * VMs another group for each of these, with the CPUs that it had.
 *
 * On a CPU of a hypervisor, what it does from a VM exit to the next VM entry is a
 * slice named by its reason. An exit without an entry ends at the next exit or at the
 * last event of its CPU; it, and an entry without an exit, are unpaired. A record with
 * a field "edge", "begin" or "end", is one end of a slice: such slices are nested. Any
 * other record is an event without a length, or a line of text. Lines that name a
 * machine are on a track of that.
 *
 * Slices of a track do not overlap. Where the clock of a CPU steps back, what follows
 * has a track of its own; a slice that the clock stepped in has no length, and is
 * untimed. Where the clock of a format steps, the bits of times that it does not have
 * are left out. All times are in nanoseconds: records whose times are in cycles of
 * unknown rate are left out, and so are times of 2^63 ns and more.
 */
#ifndef ML_RENDER_TRACE_SLICES_H
#define ML_RENDER_TRACE_SLICES_H

#include "format/format.h"

/* CPUs of a log: more than any machine has. Records of others are left out. */
#define ML_SLICES_CPUS 4096u

/* Machines that lines of a log name, each of which has a track; lines of others are on
 * that of lines without a CPU. */
#define ML_SLICES_MACHINES 64u

/* Slices that are inside each other, from records with edges. */
#define ML_SLICES_DEPTH 16u

/* The first of them, beyond the number of any CPU. */
#define ML_SLICES_MACHINE (1 << 24)

/* The group of the log's CPUs; those of VMs follow. */
#define ML_SLICES_LOG 0u

/* lane: 0, or one of a clock that stepped; name: "CPU 3" */
struct ml_slice_track {
	uint32_t group;
	int32_t cpu; /* -1: none; ML_SLICES_MACHINE and above: a machine */
	unsigned int lane;
};

/*
 * Anything on a track. name and category are safe text. fields: of the record that
 * it begins with; last: the record that ends it, if that has fields to show. unpaired:
 * what is missing, NULL: nothing. text: of lines, unescaped, without the line end.
 * begin is its only time if it is not a slice. end of a line: where it starts on its
 * track, which is later if lines are not in the order of their times. rec: the record
 * of what is not a slice.
 */
struct ml_slice {
	uint64_t begin, end;
	const char *name, *category;
	const struct memlog_field *fields;
	size_t n_fields;
	const struct memlog_record *last;
	const char *unpaired;
	bool untimed;
	const uint8_t *text;
	size_t text_len;
	const struct memlog_record *rec;
};

/*
 * What an output does with it. first: the earliest time that is known of a log, before
 * anything with a time; may be NULL. group and track: a new one, before anything else
 * of it. line: a line, which lasts until line_end(), called
 * before the next line on the same track and at the end of the log; may be NULL.
 */
struct ml_slices_ops {
	void (*first)(void *self, uint64_t ns);
	void (*group)(void *self, uint32_t group, const char *name);
	void (*track)(void *self, const struct ml_slice_track *track,
		      const char *name);
	void (*slice)(void *self, const struct ml_slice_track *track,
		      const struct ml_slice *slice);
	void (*instant)(void *self, const struct ml_slice_track *track,
			const struct ml_slice *event);
	void (*line)(void *self, const struct ml_slice_track *track,
		     const struct ml_slice *line);
	void (*line_end)(void *self, const struct ml_slice_track *track,
			 uint64_t ns);
};

/* Where a track stands among those of its group. */
uint32_t ml_slice_rank(const struct ml_slice_track *track);

struct ml_slices;

/* ops and self must outlive it. tsc_hz: of times in cycles, 0: unknown. */
enum memlog_status ml_slices_create(const struct memlog_allocator *alloc,
				    uint64_t tsc_hz,
				    const struct ml_slices_ops *ops, void *self,
				    struct ml_slices **ret,
				    struct memlog_err *err);
void ml_slices_destroy(struct ml_slices *slices);

/* Around the records of a log. name: of the group of its CPUs. */
void ml_slices_begin(struct ml_slices *slices, const struct memlog_log *log,
		     const char *name);
enum memlog_status ml_slices_add(struct ml_slices *slices,
				 const struct memlog_record *rec,
				 struct memlog_err *err);
void ml_slices_end(struct ml_slices *slices);

/* For remark() of an output. */
bool ml_slices_remark(const struct ml_slices *slices, char *buf, size_t size);

#endif
