/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pipe as a file reads no more than is asked for, and gives the bytes that were written;
 * so does what reads it in sequence afterwards.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "image/bytes/pipe.h"
#include "libpipe.h"

enum { PAGE = 4096 };

/* ---- bytes -------------------------------------------------------------- */

/* Bytes of which every third page is zero, and the end is not that of a page. */
static void make_bytes(struct pipe_input *in, size_t len)
{
	size_t i;

	in->len = len;
	in->bytes = calloc(1, len);
	for (i = 0; i < len; i++)
		if (i / PAGE % 3)
			in->bytes[i] = (uint8_t)(i * 2654435761u >> 13);
}

static struct ml_pipe *open_pipe(struct pipe_input *in)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	struct ml_pipe *p;

	assert_int_equal(ml_pipe_create(pipe_begin(in), &opts, &p, NULL), 0);
	return p;
}

/* ---- as a file ---------------------------------------------------------- */

static void read_some(const struct pipe_input *in, const struct ml_file *file,
		      uint64_t off, size_t len, uint64_t *most)
{
	uint8_t *buf = malloc(len);
	size_t got, want = off < in->len ? ml_min(len, in->len - off) : 0;

	assert_int_equal(ml_file_read_some(file, off, buf, len, &got, NULL), 0);
	assert_int_equal(got, want);
	assert_memory_equal(buf, in->bytes + (want ? off : 0), want);
	*most = ml_max(*most, off + len);
	free(buf);
}

/* What is left out between ranges of data is zero. */
static void check_data(const struct pipe_input *in, const struct ml_file *file)
{
	struct memlog_range r;
	uint64_t at = 0, skipped = 0;

	for (;;) {
		if (ml_file_next_data(file, at, &r, NULL))
			r.start = r.end = in->len;
		r.start = ml_min(r.start, in->len);
		for (; at < r.start; at++, skipped++)
			assert_int_equal(in->bytes[at], 0);
		if (r.end >= in->len)
			break;
		at = r.end;
	}
}

static void on_demand(void **state)
{
	struct pipe_input in;
	struct ml_pipe *p;
	struct ml_file file;
	uint64_t most = 0, bytes;
	bool ended;
	size_t n;
	int i;

	(void)state;
	srand(1);
	make_bytes(&in, 8000123);
	p = open_pipe(&in);
	assert_int_equal(ml_pipe_keep(p, UINT64_MAX, NULL, 0, NULL), 0);
	ml_pipe_file(p, "pipe", &file);
	assert_true(ml_file_is_slow(&file));
	assert_true(file.size == UINT64_MAX);
	for (i = 1; i <= 100; i++) {
		read_some(&in, &file, (uint64_t)rand() % ((uint64_t)i * 20000),
			  (size_t)rand() % 9000 + 1, &most);
		assert_true(ml_pipe_count(&file, &bytes, &ended));
		assert_true(bytes <= most + PIPE_AHEAD);
		assert_false(ended);
		check_data(&in, &file);
	}
	file.ops->close(file.self);
	ml_pipe_own(p);
	file.ops->close(file.self); /* and the pipe */
	n = pipe_end(&in);
	assert_true(n >= bytes && n <= most + PIPE_AHEAD + PIPE_HELD);
	free(in.bytes);
}

static void to_its_end(void **state)
{
	struct pipe_input in;
	struct ml_pipe *p;
	struct ml_file file;
	struct memlog_range r;
	uint64_t most = 0, bytes;
	bool ended;

	(void)state;
	make_bytes(&in, 300001);
	p = open_pipe(&in);
	assert_int_equal(ml_pipe_keep(p, UINT64_MAX, NULL, 0, NULL), 0);
	ml_pipe_file(p, "pipe", &file);
	read_some(&in, &file, in.len - 5, 100, &most);
	read_some(&in, &file, in.len + 5, 100, &most);
	read_some(&in, &file, UINT64_MAX - 5, 100, &most);
	assert_true(ml_pipe_count(&file, &bytes, &ended));
	assert_true(ended);
	assert_int_equal(bytes, in.len);
	check_data(&in, &file);
	assert_int_equal(file.ops->next_range(file.self, 1, &r, NULL), 0);
	assert_int_equal(r.end, in.len);
	assert_int_equal(file.ops->next_range(file.self, in.len, &r, NULL),
			 MEMLOG_NO_DATA);
	ml_pipe_file(p, "pipe", &file);
	assert_int_equal(file.size, in.len);
	ml_pipe_destroy(p);
	assert_int_equal(pipe_end(&in), in.len);
	free(in.bytes);
}

/* ---- in sequence -------------------------------------------------------- */

/* All of the input, after some was read as a file. */
static void check_rest(const struct pipe_input *in, struct ml_pipe *p)
{
	uint8_t *buf = malloc(in->len + 1);
	size_t at = 0, got, len;

	do {
		len = ml_min((size_t)rand() % 70000 + 1, in->len + 1 - at);
		assert_int_equal(ml_pipe_next(p, buf + at, len, &got, NULL), 0);
		at += got;
	} while (got == len && at <= in->len);
	assert_int_equal(at, in->len);
	assert_memory_equal(buf, in->bytes, at);
	free(buf);
}

