/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of -O tracedat that no log makes, but could: read back by trace-cmd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "libsink.h"
#include "render/render.h"

/* A format whose records are messages. */
static const struct memlog_log trace = {
	.size = sizeof(trace),
	.format = "ovmf",
	.title = "a log",
	.variant = "5 \"odd\"\n",
};

struct session {
	const struct ml_render *render;
	struct memlog_allocator alloc;
	struct ml_render_opts opts;
	struct text_sink out;
	void *state;
};

static void start(struct session *s)
{
	memset(s, 0, sizeof(*s));
	text_sink_init(&s->out);
	s->render = ml_render_find("tracedat");
	s->alloc = ml_allocator(NULL);
	s->opts.alloc = &s->alloc;
	s->opts.image = "image";
	s->opts.n_logs = 1;
	s->state = calloc(1, s->render->state_size);
	assert_non_null(s->state);
	assert_int_equal(
		s->render->begin(s->state, &s->opts, &s->out.sink, NULL), 0);
	assert_int_equal(s->render->log_begin(s->state, &trace, NULL), 0);
}

static enum memlog_status add(struct session *s, int cpu, uint64_t time,
			      const char *name,
			      const struct memlog_field *fields, unsigned int n,
			      struct memlog_err *err)
{
	struct memlog_record rec = {
		.size = sizeof(rec),
		.log = &trace,
		.has_time = true,
		.time = time,
		.time_hz = 1000000000,
		.cpu = cpu,
		.component = name,
		.text = (const uint8_t *)"text",
		.text_len = 4,
		.n_fields = n,
	};

	if (n)
		memcpy(rec.fields, fields, n * sizeof(*fields));
	return s->render->record(s->state, &rec, err);
}

static void finish(struct session *s)
{
	assert_int_equal(s->render->log_end(s->state, &trace, 0, NULL), 0);
}

static void stop(struct session *s)
{
	s->render->close(s->state);
	free(s->state);
	text_sink_free(&s->out);
}

/* What trace-cmd prints of it. The caller frees. */
static char *report(struct session *s)
{
	char *text = calloc(1, 4 << 20);

	assert_non_null(text);
	if (system("command -v trace-cmd >/dev/null"))
		skip();
	assert_int_equal(
		text_pipe(&s->out,
			  "f=$(mktemp) && cat >$f && trace-cmd report -t $f; "
			  "rc=$?; rm -f $f; exit $rc",
			  text, 4 << 20),
		0);
	return text;
}

static const char *after(const char *text, const char *words)
{
	const char *p = strstr(text, words);

	if (!p)
		fail_msg("no \"%s\" in: %.2000s", words, text);
	return p + strlen(words);
}

/* One of two that follow each other; trace-cmd 3.3 ends at UINT64_MAX. */
static uint64_t nearby(uint64_t t, size_t k)
{
	return t ? t - k % 2 : k % 2;
}

/* Any time after any other. */
static void test_times(void **state)
{
	static const uint64_t times[] = {
		0,
		1,
		(1 << 27) - 1,
		(1 << 28) - 1,
		UINT64_MAX / 2,
		5,
		UINT64_C(1) << 59,
		(UINT64_C(1) << 59) + (1 << 27),
		UINT64_C(1) << 60,
		(UINT64_C(1) << 60) - 1,
		UINT64_MAX - 1,
		0,
		UINT64_MAX - 2,
		1 << 27,
	};
	const size_t n = sizeof(times) / sizeof(*times);
	struct session s;
	char want[64], *text;
	const char *p;
	size_t i, k;

	(void)state;
	start(&s);
	/* over many pages, at any place of them */
	for (k = 0; k < 100; k++)
		for (i = 0; i < n; i++)
			assert_int_equal(add(&s, 0, nearby(times[i], k), NULL,
					     NULL, 0, NULL),
					 0);
	finish(&s);
	p = text = report(&s);
	for (k = 0; k < 100; k++)
		for (i = 0; i < n; i++) {
			uint64_t t = nearby(times[i], k);

			snprintf(want, sizeof(want), " %llu.%09llu: text:",
				 (unsigned long long)(t / 1000000000),
				 (unsigned long long)(t % 1000000000));
			p = after(p, want);
		}
	free(text);
	stop(&s);
}

