/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libtell.h - all that a search finds, as one string. */
#ifndef LIBTELL_H
#define LIBTELL_H

#include <stdio.h>

#include "memlog.h"

/*
 * formats, mode: as in struct memlog_scan_opts. head writes what is known of a log,
 * before its records; NULL: nothing. line writes a record; NULL: its raw bytes. The caller
 * frees the string.
 */
struct tell {
	const char *formats;
	enum memlog_scan_mode mode;
	void (*head)(FILE *f, const struct memlog_log *log);
	void (*line)(FILE *f, const struct memlog_record *rec);
	/* what came of it: logs, bytes of the string, damaged bytes of the last log */
	size_t logs, len;
	uint64_t damaged;
};
char *tell_all(struct memlog_image *image, struct tell *t);

#endif
