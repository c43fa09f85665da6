/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libquery.h - queries for tests. */
#ifndef LIBQUERY_H
#define LIBQUERY_H

#include "libsink.h"
#include "memlog.h"

/* A query of a library; fails the test when there is none. */
struct memlog_query *query_new(void);

/* Write an OVMF log of that many bytes at p. */
void query_put_log(uint8_t *p, size_t bytes, const char *text);

/*
 * Run a query with these arguments, separated by spaces, which have to be valid. The
 * output is in sink, the messages in query_said, each with its level; the other results
 * are in query_result and query_err. It is stopped at the query_stop_at-th question
 * whether to go on, if that is not 0.
 */
enum memlog_status query_run(struct memlog_image *image, const char *args);
extern struct text_sink query_said;
extern struct memlog_query_result query_result;
extern struct memlog_err query_err;
extern int query_polls, query_stop_at;

/* Is this in the messages? */
bool query_was_said(const char *what);

/* For the sinks: for cmocka_run_group_tests(). */
int query_setup(void **state);
int query_teardown(void **state);

#endif
