/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libholder.h - tests/host/holder, a process that holds memory, for tests. */
#ifndef LIBHOLDER_H
#define LIBHOLDER_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct holder {
	pid_t pid;
	FILE *to, *from;
};

/* Start one; fails the test when that does not work. */
void holder_start(struct holder *h);

/* The same with another command line, ended by NULL: its name first. */
void holder_start_as(struct holder *h, char *const *words);

/* One command; the answer is borrowed until the next one. */
const char *holder_tell(struct holder *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Map memory; returns its address. path NULL where none is needed. */
uint64_t holder_map(struct holder *h, const char *kind, size_t size,
		    const char *path);

/* End it, by closing its input or by a signal, and wait for that. */
void holder_stop(struct holder *h);
void holder_kill(struct holder *h);

/* The lines of /proc/PID/smaps of the mapping at addr; the caller frees. */
char *holder_smaps(const struct holder *h, uint64_t addr);

#endif
