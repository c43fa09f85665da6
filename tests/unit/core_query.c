/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A query from its options to the last message, over memory of a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"
#include "libquery.h"

static void one_log(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0x1000000, 0x100000);

	query_put_log(p + 0x80000, 0x2000, "one\r\ntwo\r\nthree\r\nfour");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, ""), MEMLOG_OK);
	assert_string_equal(sink.text, "one\ntwo\nthree\nfour");
	assert_string_equal(query_said.text, "");
	assert_int_equal(query_result.logs_found, 1);
	assert_int_equal(query_result.logs_printed, 1);
	assert_int_equal(query_result.matched, 4);
	assert_int_equal(query_result.searched, 0x100000);
	assert_int_equal(query_result.missing, 0);
	assert_int_equal(query_result.exit, MEMLOG_EXIT_PRINTED);
	assert_false(query_result.damaged);
	assert_int_equal(query_run(image, "-r"), MEMLOG_OK);
	assert_string_equal(sink.text, "one\r\ntwo\r\nthree\r\nfour");
	assert_int_equal(query_run(image, "-n +2"), MEMLOG_OK);
	assert_string_equal(sink.text, "one\ntwo\n");
	assert_int_equal(query_run(image, "-n -2"), MEMLOG_OK);
	assert_string_equal(sink.text, "three\nfour");
	assert_int_equal(query_run(image, "-g ^t -n 1"), MEMLOG_OK);
	assert_string_equal(sink.text, "three\n");
	assert_int_equal(query_run(image, "-g nothing"), MEMLOG_NO_DATA);
	assert_string_equal(sink.text, "");
	assert_int_equal(query_result.logs_printed, 1);
	assert_int_equal(query_result.exit, MEMLOG_EXIT_NONE);
	assert_true(query_was_said("0 ovmf phys:0x1080000: no line matches"));
	assert_int_equal(query_run(image, "-q -g nothing"), MEMLOG_NO_DATA);
	assert_true(query_was_said("0 ovmf phys:0x1080000: no line matches"));
	assert_int_equal(query_run(image, "-l err"), MEMLOG_NO_DATA);
	assert_true(query_was_said("this log records no levels"));
	assert_int_equal(query_run(image, "--at 0x1080000"), MEMLOG_OK);
	assert_string_equal(sink.text, "one\ntwo\nthree\nfour");
	assert_int_equal(query_run(image, "--at 0x1081000"), MEMLOG_NOT_MINE);
	assert_non_null(strstr(query_err.text, "phys:0x1081000"));
	assert_int_equal(query_run(image, "--range 0x1000000+64K"),
			 MEMLOG_NO_DATA);
	assert_true(query_was_said("64.0 KiB that the image has in --range"));
	assert_int_equal(query_run(image, "--list"), MEMLOG_OK);
	assert_non_null(strstr(sink.text, "phys:0x1080000"));
	assert_int_equal(query_run(image, "--info"), MEMLOG_OK);
	assert_non_null(strstr(sink.text, "1.0 MiB"));
	memlog_image_close(image);
	mem_free(&m);
}

static void stale_log(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);

	query_put_log(p + 0x820000, 0x10000, "early\r\n");
	query_put_log(p + 0x3cb3000, 0x20000, "a whole boot\r\nbefore\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, ""), MEMLOG_OK);
	assert_string_equal(sink.text, "early\n");
	assert_true(
		query_was_said("2 not shown: ovmf phys:0x3cb3000, stale: "));
	assert_true(query_was_said("--at phys:0x3cb3000 or --all"));
	assert_int_equal(query_run(image, "--all"), MEMLOG_OK);
	assert_string_equal(
		sink.text,
		"==> ovmf main phys:0x3cb3000 (boot -1, stale) <==\n"
		"a whole boot\nbefore\n"
		"==> ovmf early phys:0x820000 (boot 0, current) <==\n"
		"early\n");
	assert_string_equal(query_said.text, "");
	assert_int_equal(query_run(image, "--at phys:0x3cb3000"), MEMLOG_OK);
	assert_string_equal(sink.text, "a whole boot\nbefore\n");
	assert_int_equal(query_run(image, "-a -r"), MEMLOG_OK);
	assert_true(query_was_said("--at prints one"));
	assert_int_equal(query_run(image, "-r -b -1"), MEMLOG_OK);
	assert_string_equal(sink.text, "a whole boot\r\nbefore\r\n");
	assert_string_equal(query_said.text, "");
	assert_int_equal(query_run(image, "-b 0"), MEMLOG_OK);
	assert_string_equal(sink.text, "early\n");
	assert_int_equal(query_run(image, "-b -3"), MEMLOG_NO_DATA);
	assert_int_equal(query_result.exit, MEMLOG_EXIT_NONE);
	assert_true(query_was_said(
		"no log of boot -3; there are -1 (ovmf), 0 (ovmf)"));
	memlog_image_close(image);
	mem_free(&m);
}

