/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pipe as a file reads no more than is asked for, and gives the bytes that were written;
 * so does what reads it in sequence afterwards. A query of a pipe has the same answer as of
 * a file.
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
#include "libmkelf.h"
#include "libpipe.h"
#include "libquery.h"

enum { PAGE = 4096 };

/* ---- bytes ------------------------------------------------------------ */

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

/* ---- queries ------------------------------------------------------------ */

/* The log is where firmware puts it most often, below the top of low memory; after that
 * comes more memory. */
enum { LOW = 16 << 20, HIGH = 32 << 20, HEAD = 0x1000 };

static void make_elf(struct pipe_input *in, bool log, bool high_log)
{
	uint8_t *p;

	in->len = HEAD + LOW + HIGH;
	p = in->bytes = calloc(1, in->len);
	mkelf_put_core(p, 2);
	mkelf_put_phdr(p, 0,
		       (struct mkelf_phdr){ 1, HEAD, .filesz = LOW,
					    .memsz = LOW });
	mkelf_put_phdr(p, 1,
		       (struct mkelf_phdr){ 1, HEAD + LOW,
					    .paddr = UINT64_C(4) << 30,
					    .filesz = HIGH, .memsz = HIGH });
	if (log)
		query_put_log(p + HEAD + LOW - 0x340000, 0x20000,
			      "below the top\n");
	if (high_log)
		query_put_log(p + HEAD + LOW + HIGH - 0x200000, 0x20000,
			      "in high memory\n");
}

static struct memlog_query *parsed(const char *args)
{
	struct memlog_query *q = query_new();
	char copy[100], name[] = "memlog", *argv[10] = { name }, *save;
	int n = 1;

	snprintf(copy, sizeof(copy), "%s", args);
	for (argv[n] = strtok_r(copy, " ", &save); argv[n];
	     argv[n] = strtok_r(NULL, " ", &save))
		n++;
	assert_int_equal(memlog_query_parse(q, n, argv, NULL, NULL, NULL), 0);
	return q;
}

/* The answer to a query, with its status, of an image, which is closed. */
static char *answer(struct memlog_image *image, const char *args)
{
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	enum memlog_status s = query_run(image, args);

	fprintf(f, "%d %d %s", s, (int)query_result.exit,
		sink.text ? sink.text : "");
	fclose(f);
	memlog_image_close(image);
	return out;
}

/* Where the user says that plain memory is. */
static bool is_raw;
static enum memlog_map raw_map;

static char *answer_file(const struct pipe_input *in, const char *args)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .name = "pipe",
					 .force_raw = is_raw,
					 .map = raw_map };
	char path[] = "/tmp/memlog-test.XXXXXX";
	int fd = mkstemp(path);
	struct memlog_image *image;
	char *out;

	assert_int_equal(write(fd, in->bytes, in->len), in->len);
	close(fd);
	assert_int_equal(memlog_image_open_file(path, &opts, &image, NULL), 0);
	out = answer(image, args);
	unlink(path);
	return out;
}

/* *written: how much of the input was needed, and what the pipe held. */
static char *answer_pipe(struct pipe_input *in, const char *args, uint64_t keep,
			 bool whole, size_t *written)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .keep = keep,
					 .force_raw = is_raw,
					 .map = raw_map };
	struct memlog_query *q = parsed(args);
	struct memlog_image *image;
	struct memlog_err err;
	char path[40], *out;
	int spool, fd = pipe_begin(in);

	if (memlog_query_open_pipe(q, fd, "pipe", &opts, whole, &image, &spool,
				   &err))
		fail_msg("%s", err.text);
	memlog_query_destroy(q);
	assert_int_equal(!image, spool >= 0);
	if (!image) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", spool);
		opts.name = "pipe";
		assert_int_equal(
			memlog_image_open_file(path, &opts, &image, NULL), 0);
		close(spool);
	}
	out = answer(image, args);
	*written = pipe_end(in);
	return out;
}

/* most: of the input; 0: all of it is needed. */
static void same(struct pipe_input *in, const char *args, uint64_t keep,
		 size_t most)
{
	char *file = answer_file(in, args), *piped;
	size_t written;

	piped = answer_pipe(in, args, keep, false, &written);
	assert_string_equal(piped, file);
	if (most && written > most + PIPE_AHEAD + PIPE_HELD)
		fail_msg("%s: %zu bytes, not %zu", args, written, most);
	else if (most)
		assert_true(written >= most / 2);
	else
		assert_int_equal(written, in->len);
	free(piped);
	free(file);
}

