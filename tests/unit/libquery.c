/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libquery.c - queries for tests. */
#include "libquery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

struct memlog_query *query_new(void)
{
	struct memlog_query *q;

	assert_int_equal(memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q,
					     NULL),
			 MEMLOG_OK);
	return q;
}

struct text_sink query_said;

void query_put_log(uint8_t *p, size_t bytes, const char *text)
{
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, 192);
	put64(p + 0x18, bytes - 192);
	put64(p + 0x20, 1);
	put64(p + 0x30, strlen(text));
	memcpy(p + 192, text, strlen(text));
}

static void query_message(void *arg, int level, const char *line)
{
	char head[16];

	assert_null(strpbrk(line, "\n\x1b"));
	snprintf(head, sizeof(head), "%d ", level);
	query_said.sink.write(&query_said, head, strlen(head), NULL);
	query_said.sink.write(&query_said, line, strlen(line), NULL);
	query_said.sink.write(&query_said, "\n", 1, NULL);
}

struct memlog_query_result query_result;
struct memlog_err query_err;
int query_polls, query_stop_at;

static int query_progress(void *arg, uint64_t done, uint64_t all)
{
	return query_stop_at && ++query_polls >= query_stop_at;
}

enum memlog_status query_run(struct memlog_image *image, const char *args)
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &sink.sink,
		.message = query_message,
		.progress = query_progress,
	};
	struct memlog_query *q = query_new();
	char copy[200], name[] = "memlog", *argv[20] = { name }, *save;
	enum memlog_status s;
	int n = 1;

	snprintf(copy, sizeof(copy), "%s", args);
	for (argv[n] = strtok_r(copy, " ", &save); argv[n];
	     argv[n] = strtok_r(NULL, " ", &save))
		n++;
	assert_int_equal(memlog_query_parse(q, n, argv, NULL, NULL, &query_err),
			 0);
	text_sink_clear(&sink);
	text_sink_clear(&query_said);
	memset(&query_result, 0xee, sizeof(query_result));
	query_result.size = sizeof(query_result);
	s = memlog_query_run(q, image, &host, &query_result, &query_err);
	memlog_query_destroy(q);
	return s;
}

bool query_was_said(const char *what)
{
	return strstr(query_said.text, what) != NULL;
}

int query_setup(void **state)
{
	text_sink_init(&sink);
	text_sink_init(&query_said);
	return 0;
}

int query_teardown(void **state)
{
	text_sink_free(&sink);
	text_sink_free(&query_said);
	return 0;
}
