/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lane.h - shared by the files of timelines: what is kept of a source. */
#ifndef ML_RECORD_TIMELINE_LANE_H
#define ML_RECORD_TIMELINE_LANE_H

#include "timeline.h"

/* Times beyond are no times of a boot; in ns. */
#define ML_LANE_YEAR (INT64_C(31557600) * 1000000000)

/* A time between two messages; those before the first and after the last have no
 * text on one side. */
struct ml_lane_gap {
	int64_t from, to;
	char before[ML_TIMELINE_TEXT], after[ML_TIMELINE_TEXT];
};

/* The first line of a phase; weak: it begins some time before; exact: a mark says that it
 * begins here. */
struct ml_lane_bound {
	bool has, timed, weak, exact;
	int64_t time;
	char text[ML_TIMELINE_TEXT];
};

struct ml_lane_common {
	unsigned int common;
	int64_t time;
};

/* One source while records are added. Times are its own. zero: what its clock showed
 * at 0 of them, for clocks that show a date. start, text: the first line with a time, the
 * last line. spans_left, marks_left: those of this lane that did not fit; parts_left:
 * records of parts that did not. */
struct ml_lane {
	struct ml_timeline_source pub;
	size_t log;
	int32_t boot;
	char vm[ML_TIMELINE_VM]; /* "": not known, or the only one */
	bool dated, has_machine;
	int64_t latest, machine, zero;
	enum ml_stage phase; /* of the last record */
	size_t part;	     /* of the last record, SIZE_MAX for none */
	char start[ML_TIMELINE_TEXT], text[ML_TIMELINE_TEXT];
	char guid[40]; /* of the module whose name comes next */
	struct ml_lane_bound bounds[ML_STAGES];
	struct ml_lane_common *commons;
	size_t n_commons, cap_commons;
	struct ml_lane_gap gaps[ML_TIMELINE_GAPS];
	size_t n_gaps;
	uint64_t spans_left, marks_left, parts_left;
};

/* Spans, marks and parts while they are added: source is an index of lanes. */
struct ml_lanes_spans {
	struct ml_timeline_span *list;
	size_t n, cap;
};

struct ml_lanes_marks {
	struct ml_timeline_mark *list;
	size_t n, cap;
};

struct ml_lanes_parts {
	struct ml_timeline_part *list;
	size_t n, cap;
};

/* The names of modules. */
struct ml_lanes_names {
	struct {
		char guid[40], name[40];
	} * list;
	size_t n, cap;
};

struct ml_timeline {
	struct memlog_allocator alloc;
	struct ml_lane **lanes;
	size_t n_lanes, cap_lanes, n_logs;
	size_t current; /* lane of the last record, SIZE_MAX for none */
	char image[ML_TIMELINE_TEXT], label[ML_TIMELINE_TEXT];
	const struct ml_format *format;
	struct ml_lanes_spans spans;
	struct ml_lanes_marks marks;
	struct ml_lanes_parts parts;
	struct ml_lanes_names names;
	uint64_t left;
	/* after finish() */
	struct ml_timeline_boot *boots;
	size_t n_boots, cap_boots;
};

/* Copy n guest bytes without their line end, cut. */
void ml_lane_text(char ret[ML_TIMELINE_TEXT], const uint8_t *text, size_t n);

/* The time of a common mark, false: the lane has it not. */
bool ml_lane_common(const struct ml_lane *lane, unsigned int common,
		    int64_t *ret);

/* The first of each common mark is kept, of codes and with again the last. */
enum memlog_status ml_lane_add_common(struct ml_timeline *t, struct ml_lane *l,
				      unsigned int common, bool again,
				      int64_t time, struct memlog_err *err);

/* The phase of the lane's last line begins, unless it has or is over. */
void ml_lane_add_bound(struct ml_lane *l, const struct ml_moment *m, bool timed,
		       int64_t time);

/* Nothing was written between these times, the second of which is that of the last
 * line. */
void ml_lane_add_gap(struct ml_lane *l, int64_t from, int64_t to,
		     const char *before);

/* Of the current lane. */
enum memlog_status ml_lane_add_span(struct ml_timeline *t,
				    const struct ml_moment *m, int64_t time,
				    struct memlog_err *err);
enum memlog_status ml_lane_add_mark(struct ml_timeline *t, struct ml_lane *l,
				    const struct ml_moment *m, int64_t time,
				    struct memlog_err *err);

/* The part of that name of the current lane, a new one if need be; SIZE_MAX for none. */
enum memlog_status ml_lane_part(struct ml_timeline *t, struct ml_lane *l,
				const char *name, size_t *ret,
				struct memlog_err *err);

/* The GUID or the name of a module that is loaded. */
enum memlog_status ml_lane_add_name(struct ml_timeline *t, struct ml_lane *l,
				    const struct ml_moment *m,
				    struct memlog_err *err);

/* The name of the module with that GUID, or NULL. */
const char *ml_lane_name(const struct ml_timeline *t, const char *guid);

/* Only the longest spans stay, at most ML_TIMELINE_SPANS. */
void ml_lanes_cut_spans(struct ml_timeline *t);

/* align.c: set offset, error and method of n lanes of one boot. *ret: the one that
 * gives the clock; false: none has one. */
bool ml_lanes_align(struct ml_lane *const *lanes, size_t n, size_t *ret);

/* phases.c: the phases of n aligned lanes, or of those without clocks if timed is not
 * set, into boot->phases, which has room for ML_STAGES. */
void ml_lanes_phases(struct ml_lane *const *lanes, size_t n, bool timed,
		     struct ml_timeline_phase *ret, size_t *ret_n, int64_t end);

/* silences.c: the longest times in which no aligned lane has a message. */
enum memlog_status
ml_lanes_silences(const struct memlog_allocator *alloc,
		  struct ml_lane *const *lanes, size_t n,
		  struct ml_timeline_silence ret[ML_TIMELINE_SILENCES],
		  size_t *ret_n, struct memlog_err *err);

/* finish.c: a boot of the lanes of that machine and number, appended to
 * timeline->boots. */
enum memlog_status ml_lanes_boot(struct ml_timeline *t, const char *vm,
				 int32_t boot, struct memlog_err *err);

#endif
