/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core_follow_query.c - a query that follows a log: what it writes, what it
 * says, and how it ends. A script changes the guest between two looks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "image/bytes/portline.h"
#include "libguest.h"
#include "libsink.h"

/* How often a pause between two looks asks for a stop. */
#define SLICES 4

struct session;
typedef void step(struct session *s);

struct session {
	struct guest guest;
	struct text_sink out;
	char said[4096];
	char arrived[1 << 20];
	step *const *steps;	  /* one for each pause, ended by NULL */
	const char *const *until; /* what is printed before each, or NULL */
	unsigned int slices;
	bool stop;
	bool many;
	struct memlog_query_result result;
	struct memlog_err err;
};

static int progress(void *arg, uint64_t done, uint64_t all)
{
	struct session *s = arg;

	if (all || s->slices++ % SLICES)
		return s->stop;
	if (s->until && *s->until) {
		if (!strstr(s->out.text, *s->until))
			return s->stop;
		s->until++;
	}
	if (*s->steps)
		(*s->steps++)(s);
	else
		s->stop = true;
	return s->stop;
}

static void message(void *arg, int level, const char *line)
{
	struct session *s = arg;
	size_t n = strlen(s->said);

	snprintf(s->said + n, sizeof(s->said) - n, "%d %s\n", level, line);
}

/* Follow with these options, ended by NULL, while the steps happen; without an
 * end of its own it is stopped after the last of them. */
static enum memlog_status run(struct session *s, step *const *steps,
			      const char *const (*options)[2])
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &s->out.sink,
		.message = message,
		.message_arg = s,
		.progress = progress,
		.progress_arg = s,
		.many = s->many,
	};
	enum memlog_status status;
	struct memlog_query *q;

	s->steps = steps;
	s->result.size = sizeof(s->result);
	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	assert_int_equal(memlog_query_option(q, "follow", NULL, NULL), 0);
	for (; options && (*options)[0]; options++)
		assert_int_equal(memlog_query_option(q, (*options)[0],
						     (*options)[1], NULL),
				 0);
	status =
		memlog_query_run(q, s->guest.image, &host, &s->result, &s->err);
	memlog_query_destroy(q);
	return status;
}

static int setup(void **state)
{
	struct session *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	guest_start(&s->guest);
	text_sink_init(&s->out);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct session *s = *state;

	guest_stop(&s->guest);
	text_sink_free(&s->out);
	free(s);
	return 0;
}

/* ---- what can happen to the guest ------------------------------------------ */

static void nothing(struct session *s)
{
}

static void boot(struct session *s)
{
	ring_say(ring_start(&s->guest, GUEST_MAIN, GUEST_HEADER), "one\ntwo\n");
}

static void boot_counted(struct session *s)
{
	ring_say(ring_start(&s->guest, GUEST_MAIN, GUEST_EXT_HEADER),
		 "one\ntwo\n");
}

static void three(struct session *s)
{
	ring_say(s->guest.p + GUEST_MAIN, "three\n");
}

static void four_to_six(struct session *s)
{
	ring_say(s->guest.p + GUEST_MAIN, "four\nfive\nsix\n");
}

static void half_a_line(struct session *s)
{
	ring_say(s->guest.p + GUEST_MAIN, "last words");
}

static void more_of_it(struct session *s)
{
	ring_say(s->guest.p + GUEST_MAIN, ", and more\n");
}

/* What an early log has moves to the main log. */
static void boot_early(struct session *s)
{
	ring_say(ring_start(&s->guest, GUEST_EARLY, GUEST_HEADER), "early\n");
}

static void boot_main(struct session *s)
{
	ring_say(ring_start(&s->guest, GUEST_MAIN, GUEST_HEADER),
		 "early\none\n");
	memset(s->guest.p + GUEST_EARLY, 0, GUEST_HEADER);
}

static void long_line(struct session *s)
{
	char line[1024];

	snprintf(line, sizeof(line), "%01000d\nend\n", 0);
	ring_say(s->guest.p + GUEST_MAIN, line);
}

/* Once around and some more. */
static void flood(struct session *s)
{
	unsigned int i;

	for (i = 0; i < 10000; i++)
		ring_say(s->guest.p + GUEST_MAIN, "flood!!\n");
}

/* The main log is still there when the next boot starts its early one. */
static void reset(struct session *s)
{
	ring_say(ring_start(&s->guest, GUEST_EARLY, GUEST_HEADER), "again\n");
}

static void end(struct session *s)
{
	s->guest.ended = true;
}

static void full(struct session *s)
{
	s->out.fail_after = s->out.len + 1;
	three(s);
}

/* ---- tests ------------------------------------------------------------------- */

/* What is there comes at once, what is written later comes later, and nothing
 * twice; a stop is not a failure of what was written. */
static void test_grows(void **state)
{
	static step *const steps[] = { nothing,	    three,   nothing,
				       four_to_six, nothing, NULL };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, NULL), MEMLOG_STOP);
	assert_string_equal(s->out.text, "one\ntwo\nthree\nfour\nfive\nsix\n");
	assert_string_equal(s->said, "");
	assert_true(s->result.logs_found == 1);
	assert_true(s->result.logs_printed == 1);
	assert_true(s->result.matched == 6);
	assert_false(s->result.damaged);
}

