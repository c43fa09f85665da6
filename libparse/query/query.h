/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* query.h - one parsed command line. */
#ifndef ML_QUERY_QUERY_H
#define ML_QUERY_QUERY_H

#include "base/alloc.h"
#include "memlog.h"
#include "record/filter.h"
#include "render/render.h"

#define ML_QUERY_RANGES 64
#define ML_QUERY_ATS	64

/* Set an option of the query. value is NULL if it has none. On INVALID the text
 * says what is valid, and the query is unchanged. */
typedef enum memlog_status ml_setter(struct memlog_query *query,
				     const char *value, struct memlog_err *err);

/* The options of a command line, one after the other. Start with hosts (1 <<
 * enum memlog_host) and own, which may be NULL, set and the rest zero. */
struct ml_options {
	unsigned int hosts;
	const struct memlog_option *own;
	size_t next;
	struct memlog_option option; /* the current one */
	ml_setter *set;		     /* NULL: the option is one of own */
};

/* Go to the next: those of the query that own does not replace, then own's.
 * False after the last. */
bool ml_options_next(struct ml_options *options);

/* Levels of struct memlog_query_host's message(). */
enum { ML_SAY_ERROR, ML_SAY_WARNING, ML_SAY_NOTE, ML_SAY_DETAIL };

struct ml_query_at {
	bool has_space;
	enum memlog_space space;
	uint64_t addr;
	bool has_more;
	uint64_t more; /* parts after the first, as --list shows them */
};

struct memlog_query {
	struct memlog_allocator alloc;
	enum memlog_host host;
	uint64_t given; /* options of the table, a bit for each */
	bool info, list, list_boots, extract; /* at most one */
	bool signature; /* instead of what is in the logs */
	bool has_boot;
	int32_t boot; /* -b */
	bool follow;
	bool all, uncommitted, consumed, merge, force, verbose, color, strict;
	int level;     /* of wanted messages */
	char *formats; /* a list, checked; NULL: all */
	enum memlog_scan_mode scan;
	struct ml_query_at at[ML_QUERY_ATS];
	size_t n_at;
	struct memlog_range ranges[ML_QUERY_RANGES];
	size_t n_ranges;
	enum memlog_space ranges_space;
	bool ranges_in_space;
	struct ml_filter filter;
	char *component, *cpus; /* what filter borrows */
	/* -A, -B or -C; -B; -A */
	bool has_context, has_before, has_after;
	uint64_t before, after;
	bool has_count;
	bool newest; /* -n N: the newest N; else -n +N, the first N */
	uint64_t count;
	const struct ml_render *render;
	uint64_t tsc_hz;
	char *time_format;
	bool delta;  /* -d */
	char *stats; /* a list, checked; NULL: none */
	char *rules; /* the text of --acrn-formats */
	char *rules_file;
	size_t rules_len;
	bool has_file_size; /* see struct ml_render_opts */
	uint64_t file_size, max_files;
	uint64_t max_logs; /* 0: the built-in limit */
	uint64_t window;   /* the same */
	unsigned int threads;
	bool said_symbols;	      /* the warning about them was given */
	struct ml_timeline *timeline; /* of all images; NULL until the first */
};

/* Does it print what is in the logs? */
bool ml_query_prints(const struct memlog_query *q);

/* Room for an option as it is typed. */
#define ML_OPTION_TYPED 32

/* An option was given: one of the query with that setter, or a front end's own,
 * whose setter is NULL. */
void ml_query_note(struct memlog_query *query, const char *name,
		   ml_setter *set);

/* Write the first option of a list of names that was given, as it is typed, to
 * ret. False: none was. */
bool ml_query_given(const struct memlog_query *query, const char *names,
		    char ret[ML_OPTION_TYPED]);

/* takes.c: options that only some formats know would be ignored. */
enum memlog_status ml_takes_check(const struct memlog_query *query,
				  struct memlog_err *err);

/* Does every line get the time at which it arrives? */
bool ml_query_arrival(const struct memlog_query *q);

/* Are records to be added to the timeline, too? */
bool ml_query_timeline(const struct memlog_query *q);

/* What writes the output: --stats has its own writers. */
const struct ml_render *ml_query_writer(const struct memlog_query *query);

/* "[SPACE:]ADDR"; INVALID: the text says what is valid. */
enum memlog_status ml_parse_at(const struct memlog_query *query,
			       const char *text, struct ml_query_at *ret,
			       struct memlog_err *err);

/* "[SPACE:]A-B" (B is not part of it) or "[SPACE:]A+SIZE", added to query. */
enum memlog_status ml_parse_range(struct memlog_query *query, const char *text,
				  struct memlog_err *err);

#endif
