/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Renderers over records made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "libsink.h"
#include "render/list.h"
#include "render/render.h"

static struct memlog_extent extent = {
	.space = MEMLOG_PHYS,
	.addr = 0x7e9b2000,
	.len = 4096,
	.cpu = -1,
};
static struct memlog_log log_a = {
	.size = sizeof(log_a),
	.format = "ovmf",
	.title = "a log",
	.variant = "main",
	.extents = &extent,
	.n_extents = 1,
	.capacity = 3903,
	.used = 17,
};

struct session {
	const struct ml_render *render;
	struct memlog_allocator alloc;
	struct ml_render_opts opts;
	void *state;
};

static void start(struct session *s, const char *name, size_t n_logs)
{
	text_sink_clear(&sink);
	s->render = ml_render_find(name);
	assert_non_null(s->render);
	s->alloc = ml_allocator(NULL);
	s->opts.alloc = &s->alloc;
	s->opts.image = "vm\x1b"
			"core";
	s->opts.n_logs = n_logs;
	s->state = calloc(1, s->render->state_size);
	assert_non_null(s->state);
	assert_int_equal(s->render->begin(s->state, &s->opts, &sink.sink, NULL),
			 MEMLOG_OK);
	if (s->render->log_begin)
		assert_int_equal(s->render->log_begin(s->state, &log_a, NULL),
				 MEMLOG_OK);
}

static struct memlog_record record(const char *text, size_t len, uint32_t flags)
{
	struct memlog_record r = {
		.size = sizeof(r),
		.log = &log_a,
		.cpu = -1,
		.text = (const uint8_t *)text,
		.text_len = len,
		.raw = (const uint8_t *)text,
		.raw_len = len,
		.flags = flags,
		.boot = log_a.boot,
		.has_boot = log_a.has_boot,
	};

	return r;
}

static void put(struct session *s, const char *text, uint32_t flags)
{
	struct memlog_record r = record(text, strlen(text), flags);

	assert_int_equal(s->render->record(s->state, &r, NULL), MEMLOG_OK);
}

static const char *finish(struct session *s)
{
	if (s->render->log_end)
		assert_int_equal(s->render->log_end(s->state, &log_a, 0, NULL),
				 MEMLOG_OK);
	if (s->render->end)
		assert_int_equal(s->render->end(s->state, NULL), MEMLOG_OK);
	free(s->state);
	return sink.text;
}

static void text_lines(void **state)
{
	struct session s = { 0 };

	start(&s, "text", 1);
	put(&s, "one\r\n", MEMLOG_REC_TRUNCATED_HEAD);
	put(&s, "two\n", 0);
	put(&s, "a\rb\r\r\n", 0);
	put(&s, "\x1b[2J\xe2\x80\xae\r\n", 0);
	put(&s, "end", MEMLOG_REC_PARTIAL_TAIL);
	assert_string_equal(finish(&s), "one\ntwo\na\\x0db\\x0d\n"
					"\\x1b[2J\\u{202e}\nend");
}

/* A terminal's prompt starts on a line of its own. */
static void text_tty(void **state)
{
	struct session s = { 0 };

	sink.sink.tty = true;
	start(&s, "text", 1);
	put(&s, "end", 0);
	assert_string_equal(finish(&s), "end\n");
	sink.sink.tty = false;
}

/* A long line comes in pieces, cut where it may hurt most. */
static void text_pieces(void **state)
{
	static const char *const lines[] = {
		"abc\r\n",
		("ab\xe2\x82\xac"
		 "c\r\n"),
		"\xf0\x9f\x98\x80\n",
		"\r\r\n",
		"\xe2\x82",
		"x\xe2\x82\r\n",
		"\xe0\x80\x80\n",
	};
	char whole[64], first[16];
	struct session s = { 0 };
	size_t i, cut, cut2;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t n = strlen(lines[i]);

		start(&s, "text", 1);
		put(&s, lines[i], 0);
		snprintf(whole, sizeof(whole), "%s", finish(&s));
		for (cut = 1; cut < n; cut++) {
			for (cut2 = cut; cut2 < n; cut2++) {
				start(&s, "text", 1);
				snprintf(first, sizeof(first), "%.*s", (int)cut,
					 lines[i]);
				put(&s, first, MEMLOG_REC_CONTINUES);
				snprintf(first, sizeof(first), "%.*s",
					 (int)(cut2 - cut), lines[i] + cut);
				put(&s, first, MEMLOG_REC_CONTINUES);
				put(&s, lines[i] + cut2, 0);
				assert_string_equal(finish(&s), whole);
			}
		}
	}
}

