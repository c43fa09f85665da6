/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests by their monitor: opening one. */
#ifndef HAVE_JSON_C
#include <stdio.h>

int main(void)
{
	puts("1..1\nok 1 - qmp # SKIP built without json-c");
	return 0;
}
#else
#include <sys/stat.h>

#include "qmp_bench.h"

static void refused(enum lie lie, enum memlog_status want, const char *words)
{
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	start(lie);
	assert_int_equal(open_it(&image, &err, NULL, false), want);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	for (i = 0; err.text[i]; i++)
		assert_in_range(err.text[i], ' ', '~');
	stop();
}

static void test_refused(void **state)
{
	refused(CLOSES, MEMLOG_IO, "closed the connection");
	refused(GARBAGE, MEMLOG_IO, "not a QEMU monitor");
	refused(NOT_QMP, MEMLOG_IO, "not a QEMU monitor");
	refused(DEEP, MEMLOG_IO, "not a QEMU monitor");
	refused(ENDLESS, MEMLOG_LIMIT, "a line of more than");
	refused(VALUES, MEMLOG_LIMIT, "a message with more than");
	refused(NO_HUMAN, MEMLOG_UNSUPPORTED, "cannot tell RAM from devices");
	refused(NO_RAM, MEMLOG_UNSUPPORTED, "lists no RAM");
	refused(CLOSES_LATER, MEMLOG_IO, "closed the connection");
}

static void test_no_peer(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;

	assert_int_equal(memlog_image_open("qmp:/nonexistent/x", NULL, &image,
					   &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "/nonexistent/x: cannot connect"));
	assert_int_equal(memlog_image_open("qmp:", NULL, &image, &err),
			 MEMLOG_INVALID);
}

static void test_long_path(void **state)
{
	char directory[160], name[300];
	struct memlog_image *image;
	struct memlog_err err;

	start(TRUTH);
	snprintf(directory, sizeof(directory), "/tmp/live-%0120d",
		 (int)getpid());
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(name, sizeof(name), "%s/s", directory);
	assert_int_equal(rename(peer.path, name), 0);
	snprintf(name, sizeof(name), "qmp:%s/s", directory);
	assert_int_equal(memlog_image_open(name, NULL, &image, &err), 0);
	memlog_image_close(image);
	unlink(name + 4);
	rmdir(directory);
	stop();
}

/* A peer that says nothing: the caller can stop the wait, or it ends. */
static void test_stalls(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	int turns;

	start(NO_GREETING);
	assert_int_equal(open_it(&image, &err, &turns, false), MEMLOG_STOP);
	assert_int_equal(open_it(&image, &err, NULL, false), MEMLOG_IO);
	assert_non_null(strstr(err.text, "domain:NAME"));
	stop();
	start(FLOOD);
	assert_int_equal(open_it(&image, &err, NULL, false), MEMLOG_LIMIT);
	stop();
	start(STALLS_LATER);
	assert_int_equal(open_it(&image, &err, &turns, false), MEMLOG_STOP);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_peer),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_stalls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
