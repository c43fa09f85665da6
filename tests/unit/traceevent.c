/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of Linux through libtraceevent; formats and events that are hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/ext/printfmt.h"
#include "libevent.h"
#include "memlog.h"

static uint8_t event[64] = { 76,  0,   0, 0,  1,    0,	 0,   0,   7,
			     0,	  0,   0, 32, 0,    5,	 0,   's', 'w',
			     'a', 'p', 0, 0,  0,    0,	 16,  0,   0,
			     128, 0,   0, 0,  0xff, 'a', 'b', 'c', 'd' };

static char mine[] = "mine";

static enum memlog_status name_of(void *arg, uint64_t addr, const char **ret,
				  uint64_t *ret_offset)
{
	assert_ptr_equal(arg, mine);
	if (addr != 0xff00000080000010)
		return MEMLOG_NO_DATA;
	*ret = "do_it";
	*ret_offset = 0x10;
	return MEMLOG_OK;
}

/* The file of the event with this print format, which the caller frees. */
static char *file_of(const char *format)
{
	char *text = malloc(sizeof(EVENT_HEAD) + strlen(format) + 2);

	assert_non_null(text);
	sprintf(text, "%s%s\n", EVENT_HEAD, format);
	return text;
}

/* What is printed; NULL: refused. Freed by the caller. */
static char *printed(const char *format, size_t len)
{
	const struct memlog_event_printer *p = memlog_event_printer();
	char *text = file_of(format), *ret = NULL;
	const char *s;
	size_t n;
	void *state;

	state = p->create(NULL, name_of, mine);
	assert_non_null(state);
	if (!p->add(state, "test", text) &&
	    !p->print(state, 76, event, len, &s, &n))
		ret = strndup(s, n);
	assert_int_equal(p->print(state, 77, event, len, &s, &n),
			 MEMLOG_UNSUPPORTED);
	free(text);
	p->destroy(state);
	return ret;
}

static void test_formats(void **state)
{
	static const char *const ok[][2] = {
		{ "\"n=%d\", REC->n", "n=7" },
		{ "\"%s %s\", __get_str(name), REC->comm", "abcd swap" },
		{ "\"%s\", __print_symbolic(REC->n, { 6, \"six\" }, { 7, "
		  "\"seven\" })",
		  "seven" },
		{ "\"%s\", __print_flags(REC->n, \"|\", { 1, \"a\" }, { 6, "
		  "\"b\" })",
		  "a|b" },
		{ "\"%d %s\", REC->n / 2, REC->n ? \"yes\" : \"no\"", "3 yes" },
		{ "\"%ps\", (void *)REC->ip", "do_it" },
		{ "\"100%% %d\", REC->n % 4", "100% 3" },
		{ "\"%d\", (REC->n | 8) & 12", "12" },
		{ "\"%d\", 2 * (REC->n * 3)", "42" },
		{ "\"%d %s\", ((unsigned int) ((REC->n) >> 1)), (REC->n & 4) && "
		  "!(REC->n & 8) ? \"a\" : \"b\"",
		  "3 a" },
	};
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ok) / sizeof(*ok); i++) {
		got = printed(ok[i][0], 40);
		if (!got)
			fail_msg("refused: %s", ok[i][0]);
		assert_string_equal(got, ok[i][1]);
		free(got);
	}
}

/* Before the library sees it, which may refuse it, too. */
static void refused(const char *format)
{
	char *text = file_of(format);

	if (ml_printfmt_is_safe(text) || printed(format, 40))
		fail_msg("not refused: %s", format);
	free(text);
}