static void text_headings(void **state)
{
	struct session s = { 0 };

	start(&s, "text", 2);
	put(&s, "no line end", 0);
	s.render->log_end(s.state, &log_a, 0, NULL);
	s.render->log_begin(s.state, &log_a, NULL);
	put(&s, "x\n", 0);
	assert_string_equal(finish(&s),
			    "==> ovmf main phys:0x7e9b2000 (unknown) <==\n"
			    "no line end\n"
			    "==> ovmf main phys:0x7e9b2000 (unknown) <==\nx\n");
	s.opts.many = true;
	log_a.has_boot = true;
	log_a.boot = -2;
	/* none without a line */
	start(&s, "text", 1);
	assert_string_equal(finish(&s), "");
	start(&s, "text", 1);
	put(&s, "x\n", 0);
	assert_string_equal(finish(&s),
			    "==> vm\\x1bcore: ovmf main phys:0x7e9b2000 "
			    "(boot -2, unknown) <==\nx\n");
	s.opts.color = true;
	start(&s, "text", 1);
	put(&s, "x\n", 0);
	assert_string_equal(finish(&s), "\033[1m==> vm\\x1bcore: ovmf main "
					"phys:0x7e9b2000 (boot -2, unknown) <=="
					"\033[0m\nx\n");
	log_a.has_boot = false;
}

static void text_marks(void **state)
{
	struct session s = { 0 };
	struct memlog_record r;

	start(&s, "text", 1);
	put(&s, "before", 0);
	r = record("after\n", 6, MEMLOG_REC_LOST_BEFORE);
	r.lost = 4096;
	s.render->record(s.state, &r, NULL);
	r = record("one\n", 4, MEMLOG_REC_LOST_BEFORE);
	r.lost = 1;
	s.render->record(s.state, &r, NULL);
	r.has_seq = true;
	s.render->record(s.state, &r, NULL);
	put(&s, "x\n", MEMLOG_REC_LOST_BEFORE);
	put(&s, "new\n", MEMLOG_REC_UNCOMMITTED);
	put(&s, "new\n", MEMLOG_REC_UNCOMMITTED);
	assert_string_equal(finish(&s),
			    "before\n[... 4096 bytes lost]\nafter\n"
			    "[... 1 byte lost]\none\n[... 1 record lost]\none\n"
			    "[... some of it is lost]\nx\n"
			    "[... was being written and is not counted yet]\n"
			    "new\nnew\n");
	/* a log that is stale as a whole needs no marks */
	log_a.state = MEMLOG_STATE_STALE;
	start(&s, "text", 1);
	put(&s, "x\n", MEMLOG_REC_STALE);
	assert_string_equal(finish(&s), "x\n");
	log_a.state = MEMLOG_STATE_UNKNOWN;
}

static struct memlog_record rich(void)
{
	struct memlog_record r = record("hello", 5, 0);

	r.has_seq = r.has_time = r.has_level = true;
	r.seq = 1ull << 63;
	r.time = 12345678;
	r.time_hz = 1000000;
	r.level = 3;
	r.cpu = 2;
	r.component = "vm\x1b[1m";
	r.phase = "PEI";
	r.n_fields = 3;
	r.fields[0] = (struct memlog_field){
		"n", MEMLOG_FIELD_UINT, { UINT64_MAX }, NULL, 0
	};
	r.fields[1] = (struct memlog_field){
		"h", MEMLOG_FIELD_HEX, { 0x1f }, NULL, 0
	};
	r.fields[2] = (struct memlog_field){
		"t", MEMLOG_FIELD_TEXT, { 0 }, "\xff\n", 2
	};
	return r;
}