/* Names with quotes, texts that are long, have anything in them, or are many. */
static void test_hostile(void **state)
{
	struct memlog_field f[MEMLOG_RECORD_FIELDS] = {
		{ .name = "common_type", .type = MEMLOG_FIELD_UINT },
		{ .name = "a \"b\\%s\n", .type = MEMLOG_FIELD_UINT, .u = 7 },
		{ .name = "a \"b\\%s\n_name",
		  .type = MEMLOG_FIELD_TEXT,
		  .text = "\"%s\\\" }, {\x1b",
		  .text_len = 11 },
	};
	char big[4096];
	struct session s;
	unsigned int i;
	char *text;

	(void)state;
	start(&s);
	memset(big, 1, sizeof(big));
	assert_int_equal(add(&s, 1, 10, "9\"%d", f, 3, NULL), 0);
	for (i = 1; i < MEMLOG_RECORD_FIELDS; i++)
		f[i] = (struct memlog_field){ .name = "t",
					      .type = MEMLOG_FIELD_TEXT,
					      .text = big,
					      .text_len = sizeof(big) };
	for (i = 0; i < 9; i++)
		assert_int_equal(add(&s, 1, 11, "big", f, MEMLOG_RECORD_FIELDS,
				     NULL),
				 0);
	assert_int_equal(add(&s, 1, 12, "", NULL, 0, NULL), 0);
	finish(&s);
	text = report(&s);
	after(text, "_9__d:");
	after(text, "a__b__s_=__s__ }, {_");
	after(text, "big:");
	after(text, "t=\\x01\\x01\\x01");
	after(text, "text:");
	assert_null(strstr(text, "FAILED"));
	assert_null(strstr(text, "UNKNOWN"));
	assert_null(strchr(text, '\x1b'));
	free(text);
	stop(&s);
}

/* Lost ones of unknown number; those before nothing. */
static void test_lost(void **state)
{
	struct memlog_record rec = { .size = sizeof(rec),
				     .log = &trace,
				     .flags = MEMLOG_REC_LOST_BEFORE,
				     .cpu = 1 };
	struct session s;
	const char *p;
	char *text;

	(void)state;
	start(&s);
	add(&s, 1, 10, NULL, NULL, 0, NULL);
	assert_int_equal(s.render->record(s.state, &rec, NULL), 0);
	add(&s, 1, 11, NULL, NULL, 0, NULL);
	rec.lost = 77;
	assert_int_equal(s.render->record(s.state, &rec, NULL), 0);
	finish(&s);
	text = report(&s);
	p = after(text, "0.000000010: text:");
	p = after(p, "CPU:1 [EVENTS DROPPED]\n");
	after(p, "0.000000011: text:");
	assert_null(strstr(text, "77"));
	free(text);
	stop(&s);
}

static void test_limits(void **state)
{
	struct memlog_field f = { .name = "common_type",
				  .type = MEMLOG_FIELD_UINT };
	struct memlog_err err;
	struct session s;
	char name[16];
	unsigned int i;

	(void)state;
	start(&s);
	for (i = 0; i <= ML_TRACEDAT_TYPES; i++) {
		snprintf(name, sizeof(name), "e%u", i);
		assert_int_equal(add(&s, 0, i, name, &f, 1, &err),
				 i < ML_TRACEDAT_TYPES ? MEMLOG_OK :
							 MEMLOG_LIMIT);
	}
	assert_string_equal(err.text,
			    "there are more than 1024 types of events");
	i = ML_TRACEDAT_CPUS;
	assert_int_equal(add(&s, (int)i - 1, 0, "e0", &f, 1, NULL), 0);
	assert_int_equal(add(&s, (int)i, 0, "e0", &f, 1, &err), MEMLOG_LIMIT);
	assert_string_equal(err.text, "there is a CPU 8192; trace.dat is "
				      "written for at most 8192");
	stop(&s);
}

