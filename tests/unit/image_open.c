/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening images of all kinds: who names the image in an error, and that an
 * error is written only on failure. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "memlog.h"

static char dir[] = "/tmp/memlog-open-XXXXXX";
static char memory[64], text[64];

static void make(char *path, const char *name, size_t len)
{
	FILE *f;

	snprintf(path, sizeof(memory), "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	while (len--)
		fputc('.', f);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	make(memory, "memory", 8192);
	make(text, "text", 5);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(memory);
	unlink(text);
	return rmdir(dir);
}

/* The text begins with want, "pid:" or "x: ", and does not repeat it. */
static void assert_named(const struct memlog_err *err, const char *want)
{
	const char *rest = err->text + strlen(want);
	char again[256];

	if (strncmp(err->text, want, strlen(want)))
		fail_msg("'%s' does not begin with '%s'", err->text, want);
	snprintf(again, sizeof(again), "%s:", want);
	assert_memory_equal(rest, ": ", 2);
	if (!strncmp(rest + 2, again, strlen(again)))
		fail_msg("'%s' begins twice with it", err->text);
}

static void refused(const char *name, const char *called, const char *want)
{
	struct memlog_open_opts o = { .size = sizeof(o), .name = called };
	struct memlog_image *image = NULL;
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status s = memlog_image_open(name, &o, &image, &err);

	assert_int_not_equal(s, MEMLOG_OK);
	assert_int_equal(err.status, s);
	assert_null(image);
	assert_named(&err, want);
	/* err may be missing */
	assert_int_equal(memlog_image_open(name, &o, &image, NULL), s);
}

static void test_named(void **state)
{
	static const struct {
		const char *name, *want;
	} t[] = {
		{ "pid:", "pid" },
		{ "pid:x", "pid:x" },
		{ "pid:2000000000", "pid:2000000000" },
		{ "domain:", "domain" },
		{ "domain:no guest", "domain:no guest" },
		{ "qmp:", "qmp" },
		{ "qmp:/none", "qmp:/none" },
		{ "acrn:/none", "acrn:/none" },
		{ "/none", "/none" },
		{ "/none,/dev/null", "/none,/dev/null: /none" },
		{ "/dev/null", "/dev/null" },
		{ "/tmp", "/tmp" },
	};
	char list[160];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		refused(t[i].name, NULL, t[i].want);
		refused(t[i].name, "called", "called");
	}
	refused(text, NULL, text);
	refused(text, "called", "called");
	/* a set names the part at fault */
	snprintf(list, sizeof(list), "%s,%s", memory, text);
	refused(list, "called", "called");
	refused(list, "a: b", "a: b");
}

/* The end of a long name and the reason are both there. */
static void test_long(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	char name[400];

	(void)state;
	memset(name, 'n', sizeof(name));
	memcpy(name, "/first", 6);
	strcpy(name + sizeof(name) - 6, "/last");
	assert_int_equal(memlog_image_open(name, NULL, &image, &err),
			 MEMLOG_IO);
	assert_memory_equal(err.text, "...nnn", 6);
	assert_non_null(strstr(err.text, "/last: File name too long"));
}

static void test_process(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;

	(void)state;
	assert_int_equal(memlog_image_open_process(0, NULL, &image, &err),
			 MEMLOG_INVALID);
	assert_named(&err, "pid:0");
	assert_int_equal(memlog_image_open_file(text, NULL, &image, &err),
			 MEMLOG_NOT_MINE);
	assert_named(&err, text);
}

static void assert_open(enum memlog_status s, struct memlog_image *image,
			const char *name, const struct memlog_err *err)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_err same;

	assert_int_equal(s, MEMLOG_OK);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_string_equal(info.name, name);
	memset(&same, 0x5a, sizeof(same));
	assert_memory_equal(err, &same, sizeof(same));
	memlog_image_close(image);
}

/* Formats that did not match leave nothing in err. */
static void test_untouched(void **state)
{
	struct memlog_open_opts o = { .size = sizeof(o), .name = "called" };
	struct memlog_image *image;
	struct memlog_err err;
	enum memlog_status s;
	int fd, spool;

	(void)state;
	memset(&err, 0x5a, sizeof(err));
	s = memlog_image_open(memory, NULL, &image, &err);
	assert_open(s, image, memory, &err);
	s = memlog_image_open(memory, &o, &image, &err);
	assert_open(s, image, "called", &err);
	s = memlog_image_open_file(memory, &o, &image, &err);
	assert_open(s, image, "called", &err);
	fd = open(memory, O_RDONLY);
	s = memlog_stream_open(fd, "stream", &o, NULL, false, &image, &spool,
			       &err);
	close(fd);
	assert_open(s, image, "stream", &err);
}

static enum memlog_status no_expand(void *state, const uint8_t *in,
				    size_t in_len, uint8_t *out, size_t out_len,
				    size_t *ret)
{
	return MEMLOG_CORRUPT;
}

/* None of too many codecs is left out silently. */
static void test_codecs(void **state)
{
	static const struct memlog_codec codec = { .size = sizeof(codec),
						   .name = "x",
						   .expand = no_expand };
	const struct memlog_codec *list[17];
	struct memlog_open_opts o = { .size = sizeof(o), .codecs = list };
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	(void)state;
	for (i = 0; i < 17; i++)
		list[i] = &codec;
	o.n_codecs = 13;
	assert_int_equal(memlog_image_open(memory, &o, &image, &err), 0);
	memlog_image_close(image);
	o.n_codecs = 17;
	assert_int_equal(memlog_image_open(memory, &o, &image, &err),
			 MEMLOG_LIMIT);
	assert_non_null(strstr(err.text, "17 codecs are too many"));
}

/* A file of text is an image of whole pages: after the text there are zeros, whatever was in
 * the buffer. */
static void test_text(void **state)
{
	static const char line[] = "Loading PEIM at 0x00000820000\n";
	static uint8_t page[4096];
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	size_t got, i, end = 192 + sizeof(line) - 1;
	char path[64];
	FILE *f;

	(void)state;
	make(path, "log", 0);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_true(fputs(line, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(memlog_image_open_file(path, NULL, &image, &err), 0);
	unlink(path);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	memset(page, 0xff, sizeof(page));
	assert_int_equal(memlog_image_read(image, info.space, 0, page,
					   sizeof(page), &got, &err),
			 0);
	assert_int_equal(got, sizeof(page));
	assert_memory_equal(page + 192, line, sizeof(line) - 1);
	for (i = end; i < sizeof(page); i++)
		assert_int_equal(page[i], 0);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
