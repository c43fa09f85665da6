/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines, against getopt_long(3) of the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <getopt.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "liboptions.h"

#define MAX_ROWS 80

static const char *kind_of(const char *text, const char *const words[][2])
{
	size_t i;

	for (i = 0; words[i][0]; i++)
		if (strstr(text, words[i][0]))
			return words[i][1];
	fail_msg("not a known mistake: %s", text);
	return NULL;
}

/* ---- the rows: all of the table, and some that are hard to tell apart ---- */

static struct memlog_option rows[MAX_ROWS];
static size_t n_rows;

static void add_row(const char *name, char letter, const char *value,
		    bool optional)
{
	assert_true(n_rows + 1 < MAX_ROWS);
	rows[n_rows++] = (struct memlog_option){
		sizeof(rows[0]), name,	 letter,    value,
		optional,	 "help", on_option,
	};
}

static void make_rows(void)
{
	struct memlog_option o = { .size = sizeof(o) };
	size_t i;

	n_rows = 0;
	memset(rows, 0, sizeof(rows));
	for (i = 0; memlog_query_option_get(MEMLOG_HOST_LIBRARY, i, &o); i++)
		add_row(o.name, o.letter, o.value, o.optional);
	add_row("output", 'o', "FILE", false);
	add_row("out", 0, NULL, false);
	add_row("progress", 'p', "WHEN", true);
	add_row("program", 'P', NULL, false);
	add_row("colour", 0, "WHEN", true);
	add_row("version", 'V', NULL, false);
	add_row("x", 'x', NULL, false);
	add_row("xx", 'X', "N", false);
}

/* ---- the two parsers ----------------------------------------------------- */

static void by_memlog(int argc, char **argv, bool in_order, struct outcome *ret)
{
	static const char *const words[][2] = {
		{ "unknown option", "unknown" },
		{ "is ambiguous:", "ambiguous" },
		{ " needs ", "missing" },
		{ "takes no value", "unexpected" },
		{ NULL, NULL },
	};
	struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = rows,
		.arg = ret,
		.in_order = in_order,
	};
	struct memlog_query *q;
	struct memlog_err err;
	enum memlog_status s;
	int first = -1;

	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	s = memlog_query_parse(q, argc, argv, &opts, &first, &err);
	memlog_query_destroy(q);
	if (s) {
		assert_int_equal(s, MEMLOG_INVALID);
		ret->mistake = kind_of(err.text, words);
		return;
	}
	assert_true(first >= 1 && first <= argc);
	while (first < argc)
		ret->operands[ret->n_operands++] = argv[first++];
}

/* getopt_long() says what is wrong on stderr only, which is this file. */
static int stderr_fd, real_stderr;

static void stderr_catch(void)
{
	stderr_fd = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	assert_true(stderr_fd >= 0 && real_stderr >= 0);
	assert_true(dup2(stderr_fd, STDERR_FILENO) >= 0);
}

static const char *stderr_take(void)
{
	static char text[4096];
	ssize_t n;

	fflush(stderr);
	n = pread(stderr_fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(ftruncate(stderr_fd, 0), 0);
	assert_int_equal(lseek(stderr_fd, 0, SEEK_SET), 0);
	return text;
}

static void stderr_release(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(stderr_fd);
}

static void by_getopt(int argc, char **argv, bool in_order, struct outcome *ret)
{
	static const char *const words[][2] = {
		{ "is ambiguous", "ambiguous" },
		{ "unrecognized option", "unknown" },
		{ "invalid option", "unknown" },
		{ "doesn't allow an argument", "unexpected" },
		{ "requires an argument", "missing" },
		{ NULL, NULL },
	};
	struct option longs[MAX_ROWS] = { { 0 } };
	char shorts[3 * MAX_ROWS + 3], *s = shorts;
	size_t i;
	int c;

	if (in_order)
		*s++ = '+';
	*s++ = 'f'; /* the other letter of -w */
	for (i = 0; i < n_rows; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = !rows[i].value   ? no_argument :
				   rows[i].optional ? optional_argument :
						      required_argument;
		longs[i].val = 1000 + (int)i;
		if (!rows[i].letter)
			continue;
		*s++ = rows[i].letter;
		if (rows[i].value)
			*s++ = ':';
		if (rows[i].value && rows[i].optional)
			*s++ = ':';
	}
	*s = '\0';
	optind = 0;
	opterr = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?') {
			ret->mistake = kind_of(stderr_take(), words);
			return;
		}
		c = c == 'f' ? 'w' : c;
		for (i = 0; i < n_rows; i++)
			if (c == 1000 + (int)i || c == rows[i].letter)
				break;
		assert_true(i < n_rows);
		outcome_add(ret, rows[i].name, optarg);
	}
	while (optind < argc)
		ret->operands[ret->n_operands++] = argv[optind++];
}

