/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A query from its options to the last message, over memory of a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "libmem.h"
#include "libquery.h"
#include "query/query.h"

/* A host or a sink that is not filled in, or is shorter than ours. */
static void odd_hosts(void **state)
{
	static const size_t sizes[] = {
		0,
		offsetof(struct memlog_sink, write),
		offsetof(struct memlog_sink, end),
		sizeof(struct memlog_sink),
	};
	struct memlog_query_host host = { .size = sizeof(host) };
	struct memlog_query *q = query_new();
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_option option = { .size = sizeof(option) };
	char line[8];
	void *copy;
	size_t i;

	query_put_log(mem_add(&m, 0x1000000, 0x2000), 0x2000, "one\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(memlog_query_run(q, image, &host, NULL, &query_err),
			 MEMLOG_INVALID);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		/* of that size, so that a read beyond it is seen */
		copy = malloc(sizes[i] ? sizes[i] : sizeof(size_t));
		assert_non_null(copy);
		memcpy(copy, &sink.sink, sizes[i] ? sizes[i] : sizeof(size_t));
		memcpy(copy, &sizes[i], sizeof(sizes[i]));
		host.sink = copy;
		text_sink_clear(&sink);
		assert_int_equal(memlog_query_run(q, image, &host, NULL,
						  &query_err),
				 i < 2 ? MEMLOG_INVALID : MEMLOG_OK);
		assert_string_equal(sink.text, i < 2 ? "" : "one\n");
		free(copy);
	}
	host.size = 0;
	assert_int_equal(memlog_query_run(q, image, &host, NULL, &query_err),
			 MEMLOG_INVALID);
	memlog_query_destroy(q);
	assert_int_equal(memlog_query_create(NULL, (enum memlog_host)77, &q,
					     &query_err),
			 MEMLOG_INVALID);
	assert_false(memlog_query_option_get((enum memlog_host)77, 0, &option));
	assert_false(memlog_query_help((enum memlog_host)77, NULL, 0, line,
				       sizeof(line)));
	memlog_image_close(image);
	mem_free(&m);
}

/* What was typed comes back in an error escaped, on one line. */
static void typed(void **state)
{
	static const char *const names[] = {
		"format",      "output-format", "scan",	 "at",
		"range",       "lines",		"level", "cpu",
		"since",       "limit",		"stats", "tsc-mhz",
		"time-format", "threads",	"color", "x\x1b\n",
	};
	struct memlog_query *q = query_new();
	size_t i, k;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_not_equal(memlog_query_option(q, names[i],
							 "x\x1b[2J\n\x9by",
							 &query_err),
				     MEMLOG_OK);
		assert_true(query_err.text[0]);
		for (k = 0; query_err.text[k]; k++)
			assert_true((unsigned char)query_err.text[k] >= ' ' &&
				    (unsigned char)query_err.text[k] < 0x7f);
	}
	memlog_query_destroy(q);
}

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

static void no_log(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	char opt[64];
	size_t i, k;

	mem_add(&m, 0x100000, 0x200000);
	mem_add(&m, 0x1000000, 0x100000);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_string_equal(sink.text, "");
	assert_true(
		query_was_said("0 no log found: all 3.0 MiB of phys memory, "
			       "2 ranges, was searched"));
	assert_true(query_was_said("System RAM"));
	assert_true(query_was_said("DEBUG_TO_MEM"));
	assert_true(query_was_said("SEV, TDX"));
	assert_int_equal(query_run(image, "--scan=likely"), MEMLOG_NO_DATA);
	assert_true(query_was_said("--scan=pages"));
	assert_int_equal(query_run(image, "--list"), MEMLOG_NO_DATA);
	assert_string_equal(sink.text, "");
	/* advice is about what was looked for */
	assert_int_equal(query_run(image, "-F xencons"), MEMLOG_NO_DATA);
	assert_true(query_was_said("searched for xencons only"));
	assert_false(query_was_said("OVMF"));
	assert_int_equal(query_run(image, "--stats irq"), MEMLOG_NO_DATA);
	assert_true(query_was_said("searched for acrn-trace only"));
	assert_false(query_was_said("OVMF"));
	assert_int_equal(query_run(image, "-F ovmf,xencons"), MEMLOG_NO_DATA);
	assert_true(query_was_said("OVMF"));
	/* the words of those formats alone that were asked for, or expected */
	for (i = 0; ml_formats[i]; i++) {
		snprintf(opt, sizeof(opt), "-F %s", ml_formats[i]->name);
		assert_int_equal(query_run(image, opt), MEMLOG_NO_DATA);
		for (k = 0; ml_formats[k]; k++)
			assert_int_equal(
				query_was_said(ml_formats[k]->say.absent),
				k == i);
	}
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_false(query_was_said("Xen"));
	image->xen_guest = true;
	assert_int_equal(query_run(image, ""), MEMLOG_NO_DATA);
	assert_true(query_was_said("only guests of Xen"));
	assert_true(query_was_said("OVMF"));
	/* a range where there is nothing is not a range without a log */
	assert_int_equal(query_run(image, "--range 0-4K"), MEMLOG_NO_DATA);
	assert_true(query_was_said("has no memory in --range"));
	assert_int_equal(query_run(image, "--range mach:1M-2M"),
			 MEMLOG_INVALID);
	assert_int_equal(query_result.exit, MEMLOG_EXIT_USAGE);
	assert_string_equal(query_err.text,
			    "--range: the image has no mach addresses");
	memlog_image_close(image);
	mem_free(&m);
}