enum { MIB = 1 << 20 };

static void queries(void **state)
{
	struct pipe_input in;
	size_t low = HEAD + LOW, written;
	char *out;

	(void)state;
	make_elf(&in, true, false);
	same(&in, "", 64 * MIB, low);
	same(&in, "--scan=likely", 64 * MIB, low);
	same(&in, "-F ovmf", 64 * MIB, low);
	same(&in, "-O raw", 64 * MIB, low);
	same(&in, "--at 0xcc0000", 64 * MIB, low - 0x340000 + 0x20000);
	same(&in, "--range 0xc00000-0xd00000", 64 * MIB, low);
	/* what may be anywhere, or is known at the end only */
	same(&in, "--list", 64 * MIB, 0);
	same(&in, "--info", 64 * MIB, 0);
	same(&in, "--strict", 64 * MIB, 0);
	same(&in, "--all", 64 * MIB, 0);
	same(&in, "--scan=pages", 64 * MIB, 0);
	same(&in, "--scan=exhaustive", 64 * MIB, 0);
	same(&in, "-b -1", 64 * MIB, 0);
	same(&in, "--at 0x1000", 64 * MIB, 0);
	same(&in, "--range 0x1000-0x2000", 64 * MIB, 0);
	/* the caller needs all, or allows nothing to be kept */
	free(answer_pipe(&in, "", 64 * MIB, true, &written));
	assert_int_equal(written, in.len);
	same(&in, "", 0, 0);
	/* the answer said how far it looked */
	out = answer_pipe(&in, "", 64 * MIB, false, &written);
	assert_true(query_was_said("where logs are likely, were searched"));
	free(out);
	free(in.bytes);
}

static void elsewhere(void **state)
{
	struct pipe_input in;
	size_t i;

	(void)state;
	make_elf(&in, false, true);
	same(&in, "", 64 * MIB, 0);
	/* more than may be kept: all but zeros */
	for (i = 0x2000; i < in.len - 0x200000; i += 64)
		in.bytes[i] = (uint8_t)(i >> 6 | 1);
	same(&in, "", MIB, 0);
	same(&in, "-F ovmf", MIB, 0);
	free(in.bytes);
	/* no log: the image is complete all the same */
	make_elf(&in, false, false);
	same(&in, "", 64 * MIB, 0);
	same(&in, "", 0, 0);
	free(in.bytes);
}

/* It ends before its headers say. */
static void truncated(void **state)
{
	struct pipe_input in;
	size_t len;

	(void)state;
	make_elf(&in, true, false);
	len = in.len;
	in.len = len - HIGH / 2;
	same(&in, "", 64 * MIB, HEAD + LOW);
	same(&in, "--strict", 64 * MIB, 0);
	/* in the log */
	in.len = HEAD + LOW - 0x330000;
	same(&in, "", 64 * MIB, 0);
	same(&in, "--at 0xcc0000", 64 * MIB, 0);
	/* before it */
	in.len = HEAD + LOW / 2;
	same(&in, "", 64 * MIB, 0);
	same(&in, "--at 0xcc0000", 64 * MIB, 0);
	free(in.bytes);
}

/* Where plain memory is may depend on how much there is. */
static void plain(void **state)
{
	struct pipe_input in = { .len = 8 * MIB };

	(void)state;
	in.bytes = calloc(1, in.len);
	query_put_log(in.bytes + 0x100000, 0x20000, "plain\n");
	is_raw = true;
	same(&in, "--at 0x100000", 64 * MIB, 0x120000);
	raw_map = MEMLOG_MAP_VIRT;
	same(&in, "--at 0x40100000", 64 * MIB, 0x120000);
	raw_map = MEMLOG_MAP_Q35;
	same(&in, "--at 0x100000", 64 * MIB, 0);
	raw_map = MEMLOG_MAP_NONE;
	same(&in, "", 64 * MIB, 0);
	is_raw = false;
	same(&in, "", 64 * MIB, 0);
	same(&in, "--at 0x100000", 64 * MIB, 0);
	free(in.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_demand),   cmocka_unit_test(to_its_end),
		cmocka_unit_test(in_sequence), cmocka_unit_test(limits),
		cmocka_unit_test(kept_anew),   cmocka_unit_test(queries),
		cmocka_unit_test(elsewhere),   cmocka_unit_test(truncated),
		cmocka_unit_test(plain),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