static void text_rich(void **state)
{
	struct memlog_record r = rich();
	struct session s = { 0 };

	start(&s, "text", 1);
	s.render->record(s.state, &r, NULL);
	r.time_hz = 0;
	r.n_fields = 0;
	r.text = (const uint8_t *)"hello\n";
	r.text_len = 6;
	s.render->record(s.state, &r, NULL);
	assert_string_equal(finish(&s),
			    "[   12.345678] cpu2 err    PEI vm\\x1b[1m: hello "
			    "n=18446744073709551615 h=0x1f t=\\xff\\x0a\n"
			    "[        12345678] cpu2 err    PEI vm\\x1b[1m: "
			    "hello\n");
	s.opts.time_format = "none";
	start(&s, "text", 1);
	s.render->record(s.state, &r, NULL);
	assert_string_equal(finish(&s), "cpu2 err    PEI vm\\x1b[1m: hello\n");
	/* what a log says in its text is not said again */
	log_a.flags = MEMLOG_LOG_TELLS_ALL;
	s.opts.time_format = NULL;
	start(&s, "text", 1);
	s.render->record(s.state, &r, NULL);
	assert_string_equal(finish(&s), "hello\n");
	log_a.flags = 0;
}

static void raw_bytes(void **state)
{
	struct memlog_record r = record("a\0\x1b\r\n", 5, 0);
	struct session s = { 0 };

	start(&s, "raw", 1);
	s.render->record(s.state, &r, NULL);
	put(&s, "x", MEMLOG_REC_LOST_BEFORE);
	finish(&s);
	assert_int_equal(sink.len, 6);
	assert_memory_equal(sink.text, "a\0\x1b\r\nx", 6);
}

/* What jq makes of one expression over the output. */
static void jq(const char *expr, const char *want)
{
	char cmd[256], got[1024];

	snprintf(cmd, sizeof(cmd), "jq -c '%s'", expr);
	assert_int_equal(text_pipe(&sink, cmd, got, sizeof(got)), 0);
	assert_string_equal(got, want);
}

static void json_records(void **state)
{
	struct memlog_record r = rich();
	struct session s = { 0 };

	start(&s, "json", 1);
	s.render->record(s.state, &r, NULL);
	r = record("\xff\0z\r\n", 5,
		   MEMLOG_REC_LOST_BEFORE | MEMLOG_REC_PARTIAL_TAIL);
	s.render->record(s.state, &r, NULL);
	put(&s, "a\0\x1b\"\\\r\n", 0);
	finish(&s);
	jq(".image", "\"vm\\u001bcore\"\n\"vm\\u001bcore\"\n"
		     "\"vm\\u001bcore\"\n");
	jq("select(.seq)|keys_unsorted|.[:6]",
	   "[\"type\",\"image\",\"format\",\"space\",\"addr\","
	   "\"variant\"]\n");
	jq("[.type,.format,.variant,.space,.addr]",
	   "[\"record\",\"ovmf\",\"main\",\"phys\",\"0x7e9b2000\"]\n"
	   "[\"record\",\"ovmf\",\"main\",\"phys\",\"0x7e9b2000\"]\n"
	   "[\"record\",\"ovmf\",\"main\",\"phys\",\"0x7e9b2000\"]\n");
	jq("select(.seq)|[.seq,.time,.time_hz,.level,.cpu,.component,.phase]",
	   "[\"9223372036854775808\",\"12345678\",\"1000000\",3,2,"
	   "\"vm\\u001b[1m\",\"PEI\"]\n");
	jq("select(.fields)|.fields", "{\"n\":\"18446744073709551615\","
				      "\"h\":\"0x1f\",\"t_b64\":\"/wo=\"}\n");
	jq("[.text,.text_b64]", "[\"hello\",null]\n[null,\"/wB6DQo=\"]\n"
				"[\"a\",null]\n");
	jq("[.lost,.flags]",
	   "[null,null]\n"
	   "[\"0\",[\"partial-tail\",\"lost-before\"]]\n[null,null]\n");
	/* one object a line, no byte that is not printable */
	assert_null(strpbrk(sink.text, "\x1b\x1e\r\x7f"));
}

/* LF for CR LF in text, but not for other CRs; b64 is exact. */
static void json_lines(void **state)
{
	struct session s = { 0 };
	struct memlog_record r = record("[1s] one\r\ntwo\r\n", 14, 0);

	start(&s, "json", 1);
	r.message = r.text + 5;
	r.message_len = r.text_len - 5;
	s.render->record(s.state, &r, NULL);
	put(&s, "\rx\r\r\n\n\r", 0);
	put(&s, "\xff\r\n", 0);
	put(&s, "", 0);
	finish(&s);
	jq("[.text,.message,.text_b64]",
	   "[\"[1s] one\\ntwo\\r\",\"one\\ntwo\\r\",null]\n"
	   "[\"\\rx\\r\\n\\n\\r\",null,null]\n"
	   "[null,null,\"/w0K\"]\n"
	   "[\"\",null,null]\n");
}