/* The page at 1 MiB is there, and cannot be read. */
static enum memlog_status unread(void *self, uint64_t addr, void *buf,
				 size_t len, size_t *ret,
				 struct memlog_err *err)
{
	*ret = 0;
	if (addr >= 0x100000 && addr < 0x101000)
		return MEMLOG_NO_DATA;
	if (addr < 0x100000 && len > 0x100000 - addr)
		len = 0x100000 - addr;
	return mem_ops.read(self, addr, buf, len, ret, err);
}

static void no_log_unread(void **state)
{
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	mem_add(&m, 0, 0x200000);
	ops.read = unread;
	ops.map = NULL;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "bad", NULL,
					   &image, &query_err),
			 0);
	query_run(image, "--scan=exhaustive");
	assert_true(
		query_was_said("all but 4096 bytes of 2097152 bytes of phys "
			       "memory was searched"));
	memlog_image_close(image);
	mem_free(&m);
}

/* What there is from 64 MiB on cannot be found out. */
static enum memlog_status late(void *self, uint64_t addr,
			       struct memlog_range *ret, struct memlog_err *err)
{
	if (addr >= 0x4000000)
		return ml_fail(err, MEMLOG_IO, "the disk is gone");
	*ret = (struct memlog_range){ addr, 0x4000000 };
	return MEMLOG_OK;
}

/* What was found before the search failed is printed. That it failed is an error, and the
 * status; that it met a limit is a warning. */
static void ended_early(void **state)
{
	static const char first[] = "the first log\r\n";
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);
	uint8_t *far = mem_add(&m, 0x200000000, 0x10000);

	query_put_log(p + 0x3cb3000, 0x2000, first);
	query_put_log(far, 0x2000, "the second\r\n");
	ops.next_data = late;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "late", NULL,
					   &image, &query_err),
			 0);
	assert_int_equal(query_run(image, "-a --scan=pages"), MEMLOG_IO);
	assert_string_equal(sink.text, "the first log\n");
	assert_true(query_was_said("0 the search ended early: "));
	assert_true(query_was_said("the disk is gone"));
	assert_false(query_was_said("1 the search ended early: "));
	assert_non_null(strstr(query_err.text, "the disk is gone"));
	assert_int_equal(query_result.exit, MEMLOG_EXIT_UNREADABLE);
	memlog_image_close(image);

	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, "-a --scan=pages --limit logs=1"),
			 MEMLOG_OK);
	assert_string_equal(sink.text, "the first log\n");
	assert_true(query_was_said("1 the search ended early: "));
	assert_false(query_was_said("0 "));
	assert_int_equal(query_run(image, "-a --scan=pages"), MEMLOG_OK);
	assert_false(query_was_said("ended early"));
	assert_non_null(strstr(sink.text, "the second\n"));

	/* without any log the failure is all that there is to say */
	memset(p, 0, 0x4000000);
	memlog_image_close(image);
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "late", NULL,
					   &image, &query_err),
			 0);
	assert_int_equal(query_run(image, "-a --scan=pages"), MEMLOG_IO);
	assert_int_equal(sink.len, 0);
	assert_false(query_was_said("ended early"));
	assert_non_null(strstr(query_err.text, "the disk is gone"));
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

/* Options that do not fit each other are refused by the parser, whatever their
 * order, and again by a run of a query that was set up without it. */