/* ---- command lines ------------------------------------------------------- */

static uint64_t seed;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % sides;
}

static const char *some_junk(void)
{
	static const char *const junk[] = {
		"",
		"-",
		"--",
		"---",
		"--=",
		"--=x",
		"-=",
		"-:",
		"-;",
		"-W",
		"-?",
		"foo",
		"a=b",
		"-20",
		"-n",
		"-n5",
		"-n-5",
		"--n=5",
		"\x1b[2J",
		"-\x1b",
		"--\x1b",
		"-\xc3\xbc",
		"--\xc3\xbc",
		"--no-list",
		"--list-of-names-that-is-much-longer-than-that-of-any-option",
		"- ",
		"-- ",
		"-a-",
		"-a=",
		"-aq",
	};

	return junk[dice(sizeof(junk) / sizeof(junk[0]))];
}

static const char *some_value(void)
{
	return dice(3) ? "v" : some_junk();
}

static void some_bundle(char *buf, size_t size)
{
	static const char more[] = "ZzW?-=:5";
	size_t n = 1 + dice(4), i, len = 1;
	char letter;

	buf[0] = '-';
	for (i = 0; i < n; i++) {
		letter = rows[dice(n_rows)].letter;
		if (!dice(15))
			letter = more[dice(sizeof(more) - 1)];
		if (letter)
			buf[len++] = letter;
	}
	buf[len] = '\0';
	if (!dice(4))
		snprintf(buf + len, size - len, "%.40s", some_value());
}

static void some_word(char *buf, size_t size)
{
	const char *name = rows[dice(n_rows)].name, *value = "", *equal = "";
	size_t len = strlen(name);
	const char *more = "";

	switch (dice(8)) {
	case 0:
		snprintf(buf, size, "%s", some_junk());
		return;
	case 1:
	case 2:
		some_bundle(buf, size);
		return;
	case 3:
		snprintf(buf, size, "operand%d", (int)dice(100));
		return;
	case 4:
	case 5:
		len = dice(len + 1);
		break;
	case 6:
		more = dice(4) ? "" : "x";
		break;
	}
	if (!dice(3)) {
		equal = "=";
		value = some_value();
	}
	snprintf(buf, size, "--%.*s%s%s%.40s", (int)len, name, more, equal,
		 value);
}

static void describe(char words[][80], int argc)
{
	int i;

	for (i = 1; i < argc; i++)
		print_message("# word %d: \"%s\"\n", i, words[i]);
}

static void compare(const struct outcome *a, const struct outcome *b,
		    char words[][80], int argc)
{
	bool same = !a->mistake == !b->mistake &&
		    (!a->mistake || !strcmp(a->mistake, b->mistake)) &&
		    a->n_options == b->n_options &&
		    a->n_operands == b->n_operands;
	size_t i;

	for (i = 0; same && i < a->n_options; i++)
		same = !strcmp(a->options[i], b->options[i]);
	for (i = 0; same && i < a->n_operands; i++)
		same = !strcmp(a->operands[i], b->operands[i]);
	if (same)
		return;
	describe(words, argc);
	fail_msg("memlog: %zu options, %zu operands, %s; getopt_long: %zu, "
		 "%zu, %s",
		 a->n_options, a->n_operands, a->mistake ? a->mistake : "fine",
		 b->n_options, b->n_operands, b->mistake ? b->mistake : "fine");
}

/* The same options with the same values, the same operands in the same order,
 * the same mistakes. */
static void as_getopt_long(void **state)
{
	static struct outcome a, b;
	char words[MAX_WORDS][80] = { "memlog" };
	char *ours[MAX_WORDS + 1], *theirs[MAX_WORDS + 1];
	size_t fine = 0, wrong = 0, operands = 0, n;
	int argc, i;

	unsetenv("POSIXLY_CORRECT");
	make_rows();
	seed = 20250101;
	stderr_catch();
	for (n = 0; n < 10000; n++) {
		bool in_order = !dice(8);

		argc = 1 + (int)dice(MAX_WORDS - 1);
		for (i = 1; i < argc; i++)
			some_word(words[i], sizeof(words[i]));
		for (i = 0; i < argc; i++)
			ours[i] = theirs[i] = words[i];
		ours[argc] = theirs[argc] = NULL;
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		by_memlog(argc, ours, in_order, &a);
		by_getopt(argc, theirs, in_order, &b);
		compare(&a, &b, words, argc);
		*(a.mistake ? &wrong : &fine) += 1;
		operands += a.n_operands;
	}
	stderr_release();
	/* the lines were worth it */
	assert_true(fine > 1000 && wrong > 1000 && operands > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_getopt_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