static void json_seq(void **state)
{
	struct session s = { 0 };

	start(&s, "json-seq", 1);
	put(&s, "one\n", 0);
	put(&s, "two\n", 0);
	finish(&s);
	assert_memory_equal(sink.text, "\x1e{", 2);
	assert_int_equal(
		text_pipe(&sink, "jq --seq -j .text", sink.text, sink.cap), 0);
	assert_non_null(strstr(sink.text, "one\n"));
	assert_non_null(strstr(sink.text, "two\n"));
}

/* Renderers tell when the sink is full, at the latest at the end of a log. */
static void sink_fails(void **state)
{
	static const char *const names[] = { "text", "raw", "json",
					     "json-seq" };
	struct memlog_err err;
	struct session s = { 0 };
	char *big = calloc(1, 20000);
	struct memlog_record r;
	size_t i;

	assert_non_null(big);
	memset(big, 'x', 19999);
	for (i = 0; i < 4; i++) {
		start(&s, names[i], 1);
		sink.fail_after = 10;
		r = record(big, 19999, 0);
		s.render->record(s.state, &r, NULL);
		assert_int_equal(s.render->log_end(s.state, &log_a, 0, &err),
				 MEMLOG_IO);
		assert_string_equal(err.text, "full");
		free(s.state);
		sink.fail_after = 0;
	}
	free(big);
}

/* Entries of any length, however much room there is. */
static void acrntrace_large(void **state)
{
	static const size_t sizes[] = { 32, 0, 100000, 32, 65536, 400000, 1 };
	struct session s = { 0 };
	char *all = malloc(600000);
	struct memlog_record r;
	size_t i, n = 0;

	assert_non_null(all);
	for (i = 0; i < 600000; i++)
		all[i] = (char)(i * 7 + (i >> 8));
	start(&s, "acrntrace", 1);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		r = record(all + n, sizes[i], 0);
		assert_int_equal(s.render->record(s.state, &r, NULL), 0);
		n += sizes[i];
	}
	assert_int_equal(s.render->log_end(s.state, &log_a, 0, NULL), 0);
	s.render->close(s.state);
	assert_int_equal(sink.len, n);
	assert_memory_equal(sink.text, all, n);
	free(s.state);
	free(all);
}

static void list_table(void **state)
{
	struct memlog_extent e = extent;
	struct memlog_log b = log_a;
	const struct memlog_log *logs[2] = { &log_a, &b };
	struct ml_list_opts opts = { .image = "vmcore", .style = ML_LIST_TEXT };

	e.space = MEMLOG_FILE;
	e.addr = 0x3cb3498;
	e.has_alias = true;
	e.alias_space = MEMLOG_PHYS;
	e.alias_addr = 0x3cb3000;
	b.extents = &e;
	b.state = MEMLOG_STATE_STALE;
	b.has_boot = true;
	b.boot = -1;
	b.flags = MEMLOG_LOG_WRAPPED | MEMLOG_LOG_DAMAGED;
	snprintf(b.version, sizeof(b.version), "edk2\x1b[31m");
	snprintf(b.reason, sizeof(b.reason), "of the boot before");
	text_sink_clear(&sink);
	assert_int_equal(ml_list_write(&sink.sink, logs, 2, &opts, NULL),
			 MEMLOG_OK);
	assert_string_equal(
		sink.text,
		"FORMAT  VARIANT  ADDRESS          SIZE  USED  WRAPPED  BOOT  STATE\n"
		"ovmf    main     phys:0x7e9b2000  3903    17  no          -  unknown\n"
		"ovmf    main     file:0x3cb3498   3903    17  yes        -1  stale\n"
		"        damaged: of the boot before; version edk2\\x1b[31m; also phys:0x3cb3000\n");
	opts.style = ML_LIST_JSON;
	text_sink_clear(&sink);
	assert_int_equal(ml_list_write(&sink.sink, logs, 2, &opts, NULL),
			 MEMLOG_OK);
	jq("[.addr,.size,.used,.wrapped,.boot,.state,.version,.flags]",
	   "[\"0x7e9b2000\",\"3903\",\"17\",false,null,\"unknown\",\"\",[]]\n"
	   "[\"0x3cb3498\",\"3903\",\"17\",true,-1,\"stale\","
	   "\"edk2\\u001b[31m\",[\"wrapped\",\"damaged\"]]\n");
	jq(".extents[0]|[.alias_space,.alias_addr]",
	   "[null,null]\n[\"phys\",\"0x3cb3000\"]\n");
}