/* -q and -v say which messages there are; the last one counts. */
static void levels(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_query *q = query_new();
	uint8_t *p = mem_add(&m, 0, 0x4000000);

	query_put_log(p + 0x820000, 0x10000, "early\r\n");
	query_put_log(p + 0x3cb3000, 0x20000, "a whole boot\r\nbefore\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, "-q"), MEMLOG_OK);
	assert_string_equal(query_said.text, "");
	assert_int_equal(query_run(image, "-v"), MEMLOG_OK);
	assert_true(query_was_said("3 searched ") &&
		    query_was_said("2 not shown: "));
	assert_int_equal(query_run(image, "-vq"), MEMLOG_OK);
	assert_string_equal(query_said.text, "");
	assert_int_equal(query_run(image, "-q --range 0-4K"), MEMLOG_NO_DATA);
	assert_true(query_was_said("0 no log found") &&
		    !query_was_said("\n2 "));
	assert_int_equal(memlog_query_level(q), 2);
	assert_int_equal(memlog_query_option(q, "q", NULL, NULL), 0);
	assert_int_equal(memlog_query_level(q), 0);
	assert_int_equal(memlog_query_option(q, "v", NULL, NULL), 0);
	assert_int_equal(memlog_query_level(q), 3);
	memlog_query_destroy(q);
	memlog_image_close(image);
	mem_free(&m);
}

/* A log that nobody can judge is printed where it is all there is, and left
 * out beside one that is known to be current. An empty one is no answer. */
static void doubtful_logs(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);

	query_put_log(p + 0x820000, 0x10000, "");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_string_equal(sink.text, "");
	assert_true(query_was_said("none with text"));
	assert_true(query_was_said("also found: ovmf phys:0x820000, empty"));
	assert_false(query_was_said("print it with"));
	query_put_log(p + 0x3cb3000, 0x20000, "of a new kind\r\n");
	memcpy(p + 0x3cb3000 + 8, "ovmfmdg7", 8);
	assert_int_equal(query_run(image, ""), MEMLOG_OK);
	assert_string_equal(sink.text, "of a new kind\n");
	query_put_log(p + 0x3000000, 0x20000, "current\r\n");
	assert_int_equal(query_run(image, ""), MEMLOG_OK);
	assert_string_equal(sink.text, "current\n");
	assert_true(
		query_was_said("phys:0x3cb3000, unknown: its second magic"));
	memlog_image_close(image);
	mem_free(&m);
}

/* Pages that the image does not have: the rest is printed. */
static void missing_page(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0x1000000, 0x1000), *q;
	char text[0x5000 - 192 + 1];
	size_t i;

	q = mem_add(&m, 0x1003000, 0x5000);
	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 100 == 99 ? '\n' : 'x';
	text[i] = '\0';
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, 192);
	put64(p + 0x18, 0x8000 - 192);
	put64(p + 0x20, 1);
	put64(p + 0x30, 0x5000);
	memcpy(p + 192, text, 0x1000 - 192);
	memcpy(q, text, 0x3000);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, ""), MEMLOG_OK);
	assert_true(query_result.damaged);
	assert_non_null(strstr(sink.text, "\n[... 8192 bytes lost]\n"));
	assert_true(query_was_said("8192 bytes of it are not in the image"));
	memlog_image_close(image);
	mem_free(&m);
}

static void raw_to_terminal(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	query_put_log(mem_add(&m, 0x1000000, 0x2000), 0x2000, "x\x1b[2J\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	sink.sink.tty = true;
	assert_int_equal(query_run(image, "-r"), MEMLOG_INVALID);
	assert_int_equal(sink.len, 0);
	assert_int_equal(query_run(image, "--extract"), MEMLOG_INVALID);
	assert_int_equal(sink.len, 0);
	assert_int_equal(query_run(image, "-r --force"), MEMLOG_OK);
	assert_string_equal(sink.text, "x\x1b[2J\r\n");
	assert_int_equal(query_run(image, ""), MEMLOG_OK);
	assert_string_equal(sink.text, "x\\x1b[2J\n");
	sink.sink.tty = false;
	memlog_image_close(image);
	mem_free(&m);
}

/* A line that matches in a later piece is one of the lines that -n counts. */
static void long_line(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);
	char text[10000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "a foo\n", 6);
	memcpy(text + 6000, "foo", 3);
	memcpy(text + sizeof(text) - 2, "\n", 2);
	query_put_log(p + 0x3cb3000, 0x4000, text);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, "-n +1 -g foo"), MEMLOG_OK);
	assert_string_equal(sink.text, "a foo\n");
	assert_int_equal(query_run(image, "-n +2 -g foo"), MEMLOG_OK);
	assert_true(sink.len > 6 + 4000);
	assert_non_null(strstr(sink.text, "xfoox"));
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_log),
		cmocka_unit_test(stale_log),
		cmocka_unit_test(levels),
		cmocka_unit_test(doubtful_logs),
		cmocka_unit_test(missing_page),
		cmocka_unit_test(raw_to_terminal),
		cmocka_unit_test(long_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