/* Each of these reads, divides, writes or nests as the event likes. */
static void test_refused(void **state)
{
	static const char *const bad[] = {
		"\"%d\", REC->n / REC->n",
		"\"%d\", REC->n % REC->n",
		"\"%d\", 1 / 0",
		"\"%d\", 1 / 00",
		"\"%d\", 1 / 08",
		"\"%d\", 1 / 0x0",
		"\"%d\", 1 / 1 * 0",
		"\"%d\", 1 / (1 - 1)",
		"\"%s\", __print_hex(REC->comm, REC->n)",
		"\"%s\", __print_array(REC->comm, REC->n, 1)",
		"\"%d\", REC->comm[REC->n]",
		"\"%d\", REC->comm[99999]",
		"\"%d\", REC->comm[100]",
		"\"%*d\", REC->n, 1",
		"\"%.*s\", REC->n, REC->comm",
		"\"%999999999d\", REC->n",
		"\"%d\", REC->n & (4 | 8)",
		"\"%d\", 1 + (REC->n ? 2 : 3)",
		"\"%d\", REC->other",
		"\"%d\", REC",
		"\"%d\", REC->",
		"\"%s\", __get_str(other)",
		"\"%s\", __get_str(comm)",
		"\"%s\", REC->name",
		"\"%d\", unknown(1)",
		"\"%d\", NAME",
		"\"%d\", REC->n +",
		"\"%d\", (REC->n",
		"\"%d\", REC->n)",
		"\"%d\", REC->n ? 1",
		"\"%d\",",
		"\"%d\" REC->n",
		"\"%n\", REC->n",
		"\"%pI4\", REC->ip",
		"\"unfinished",
		"",
	};
	char deep[4096] = "\"%d\", ", *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i]);
	for (i = 0; i < 100; i++)
		strcat(deep, "(");
	refused(deep);
	strcpy(deep, "\"%d\", ");
	for (i = 0; i < 2000; i++)
		strcat(deep, "!");
	strcat(deep, "REC->n");
	refused(deep);
	/* the same in small is not */
	got = printed("\"%d\", ((!!REC->n))", 40);
	assert_string_equal(got, "1");
	free(got);
}

/* An event with a name that libtraceevent knows, but not its fields. */
static void test_bprint(void **state)
{
	const struct memlog_event_printer *p = memlog_event_printer();
	static const char *const heads[] = { "name: bprint\n",
					     "name:  bprint\n", "name:bprint\n",
					     "\nname: bprint\n", "" };
	char text[2048];
	const char *s;
	size_t n, i;
	void *t = p->create(NULL, NULL, NULL);

	(void)state;
	assert_non_null(t);
	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		snprintf(text, sizeof(text), "%s%s\"%%d\", REC->n\n", heads[i],
			 strstr(EVENT_HEAD, "ID:"));
		assert_int_equal(p->add(t, "ftrace", text), MEMLOG_UNSUPPORTED);
		assert_int_equal(p->print(t, 76, event, 40, &s, &n),
				 MEMLOG_UNSUPPORTED);
	}
	p->destroy(t);
}

/* Offsets and lengths in the event lead out of it. */
static void test_hostile_event(void **state)
{
	static const uint32_t loc[] = { 0xffffffff, 0xffff, 0xffff0000,
					0x00050028 };
	uint8_t saved[4];
	char *got;
	size_t i, k;

	(void)state;
	memcpy(saved, event + 12, 4);
	for (i = 0; i < sizeof(loc) / sizeof(*loc); i++) {
		for (k = 0; k < 4; k++)
			event[12 + k] = (uint8_t)(loc[i] >> 8 * k);
		got = printed("\"<%s>\", __get_str(name)", 40);
		if (got)
			assert_true(strlen(got) < 64);
		free(got);
	}
	memcpy(event + 12, saved, 4);
}

/* What was longer before does not show. */
static void test_shorter_event(void **state)
{
	const struct memlog_event_printer *p = memlog_event_printer();
	char text[2048];
	const char *s;
	size_t n;
	void *t = p->create(NULL, NULL, NULL);

	(void)state;
	assert_non_null(t);
	snprintf(text, sizeof(text), "%s\"<%%s>\", __get_str(name)\n",
		 EVENT_HEAD);
	assert_int_equal(p->add(t, "test", text), 0);
	assert_int_equal(p->print(t, 76, event, 40, &s, &n), 0);
	assert_int_equal(n, 6);
	assert_int_equal(p->print(t, 76, event, 32, &s, &n), 0);
	assert_int_equal(n, 2);
	assert_memory_equal(s, "<>", 2);
	p->destroy(t);
	p->destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bprint),
		cmocka_unit_test(test_hostile_event),
		cmocka_unit_test(test_shorter_event),
	};

	if (!memlog_event_printer()) {
		puts("1..1\nok 1 - traceevent # SKIP built without "
		     "libtraceevent");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