/* No line is wider than a terminal, and no word is broken. */
static void list_fits(void **state)
{
	struct memlog_extent parts[24] = { extent };
	struct memlog_log b = log_a;
	const struct memlog_log *logs[] = { &log_a, &b };
	struct ml_list_opts opts = { .image = "vmcore", .style = ML_LIST_TEXT };
	char word[130];
	size_t len;
	char *line;

	parts[0].space = MEMLOG_VIRT;
	parts[0].addr = 0xffffffff81234567;
	b.extents = parts;
	b.n_extents = 24;
	b.format = "xen-console";
	b.capacity = b.used = 1ull << 40;
	b.flags = MEMLOG_LOG_LOST_HEAD | MEMLOG_LOG_RACED;
	snprintf(b.variant, sizeof(b.variant), "hypervisor");
	for (len = 0; len + 1 < sizeof(b.reason); len++)
		b.reason[len] = "ab c"[len % 4];
	b.reason[len] = '\0';
	memset(word, 'v', sizeof(word));
	snprintf(b.version, sizeof(b.version), "%.100s", word);
	text_sink_clear(&sink);
	assert_int_equal(ml_list_write(&sink.sink, logs, 2, &opts, NULL),
			 MEMLOG_OK);
	assert_non_null(strstr(sink.text, "virt:0xffffffff81234567+23 "));
	assert_non_null(strstr(sink.text, "\n        raced: ab cab cab "));
	assert_non_null(strstr(sink.text, "version\n        vvv"));
	for (line = strtok(sink.text, "\n"); line; line = strtok(NULL, "\n")) {
		len = strlen(line);
		assert_true(len <= 80 || len == 8 + strlen(b.version));
		assert_true(line[len - 1] != ' ');
	}
}

/* Perfetto's times are signed: later ones are left out, and that is said. */
static void perfetto_late(void **state)
{
	struct memlog_record r = record("late\n", 5, 0);
	struct session s = { .render = NULL };
	uint64_t n;
	char line[200];

	(void)state;
	r.has_time = true;
	r.time_hz = 1000000000;
	r.time = INT64_MAX;
	start(&s, "perfetto", 1);
	assert_int_equal(s.render->record(s.state, &r, NULL), MEMLOG_OK);
	assert_int_equal(s.render->log_end(s.state, &log_a, 0, NULL),
			 MEMLOG_OK);
	n = sink.len;
	assert_false(s.render->remark(s.state, line, sizeof(line)));
	r.time++;
	assert_int_equal(s.render->record(s.state, &r, NULL), MEMLOG_OK);
	r.time = UINT64_MAX;
	assert_int_equal(s.render->record(s.state, &r, NULL), MEMLOG_OK);
	assert_int_equal(s.render->log_end(s.state, &log_a, 0, NULL),
			 MEMLOG_OK);
	assert_int_equal(sink.len, n);
	assert_true(s.render->remark(s.state, line, sizeof(line)));
	assert_string_equal(line, "2 events at times of 2^63 ns and more are "
				  "left out");
	s.render->close(s.state);
	free(s.state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_lines),
		cmocka_unit_test(text_tty),
		cmocka_unit_test(text_pieces),
		cmocka_unit_test(text_headings),
		cmocka_unit_test(text_marks),
		cmocka_unit_test(text_rich),
		cmocka_unit_test(raw_bytes),
		cmocka_unit_test(json_records),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(json_seq),
		cmocka_unit_test(sink_fails),
		cmocka_unit_test(acrntrace_large),
		cmocka_unit_test(list_table),
		cmocka_unit_test(list_fits),
		cmocka_unit_test(perfetto_late),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, sink_setup, sink_teardown);
}