/* Said once, however long it takes. */
static void test_waits(void **state)
{
	static step *const steps[] = { nothing, boot,	 nothing, nothing,
				       nothing, nothing, nothing, nothing,
				       nothing, nothing, nothing, nothing,
				       nothing, nothing, nothing, nothing,
				       nothing, NULL };
	static const char *const count[][2] = { { "lines", "+2" }, { NULL } };
	struct session *s = *state;

	run(s, steps, count);
	assert_string_equal(s->said, "2 no log yet; waiting for one\n");
	assert_string_equal(s->out.text, "one\ntwo\n");
}

/* The first three lines, and then it ends by itself. */
static void test_first(void **state)
{
	static step *const steps[] = { three, four_to_six, nothing, nothing,
				       NULL };
	static const char *const count[][2] = { { "lines", "+4" }, { NULL } };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, count), MEMLOG_OK);
	assert_string_equal(s->out.text, "one\ntwo\nthree\nfour\n");
	assert_true(s->result.matched == 4);
	assert_false(s->stop);
}

/* The newest two of what there was, and all that comes later. */
static void test_newest(void **state)
{
	static step *const steps[] = { four_to_six, nothing, NULL };
	static const char *const count[][2] = { { "lines", "2" }, { NULL } };
	struct session *s = *state;

	boot(s);
	three(s);
	assert_int_equal(run(s, steps, count), MEMLOG_STOP);
	assert_string_equal(s->out.text, "two\nthree\nfour\nfive\nsix\n");
}

static void test_filtered(void **state)
{
	static step *const steps[] = { three, four_to_six, NULL };
	static const char *const grep[][2] = { { "grep", "t[wh]" }, { NULL } };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, grep), MEMLOG_STOP);
	assert_string_equal(s->out.text, "two\nthree\n");
	assert_true(s->result.matched == 2);
}

/* Lines around a match may come with another look; before -n 0 there are none. */
static void test_context(void **state)
{
	static step *const steps[] = { three, four_to_six, NULL };
	static const char *const around[][2] = { { "grep", "t[wh]" },
						 { "after-context", "1" },
						 { "before-context", "1" },
						 { NULL } };
	static const char *const later[][2] = { { "grep", "[nv]e$" },
						{ "after-context", "1" },
						{ "before-context", "1" },
						{ "lines", "0" },
						{ NULL } };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, around), MEMLOG_STOP);
	assert_string_equal(s->out.text, "one\ntwo\nthree\nfour\n");
	assert_true(s->result.matched == 2);
	text_sink_clear(&s->out);
	s->stop = false;
	s->slices = 0;
	boot(s);
	assert_int_equal(run(s, steps, later), MEMLOG_STOP);
	assert_string_equal(s->out.text, "four\nfive\nsix\n");
}

/* The heading is printed with the first line that matches, of a later look. */
static void test_heading(void **state)
{
	static step *const steps[] = { three, four_to_six, NULL };
	static const char *const grep[][2] = { { "grep", "five" }, { NULL } };
	struct session *s = *state;

	boot(s);
	s->many = true;
	assert_int_equal(run(s, steps, grep), MEMLOG_STOP);
	assert_non_null(strstr(s->out.text, "==> live: ovmf"));
	assert_non_null(strstr(s->out.text, ") <==\nfive\n"));
}

/* A guest that ends still has its last words printed, and that is not an error. */
static void test_ends(void **state)
{
	static step *const steps[] = { half_a_line, end, nothing, NULL };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, NULL), MEMLOG_OK);
	assert_string_equal(s->out.text, "one\ntwo\nlast words");
	assert_string_equal(s->said, "2 live: the guest is gone\n");
	assert_false(s->stop);
}

/* The same before any log was found. */
static void test_ends_without(void **state)
{
	static step *const steps[] = { end, nothing, NULL };
	struct session *s = *state;

	assert_int_equal(run(s, steps, NULL), MEMLOG_IO);
	assert_string_equal(s->err.text, "live: the guest is gone");
	assert_string_equal(s->out.text, "");
	assert_true(s->result.logs_found == 0);
}

static void test_reset(void **state)
{
	static step *const steps[] = { reset, nothing, NULL };
	static const char *const verbose[][2] = { { "verbose", NULL },
						  { NULL } };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, verbose), MEMLOG_STOP);
	assert_string_equal(s->out.text, "one\ntwo\nagain\n");
	assert_string_equal(s->said, "3 ovmf phys:0x1f00000: followed\n"
				     "2 the guest was reset\n"
				     "3 ovmf phys:0x820000: followed\n");
	assert_true(s->result.logs_printed == 2);
}

