/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A query of a pipe has the same answer as of a file, and reads no more than it needs. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libmkelf.h"
#include "libpipe.h"
#include "libquery.h"

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
		cmocka_unit_test(queries),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(truncated),
		cmocka_unit_test(plain),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
