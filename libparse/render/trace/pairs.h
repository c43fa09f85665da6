/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pairs.h - slices from two records: their begin and their end. */
#ifndef ML_RENDER_TRACE_PAIRS_H
#define ML_RENDER_TRACE_PAIRS_H

#include "tracks.h"

/* A CPU goes into the hypervisor, which has a reason, and out of it with entry; NULL:
 * that is not in the log. */
void ml_pair_exit(struct ml_slices *s, struct ml_slice_cpu *c,
		  const struct memlog_record *rec, const struct ml_event *e,
		  uint64_t ns);
void ml_pair_reason(const struct ml_slices *s, struct ml_slice_cpu *c,
		    const struct memlog_record *rec, const struct ml_event *e);
void ml_pair_entry(struct ml_slices *s, struct ml_slice_cpu *c, uint64_t ns,
		   const struct memlog_record *entry);

/* Somebody else gets the CPU. */
void ml_pair_switch(struct ml_slices *s, struct ml_slice_cpu *c,
		    const struct ml_event *e, uint64_t ns);

/* What a record is about: its name, its component or its kind; category is its kind. */
void ml_pair_name(const struct ml_slices *s, struct ml_keep *k,
		  const struct memlog_record *rec);

/* If a record is one end of a slice, *ret is set; not if the other end cannot be
 * shown. */
enum memlog_status ml_pair_edge(struct ml_slices *s, struct ml_slice_cpu *c,
				const struct memlog_record *rec, uint64_t ns,
				bool *ret, struct memlog_err *err);

/* The log ends. */
void ml_pair_end(struct ml_slices *s, struct ml_slice_cpu *c);

#endif
