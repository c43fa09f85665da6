/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run.h - one query being run on one image. */
#ifndef ML_QUERY_RUN_H
#define ML_QUERY_RUN_H

#include "record/signature.h"
#include "render/list.h"
#include "query.h"

struct ml_run {
	const struct memlog_query *query;
	struct memlog_image *image;
	struct memlog_image_info info;
	struct memlog_query_host host;
	struct memlog_sink sink; /* the host's, in our size */
	struct memlog_query_result result;
	struct memlog_scan_stats stats;
	/* one list of a search, or one for each --at that has a log, in ats */
	struct memlog_logs *lists[ML_QUERY_ATS];
	const struct ml_query_at *ats[ML_QUERY_ATS];
	size_t n_lists;
	/* all logs of the lists, and which of them are printed */
	const struct memlog_log **logs, **chosen;
	size_t n_logs, n_chosen;
	struct ml_timeline *timeline; /* NULL: none is wanted */
	struct ml_signing signing;
	bool unsigned_rest;	    /* not all records were read */
	uint64_t tsc_hz;	    /* of time stamps, 0: unknown */
	struct memlog_names *names; /* of modules; NULL: none are needed */
	bool checked;		    /* the options fit each other */
	bool printed;		    /* anything, for the exit status */
	unsigned int seen;	    /* in records: HAS_ bits */
	bool said_symbols;	    /* of this query: see takes.c */
	bool said_rate;		    /* that --tsc-mhz has no effect */
	bool said_none;		    /* an error message says why nothing was */
	uint64_t missing;	    /* bytes of the logs that were read */
	/* the requested formats, by -F or because the writer takes no others: a
	 * list, NULL for all */
	const char *asked;
	char asked_list[ML_FORMAT_NAMES];
	char formats[ML_FORMAT_NAMES]; /* those searched for: their clocks
					   too */
	/* an error that did not prevent the rest from being printed */
	enum memlog_status pending;
	struct memlog_err pending_err;
};

/* find.c: fill in run->lists and ats. What was found before an error counts; the
 * error is then reported, and pending. NOT_MINE: no --at has a log. */
enum memlog_status ml_find_logs(struct ml_run *run, struct memlog_err *err);

/* messages.c: one line for a person. ml_say_log() escapes guest bytes; other
 * texts must not have any. */
void ml_say(const struct ml_run *run, int level, const char *fmt, ...)
	MEMLOG_PRINTF(3, 4);
/* "ovmf phys:0x7e9b2000: ..." */
void ml_say_log(const struct ml_run *run, int level,
		const struct memlog_log *log, const char *fmt, ...)
	MEMLOG_PRINTF(4, 5);
/* No log was found: what was searched, what to check. */
void ml_say_nothing(const struct ml_run *run);
/* Where the text is that is missing of a log: "not in the image" or the like. */
const char *ml_absent_words(const struct memlog_log *log);

/* Of a log that is MEMLOG_LOG_CUT_OFF: what was left out, and what to do. */
void ml_say_cut_off(const struct ml_run *run, const struct memlog_log *log);
/* Logs were found, and these are not printed. */
void ml_say_others(const struct ml_run *run);
/* Nothing was printed: NO_DATA. An error message says so, also for front ends
 * that have no exit status, unless there was one. */
enum memlog_status ml_say_none(const struct ml_run *run,
			       struct memlog_err *err);

struct ml_job;
/* A log has text of older boots, and it is not printed. */
void ml_say_older(const struct ml_job *j);

/* Properties of records that a filter may require. */
enum {
	HAS_LEVEL = 1,
	HAS_CPU = 2,
	HAS_COMPONENT = 4,
	HAS_TIME = 8,	 /* in seconds of the log's own clock */
	HAS_STAMP = 16,	 /* a time stamp, maybe in uncalibrated cycles */
	HAS_DATE = 32,	 /* a date */
	HAS_CYCLES = 64, /* a time stamp that needs a rate, or got one */
};

struct ml_newest;
struct ml_context;
struct ml_arrival;

/* One log being printed. */
struct ml_job {
	struct ml_run *run;
	const struct memlog_log *log;
	struct memlog_decoder *decoder;
	struct ml_newest *newest;   /* NULL: print as they come */
	struct ml_context *context; /* NULL: without lines around them */
	struct ml_arrival *arrival; /* NULL: without times of arrival */
	void *state;		    /* the renderer's */
	uint64_t records, lines, bytes;
	uint64_t number;     /* of the line that was written last */
	uint64_t maybe_read; /* records that the log's reader may have read */
	bool consumed;	     /* what was read is wanted */
	bool inside;	     /* the previous record continues in the next */
	bool passed;	     /* and passed */
	bool enough;
	bool is_signed; /* some of its records are of the signature */
	/* text of older boots in the same log that is not printed: some without
	 * a number, and of these boots */
	bool older_unknown, older;
	int32_t oldest, last_older;
	unsigned int seen;
	struct ml_last last; /* if the filter needs it */
};

