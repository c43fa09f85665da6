/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracedat.h - shared by the parts of -O tracedat: events.c knows their types and
 * encodes them, pages.c keeps them on pages of each CPU, file.c writes the file.
 */
#ifndef ML_RENDER_TRACEDAT_H
#define ML_RENDER_TRACEDAT_H

#include "base/alloc.h"
#include "base/limits.h"
#include "memlog.h"
#include "render/out.h"

enum {
	DAT_PAGE = 4096,
	DAT_PAGE_HEADER = 16, /* time stamp, bytes in use */
	DAT_COMMON = 8,	      /* what every event begins with */
	DAT_FIELD = 8,
	DAT_CALLERS = 16, /* in a stack */
	DAT_NAME = 32,
	DAT_SYMBOL = 64,
	/* bytes of text in one event, more is cut; the longest event fills a page, as it may
	 * in the kernel */
	DAT_TEXT = 3836,
	/* the text, a NUL for each that no longer fits, and up to a word */
	DAT_EVENT = DAT_COMMON + DAT_FIELD * MEMLOG_RECORD_FIELDS + DAT_TEXT +
		    MEMLOG_RECORD_FIELDS + 4,
};

/* ---- pages of events, of each CPU ---------------------------------------- */

/* page: the one being filled, len bytes of it in use after its header; time is
 * that of its last event. first, last, pages: those that are full, by number.
 * lost: before the next event; 0 if is_lost: an unknown number. */
struct dat_cpu {
	uint8_t *page;
	size_t len;
	uint64_t time;
	uint32_t first, last;
	uint64_t pages;
	uint64_t lost;
	bool is_lost;
	/* of the page being filled */
	uint64_t page_lost;
	bool page_is_lost;
	bool has_task; /* of its last event */
	int32_t task;
};

/* Full pages, by number: the first in memory, the rest in a temporary file.
 * next: of each, the number of the CPU's next one. block: that being filled. */
struct dat_pages {
	struct memlog_allocator alloc;
	const char *tmpdir;
	struct dat_cpu **cpus; /* by number; NULL: nothing yet */
	size_t n_cpus, cap_cpus;
	uint32_t *next;
	size_t n, cap;
	uint8_t **blocks, *block;
	size_t n_blocks, cap_blocks;
	int fd; /* -1: none */
};

void ml_dat_pages_init(struct dat_pages *p,
		       const struct memlog_allocator *alloc,
		       const char *tmpdir);
void ml_dat_pages_fini(struct dat_pages *p);

/* The CPU of that number, at first without an event. LIMIT: there cannot be as
 * many. */
enum memlog_status ml_dat_cpu(struct dat_pages *p, int32_t cpu,
			      struct dat_cpu **ret, struct memlog_err *err);

/* Add an event of at most DAT_EVENT bytes, a multiple of 4. */
enum memlog_status ml_dat_add(struct dat_pages *p, struct dat_cpu *c,
			      uint64_t ns, const uint8_t *event, size_t len,
			      struct memlog_err *err);

/* End the last page of every CPU. */
enum memlog_status ml_dat_pages_end(struct dat_pages *p,
				    struct memlog_err *err);

/* Write the pages of a CPU. */
enum memlog_status ml_dat_pages_write(struct dat_pages *p,
				      const struct dat_cpu *c,
				      struct ml_out *out,
				      struct memlog_err *err);

/* ---- types of events ------------------------------------------------------ */

/* Names of values of a number, as far as events had them. */
struct dat_value {
	uint64_t value;
	char name[DAT_NAME];
};

struct dat_field {
	char name[DAT_NAME];
	enum memlog_field_type type;
	struct dat_value *values;
	size_t n_values, cap_values;
};

/* format: of a type of Linux, the text of its file; seen: what a record had of that. Then
 * the rest but for system is not used. */
struct dat_type {
	char *format;
	const char *seen;
	char system[DAT_NAME]; /* "": that of the log */
	char name[DAT_NAME];
	uint32_t n_fields;
	struct dat_field field[MEMLOG_RECORD_FIELDS];
};

/* A task: a thread, or what else has the CPU. */
struct dat_task {
	int32_t pid;
	char name[DAT_NAME];
};

/* The name of an address that an event has. */
struct dat_symbol {
	uint64_t addr;
	char name[DAT_SYMBOL];
};

struct dat_events {
	struct memlog_allocator alloc;
	struct dat_symbol *symbols; /* sorted */
	size_t n_symbols, cap_symbols;
	size_t last;		 /* the type that was looked for before */
	struct dat_type **types; /* of number DAT_FIRST on */
	size_t n_types, cap_types;
	struct dat_task *tasks;
	size_t n_tasks, cap_tasks;
	uint8_t buf[DAT_EVENT];
};

/* Numbers of event types start here: none is 0, and those below are the kernel's
 * own. */
#define DAT_FIRST 1000u

void ml_dat_events_init(struct dat_events *e,
			const struct memlog_allocator *alloc);
void ml_dat_events_fini(struct dat_events *e);

/* Encode a record into e->buf. is_event: its fields say all; else its text is
 * one of them, unless they begin with the header of Linux. LIMIT: too many types. */
enum memlog_status ml_dat_encode(struct dat_events *e,
				 const struct memlog_record *rec, bool is_event,
				 int32_t pid, size_t *ret,
				 struct memlog_err *err);

/* kernel.c: the same by its own format, and note what the addresses in it are called. False:
 * it has none, or is too long. */
bool ml_dat_is_kernel(const struct memlog_record *rec);
enum memlog_status ml_dat_encode_kernel(struct dat_events *e,
					const struct memlog_record *rec,
					size_t *ret, struct memlog_err *err);

/* Is f the name of the value of number? */
bool ml_dat_is_name(const struct memlog_field *number,
		    const struct memlog_field *f);

/* The number in a field of the header that all events of Linux have; false: the
 * record has no such field. */
bool ml_dat_common(const struct memlog_record *rec, const char *name,
		   uint64_t *ret);

/* Name a task. Those beyond ML_TRACEDAT_TASKS have no name. */
enum memlog_status ml_dat_task(struct dat_events *e, int32_t pid,
			       const char *name, struct memlog_err *err);

/* The same, by the field of that header, if the record has it. */
enum memlog_status ml_dat_comm(struct dat_events *e,
			       const struct memlog_record *rec, int32_t pid,
			       struct memlog_err *err);

/* A name that can be part of a format: letters, digits, underscores. */
void ml_dat_name(char ret[DAT_NAME], const char *s);

/* ---- the file ------------------------------------------------------------- */

/* Write the file. system: of all events. cycles: times are in cycles, not nanoseconds. */
enum memlog_status ml_dat_write(struct ml_out *out, struct dat_pages *pages,
				const struct dat_events *events,
				const char *system, bool cycles,
				struct memlog_err *err);

#endif