static void invalid(void **state)
{
	static const struct {
		const char *one, *other, *says;
	} bad[] = {
		{ "info", "list", "--info cannot be combined with --list: " },
		{ "list", "raw",
		  "--list is written as text, json or json-seq, "
		  "not as raw" },
		{ "info", "output-format=raw", "--info is written as text" },
		{ "info", "at=0x1000", "--info cannot be combined with --at" },
		{ "info", "format=ovmf", "--info cannot be combined with -F" },
		{ "info", "all", "--info cannot be combined with -a" },
		{ "at=0x1000", "range=1-2",
		  "--at cannot be combined with --range: it does not search" },
		{ "at=0x1000", "scan=pages", "--at cannot be combined with" },
		{ "list", "grep=x",
		  "--list cannot be combined with -g: it prints no lines" },
		{ "all", "lines=0", "-n 0 prints nothing" },
		{ "list", "lines=0", "--list cannot be combined with -n: " },
		{ "list", "consumed", "--list cannot be combined with" },
		{ "list", "stats=irq", "--list cannot be combined with" },
		{ "list", "follow", "--list cannot be combined with -w: " },
		{ "list", "extract", "--list cannot be combined with" },
		{ "extract", "json", "--extract cannot be combined with -J: " },
		{ "extract", "level=err", "--extract cannot be combined with" },
		{ "follow", "stats=irq", "-w cannot be combined with --stats" },
		{ "follow", "at=0", "-w cannot be combined with --at: " },
		{ "follow", "all", "-w cannot be combined with -a: " },
		{ "follow", "since=-5",
		  "-w cannot be combined with a --since "
		  "that counts from the end" },
		{ "follow", "until=10:00",
		  "-w cannot be combined with a "
		  "--until that counts" },
		{ "follow", "output-format=perfetto",
		  "-w is written as text, raw, json or json-seq, not as " },
		{ "stats=irq", "raw", "--stats is written as text" },
		{ "stats=irq", "time-format=ticks",
		  "--stats cannot be combined with --time-format" },
		{ "json", "time-format=ticks",
		  "--time-format cannot be combined with -O json: " },
		{ "limit=acrnlog-size=1", "raw",
		  "--limit=acrnlog-size needs -O acrnlog" },
		{ "since=5", "until=4.9", "--since is after --until" },
		{ "since=-4", "until=-5", "--since is after --until" },
		{ "since=2026-11-29", "until=2026-11-28", "--since is after" },
	};
	char one[40], other[40], name[] = "memlog";
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_query_host host = { .size = sizeof(host),
					  .sink = &sink.sink };
	size_t i, k;

	mem_add(&m, 0, 0x1000);
	image = mem_image(&m, MEMLOG_PHYS);
	text_sink_clear(&sink);
	for (i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const words[] = { bad[i / 2].one,
					      bad[i / 2].other };
		char *argv[] = { name, i % 2 ? other : one, i % 2 ? one : other,
				 NULL };
		struct memlog_query *q = query_new();
		struct memlog_err err;

		snprintf(one, sizeof(one), "--%s", words[0]);
		snprintf(other, sizeof(other), "--%s", words[1]);
		assert_int_equal(memlog_query_parse(q, 3, argv, NULL, NULL,
						    &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, bad[i / 2].says));
		memlog_query_destroy(q);
		q = query_new();
		for (k = 0; k < 2; k++) {
			char *value = strchr(argv[k + 1], '=');

			if (value)
				*value++ = '\0';
			assert_int_equal(memlog_query_option(q, argv[k + 1] + 2,
							     value, NULL),
					 MEMLOG_OK);
		}
		assert_int_equal(memlog_query_run(q, image, &host, NULL, &err),
				 MEMLOG_INVALID);
		assert_non_null(strstr(err.text, bad[i / 2].says));
		assert_string_equal(sink.text, "");
		memlog_query_destroy(q);
	}
	memlog_image_close(image);
	mem_free(&m);
}

/* Stop at every place where it may be asked to, and full sinks of every size:
 * what came out before is right, and nothing leaks. */
static void stopped(void **state)
{
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0, 0x4000000);
	static const char whole[] = "one\ntwo\nthree\n";
	enum memlog_status s;

	query_put_log(p + 0x3cb3000, 0x2000, "one\r\ntwo\r\nthree\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	for (query_stop_at = 1;; query_stop_at++) {
		query_polls = 0;
		s = query_run(image, "");
		assert_memory_equal(sink.text, whole, sink.len);
		if (!s)
			break;
		assert_int_equal(s, MEMLOG_STOP);
	}
	assert_true(query_stop_at >= 4);
	query_stop_at = 0;
	for (sink.fail_after = 1; sink.fail_after < sizeof(whole) - 1;
	     sink.fail_after++) {
		assert_int_equal(query_run(image, ""), MEMLOG_IO);
		assert_string_equal(query_err.text, "full");
	}
	/* at any byte of the objects, the image's too; the sink need not say why */
	sink.fail_after = 0;
	assert_int_equal(query_run(image, "-J"), MEMLOG_OK);
	sink.silent = true;
	for (sink.fail_after = sink.len - 8; sink.fail_after;
	     sink.fail_after--) {
		assert_int_equal(query_run(image, "-J"), MEMLOG_IO);
		assert_int_equal(query_result.exit, MEMLOG_EXIT_UNREADABLE);
	}
	sink.silent = false;
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
		cmocka_unit_test(odd_hosts),
		cmocka_unit_test(typed),
		cmocka_unit_test(one_log),
		cmocka_unit_test(stale_log),
		cmocka_unit_test(levels),
		cmocka_unit_test(doubtful_logs),
		cmocka_unit_test(no_log),
		cmocka_unit_test(no_log_unread),
		cmocka_unit_test(ended_early),
		cmocka_unit_test(missing_page),
		cmocka_unit_test(raw_to_terminal),
		cmocka_unit_test(invalid),
		cmocka_unit_test(stopped),
		cmocka_unit_test(long_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
