/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_parts.c - what crash and gdb share, without either. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../host/arena.h"
#include "../../host/args.h"
#include "../../host/stream.h"
#include "../../host/sysfs.h"
#include "query/query.h"

/* Whatever is not given back is, in the end; the sanitizers watch. */
static void arena(void **state)
{
	struct host_arena a;
	void *p[64];
	size_t i;

	host_arena_init(&a);
	for (i = 0; i < 64; i++) {
		p[i] = a.alloc.alloc(a.alloc.self, i);
		assert_non_null(p[i]);
		memset(p[i], 0x5a, i);
	}
	for (i = 0; i < 64; i += 3)
		a.alloc.release(a.alloc.self, p[i]);
	a.alloc.release(a.alloc.self, NULL);
	assert_null(a.alloc.alloc(a.alloc.self, SIZE_MAX));
	host_arena_fini(&a);
	assert_non_null(a.alloc.alloc(a.alloc.self, 1));
	host_arena_fini(&a);
}

/* The options of the debugger are set, and the query knows of --force too. */
static void args(void **state)
{
	struct host_own own = { .output = NULL };
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = host_options,
		.arg = &own,
	};
	char name[] = "memlog", output[] = "-vox", force[] = "--force";
	char *argv[] = { name, output, force, NULL };
	struct memlog_err err;

	assert_int_equal(memlog_query_create(NULL, MEMLOG_HOST_CRASH,
					     &own.query, &err),
			 0);
	assert_int_equal(
		memlog_query_parse(own.query, 3, argv, &opts, NULL, &err), 0);
	assert_string_equal(own.output, "x");
	assert_true(own.force && own.query->force);
	assert_int_equal(memlog_query_level(own.query), 3);
	memlog_query_destroy(own.query);
}

static enum memlog_status args_parse(struct host_own *own, const char *line,
				     struct memlog_err *err)
{
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = host_options,
		.arg = own,
	};
	char text[200], *p = text, *argv[10] = { text };
	enum memlog_status s;
	int argc = 1, first;

	snprintf(text, sizeof(text), "%s", line);
	while (!host_args_word(&p, &argv[argc], err) && argv[argc])
		argc++;
	assert_int_equal(memlog_query_create(NULL, own->host, &own->query, err),
			 0);
	s = memlog_query_parse(own->query, argc, argv, &opts, &first, err);
	if (!s)
		s = host_own_operands(own, argc, argv, first, err);
	if (!s)
		assert_int_equal(own->query->extract, own->extract);
	memlog_query_destroy(own->query);
	return s;
}

/* The file is named by -o, --extract=FILE or --extract FILE, and only once. */
static void files(void **state)
{
	static const struct {
		const char *line, *want; /* NULL: refused */
	} cases[] = {
		{ "-o x", "x" },
		{ "--extract=x", "x" },
		{ "--extract x", "x" },
		{ "x --extract", "x" },
		{ "--extract -o x", "x" },
		{ "--extract", "" },
		{ "-o ~/x", "/home/me/x" },
		{ "--extract=~/x", "/home/me/x" },
		{ "-o ~x", "~x" },
		{ "-o ./~/x", "./~/x" },
		{ "x", NULL },
		{ "-o x y", NULL },
		{ "--extract x y", NULL },
		{ "--extract=x y", NULL },
		{ "-o x -o y", NULL },
		{ "--extract=x -o y", NULL },
		{ "-o ''", NULL },
		{ "--extract=", NULL },
	};
	struct host_own own;
	struct memlog_err err;
	size_t i;

	setenv("HOME", "/home/me", 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&own, 0, sizeof(own));
		own.host = MEMLOG_HOST_CRASH;
		if (!cases[i].want) {
			assert_int_equal(args_parse(&own, cases[i].line, &err),
					 MEMLOG_INVALID);
			assert_true(err.text[0]);
			continue;
		}
		assert_int_equal(args_parse(&own, cases[i].line, &err), 0);
		assert_string_equal(own.output ? own.output : "",
				    cases[i].want);
	}
}

/* Each option that a debugger cannot have says why, for both of them. */
static void refused(void **state)
{
	static const char *const lines[] = {
		"-w",	"--follow",    "--map none", "--symbols=x",
		"-s x", "--threads=3", "--via",	     "--sandbox=on",
	};
	struct host_own own = { .host = MEMLOG_HOST_CRASH };
	struct memlog_err err;
	char crash[sizeof(err.text)];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		own.host = MEMLOG_HOST_CRASH;
		assert_int_equal(args_parse(&own, lines[i], &err),
				 MEMLOG_INVALID);
		assert_null(strstr(err.text, "unknown"));
		assert_non_null(strstr(err.text, "memlog-dump"));
		strcpy(crash, err.text);
		own.host = MEMLOG_HOST_GDB;
		assert_int_equal(args_parse(&own, lines[i], &err),
				 MEMLOG_INVALID);
		assert_null(strstr(err.text, "crash"));
		assert_null(strstr(crash, "gdb"));
	}
}

/* The kernel's file has the text alone; the image has a log again. */
static void sysfs(void **state)
{
	static const char text[] = "first line\nlast line\n";
	char path[] = "/tmp/memlog-unit-XXXXXX";
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct host_arena a;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	host_arena_init(&a);
	assert_int_equal(host_sysfs_open(path, &a.alloc, &image, &err), 0);
	unlink(path);
	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->used, sizeof(text) - 1);
	assert_string_equal(memlog_logs_get(logs, 0)->format, "ovmf");
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	assert_int_equal(host_sysfs_open(path, &a.alloc, &image, &err),
			 MEMLOG_NO_DATA);
	assert_non_null(strstr(err.text, path));
	assert_null(a.head);
	host_arena_fini(&a);
}

/* What a stream gets, and that one which the debugger has closed is left. */
static void stream(void **state)
{
	static struct host_stream out;
	char buf[64] = "", big[HOST_STREAM_BUFFER + 1] = "";
	FILE *fp = fmemopen(buf, sizeof(buf), "w");
	FILE *full = fopen("/dev/full", "w");
	struct memlog_err err;

	assert_true(fp && full);
	host_stream_init(&out, fp);
	assert_int_equal(out.sink.write(&out, "kept\n", 5, NULL), MEMLOG_OK);
	assert_int_equal(host_stream_flush(&out, NULL), MEMLOG_OK);
	assert_string_equal(buf, "kept\n");
	host_stream_init(&out, fp);
	assert_int_equal(out.sink.write(&out, "late\n", 5, NULL), MEMLOG_OK);
	fclose(fp);
	assert_string_equal(buf, "kept\n");

	host_stream_init(&out, full);
	assert_int_equal(out.sink.write(&out, big, sizeof(big), &err),
			 MEMLOG_IO);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(host_stream_flush(&out, &err), MEMLOG_OK);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena), cmocka_unit_test(args),
		cmocka_unit_test(files), cmocka_unit_test(refused),
		cmocka_unit_test(sysfs), cmocka_unit_test(stream),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
