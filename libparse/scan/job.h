/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.h - the state of one search. */
#ifndef ML_SCAN_JOB_H
#define ML_SCAN_JOB_H

#include "base/limits.h"
#include "places.h"
#include "scan.h"

/* What was searched of one space: n ranges, sorted, without overlaps; then up to
 * n_all those of the search that goes on, which overlap only the others. */
struct ml_scan_gone {
	struct memlog_range *at;
	size_t n, n_all, cap;
};

struct ml_scan_job {
	struct memlog_image *image;
	const struct memlog_scan_opts *opts;
	struct memlog_range *ranges; /* those of opts, sorted and merged */
	size_t n_ranges;
	struct memlog_symbols symbols; /* from opts; all NULL without opts */
	struct memlog_logs *logs;
	struct ml_places places; /* of the logs */
	uint64_t certain;	 /* formats with a screen that have a log
					   that is not a guess */
	const struct memlog_logs *known; /* of a search before, or NULL */
	struct memlog_scan_stats stats;	 /* covered: what cannot be read, too,
					   until the search is over */
	struct ml_scan_gone gone[MEMLOG_SPACES];
	uint64_t around[ML_FORMATS]; /* what logs->around is for each */
	uint64_t overlaps; /* bytes of logs that begin in one of the same format */
	uint64_t searched; /* bytes that were gone through, some repeatedly */
	uint64_t torn;	   /* the last page that was seen and then could not be
			      read */
	bool has_torn;
	struct memlog_err limit; /* why no more logs are taken */
	bool full;		 /* no more logs are taken */
	bool at;		 /* the user named the address */
	bool some;		 /* not all of the image is searched, nor was
				    before: there may be other logs */
	bool guessed;		 /* an extract says that of its addresses */
	bool searching;		 /* the start of a page was seen and led
					   to the candidate */
	enum memlog_space space; /* being searched */
	uint64_t last_hit;	 /* address of the last log found */
	bool need;		 /* likely places: end at the first log */
	bool slow;		 /* each byte that is read counts */
	bool pipe;		 /* slow, and read from its start on */
	bool exact;		 /* likely places: only those that are exact */
	bool kernel;		 /* VMCOREINFO was searched for */
	bool any_hit;		 /* since it was last cleared */
	bool once;		 /* every 8 bytes are searched instead of pages:
				    end at page_hit */
	bool page_hit;		 /* what is at the start of a page may be a log,
				    or may lead to one */
	uint64_t page_at;	 /* where that ended the search */
	uint64_t done, all;	 /* for progress */
	size_t window;		 /* bytes read at once */
	uint8_t *buf;		 /* size bytes, or NULL */
	size_t size;
};

/* A search without a log so far; fini leaves the list of its logs. */
enum memlog_status ml_scan_job_init(struct ml_scan_job *job,
				    struct memlog_image *image,
				    const struct memlog_scan_opts *opts,
				    struct memlog_err *err);
void ml_scan_job_fini(struct ml_scan_job *job);

/* The status of a search that ends with s: what it should have found may have
 * been left out for lack of memory. */
enum memlog_status ml_scan_job_complete(struct ml_scan_job *job,
					enum memlog_status s,
					struct memlog_err *err);

/* expand() of the log's format, with what it has searched around its logs so far.
 * planted.c */
enum memlog_status ml_scan_expand(struct ml_scan_job *job, struct ml_log *log,
				  struct memlog_err *err);

/* May this extent be one of a log of that format? It may begin in those that are known,
 * but together such are no more than ML_REPEATS times the file. False: the image is
 * curtailed. planted.c */
bool ml_scan_may_overlap(struct ml_scan_job *job, const struct ml_format *fmt,
			 const struct memlog_extent *e);

/* If so, remember where it is. NOT_MINE: it may not. planted.c */
enum memlog_status ml_scan_add_place(struct ml_scan_job *job,
				     const struct ml_format *fmt,
				     const struct memlog_extent *e,
				     struct memlog_err *err);

