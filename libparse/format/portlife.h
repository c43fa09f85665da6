/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portlife.h - the lives of machines, for portmachine.c. */
#ifndef ML_FORMAT_PORTLIFE_H
#define ML_FORMAT_PORTLIFE_H

#include <stddef.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "portsaid.h"

#define ML_PORT_NONE SIZE_MAX

/* A monitor's clock counts microseconds. What is beyond, two years, is none. */
#define ML_PORT_CLOCK (UINT64_C(1) << 46)

/* Two CPUs may be logged in the wrong order; so may be the lines of two processes, as
 * the times in them are taken before they are written. The monitor's time is taken after
 * that of the mark, nearly always close to it. It has 24 bits. */
enum {
	ML_PORT_BACK_US = 1000,
	ML_PORT_OFFSET_US = 10000,
	ML_PORT_CLOSE_US = 100,
	ML_PORT_ORDER_US = 20000,
	ML_PORT_OFFSET_BITS = 20
};

/*
 * A life: first and last are the lines that are known to be of it. created, with
 * has_created: the monitor's time when the machine was created; monitor, with
 * has_monitor: that of the last mark. place: where it was active; maybe: at which places
 * were lives, when it began, that its monitor may have had before, a bit for each; before:
 * which it had, if the process has a number, or NONE. same: it turned out to be that
 * other life, or NONE. continued: its monitor has a life after it; that, machine and
 * boot are set by ml_port_machines_settle().
 */
struct ml_port_life {
	bool has_process, has_monitor, has_created, continued;
	uint8_t place;
	uint64_t process, first, last, monitor, maybe;
	int64_t created;
	size_t before, same, machine;
	int32_t boot;
};

/*
 * A life that may go on; life: its index. any: it has a mark, and us is the time of the
 * last one. offset: from the clock of the marks to the monitor's. monitor: with
 * has_monitor, of the last mark, or of the line that it began with; seen: of the last
 * line that may be of it. doubt: its first mark may as well be of that other place,
 * whose doubted is this one, and which gets no lines as long as that is not known.
 * like: its marks are near those of that other place, but not close: it is the same,
 * unless something shows that it is not; like_marks: how many marks that had before.
 */
struct ml_port_active {
	bool used, any, boot_timer, has_offset, has_monitor;
	size_t life, doubt, doubted, like;
	uint64_t process, us, monitor, seen, begun, stamp, marks, like_marks;
	int64_t offset;
};

/* after[i][k]: by what the monitor of i at least started after that of k, as lines of i
 * came after lines of k; INT64_MIN: not known. current: the life of the last
 * line. */
struct ml_port_machines {
	struct memlog_allocator alloc;
	struct ml_port_life *lives;
	size_t n_lives, cap_lives, n_machines;
	bool again; /* the second time */
	/* from here on as after the lines so far */
	size_t passed, current;
	uint64_t line;
	struct ml_port_active any[ML_PORT_ACTIVE];
	struct ml_port_active named[ML_PORT_PROCESSES];
	int64_t after[ML_PORT_ACTIVE][ML_PORT_ACTIVE];
};

/* portlife.c: */

/* Is a monitor's time by so much before another that it must be another monitor's? */
bool ml_port_life_restarted(uint64_t monitor, uint64_t before);

/* Can a mark not be of this life? */
bool ml_port_life_apart(const struct ml_port_active *a,
			const struct ml_port_said *l);

/* Is it one late message, as far as is known? */
bool ml_port_life_stray(const struct ml_port_active *a);

/* An unused place, else the one not used for the longest time, first of all one of a
 * late message. */
size_t ml_port_life_place(const struct ml_port_active *places, size_t n);

/* The number of a life that begins. Beyond the limit it is the last one. */
enum memlog_status ml_port_life_number(struct ml_port_machines *m, size_t *ret,
				       struct memlog_err *err);

/* It begins with this line. */
void ml_port_life_begin(struct ml_port_machines *m, struct ml_port_active *a,
			size_t life, const struct ml_port_said *l);

/* A line is of this life. */
void ml_port_life_add(struct ml_port_machines *m, struct ml_port_active *a,
		      const struct ml_port_said *l);

/* The first time: what is known of a life after a line that is of it for sure. */
void ml_port_life_note(struct ml_port_machines *m,
		       const struct ml_port_active *a, bool has_process);

/* The life of a line with the number of a process; *ret_sure is not set if it is of none
 * that is known as a monitor. */
enum memlog_status ml_port_life_named(struct ml_port_machines *m,
				      const struct ml_port_said *l, size_t *ret,
				      bool *ret_sure, struct memlog_err *err);

/* portmix.c: the life of a line without the number of a process. */
enum memlog_status ml_port_life_any(struct ml_port_machines *m,
				    const struct ml_port_said *l, size_t *ret,
				    bool *ret_sure, struct memlog_err *err);

#endif