/* job.c: keep what has to be kept between records; newest: also the newest lines, if they
 * are asked for. The next log begins, with the same options. */
enum memlog_status ml_job_begin(struct ml_job *j, bool newest,
				struct memlog_err *err);
void ml_job_end(struct ml_job *j);
void ml_job_next_log(struct ml_job *j);

/* job.c: filter a record, and render or keep it; render the kept ones, after which no
 * more are kept. */
enum memlog_status ml_job_take(struct ml_job *j,
			       const struct memlog_record *rec,
			       struct memlog_err *err);
enum memlog_status ml_job_newest(struct ml_job *j, struct memlog_err *err);

/* boot.c: add the records of a log to the timeline, if one is wanted; write it if the
 * run is of all images. */
enum memlog_status ml_boot_begin(struct ml_run *run, struct memlog_err *err);
enum memlog_status ml_boot_log(struct ml_run *run, const struct memlog_log *log,
			       struct memlog_err *err);
enum memlog_status ml_boot_end(struct ml_run *run, void *state,
			       struct memlog_err *err);

/* opts.c: fill in run->asked. Before a search. */
void ml_run_ask(struct ml_run *run);

/* opts.c: the options of searches, decoders and renderers of n_logs logs. */
struct memlog_scan_opts ml_run_scan_opts(struct ml_run *run);

/* If the query asks for physical addresses: find those of the guest in a process.
 * opts.c */
enum memlog_status ml_run_guest_phys(struct ml_run *run,
				     struct memlog_err *err);
struct memlog_decode_opts ml_run_decode_opts(const struct ml_run *run);
struct ml_render_opts ml_run_render_opts(const struct ml_run *run,
					 size_t n_logs);
struct ml_list_opts ml_run_list_opts(const struct ml_run *run);
/* Is each log a separate file in a directory? */
bool ml_run_apart(const struct ml_run *run);

/* ports.c: print what comes from debug ports, with -w until the caller stops it. */
enum memlog_status ml_ports_run(struct ml_run *run, struct memlog_err *err);

/* takes.c: report options that no format of these n logs knows. */
void ml_takes_say(struct ml_run *run, const struct memlog_log *const *logs,
		  size_t n);

/* takes.c: report a symbol file that has none of the names that the requested
 * formats look for. Returns whether it did. */
bool ml_takes_say_symbols(const struct ml_run *run);

/* takes.c: report that --time-format or --tsc-mhz has no effect, after records were printed. */
void ml_takes_say_times(const struct ml_run *run);

/* follow.c: print the records of a live log as they come, until the guest ends
 * or the caller stops it. */
enum memlog_status ml_follow_run(struct ml_run *run, struct memlog_err *err);

/* whole.c: write run->logs as a list, their boots, or an ELF core. */
enum memlog_status ml_whole_list(struct ml_run *run, struct memlog_err *err);
enum memlog_status ml_whole_boots(struct ml_run *run, struct memlog_err *err);
enum memlog_status ml_whole_extract(struct ml_run *run, struct memlog_err *err);

/* Was a log of the format found? messages.c */
bool ml_run_has(const struct ml_run *run, const struct ml_format *f);

/* Of which formats the likely places were searched, and which have none. messages.c */
void ml_say_formats(const struct ml_run *run, int level);

/* Why bytes could not be read during the search, the first of them; NULL: that is not
 * known. messages.c */
const char *ml_unreadable_why(const struct ml_run *run);

/* missing.c: bytes that are missing where the query had to look: with --at only the
 * log's own, or those of the page at the address if no log is there. One number for
 * all messages and JSON. */
uint64_t ml_missing_bytes(const struct ml_run *run);

/* Is the image cut so that what is missing there cannot be counted? */
bool ml_missing_unknown(const struct ml_run *run);

/* whole.c: logs that are not decoded: count what is known to be missing of
 * them. */
void ml_whole_count_absent(struct ml_run *run,
			   const struct memlog_log *const *logs, size_t n);

/* print.c: pass the records of run->chosen through filters and renderer. */
enum memlog_status ml_print_logs(struct ml_run *run, struct memlog_err *err);

#endif
