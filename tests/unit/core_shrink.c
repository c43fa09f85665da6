/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that become shorter while they are open: an error, whatever else they
 * seem to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"
#include "libmkkdump.h"
#include "libsink.h"

#define PAGES 600u

static char path[] = "/tmp/memlog-shrink-XXXXXX";
static uint8_t pages[PAGES][4096];
static struct text_sink out, said;

static int setup(void **state)
{
	size_t i, k;
	int fd;

	(void)state;
	for (i = 0; i < PAGES; i++)
		for (k = 0; k < 4096; k++)
			pages[i][k] = (uint8_t)(i + k * 7 + 1);
	text_sink_init(&out);
	text_sink_init(&said);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	text_sink_free(&out);
	text_sink_free(&said);
	return unlink(path);
}

static void put_file(const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void on_message(void *arg, int level, const char *line)
{
	(void)arg, (void)level;
	said.sink.write(said.sink.self, line, strlen(line), NULL);
}

/* Ask the image for its logs. */
static enum memlog_status query(struct memlog_image *image, const char *option,
				struct memlog_err *err)
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &out.sink,
		.message = on_message,
	};
	struct memlog_query *q;
	enum memlog_status s;

	text_sink_clear(&said);
	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	if (option)
		assert_int_equal(memlog_query_option(q, option, NULL, NULL), 0);
	s = memlog_query_run(q, image, &host, NULL, err);
	memlog_query_destroy(q);
	return s;
}

static void expect_shrunk(struct memlog_image *image, const char *option)
{
	struct memlog_err err = { 0 };

	assert_int_equal(query(image, option, &err), MEMLOG_IO);
	assert_non_null(strstr(err.text, "became shorter"));
	assert_null(strstr(said.text, "no log found"));
	assert_null(strstr(said.text, "was searched"));
}

/* The file of len bytes, cut to each of some lengths once it is open. left: at
 * least this much of it is needed to look at all of it without a SIGBUS. */
static void cut(const uint8_t *file, size_t len, bool no_mmap, size_t left)
{
	const size_t to[] = { 0,	  1000,	  4096, len / 2, len / 2 + 77,
			      len - 4096, len - 1 };
	struct memlog_open_opts o = { .size = sizeof(o), .no_mmap = no_mmap };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		if (to[i] < left)
			continue;
		put_file(file, len);
		assert_int_equal(memlog_image_open_file(path, &o, &image, &err),
				 0);
		assert_int_equal(query(image, NULL, &err), MEMLOG_NO_DATA);
		assert_non_null(strstr(said.text, "was searched"));
		assert_int_equal(truncate(path, (off_t)to[i]), 0);
		expect_shrunk(image, NULL);
		expect_shrunk(image, "list");
		assert_int_equal(memlog_scan(image, NULL, &logs, NULL, &err),
				 MEMLOG_IO);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
}

/* Plain memory: a search asks for the data of the file first. */
static void test_raw(void **state)
{
	(void)state;
	cut(pages[0], sizeof(pages), true, 0);
	/* what is left may be mapped; SIGBUS is the caller's */
	cut(pages[0], sizeof(pages), false, sizeof(pages) - 1);
}

static void test_kdump(void **state)
{
	static struct mkpage p[PAGES];
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 4000,
			     .machine = "x86_64" };
	uint8_t *file, *flat;
	size_t len, flat_len, i;

	(void)state;
	for (i = 0; i < PAGES; i++)
		p[i] = (struct mkpage){ i * 2, pages[i], 0, false };
	file = mkkdump(&m, p, PAGES, &len);
	cut(file, len, true, 0);
	cut(file, len, false, len - 1);
	flat = mkflat(file, len, 5000, 3, &flat_len);
	cut(flat, flat_len, true, 0);
	cut(flat, flat_len, false, flat_len - 1);
	free(flat);
	free(file);
}

/* One part of several. */
static void test_set(void **state)
{
	struct memlog_open_opts o = { .size = sizeof(o), .no_mmap = true };
	struct mkkdump m = { .block = 4096,
			     .max_pfn = 4000,
			     .split = true,
			     .machine = "x86_64" };
	char other[] = "/tmp/memlog-shrink-XXXXXX", both[80];
	struct mkpage p[2] = { { 5, pages[5], 0, false },
			       { 900, pages[9], 0, false } };
	struct memlog_image *image;
	struct memlog_err err;
	uint8_t *file;
	size_t len;
	int fd = mkstemp(other);

	(void)state;
	m.end_pfn = 800;
	file = mkkdump(&m, p, 2, &len);
	assert_int_equal(write(fd, file, len), len);
	close(fd);
	free(file);
	m.start_pfn = 800;
	m.end_pfn = 4000;
	file = mkkdump(&m, p, 2, &len);
	put_file(file, len);
	free(file);
	snprintf(both, sizeof(both), "%s,%s", other, path);
	assert_int_equal(memlog_image_open_file(both, &o, &image, &err), 0);
	assert_int_equal(query(image, NULL, &err), MEMLOG_NO_DATA);
	assert_int_equal(truncate(path, (off_t)len - 1), 0);
	expect_shrunk(image, NULL);
	memlog_image_close(image);
	unlink(other);
}

/* The file itself: what is gone is neither a hole nor the end. */
static void test_reader(void **state)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_range r;
	struct memlog_err err;
	struct ml_file f;
	uint8_t buf[4096];
	size_t got;
	int k;

	(void)state;
	for (k = 0; k < 2; k++) {
		o.no_mmap = k;
		put_file(pages, sizeof(pages));
		assert_int_equal(ml_file_open(path, &o, &f, &err), 0);
		assert_int_equal(ml_file_check(&f, &err), 0);
		assert_int_equal(truncate(path, 10000), 0);
		assert_int_equal(ml_file_check(&f, &err), MEMLOG_IO);
		assert_int_equal(ml_file_next_data(&f, 500000, &r, &err),
				 MEMLOG_IO);
		assert_non_null(strstr(err.text, "became shorter"));
		if (o.no_mmap) {
			assert_int_equal(f.ops->read(f.self, 500000, buf, 10,
						     &got, &err),
					 MEMLOG_IO);
			assert_int_equal(got, 0);
			assert_int_equal(f.ops->read(f.self, 8192, buf, 4096,
						     &got, &err),
					 MEMLOG_IO);
			assert_int_equal(got, 10000 - 8192);
		}
		/* longer is no matter */
		assert_int_equal(truncate(path, 3 * (off_t)sizeof(pages)), 0);
		assert_int_equal(ml_file_check(&f, &err), 0);
		assert_int_equal(f.ops->read(f.self, sizeof(pages), buf, 10,
					     &got, &err),
				 MEMLOG_NO_DATA);
		ml_file_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kdump, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
