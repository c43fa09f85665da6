/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stats.h - statistics of a hypervisor's trace: where VM exits spent their
 * time, which interrupts came, who had the CPUs.
 *
 * Definitions are those of ACRN's acrnalyze, where it is right: an exit lasts
 * from its VM_EXIT to the next VM_ENTER and belongs to the last reason recorded
 * in between; exits are measured from the first VM_EXIT to the last event of
 * the CPU. An exit with no reason recorded in between belongs to the number in
 * its VM_EXIT; acrnalyze adds it to the reason before.
 */
#ifndef ML_RECORD_STATS_H
#define ML_RECORD_STATS_H

#include "format/format.h"

/* Reasons by VMX number, of which processors have fewer than 0x60, then the
 * rest. */
#define ML_STATS_VMX	   0x60u
#define ML_STATS_UNHANDLED (ML_STATS_VMX + 0)
#define ML_STATS_OTHER	   (ML_STATS_VMX + 1)
#define ML_STATS_REASONS   (ML_STATS_VMX + 2)

/* Who had a CPU: VM 0 to 15, nobody, or something without a VM's name. */
#define ML_STATS_IDLE	ML_EVENT_IDLE
#define ML_STATS_NOT_VM ML_EVENT_NOT_VM
#define ML_STATS_USERS	(ML_EVENT_NOT_VM + 1)

/* Exits of one reason. samples: their lengths in cycles, sorted by finish(). */
struct ml_stats_exit {
	uint64_t n, cycles;
	uint64_t *samples;
	size_t n_samples, cap;
};

struct ml_stats_vector {
	uint64_t vector, n;
};

struct ml_stats_cpu {
	int32_t cpu;		      /* -1: all of them */
	uint64_t events, first, last; /* TSC of the first and last event */
	uint64_t run;		      /* cycles: last - first, or a sum */

	/* vm_exit; exit_run: cycles from the first VM_EXIT on */
	struct ml_stats_exit exits[ML_STATS_REASONS];
	uint64_t n_exits, exit_cycles, exit_run;
	uint64_t unfinished; /* VM_EXIT without a VM_ENTER */
	bool any_exit, in_exit;
	uint64_t first_exit, exit_tsc;
	uint32_t reason; /* of the current exit */
	bool counted;	 /* its reason came after its VM_EXIT */

	/* irq, sorted by finish() */
	struct ml_stats_vector *vectors;
	size_t n_vectors, cap_vectors;

	/* cpu_usage */
	uint64_t switches, user_cycles[ML_STATS_USERS];
	uint64_t ambiguous; /* cycles for which a switch must be
					   missing */
	uint64_t switch_tsc;
	uint32_t next; /* who was switched to */
};

struct ml_stats;

/* For the records of a log of format fmt, which say.event of fmt interprets. */
enum memlog_status ml_stats_create(const struct memlog_allocator *alloc,
				   const struct ml_format *fmt,
				   struct ml_stats **ret,
				   struct memlog_err *err);
void ml_stats_destroy(struct ml_stats *stats);

/* Add one record; those of a CPU come in order. Records that are not events are
 * skipped. */
enum memlog_status ml_stats_add(struct ml_stats *stats,
				const struct memlog_record *rec,
				struct memlog_err *err);

/* Call once, after the last record: close what is open, sort, sum up. */
enum memlog_status ml_stats_finish(struct ml_stats *stats,
				   struct memlog_err *err);

/* The index-th CPU, by number; with several of them, their total comes last.
 * NULL beyond. */
const struct ml_stats_cpu *ml_stats_get(const struct ml_stats *stats,
					size_t index);

/* "VMEXIT_CPUID"; "VM_EXIT 40" for a number without a name; "(other reasons)".
 * Borrowed from the format or from buf. */
const char *ml_stats_reason_name(const struct ml_stats *stats, uint32_t reason,
				 char buf[32]);

/* The length that p per mille of an exit's samples do not exceed, in cycles; 0
 * without samples. */
uint64_t ml_stats_percentile(const struct ml_stats_exit *e, unsigned int p);

#endif
