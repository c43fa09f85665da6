/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeline.h - where the time of a boot went: phases, silences, drivers and marks of
 * all logs of one machine, on one clock. Only data: renderers draw it.
 *
 * Logs of several images may be added, such as a dump, what was captured of a debug
 * port and the log of a virtual machine monitor: all are taken for logs of one machine,
 * unless some name several. Each boot of each machine has a timeline of its own; what
 * names none is of that machine if there is one name, else it is apart from them.
 *
 * One of the logs gives the common clock. Others are moved onto it by marks that both
 * have: a progress code, ExitBootServices(), the first message of the kernel, the
 * start of init, the creation of the machine. What has no such mark stays apart.
 *
 * The common clock is 0 at the first message of the boot. All times are in nanoseconds of
 * it; those of a source that is not aligned are of its own clock. Texts and names are
 * guest bytes, NUL-terminated, cut to their arrays: escape them.
 */
#ifndef ML_RECORD_TIMELINE_H
#define ML_RECORD_TIMELINE_H

#include "base/alloc.h"
#include "base/limits.h"
#include "format/format.h"
#include "format/moment.h"

#define ML_TIMELINE_TEXT 96u
#define ML_TIMELINE_VM	 32u

/*
 * One log, or one boot of it: a lane.
 *
 * image, label: its image and "ovmf phys:0x7e9b2000"; no guest bytes. format: its
 *	name, static.
 * has_clock: some of its records have times of a known rate. cycles: they have times
 *	in cycles of an unknown rate, and has_clock is not set.
 * first, last: times of its first and last record with a time.
 * aligned: its times are of the common clock. offset: what was added to its own.
 *	has_error, error: how far they may be off, if that is known.
 * method: by which marks, or why not; one line, no guest bytes.
 * records, bytes: all of them; in: of each phase by its own lines, also where phases of
 *	the boot start with those of another source. back: times that were left out,
 *	because they were before the time of an earlier record, or beyond a year.
 */
struct ml_timeline_count {
	uint64_t records, bytes;
};

struct ml_timeline_source {
	char image[ML_TIMELINE_TEXT], label[ML_TIMELINE_TEXT];
	char method[2 * ML_TIMELINE_TEXT];
	const char *format;
	bool has_clock, cycles, aligned, has_error;
	int64_t first, last, offset, error;
	uint64_t records, bytes, back;
	struct ml_timeline_count in[ML_STAGES];
};

/*
 * One phase. They are in order and contiguous: each starts where the one before ends,
 * the first with the first message, and the last ends with the last message or mark.
 *
 * text: the line or mark that it starts with; source: whose it is. records, bytes: of
 *	this source.
 */
struct ml_timeline_phase {
	enum ml_stage phase;
	const char *name; /* static */
	int64_t start, end;
	size_t source;
	char text[ML_TIMELINE_TEXT];
	uint64_t records, bytes;
};

/* What a driver, or a function of one, took. */
struct ml_timeline_span {
	char name[ML_TIMELINE_TEXT];
	int64_t start, end;
	size_t source;
	enum ml_stage phase;
};

/* A driver, by what it wrote: its messages, without a clock too. time: from each message to the
 * next one of the source, summed up; start: the first one; 0 without a clock. */
struct ml_timeline_part {
	char name[ML_TIMELINE_TEXT];
	size_t source;
	enum ml_stage phase; /* of its first message */
	uint64_t records, bytes;
	int64_t start, time;
};

/* No message of any aligned source from start to end; the lines around it. source: whose
 * the line before is. */
struct ml_timeline_silence {
	int64_t start, end;
	size_t source;
	enum ml_stage phase;
	char before[ML_TIMELINE_TEXT], after[ML_TIMELINE_TEXT];
};

/* A point in time: a progress code or a boundary of a phase in its source. */
struct ml_timeline_mark {
	int64_t time;
	size_t source;
	enum ml_stage phase; /* that begins with it, or NONE */
	bool has_code;
	uint8_t code;
	uint16_t port;
	char text[ML_TIMELINE_TEXT];
};

/*
 * The timeline of one boot.
 *
 * boot: 0 the current one, -1 the one before.
 * vm: the name of the machine; empty if there is only one, and for what names none.
 * has_clock: phases have times. If not, they are in the order of the log, and start
 *	and end are 0.
 * clock: the index of the source that gives the common clock, if has_clock.
 * start, end: of all phases.
 * silences: the longest first. spans: by start; when there are too many, the shortest are
 *	left out, and spans_left of them were. marks: by time, those of sources that are
 *	not aligned last; marks_left were left out. parts: in order of first message.
 */
struct ml_timeline_boot {
	int32_t boot;
	char vm[ML_TIMELINE_VM];
	bool has_clock;
	size_t clock;
	int64_t start, end;
	const struct ml_timeline_source *sources;
	size_t n_sources;
	const struct ml_timeline_phase *phases;
	size_t n_phases;
	const struct ml_timeline_silence *silences;
	size_t n_silences;
	const struct ml_timeline_span *spans;
	size_t n_spans;
	const struct ml_timeline_mark *marks;
	size_t n_marks;
	const struct ml_timeline_part *parts;
	size_t n_parts;
	uint64_t spans_left, marks_left, parts_left;
};

struct ml_timeline;

enum memlog_status ml_timeline_create(const struct memlog_allocator *alloc,
				      struct ml_timeline **ret,
				      struct memlog_err *err);
void ml_timeline_destroy(struct ml_timeline *timeline);

/* The records that follow are of this log of this image. label is what it is called
 * beside its image. All are copied. */
enum memlog_status ml_timeline_log(struct ml_timeline *timeline,
				   const char *image, const char *label,
				   const struct ml_format *format,
				   struct memlog_err *err);

/* Add a record, in the order of the log. */
enum memlog_status ml_timeline_add(struct ml_timeline *timeline,
				   const struct memlog_record *rec,
				   struct memlog_err *err);

/* Call once, after the last record of the last log. */
enum memlog_status ml_timeline_finish(struct ml_timeline *timeline,
				      struct memlog_err *err);

/* Records that were left out, because there are too many logs and boots. */
uint64_t ml_timeline_left(const struct ml_timeline *timeline);

/* After finish(): the index-th boot, machine by machine, the oldest first; NULL beyond
 * the last. Borrowed until timeline is destroyed. */
const struct ml_timeline_boot *
ml_timeline_get(const struct ml_timeline *timeline, size_t index);

#endif