/* A value of a number has the first name that it was given, and at most 64 have
 * one. */
static void test_names(void **state)
{
	struct memlog_field f[3] = {
		{ .name = "common_type", .type = MEMLOG_FIELD_UINT },
		{ .name = "v", .type = MEMLOG_FIELD_UINT },
		{ .name = "v_name", .type = MEMLOG_FIELD_TEXT },
	};
	char name[16], *text;
	struct session s;
	unsigned int i;

	(void)state;
	start(&s);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%u.", i);
		f[1].u = i;
		f[2].text = name;
		f[2].text_len = strlen(name);
		assert_int_equal(add(&s, 0, i, "e", f, 3, NULL), 0);
	}
	f[1].u = 3;
	assert_int_equal(add(&s, 0, 1000, "e", f, 3, NULL), 0);
	finish(&s);
	text = report(&s);
	after(text, " v=n0.\n");
	after(text, " v=n63.\n");
	after(text, " v=0x40\n");
	after(after(text, "0.000001000: e:"), " v=n3.");
	free(text);
	stop(&s);
}

static const char switch_format[] =
	"name: tick\nID: 316\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;"
	"\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:int n;\toffset:16;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"%ps sees %s\", (void *)REC->ip, "
	"__print_symbolic(REC->n, { 7, \"seven\" })\n";

/* An event of Linux, as the kernel has it: of len bytes. */
static void add_kernel(struct session *s, const char *format, size_t len)
{
	static const char name[] = "some function";
	uint8_t event[4096] = { 60, 1, 1, 2, 77 };
	struct memlog_record rec = {
		.size = sizeof(rec),
		.log = &trace,
		.has_time = true,
		.time = 1000,
		.time_hz = 1000000000,
		.component = "tick",
		.text = (const uint8_t *)"text",
		.text_len = 4,
		.system = "ticks",
		.kernel_format = format,
		.event = event,
		.event_len = len,
		.n_fields = 3,
		.fields = { { .name = "common_pid",
			      .type = MEMLOG_FIELD_INT,
			      .u = 77 },
			    { .name = "ip",
			      .type = MEMLOG_FIELD_HEX,
			      .u = UINT64_C(0xffff800080001000) },
			    { .name = "ip_name",
			      .type = MEMLOG_FIELD_TEXT,
			      .text = name,
			      .text_len = sizeof(name) - 1 } },
	};

	event[9] = 0x10;
	event[11] = 0x80;
	event[13] = 0x80;
	event[14] = event[15] = 0xff;
	event[16] = 7;
	assert_int_equal(s->render->record(s->state, &rec, NULL), 0);
}

/* Events with the kernel's own format keep their bytes; those of other types, and what is
 * too long for that, do as before. */
static void test_kernel_format(void **state)
{
	char other[sizeof(switch_format)];
	struct session s;
	char *text;

	(void)state;
	strcpy(other, switch_format);
	memcpy(strstr(other, "sees"), "SEES", 4);
	start(&s);
	add_kernel(&s, switch_format, 20);
	add(&s, 0, 2000, "plain", NULL, 0, NULL);
	add_kernel(&s, other, 20);
	add_kernel(&s, switch_format, 20);
	add_kernel(&s, switch_format, 4060);
	add_kernel(&s, switch_format, 4064);
	finish(&s);
	text = report(&s);
	assert_non_null(strstr(after(text, "-77 "), "tick:"));
	after(after(after(after(after(text, "some_function sees seven"),
				"some_function SEES seven"),
			  "some_function sees seven"),
		    "some_function sees seven"),
	      "ip=0xffff800080001000");
	free(text);
	stop(&s);
}