static void check_taken(const struct pipe_input *in, struct ml_pipe *p,
			bool rest)
{
	uint8_t *buf = malloc(in->len + 1);
	int fd;

	assert_int_equal(ml_pipe_take(p, rest, &fd, NULL), 0);
	assert_int_equal(pread(fd, buf, in->len + 1, 0), in->len);
	assert_memory_equal(buf, in->bytes, in->len);
	assert_false(ml_pipe_keeps(p));
	close(fd);
	free(buf);
}

static void in_sequence(void **state)
{
	static const uint64_t read_to[] = { 0, 1, 4096, 100000, 400000 };
	struct pipe_input in;
	struct ml_pipe *p;
	struct ml_file file;
	uint64_t most;
	size_t i, how;

	(void)state;
	srand(2);
	make_bytes(&in, 500000);
	for (i = 0; i < sizeof(read_to) / sizeof(read_to[0]); i++)
		for (how = 0; how < 4; how++) {
			p = open_pipe(&in);
			assert_int_equal(
				ml_pipe_keep(p, UINT64_MAX, NULL, 0, NULL), 0);
			ml_pipe_file(p, "pipe", &file);
			if (read_to[i])
				read_some(&in, &file, read_to[i] - 1, 1, &most);
			if (how == 1)
				ml_pipe_drop(p);
			if (how != 3)
				check_rest(&in, p);
			assert_int_equal(ml_pipe_keeps(p), how != 1);
			if (how > 1)
				check_taken(&in, p, how == 3);
			ml_pipe_destroy(p);
			assert_int_equal(pipe_end(&in), in.len);
		}
	free(in.bytes);
}

/* Nothing is lost when more would have to be kept than may be, or can be. */
static void limits(void **state)
{
	struct rlimit was, file_size = { 150000, RLIM_INFINITY };
	struct pipe_input in;
	struct ml_pipe *p;
	struct ml_file file;
	uint8_t buf[8];
	uint64_t most;
	size_t got;
	int how;

	(void)state;
	make_bytes(&in, 900000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	file_size.rlim_max = was.rlim_max;
	for (how = 0; how < 2; how++) {
		p = open_pipe(&in);
		assert_int_equal(ml_pipe_keep(p, how ? UINT64_MAX : 200000,
					      NULL, 0, NULL),
				 0);
		ml_pipe_file(p, "pipe", &file);
		read_some(&in, &file, 50000, 8, &most);
		if (how)
			setrlimit(RLIMIT_FSIZE, &file_size);
		assert_int_equal(file.ops->read(file.self, 700000, buf, 8, &got,
						NULL),
				 how ? MEMLOG_IO : MEMLOG_LIMIT);
		/* and once more */
		assert_int_equal(file.ops->read(file.self, 700000, buf, 8, &got,
						NULL),
				 how ? MEMLOG_IO : MEMLOG_LIMIT);
		setrlimit(RLIMIT_FSIZE, &was);
		read_some(&in, &file, 40000, 8, &most);
		check_rest(&in, p);
		assert_false(ml_pipe_keeps(p));
		ml_pipe_destroy(p);
		assert_int_equal(pipe_end(&in), in.len);
	}
	free(in.bytes);
}

/* After the limit was reached, and some more was read in sequence than could be kept, all is
 * kept after all. */
static void kept_anew(void **state)
{
	static const size_t read_to[] = { 150000, 260000, 300000, 900000 };
	struct pipe_input in;
	struct ml_pipe *p;
	struct ml_file file;
	uint8_t *before, buf[8];
	size_t i, got, dropped;

	(void)state;
	make_bytes(&in, 900000);
	before = malloc(in.len);
	for (i = 0; i < sizeof(read_to) / sizeof(read_to[0]); i++)
		for (dropped = 0; dropped < 2; dropped++) {
			p = open_pipe(&in);
			assert_int_equal(ml_pipe_keep(p, 150000, NULL, 0, NULL),
					 0);
			ml_pipe_file(p, "pipe", &file);
			assert_int_equal(file.ops->read(file.self, 700000, buf,
							8, &got, NULL),
					 MEMLOG_LIMIT);
			assert_int_equal(ml_pipe_next(p, before, read_to[i],
						      &got, NULL),
					 0);
			assert_int_equal(got, read_to[i]);
			if (dropped)
				ml_pipe_drop(p);
			assert_int_equal(ml_pipe_keep(p, UINT64_MAX, before,
						      got, NULL),
					 0);
			assert_true(ml_pipe_keeps(p));
			check_taken(&in, p, true);
			ml_pipe_destroy(p);
			assert_int_equal(pipe_end(&in), in.len);
		}
	free(before);
	free(in.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_demand),   cmocka_unit_test(to_its_end),
		cmocka_unit_test(in_sequence), cmocka_unit_test(limits),
		cmocka_unit_test(kept_anew),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
