/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acrn.h - definitions shared by ACRN's formats. */
#ifndef ML_FORMAT_ACRN_H
#define ML_FORMAT_ACRN_H

#include "sbuf.h"

/* The role of an extent of ACRN's log. */
#define ML_ACRN_ROLE_RING 0u
#define ML_ACRN_ROLE_EARLY \
	1u /* the hypervisor's own, before the
					   Service VM gave it one */

/* The log's private part. */
struct acrn {
	uint32_t ele_num;
	bool last;	  /* marked as from the previous boot */
	bool captured;	  /* entries that acrntrace wrote */
	bool from_base;	  /* the first ring starts a page */
	bool inside;	  /* its headers are in the slots of other
				   rings */
	uint64_t part;	  /* from one ring to the next; 0: unknown */
	uint64_t unread;  /* slots */
	uint32_t damaged; /* rings with damaged headers */
};

static inline struct acrn *ml_acrn(struct ml_log *log)
{
	return (struct acrn *)log->priv;
}

static inline const struct acrn *ml_acrn_const(const struct ml_log *log)
{
	return (const struct acrn *)log->priv;
}

_Static_assert(sizeof(struct acrn) <= ML_LOG_PRIV, "private part too small");

/* Fill in what one ring says about its log; for probes. */
void ml_acrn_log_of_ring(struct ml_log *log, const struct ml_sbuf *h,
			 uint64_t addr, struct memlog_extent *ret_extent);
/* Add another ring's numbers to the log's. */
void ml_acrn_log_add_ring(struct ml_log *log, const struct ml_sbuf *h);

/* What the reader of a ring has not read; all of it if its offsets are bad. */
size_t ml_acrn_text(const struct ml_log *log, size_t extent,
		    struct memlog_image *image, struct memlog_range ret[2]);

/* own.c: which pages are a ring's */
bool ml_acrn_log_own(struct ml_page *page);
bool ml_acrn_trace_own(struct ml_page *page);

/* place.c: the rings of all CPUs, of both halves, and which are in use */
enum memlog_status ml_acrn_log_expand(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_image *image,
				      struct memlog_err *err);
void ml_acrn_log_relate(struct ml_log *const *logs, size_t n,
			struct memlog_image *image, bool some);

/* Among logs without a state, the one that the hypervisor's per-CPU pointers
 * point to is current and the others are stale. */
void ml_acrn_ask_pointers(struct ml_log *const *logs, size_t n,
			  struct memlog_image *image);

/* For a log with entries that do not say which CPU wrote them: the per-CPU pointers to
 * the rings are in CPU order. */
void ml_acrn_name_by_pointers(struct ml_log *log, struct memlog_image *image);

/* Sort the extents by CPU, then by address. */
void ml_acrn_sort_extents(struct ml_log *log);

/* likely.c: where the Service VM's kernel may have reserved memory for it, and where
 * its command line says so */
size_t ml_acrn_likely(struct memlog_image *image, struct ml_likely *ret,
		      size_t max);
size_t ml_acrn_pointed(struct memlog_image *image, struct ml_likely *ret,
		       size_t max);

/* trace_find.c: the rings of the trace */
enum memlog_status ml_acrn_trace_probe(const struct ml_probe *probe,
				       struct ml_log *log, struct ml_found *ret,
				       struct memlog_err *err);
enum memlog_status ml_acrn_trace_expand(struct memlog_logs *logs,
					struct ml_log *log,
					struct memlog_image *image,
					struct memlog_err *err);
void ml_acrn_trace_relate(struct ml_log *const *logs, size_t n,
			  struct memlog_image *image, bool some);

/* A say.fault. fault.c */
void ml_acrn_fault(const struct memlog_record *rec, struct ml_fault *ret);

extern const struct ml_magic ml_acrn_magics[];

extern const struct ml_format ml_format_acrn_log, ml_format_acrn_trace;

#endif