/* An event with an address, which may be a field of the record, too, and have a name. */
static void add_address(struct session *s, uint64_t addr, bool field,
			const char *name)
{
	uint8_t event[20] = { 60, 1, 1, 2, 77 };
	struct memlog_record rec = {
		.size = sizeof(rec),
		.log = &trace,
		.has_time = true,
		.time = 1000,
		.time_hz = 1000000000,
		.component = "tick",
		.text = (const uint8_t *)"text",
		.text_len = 4,
		.system = "ticks",
		.kernel_format = switch_format,
		.event = event,
		.event_len = sizeof(event),
		.n_fields = !field ? 0 :
			    name   ? 2 :
				     1,
		.fields = { { .name = "ip",
			      .type = name ? MEMLOG_FIELD_HEX :
					     MEMLOG_FIELD_UINT,
			      .u = addr },
			    { .name = "ip_name",
			      .type = MEMLOG_FIELD_TEXT,
			      .text = name,
			      .text_len = name ? strlen(name) : 0 } },
	};

	memcpy(event + 8, &addr, sizeof(addr));
	event[16] = 7;
	assert_int_equal(s->render->record(s->state, &rec, NULL), 0);
}

/* An address has its own name, its number, or none, but not that of another one. */
static void test_addresses(void **state)
{
	struct session s;
	char *text;

	(void)state;
	start(&s);
	add_address(&s, 0xffffffff81001000, true, "low");
	add_address(&s, 0xffffffff81009000, true, "high");
	add_address(&s, 0xffffffff81002000, true, NULL);
	add_address(&s, 0xffffffff81003000, false, NULL);
	add_address(&s, 0xffffffff8100a000, false, NULL);
	add_address(&s, 0xffff888000001000, true, NULL);
	finish(&s);
	text = report(&s);
	after(after(after(after(after(after(text, "low sees"), "high sees"),
				"0xffffffff81002000 sees"),
			  "? sees"),
		    "0xffffffff8100a000 sees"),
	      "0xffff888000001000 sees");
	free(text);
	stop(&s);
}

static const char stack_format[] =
	"name: kernel_stack\nID: 4\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->size\n";

/* Callers of a stack have the names that the text has, also those between two others that
 * have none. */
static void test_stack(void **state)
{
	static const uint64_t callers[] = { 0xffffffff81000100,
					    0xffffffff81000200,
					    0xffffffff81000300 };
	static const char message[] = "<stack trace>\n => first\n"
				      " => 0xffffffff81000200\n => third\n";
	uint8_t event[40] = { 4, 0, 0, 0, 77, 0, 0, 0, 3 };
	struct memlog_record rec = {
		.size = sizeof(rec),
		.log = &trace,
		.has_time = true,
		.time = 1000,
		.time_hz = 1000000000,
		.component = "kernel_stack",
		.text = (const uint8_t *)message,
		.text_len = sizeof(message) - 1,
		.message = (const uint8_t *)message,
		.message_len = sizeof(message) - 1,
		.system = "ftrace",
		.kernel_format = stack_format,
		.event = event,
		.event_len = sizeof(event),
	};
	struct session s;
	char *text;

	(void)state;
	memcpy(event + 16, callers, sizeof(callers));
	start(&s);
	assert_int_equal(s.render->record(s.state, &rec, NULL), 0);
	/* fewer lines than callers, and more */
	rec.message_len = 20;
	assert_int_equal(s.render->record(s.state, &rec, NULL), 0);
	rec.message_len = sizeof(message) - 1;
	rec.event_len = 20;
	assert_int_equal(s.render->record(s.state, &rec, NULL), 0);
	finish(&s);
	text = report(&s);
	after(after(after(after(text, "kernel_stack:"),
			  "=> first (ffffffff81000100)"),
		    "=> 0xffffffff81000200 (ffffffff81000200)"),
	      "=> third (ffffffff81000300)");
	free(text);
	stop(&s);
}

static void test_sink(void **state)
{
	struct session s;
	size_t all, n;

	(void)state;
	start(&s);
	add(&s, 0, 1, NULL, NULL, 0, NULL);
	finish(&s);
	all = s.out.len;
	stop(&s);
	for (n = 1; n < all; n += 509) {
		start(&s);
		s.out.fail_after = n;
		add(&s, 0, 1, NULL, NULL, 0, NULL);
		assert_int_equal(s.render->log_end(s.state, &trace, 0, NULL),
				 MEMLOG_IO);
		stop(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_kernel_format),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_stack),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
