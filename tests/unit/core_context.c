/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines around those that match: random logs and options against a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "libmem.h"
#include "libquery.h"

#define LINES 60
#define LONG  (2 * ML_MAX_LINE + 100)
#define LOG   (1u << 20)

static uint64_t rng = 1;

static unsigned int any(unsigned int below)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(rng >> 33) % below;
}

/* A log, and the number of a line that has an x. */
struct world {
	char line[LINES][LONG + 16];
	bool match[LINES];
	size_t n;
};

/* One line in `rare' matches; some are long. */
static void world_make(struct world *w, char *text, unsigned int rare)
{
	size_t i, len, head;

	w->n = 1 + any(LINES);
	text[0] = '\0';
	for (i = 0; i < w->n; i++) {
		w->match[i] = !any(rare);
		len = 1 + (any(12) ? 0 : any(LONG));
		head = (size_t)sprintf(w->line[i], "%zu ", i);
		memset(w->line[i] + head, '.', len);
		w->line[i][head + len] = '\0';
		if (w->match[i])
			w->line[i][head + any((unsigned int)len)] = 'x';
		strcat(w->line[i], "\n");
		strcat(text, w->line[i]);
	}
}

/* What grep would print; count: only around these, from the end if newest. */
static void world_grep(const struct world *w, bool invert, size_t before,
		       size_t after, size_t count, bool newest, char *ret)
{
	bool chosen[LINES] = { false }, shown = false, any_shown = false;
	size_t i, k, n = 0;

	for (i = 0; i < w->n && n < count; i++) {
		k = newest ? w->n - 1 - i : i;
		chosen[k] = w->match[k] != invert;
		n += chosen[k];
	}
	ret[0] = '\0';
	for (i = 0; i < w->n; i++) {
		bool show = false;

		for (k = 0; k < w->n; k++)
			show |= chosen[k] && i <= k + after && k <= i + before;
		if (show && !shown && any_shown)
			strcat(ret, "--\n");
		if (show)
			strcat(ret, w->line[i]);
		shown = show;
		any_shown |= show;
	}
}

static void against_model(void **state)
{
	static char text[LINES * (LONG + 16)], want[LINES * (LONG + 24)];
	static struct world w;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0x1000000, 2 * LOG);
	size_t before, after, count, round, chosen = 0;
	char args[100], count_arg[24];
	bool newest, invert;

	image = mem_image(&m, MEMLOG_PHYS);
	for (round = 0; round < 1500; round++) {
		world_make(&w, text, 1 + any(9));
		memset(p, 0, 2 * LOG);
		query_put_log(p + 0x1000, LOG, text);
		before = any(3) ? any(5) : any(LINES);
		after = any(3) ? any(5) : any(LINES);
		newest = any(2);
		count = any(2) ? LINES : 1 + any(5);
		/* what does not match is printed up to the piece that does */
		invert = !any(4) && strlen(text) < 1000;
		world_grep(&w, invert, before, after, count, newest, want);
		snprintf(count_arg, sizeof(count_arg), " -n %s%zu",
			 newest ? "" : "+", count);
		snprintf(args, sizeof(args), "-g x -B %zu -A %zu%s%s", before,
			 after, count < LINES || any(2) ? count_arg : "",
			 invert ? " --invert-match" : "");
		query_run(image, args);
		if (strcmp(sink.text, want))
			print_message("# round %zu: %s\n", round, args);
		assert_string_equal(sink.text, want);
		chosen += want[0] != '\0';
	}
	assert_true(chosen > 1000);
	memlog_image_close(image);
	mem_free(&m);
}

static const char ten[] = "a0\na1\nb2\na3\na4\na5\nb6\na7\na8\na9\n";

static void options(void **state)
{
	static const struct {
		const char *args, *want;
		unsigned int matched;
	} runs[] = {
		{ "-g b -A 1", "b2\na3\n--\nb6\na7\n", 2 },
		{ "-g b -B 1", "a1\nb2\n--\na5\nb6\n", 2 },
		{ "-g b -C 0", "b2\n--\nb6\n", 2 },
		/* one before and one after touch */
		{ "-g b -A 2 -B 1", "a1\nb2\na3\na4\na5\nb6\na7\na8\n", 2 },
		{ "-g b -C 3 -A 0 -n +1", "a0\na1\nb2\n", 1 },
		{ "-A 0 -g b -C 3 -n +1", "a0\na1\nb2\n", 1 },
		{ "-g b -C 1 -n 1", "a5\nb6\na7\n", 1 },
		/* the line before is one that would match */
		{ "-g [ab] -B 1 -n 1", "a8\na9\n", 1 },
		{ "-g [ab] -A 1 -n +1", "a0\na1\n", 1 },
		{ "-g b -A 18446744073709551615 -n +1",
		  "b2\na3\na4\na5\nb6\na7\na8\na9\n", 1 },
		{ "-g b -B 18446744073709551615 -n 1",
		  "a0\na1\nb2\na3\na4\na5\nb6\n", 1 },
		{ "-g a5 -g a7 -B 1", "a4\na5\nb6\na7\n", 2 },
		{ "-g none -C 9", "", 0 },
	};
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0x1000000, 0x10000);
	size_t i;

	query_put_log(p + 0x1000, 0x2000, ten);
	image = mem_image(&m, MEMLOG_PHYS);
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		query_run(image, runs[i].args);
		assert_string_equal(sink.text, runs[i].want);
		assert_int_equal(query_result.matched, runs[i].matched);
	}
	/* JSON has no separators, but flags */
	query_run(image, "-J -g b -A 1 -n 1");
	assert_non_null(strstr(sink.text, "\"text\":\"b6\\n\"}\n"));
	assert_non_null(strstr(
		sink.text, "\"text\":\"a7\\n\",\"flags\":[\"context\"]}\n"));
	assert_null(strstr(sink.text, "--"));
	memlog_image_close(image);
	mem_free(&m);
}

/* Lines that are too many to hold are said to be left out, if they should be printed. */
static void too_many(void **state)
{
	enum { N = 400000 };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	uint8_t *p = mem_add(&m, 0x1000000, LOG);
	char *text = malloc(2 * N + 5);
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		memcpy(text + 2 * i, i == N / 2 ? "c\n" : "a\n", 2);
	strcpy(text + 2 * N, "b\na\n");
	query_put_log(p, LOG, text);
	image = mem_image(&m, MEMLOG_PHYS);
	query_run(image, "-g b -B 400000");
	/* short lines do not take much more than the record of each */
	assert_true(sink.len > 2 * 250000 && sink.len < 2 * N);
	assert_string_equal(sink.text + sink.len - 4, "a\nb\n");
	assert_true(query_was_said("ovmf phys:0x1000000: the lines before one "
				   "that matches are too much to hold"));
	query_run(image, "-g c -g b -B 200000");
	assert_int_equal(sink.len, 2 * N + 2);
	assert_false(query_was_said("too much to hold"));
	query_run(image, "-g none -B 400000");
	assert_false(query_was_said("too much to hold"));
	memlog_image_close(image);
	mem_free(&m);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(against_model),
		cmocka_unit_test(too_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
