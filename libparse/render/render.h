/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * render.h - the interface that every output format implements.
 *
 * An output is one file, render/foo.c, with one struct ml_render, and one line
 * in render/table.c. Renderers get records with unescaped guest bytes, and pass
 * every byte that may reach a terminal through escape.c.
 */
#ifndef ML_RENDER_RENDER_H
#define ML_RENDER_RENDER_H

#include "format/format.h"

struct ml_patterns;
struct ml_timeline;

/* What a renderer gets from the command line. */
struct ml_render_opts {
	const struct memlog_allocator *alloc; /* never NULL */
	const char *image;		      /* the image's name */
	size_t n_logs;	/* total number of logs to print */
	bool many;	/* several images: name them in headings */
	bool continued; /* the sink has output of an earlier image */
	bool color;
	const struct ml_patterns *patterns; /* what lines matched; NULL: any */
	bool one_boot;		 /* all records are of the same boot */
	const char *time_format; /* NULL: the renderer's own */
	bool delta;		 /* the time since the line before */
	uint64_t tsc_hz;	 /* 0: not known */
	const char *stats;	 /* --stats LIST, checked; NULL: none */
	bool has_file_size; /* for outputs that start a new file when one is
				   full: bytes per file, 0: unlimited */
	uint64_t file_size;
	uint64_t max_files; /* 0: the output's default */
	const char *tmpdir; /* for temporary files; NULL: /var/tmp */
};

/* How --info and --list look in an output format. */
enum ml_list_style {
	ML_LIST_NONE, /* it cannot write them */
	ML_LIST_TEXT,
	ML_LIST_JSON,
	ML_LIST_JSON_SEQ, /* RS before each object, RFC 7464 */
};

/*
 * begin and end are called once; log_begin and log_end around the records of
 * each log. state is state_size zeroed bytes. log_end gets the number of
 * missing bytes. remark, after log_end: what a reader of the output of this log
 * should be warned of, a line without a full stop in buf; false: nothing. All but
 * record may be NULL. directory: this output is a set of
 * files and needs a sink that keeps names apart; may_directory: it is one if it
 * has such a sink. one_table: each of several analyses needs a file of its own.
 * suffix: logs are written one after the other, each complete after its
 * log_end, so that each can be a file in a directory; NULL: one stream for all.
 * only: it writes only logs of this format. events: it writes only logs of
 * formats with events; draws: also of those that tell of a boot. all: it also
 * wants logs of older boots. timed: it leaves
 * out records that have no time; seconds: also those with times in cycles of unknown
 * rate. untimed: it writes no times. context: it tells lines of context from those
 * that match; gap: lines were left out between the last record and the next, which are
 * of different groups of context; NULL: records tell. rotates: it starts
 * new files as file_size and max_files say. list: how it writes --info and --list. tables:
 * the writer of --stats in this format, possibly itself; NULL: it cannot.
 * only_tables: it cannot write anything else.
 */
struct ml_render {
	const char *name; /* "json" */
	const char *title;
	bool binary; /* refuse a terminal unless forced */
	bool directory, may_directory, one_table;
	const char *suffix; /* "txt" */
	bool tells_logs;    /* several logs stay separate in one output */
	const struct ml_format *only;
	bool events, draws;
	bool all, timed, seconds, untimed, context, rotates;
	enum ml_list_style list;
	const struct ml_render *tables;
	bool only_tables;
	size_t state_size;
	enum memlog_status (*begin)(void *state,
				    const struct ml_render_opts *opts,
				    const struct memlog_sink *sink,
				    struct memlog_err *err);
	enum memlog_status (*log_begin)(void *state,
					const struct memlog_log *log,
					struct memlog_err *err);
	enum memlog_status (*record)(void *state,
				     const struct memlog_record *rec,
				     struct memlog_err *err);
	void (*gap)(void *state);
	enum memlog_status (*log_end)(void *state, const struct memlog_log *log,
				      uint64_t missing, struct memlog_err *err);
	bool (*remark)(const void *state, char *buf, size_t size);
	enum memlog_status (*end)(void *state, struct memlog_err *err);
	/* the finished timeline of all logs of all images; after end, or after
	 * begin if the logs were in runs of the query before */
	enum memlog_status (*timeline)(void *state,
				       const struct ml_timeline *timeline,
				       struct memlog_err *err);
	/* called once after begin, also after a failure: free everything */
	void (*close)(void *state);
	/* write everything so far to the sink; NULL: the output is usable only
	 * when complete, so it cannot follow a live log */
	enum memlog_status (*flush)(void *state, struct memlog_err *err);
};

/* Ended by NULL; the first is the default. render/table.c */
extern const struct ml_render *const ml_renders[];

/* Renderers with an option of their own. */
extern const struct ml_render ml_render_json, ml_render_raw;

/* The renderer of that name, or NULL. */
const struct ml_render *ml_render_find(const char *name);

#endif
