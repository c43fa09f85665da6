/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - show on standard error how far something is, if it takes long. */
#ifndef HOST_PROGRESS_H
#define HOST_PROGRESS_H

#include <memlog.h>

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* All zero: nothing is shown. */
struct host_progress {
	bool enabled, tty, shown;
	int64_t next_ms;
	char name[48];
};

/* Is it a terminal that, as TERM says, knows escape sequences? */
bool host_progress_terminal(int fd);

/* value is auto, always (also if NULL) or never, or INVALID. */
enum memlog_status host_when_parse(const char *value, enum when *ret,
				   struct memlog_err *err);

void host_progress_init(struct host_progress *p, enum when when);

/* Work on an image begins; its name is for people. */
void host_progress_begin(struct host_progress *p, const char *image);

/* So many bytes are done, of all unless that is 0. Shown after a second. */
void host_progress_update(struct host_progress *p, uint64_t done, uint64_t all);

/* Erase the line; call it before other output. */
void host_progress_clear(struct host_progress *p);

#endif
