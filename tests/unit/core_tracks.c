/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outputs that draw tracks, over records made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "libsink.h"
#include "record/timeline/timeline.h"
#include "render/render.h"
#include "render/trace/slices.h"

static struct memlog_log log_a = {
	.size = sizeof(log_a),
	.format = "ovmf",
	.title = "a log",
};
static struct memlog_allocator alloc;
static struct ml_render_opts opts = {
	.alloc = &alloc,
	.image = "vm\x1b\"core",
	.n_logs = 1,
};
static const struct ml_render *render;
static void *render_state;

static void start(const char *name)
{
	text_sink_clear(&sink);
	alloc = ml_allocator(NULL);
	render = ml_render_find(name);
	assert_non_null(render);
	render_state = calloc(1, render->state_size);
	assert_non_null(render_state);
	assert_int_equal(render->begin(render_state, &opts, &sink.sink, NULL),
			 MEMLOG_OK);
	assert_int_equal(render->log_begin(render_state, &log_a, NULL),
			 MEMLOG_OK);
}

static void put(uint64_t ns, int32_t cpu, const char *text, size_t len)
{
	const struct memlog_record r = {
		.size = sizeof(r),
		.log = &log_a,
		.cpu = cpu,
		.has_time = true,
		.time = ns,
		.time_hz = 1000000000,
		.text = (const uint8_t *)text,
		.text_len = len,
		.component = "a\x9b"
			     "component",
	};

	assert_int_equal(render->record(render_state, &r, NULL), MEMLOG_OK);
}

static void stop(void)
{
	assert_int_equal(render->log_end(render_state, &log_a, 0, NULL),
			 MEMLOG_OK);
	if (render->end)
		assert_int_equal(render->end(render_state, NULL), MEMLOG_OK);
	render->close(render_state);
	free(render_state);
}

/* Guest text in JSON: no byte of it ends a string or controls a terminal. */
static void chrome_hostile(void **state)
{
	static const char text[] =
		"\"},\n\0\x1b[2J\x7f\xff \xe2\x80\xae\xe2\x80\xa8\\ "
		"\xc2\x9b\xf0\x9f\x98\x80</script>";
	const char *p;

	(void)state;
	start("chrome");
	put(1000, 0, text, sizeof(text) - 1);
	stop();
	assert_non_null(
		strstr(sink.text,
		       "\"text\":\"\\\"},\\n\\u0000\\u001b[2J\\u007f\\ufffd "
		       "\\u202e\\u2028\\\\ \\u009b\xf0\x9f\x98\x80"
		       "</script>\""));
	assert_non_null(
		strstr(sink.text, "\"component\":\"a\\ufffdcomponent\""));
	assert_non_null(strstr(sink.text, "\"image\":\"vm\\u001b\\\"core\""));
	for (p = sink.text; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	assert_int_equal(strlen(sink.text), sink.len);
}

/* Times that a double does not hold to the nanosecond count from a second before. */
static void chrome_late(void **state)
{
	(void)state;
	start("chrome");
	put(UINT64_C(2305843005143918096), 0, "a", 1);
	put(UINT64_C(2305843005143918097), 0, "b", 1);
	stop();
	assert_non_null(
		strstr(sink.text, "{\"labels\":\"0 is 2305843005 s\"}"));
	assert_non_null(strstr(sink.text, "\"ts\":143918.096,"));
	assert_non_null(strstr(sink.text, "\"ts\":143918.097,"));
	start("chrome");
	put((UINT64_C(1) << 53) - 1, 0, "a", 1);
	stop();
	assert_null(strstr(sink.text, "labels"));
	assert_non_null(strstr(sink.text, "\"ts\":9007199254740.991,"));
}

/* The number of CPUs is bounded. */
static void many_cpus(void **state)
{
	char line[400];
	unsigned int i, n = 0;
	const char *p;

	(void)state;
	start("chrome");
	for (i = 0; i < ML_SLICES_CPUS + 3; i++)
		put(1000 + i, (int32_t)(i * 7919 % 104729), "a", 1);
	assert_true(render->remark(render_state, line, sizeof(line)));
	assert_string_equal(line, "3 events of more CPUs than a machine has "
				  "are left out");
	stop();
	for (p = sink.text; (p = strstr(p, "\"thread_name\"")); p++)
		n++;
	assert_int_equal(n, ML_SLICES_CPUS);
}

/* Lines that are late by less than a second stay on their track, in order. */
static void late_lines(void **state)
{
	(void)state;
	start("chrome");
	put(5000000000, 0, "a", 1);
	put(4500000000, 0, "b", 1);
	put(6000000000, 0, "c", 1);
	put(1000000000, 0, "d", 1);
	stop();
	assert_non_null(strstr(sink.text,
			       "\"name\":\"b\",\"cat\":\"ovmf\",\"pid\":1,"
			       "\"tid\":8,\"ts\":5000000.000,"));
	assert_non_null(strstr(sink.text,
			       "\"name\":\"d\",\"cat\":\"ovmf\",\"pid\":1,"
			       "\"tid\":9,\"ts\":1000000.000,"));
	assert_non_null(strstr(sink.text, "\"name\":\"CPU 0, clock 2\""));
}

static void draw(void)
{
	struct ml_timeline *t;

	assert_int_equal(ml_timeline_create(&alloc, &t, NULL), MEMLOG_OK);
	assert_int_equal(ml_timeline_finish(t, NULL), MEMLOG_OK);
	assert_int_equal(render->timeline(render_state, t, NULL), MEMLOG_OK);
	ml_timeline_destroy(t);
	render->close(render_state);
	free(render_state);
	assert_string_equal(sink.text + sink.len - 7, "</svg>\n");
}

/* An axis of all the nanoseconds that there are ends. */
static void longest_trace(void **state)
{
	(void)state;
	log_a.format = "acrn-trace";
	start("svg");
	put(1, 0, "a", 1);
	put(INT64_MAX - 1, 0, "b", 1);
	assert_int_equal(render->log_end(render_state, &log_a, 0, NULL),
			 MEMLOG_OK);
	draw();
	log_a.format = "ovmf";
	assert_non_null(strstr(sink.text, "800000000\xe2\x80\xa6"));
}

/* Memory is bounded, and the trace that is one too many is named. */
static void many_traces(void **state)
{
	char text[200];
	unsigned int i;

	(void)state;
	log_a.format = "acrn-trace";
	start("svg");
	for (i = 0; i < ML_PICTURE_TRACES; i++) {
		put(1000, 0, "a", 1);
		assert_int_equal(render->log_end(render_state, &log_a, 0, NULL),
				 MEMLOG_OK);
		assert_false(render->remark(render_state, text, sizeof(text)));
		assert_int_equal(render->log_begin(render_state, &log_a, NULL),
				 MEMLOG_OK);
	}
	put(1000, 0, "a", 1);
	assert_int_equal(render->log_end(render_state, &log_a, 0, NULL),
			 MEMLOG_OK);
	assert_true(render->remark(render_state, text, sizeof(text)));
	draw();
	log_a.format = "ovmf";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chrome_hostile), cmocka_unit_test(chrome_late),
		cmocka_unit_test(many_cpus),	  cmocka_unit_test(late_lines),
		cmocka_unit_test(longest_trace),  cmocka_unit_test(many_traces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, sink_setup, sink_teardown);
}
