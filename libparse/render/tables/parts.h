/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parts.h - shared by the writers of --stats: stats.c walks the requested
 * analyses and the CPUs; table.c, csv.c and json.c each write one of them.
 */
#ifndef ML_RENDER_STATS_PARTS_H
#define ML_RENDER_STATS_PARTS_H

#include "record/stats.h"
#include "record/timeline/timeline.h"
#include "record/visits.h"
#include "render/out.h"
#include "render/render.h"

/* The available analyses. */
enum {
	ML_STATS_VM_EXIT,
	ML_STATS_IRQ,
	ML_STATS_CPU_USAGE,
	ML_STATS_HYP_EXIT,
	ML_STATS_BOOT,
	ML_STATS_ANALYSES
};

struct ml_stats_writer;

struct ml_stats_out {
	struct ml_out out;
	const struct ml_format *fmt;
	struct ml_stats *stats;
	struct ml_visits *visits; /* of formats with say.visits, instead */
	const struct ml_render_opts *opts;
	const struct ml_stats_writer *writer;
	const struct memlog_log *log; /* the trace */
	bool seq;		      /* JSON as a text sequence */
	struct memlog_allocator alloc;
	bool headed; /* the header line of CSV was written */
};

/* Writes one analysis of one CPU, or of all together. Errors of the sink may
 * stay in out. */
typedef enum memlog_status ml_stats_write(struct ml_stats_out *s,
					  const struct ml_stats_cpu *c,
					  struct memlog_err *err);

/* One way to write them all. begin and end, which may be NULL, are called
 * before and after the CPUs of an analysis; which is its number. */
struct ml_stats_writer {
	enum memlog_status (*begin)(struct ml_stats_out *s, size_t which,
				    const char *name, struct memlog_err *err);
	enum memlog_status (*end)(struct ml_stats_out *s,
				  struct memlog_err *err);
	ml_stats_write *write[ML_STATS_HYP_EXIT];
	enum memlog_status (*visits)(struct ml_stats_out *s,
				     const struct ml_visits_cpu *c,
				     struct memlog_err *err);
	/* one boot; csv.c writes all of them to one table */
	void (*boot)(struct ml_stats_out *s, const struct ml_timeline_boot *b);
};

extern const struct ml_stats_writer ml_stats_table;
extern const struct ml_stats_writer ml_stats_csv;
extern const struct ml_stats_writer ml_stats_json;

/* 0 if the rate of time stamps is unknown. */
double ml_stats_seconds(const struct ml_stats_out *s, uint64_t cycles);

double ml_stats_percent(uint64_t part, uint64_t all);

/* n per second, "" if that is unknown. */
const char *ml_stats_rate(const struct ml_stats_out *s, uint64_t n,
			  uint64_t cycles, char ret[32]);

/* The rate of time stamps in MHz, "" if unknown. */
const char *ml_stats_mhz(const struct ml_stats_out *s, char ret[32]);

/* "0", "all". */
const char *ml_stats_cpu_name(int32_t cpu, char ret[16]);

/* "host", "1234", "" if it is unknown: for whom a visit was. */
const char *ml_stats_visitor(const struct ml_visit *v, char ret[16]);

/* Who had the CPU, ML_STATS_IDLE and the like: "0", "Idle", "other". */
const char *ml_stats_user_name(uint32_t user, char ret[16]);

/* boot.c, boot_csv.c, boot_json.c: a boot. */
void ml_boot_table(struct ml_stats_out *s, const struct ml_timeline_boot *b);
void ml_boot_csv(struct ml_stats_out *s, const struct ml_timeline_boot *b);
void ml_boot_json(struct ml_stats_out *s, const struct ml_timeline_boot *b);

/* A field of CSV, any text. Line ends are escaped like all controls. */
void ml_csv_text(struct ml_out *out, const char *text);

/* The header line of ml_boot_csv(). */
extern const char ml_boot_csv_head[];

/* Sum of the column of exits, so that a table adds up. */
uint64_t ml_stats_total_exits(const struct ml_stats_cpu *c);

#endif