/* Sort and merge the options' ranges into job->ranges. search.c */
enum memlog_status ml_scan_take_ranges(struct ml_scan_job *job,
				       struct memlog_err *err);

/* Bytes read at once where nothing can be mapped, and between two calls of
 * progress where it can. */
#define ML_SCAN_WINDOW	   ML_FUZZ_OR(96u << 10, 1u << 20)
#define ML_SCAN_MAP_WINDOW (64u << 20)

/* The same of an image that is far away and of which all is needed. */
#define ML_SCAN_WIDE ML_FAR_REQUEST

/* Search [range) of job->space with the scanner, upwards or downwards in
 * windows. stop_after, unless 0: end that many bytes after the last log found.
 * STOP, IO and NO_MEMORY end it; holes do not. Ranges that follow one another must
 * not overlap, up to ml_scan_gone(), which ends a search. search.c */
enum memlog_status ml_scan_range(struct ml_scan_job *job, struct ml_scanner *sc,
				 struct memlog_range range, bool downwards,
				 uint64_t stop_after, struct memlog_err *err);
void ml_scan_gone(struct ml_scan_job *job);

/* The space of the options' ranges. within.c */
enum memlog_space ml_scan_ranges_space(const struct ml_scan_job *job);

/* Do the options allow a log at addr of job->space? An address in another space
 * than the ranges counts if the image can translate it to theirs. within.c */
bool ml_scan_allows(struct ml_scan_job *job, uint64_t addr);

/* ml_scan_range() for one format, or NULL for all that were asked for; if the options'
 * ranges are in that space, only of their overlap with it. within.c */
enum memlog_status ml_scan_within(struct ml_scan_job *job,
				  const struct ml_format *fmt, bool exhaustive,
				  struct memlog_range range, bool downwards,
				  uint64_t past, struct memlog_err *err);

/* Search the likely places of all formats that were asked for; with job->need each as far
 * as its first log there. likely.c */
enum memlog_status ml_scan_likely(struct ml_scan_job *job,
				  struct memlog_err *err);

/* Is what was found at the likely places, and judged, enough: a current log, and one of
 * each format that the image says it has? One that is always found at once is not enough if
 * others are searched for. likely.c */
bool ml_scan_is_enough(const struct ml_scan_job *job);

/* A search starts over: nothing is counted yet. search.c */
void ml_scan_forget(struct ml_scan_job *job);

/* ml_scan_feed() of a mapped window, by as many threads as the options say.
 * parallel.c */
enum memlog_status ml_scan_feed_parallel(struct ml_scan_job *job,
					 struct ml_scanner *sc, uint64_t addr,
					 const uint8_t *bytes, size_t len);

/* Probe one candidate at addr of job->space, or at its address in the domain it
 * belongs to, and add it, or what it points to, to the list if it is a log. hint
 * may be NULL. NOT_MINE is OK here (and counted); a full list is OK and
 * remembered. candidate.c */
enum memlog_status ml_scan_candidate(struct ml_scan_job *job,
				     const struct ml_format *fmt, uint64_t addr,
				     const uint64_t *hint,
				     struct memlog_err *err);

/* Search physical memory for what a format needs to know of the kernel, once and
 * unless the image has it; ML_KERNEL_LOCATE: only with symbols of Linux, and not
 * where reading is slow. STOP, NO_MEMORY. kernel.c */
enum memlog_status ml_scan_kernel(struct ml_scan_job *job,
				  const struct ml_format *fmt,
				  unsigned int when, struct memlog_err *err);

/* Sort the list into its final order, number it, let formats relate their
 * logs. NO_MEMORY; STOP: what was not looked at in time is left out of them.
 * candidate.c */
enum memlog_status ml_scan_finish(struct ml_scan_job *job,
				  struct memlog_err *err);

#endif