/* Text was lost: a warning, and with a header that counts, how much. */
static void overrun(struct session *s, const char *want)
{
	static step *const steps[] = { flood, three, nothing, NULL };

	assert_int_equal(run(s, steps, NULL), MEMLOG_STOP);
	assert_memory_equal(s->out.text, "one\ntwo\n", 8);
	assert_non_null(strstr(s->out.text, "lost]\n"));
	assert_string_equal(s->out.text + s->out.len - 14, "flood!!\nthree\n");
	assert_string_equal(s->said, want);
	assert_true(s->result.damaged);
}

static void test_overrun(void **state)
{
	boot(*state);
	overrun(*state,
		"1 ovmf phys:0x1f00000: written faster than it could "
		"be read: some text is lost, and its header does not count "
		"how much\n");
}

/* What was written, without the times of arrival, which do not go back. Each line is
 * one of a capture, and its message starts where that says. */
static const char *without_times(struct session *s)
{
	char *line, *end, *to = s->arrived;
	struct ml_port_line l;
	uint64_t last = 0;

	for (line = s->out.text; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(ml_port_line((uint8_t *)line,
					 (size_t)(end + 1 - line), &l));
		assert_true(l.ns >= last);
		last = l.ns;
		if (l.kind == ML_PORT_BEGAN) {
			assert_true(l.wall_ns && l.monotonic_ns);
			to += sprintf(to, "began\n");
			continue;
		}
		to += sprintf(to, "%.*s", (int)(end + 1 - (line + 18)),
			      line + 18);
	}
	return s->arrived;
}

static const char *const arrival[][2] = { { "time-format", "arrival" },
					  { NULL } };

/* The lines of a log, early and main, with the times at which they came, and what
 * happened between. */
static void test_arrival(void **state)
{
	static step *const steps[] = { three, half_a_line, nothing, more_of_it,
				       reset, nothing,	   NULL };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, arrival), MEMLOG_STOP);
	assert_string_equal(without_times(s),
			    "began\n"
			    "text: one\ntext: two\n"
			    "capture: the text so far was there before\n"
			    "text: three\n"
			    "text: last words, and more\n"
			    "capture: restart of the guest\n"
			    "text: again\n");
	assert_string_equal(s->said, "2 the guest was reset\n");
	assert_true(s->result.matched == 5);
}

/* All came while it was looked at; a long line comes in pieces. */
static void test_arrival_waits(void **state)
{
	static step *const steps[] = { boot_early, boot_main, long_line,
				       nothing, NULL };
	/* however long the search for the main log takes */
	static const char *const until[] = { "", "early\n", "one\n", "end\n",
					     NULL };
	struct session *s = *state;
	char want[2048];

	s->until = until;
	assert_int_equal(run(s, steps, arrival), MEMLOG_STOP);
	snprintf(want, sizeof(want),
		 "began\n"
		 "text: early\ntext: one\n"
		 "text: %0960d\ntext+: %040d\ntext: end\n",
		 0, 0);
	assert_string_equal(without_times(s), want);
}

static void test_arrival_overrun(void **state)
{
	static step *const steps[] = { flood, nothing, NULL };
	struct session *s = *state;
	char want[80];

	boot_counted(s);
	assert_int_equal(run(s, steps, arrival), MEMLOG_STOP);
	snprintf(want, sizeof(want), "\ncapture: %u bytes lost\ntext: ",
		 80000 - (GUEST_RING - GUEST_EXT_HEADER - 1));
	assert_non_null(strstr(without_times(s), want));
	assert_true(s->result.damaged);
}

static void test_overrun_counted(void **state)
{
	char want[160];

	boot_counted(*state);
	snprintf(want, sizeof(want),
		 "1 ovmf phys:0x1f00000: written faster "
		 "than it could be read: %u bytes are lost\n",
		 80000 - (GUEST_RING - GUEST_EXT_HEADER - 1));
	overrun(*state, want);
}

/* A full disk ends it at once, with the sink's own words. */
static void test_sink_full(void **state)
{
	static step *const steps[] = { full, nothing, nothing, NULL };
	struct session *s = *state;

	boot(s);
	assert_int_equal(run(s, steps, NULL), MEMLOG_IO);
	assert_string_equal(s->out.text, "one\ntwo\n");
	assert_string_equal(s->err.text, "full");
	assert_false(s->stop);
}

static enum memlog_status begin(void *self, const char *name,
				struct memlog_err *err)
{
	fail_msg("%s is begun", name);
	return MEMLOG_OK;
}

static void test_no_directory(void **state)
{
	static step *const steps[] = { nothing, NULL };
	struct session *s = *state;

	boot(s);
	s->out.sink.begin = begin;
	assert_int_equal(run(s, steps, NULL), MEMLOG_INVALID);
	assert_string_equal(s->err.text, "-w writes to one file, not to a "
					 "directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(grows),	       TEST(waits),
		TEST(first),	       TEST(newest),
		TEST(filtered),	       TEST(context),
		TEST(heading),	       TEST(ends),
		TEST(ends_without),    TEST(reset),
		TEST(overrun),	       TEST(overrun_counted),
		TEST(sink_full),       TEST(no_directory),
		TEST(arrival),	       TEST(arrival_waits),
		TEST(arrival_overrun),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
