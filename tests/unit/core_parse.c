/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines: the texts of mistakes and of the help, and the own options of a front
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "liboptions.h"
#include "query/query.h"

static enum memlog_status stop(void *arg, const struct memlog_option *o,
			       const char *value, struct memlog_err *err)
{
	return MEMLOG_STOP;
}

static enum memlog_status refuse(void *arg, const struct memlog_option *o,
				 const char *value, struct memlog_err *err)
{
	snprintf(err->text, sizeof(err->text), "\"%s\" will not do", value);
	return MEMLOG_LIMIT;
}

static enum memlog_status hand_on(void *arg, const struct memlog_option *o,
				  const char *value, struct memlog_err *err)
{
	struct memlog_query **query = arg;

	return memlog_query_option(*query, o->name, value, err);
}

static const struct memlog_option own[] = {
	{ sizeof(*own), "progress", 'p', "WHEN", true, "how far", on_option },
	{ sizeof(*own), "stop", 0, NULL, false, "stop it", stop },
	{ sizeof(*own), "refuse", 'R', "FILE", false, "refuse it", refuse },
	{ sizeof(*own), "verbose", 'v', NULL, false, "own help", hand_on },
	{ 0 },
};

/* line: words between blanks. */
static enum memlog_status parse(struct memlog_query *q, const char *line,
				int *ret_first, struct memlog_err *err)
{
	struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = own,
		.arg = &q,
	};
	char copy[200], *argv[MAX_WORDS + 1] = { NULL }, *save;
	int argc = 0;

	snprintf(copy, sizeof(copy), "memlog %s", line);
	for (argv[0] = strtok_r(copy, " ", &save); argv[argc];
	     argv[argc] = strtok_r(NULL, " ", &save))
		argc++;
	return memlog_query_parse(q, argc, argv, &opts, ret_first, err);
}

static void mistakes(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "--lst", "unknown option --lst; did you mean --list?" },
		{ "--gerp=x", "unknown option --gerp; did you mean --grep?" },
		{ "--outputformat", "unknown option --outputformat; did you "
				    "mean --output-format?" },
		{ "--nonsense", "unknown option --nonsense" },
		{ "--stp", "unknown option --stp; did you mean --stop?" },
		{ "-Z", "unknown option -Z" },
		{ "-aZ", "unknown option -Z" },
		{ "-\x1b", "unknown option -\\x1b" },
		{ "--\x1b", "unknown option --\\x1b" },
		{ "--li",
		  "--li is ambiguous: --limit, --lines, --list, --list-boots" },
		{ "--li=1",
		  "--li is ambiguous: --limit, --lines, --list, --list-boots" },
		{ "--sto --st", "" }, /* the first one stops it */
		{ "--st", "--st is ambiguous: --stats, --stop" },
		{ "-g", "-g needs a REGEX" },
		{ "-ag", "-g needs a REGEX" },
		{ "--gr", "--grep needs a REGEX" },
		{ "--at", "--at needs a [SPACE:]ADDR" },
		{ "--range", "--range needs an A-B|A+SIZE" },
		{ "--since", "--since needs a TIME" },
		{ "-n", "-n needs an [+]N" },
		{ "-l", "-l needs LEVELS" },
		{ "--list=", "--list takes no value" },
		{ "--lis=x", "--lis is ambiguous: --list, --list-boots" },
		{ "-n five", "--lines: \"five\" is not a number of lines: N "
			     "or -N for the newest N, +N for the first N" },
		{ "-F\x1b", "--format: unknown log format \"\\x1b\"; "
			    "--help lists them" },
		{ "-R \x1b", "--refuse: \"\\x1b\" will not do" },
		{ "foo", "unexpected argument: foo" },
		{ "foo -Z", "unknown option -Z" },
		{ "-a -- --list", "unexpected argument: --list" },
		{ "\x1b", "unexpected argument: \\x1b" },
		{ "-", "unexpected argument: -" },
	};
	struct memlog_query *q;
	struct memlog_err err;
	size_t i;

	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum memlog_status s = parse(q, cases[i].line, NULL, &err);
		const char *want = cases[i].text;

		assert_int_equal(s, !*want		     ? MEMLOG_STOP :
				    strstr(want, "--refuse") ? MEMLOG_LIMIT :
							       MEMLOG_INVALID);
		assert_memory_equal(err.text, want, strlen(want));
		if (*want) {
			assert_int_equal(err.status, s);
			assert_null(strpbrk(err.text, "\x1b\n"));
		}
	}
	/* far more than fit: the list is cut, and says so */
	assert_int_equal(parse(q, "--=x", NULL, &err), MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "-- is ambiguous: --acrn-formats, "));
	assert_string_equal(err.text + strlen(err.text) - 5, ", ...");
	/* option by option, the texts are the same */
	assert_int_equal(memlog_query_option(q, "lst", NULL, &err),
			 MEMLOG_NOT_MINE);
	assert_string_equal(err.text, cases[0].text);
	assert_int_equal(err.status, MEMLOG_NOT_MINE);
	assert_int_equal(memlog_query_option(q, "g", NULL, &err),
			 MEMLOG_INVALID);
	assert_string_equal(err.text, "--grep needs a REGEX");
	assert_int_equal(memlog_query_option(q, "list", "x", &err),
			 MEMLOG_INVALID);
	assert_string_equal(err.text, "--list takes no value");
	assert_int_equal(memlog_query_option(q, "", NULL, NULL),
			 MEMLOG_NOT_MINE);
	memlog_query_destroy(q);
}

