/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libsink.h - a sink that keeps what it gets, or fails on request. */
#ifndef LIBSINK_H
#define LIBSINK_H

#include "memlog.h"

struct text_sink {
	struct memlog_sink sink;
	char *text; /* always terminated */
	size_t len, cap;
	size_t fail_after; /* bytes that fit; 0: all */
	bool silent;	   /* it does not say why it fails */
	unsigned int writes;
};

void text_sink_init(struct text_sink *t);
/* Forget what was written. */
void text_sink_clear(struct text_sink *t);
void text_sink_free(struct text_sink *t);

/* One for all tests of a file: for cmocka_run_group_tests(). */
extern struct text_sink sink;
int sink_setup(void **state);
int sink_teardown(void **state);

/* Run a shell command with the text on its standard input; its standard output
 * into ret, terminated. Returns its exit code. */
int text_pipe(const struct text_sink *t, const char *command, char *ret,
	      size_t size);

#endif