/* An own option in the place of the query's, handed on. Without err, too. */
static void own_options(void **state)
{
	struct memlog_query *q;
	int first = -1;

	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	assert_int_equal(parse(q, "one -v two --unc", &first, NULL), 0);
	assert_true(q->verbose && q->uncommitted);
	assert_int_equal(first, 3);
	assert_int_equal(parse(q, "--nonsense", &first, NULL), MEMLOG_INVALID);
	assert_int_equal(parse(q, "--stop", NULL, NULL), MEMLOG_STOP);
	assert_int_equal(first, 3);
	memlog_query_destroy(q);
}

/* Rows of a front end that was built with a longer struct, and with none. */
static void sizes(void **state)
{
	static struct {
		struct memlog_option o;
		char more[40];
	} longer[3];
	struct memlog_parse_opts opts = { .size = sizeof(opts) };
	char name[] = "m", second[] = "--second=2", list[] = "--list";
	char *argv[] = { name, second, list, NULL };
	static struct outcome got;
	struct memlog_query *q;
	struct memlog_err err;
	char line[80];
	int i;

	memset(longer, 0, sizeof(longer));
	for (i = 0; i < 2; i++) {
		longer[i].o = own[0];
		longer[i].o.size = sizeof(longer[0]);
		memset(longer[i].more, 0xee, sizeof(longer[i].more));
	}
	longer[1].o.name = "second";
	opts.own = &longer[0].o;
	opts.arg = &got;
	assert_int_equal(
		memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, NULL), 0);
	assert_int_equal(memlog_query_parse(q, 2, argv, &opts, NULL, &err), 0);
	assert_int_equal(got.n_options, 1);
	assert_string_equal(got.options[0], "second=2");
	for (i = 0; memlog_query_help(MEMLOG_HOST_LIBRARY, &longer[0].o,
				      (size_t)i, line, sizeof(line));
	     i++)
		;
	assert_true(i > 20);
	longer[0].o.size = 0;
	assert_int_equal(memlog_query_parse(q, 2, argv, &opts, NULL, &err),
			 MEMLOG_INVALID);
	opts.size = 0;
	assert_int_equal(memlog_query_parse(q, 2, argv, &opts, NULL, &err),
			 MEMLOG_INVALID);
	assert_int_equal(memlog_query_parse(q, 2, argv + 1, NULL, NULL, &err),
			 0);
	assert_true(q->list);
	memlog_query_destroy(q);
}

/* A line for every option, the own ones last, whatever the size of the line. */
static void help(void **state)
{
	struct memlog_option o = { .size = sizeof(o) };
	char line[200], cut[8];
	bool seen[5] = { false };
	size_t i, n;

	for (i = 0;
	     memlog_query_help(MEMLOG_HOST_LIBRARY, own, i, line, sizeof(line));
	     i++) {
		assert_null(strchr(line, '\n'));
		assert_true(memlog_query_help(MEMLOG_HOST_LIBRARY, own, i, cut,
					      sizeof(cut)));
		assert_int_equal(strlen(cut), sizeof(cut) - 1);
		seen[0] |= !strncmp(line, "-F, --format=LIST  ", 19);
		seen[1] |= !strncmp(line, "-p, --progress[=WHEN]  ", 23);
		seen[2] |= !strncmp(line, "    --info  ", 12);
		seen[3] |= strstr(line, "own help") != NULL;
		/* the query's is not there twice */
		assert_null(strstr(line, "all ranges and notes"));
	}
	for (n = 0; n < 4; n++)
		assert_true(seen[n]);
	for (n = 0; memlog_query_option_get(MEMLOG_HOST_LIBRARY, n, &o); n++)
		;
	assert_int_equal(i, n + 3);
	assert_false(memlog_query_help(MEMLOG_HOST_LIBRARY, own, i, line,
				       sizeof(line)));
}

/* No host's options share a name or a letter. */
static void table(void **state)
{
	struct memlog_option a = { .size = sizeof(a) };
	struct memlog_option b = { .size = sizeof(b) };
	enum memlog_host host;
	size_t i, k;

	for (host = 0; host <= MEMLOG_HOST_LIBRARY; host++)
		for (i = 0; memlog_query_option_get(host, i, &a); i++) {
			assert_true(a.help && *a.help && !a.take);
			for (k = 0; k < i; k++) {
				memlog_query_option_get(host, k, &b);
				assert_string_not_equal(a.name, b.name);
				assert_true(!a.letter || a.letter != b.letter);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),       cmocka_unit_test(mistakes),
		cmocka_unit_test(own_options), cmocka_unit_test(sizes),
		cmocka_unit_test(help),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
