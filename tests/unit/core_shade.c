/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in colour: by level, by words, what matched; and the same text without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "libsink.h"
#include "render/render.h"
#include "render/shade.h"

static struct memlog_log log_a = {
	.size = sizeof(log_a),
	.format = "ovmf",
	.variant = "main",
};

static struct memlog_allocator alloc;
static struct ml_patterns patterns;

static const struct ml_render *text;
static void *text_state;

static void start(bool color)
{
	static struct ml_render_opts opts;

	opts = (struct ml_render_opts){
		.alloc = &alloc,
		.image = "core",
		.n_logs = 1,
		.color = color,
		.patterns = &patterns,
	};
	alloc = ml_allocator(NULL);
	text_sink_clear(&sink);
	text = ml_render_find("text");
	text_state = calloc(1, text->state_size);
	assert_non_null(text_state);
	assert_int_equal(text->begin(text_state, &opts, &sink.sink, NULL), 0);
	assert_int_equal(text->log_begin(text_state, &log_a, NULL), 0);
}

static struct memlog_record record(const void *bytes, size_t len,
				   uint32_t flags)
{
	struct memlog_record r = {
		.size = sizeof(r),
		.log = &log_a,
		.cpu = -1,
		.text = bytes,
		.text_len = len,
		.flags = flags,
	};

	return r;
}

static const char *finish(void)
{
	assert_int_equal(text->log_end(text_state, &log_a, 0, NULL), 0);
	assert_int_equal(text->end(text_state, NULL), 0);
	text->close(text_state);
	free(text_state);
	return sink.text;
}

/* One line in colour. */
static const char *shown(const char *line, uint32_t flags)
{
	struct memlog_record r = record(line, strlen(line), flags);

	start(true);
	assert_int_equal(text->record(text_state, &r, NULL), 0);
	return finish();
}

static void words(void **state)
{
	static const struct {
		const char *line, *shade;
	} cases[] = {
		{ "ASSERT x.c(12): a != b", "1;31" },
		{ "ASSERT_EFI_ERROR (Status = Not Found)", "1;31" },
		{ "!!!! X64 Exception Type - 0E", "1;31" },
		{ "Error: Image at 0x1 start failed", "31" },
		{ "Out of memory: fatal", "1;31" },
		{ "TPM2_RC_FAILURE", "31" },
		{ "Status = Device Error", "31" },
		{ "warning: slow", "1" },
		{ "a warning and an error", "31" },
		{ "Terror, errors, failover, asserted", NULL },
		{ "caf\xc3\xa9"
		  "error",
		  NULL },
		{ "", NULL },
		{ "!!!!", NULL },
		{ "Loading driver at 0x1", NULL },
	};
	const char *got;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = ml_shade_words((const uint8_t *)cases[i].line,
				     strlen(cases[i].line));
		if (cases[i].shade)
			assert_string_equal(got, cases[i].shade);
		else
			assert_null(got);
	}
}

static void lines(void **state)
{
	struct memlog_record r = record("x error\n", 8, 0);

	assert_string_equal(shown("an error\r\n", 0),
			    "\033[31man error\033[0m\n");
	/* a line in several pieces keeps its colour */
	start(true);
	r.flags = MEMLOG_REC_CONTINUES;
	r.text_len = 7;
	text->record(text_state, &r, NULL);
	r = record(" and more\n", 10, 0);
	text->record(text_state, &r, NULL);
	r = record("plain\n", 6, 0);
	text->record(text_state, &r, NULL);
	assert_string_equal(finish(), "\033[31mx error\033[0m"
				      "\033[31m and more\033[0m\nplain\n");
	/* a level is all that counts, and the log's own prefix is not text */
	start(true);
	r = record("[1.0] no error\n", 15, MEMLOG_REC_VERBATIM);
	r.has_time = r.has_level = true;
	r.level = 6;
	r.message = r.text + 6;
	r.message_len = 9;
	text->record(text_state, &r, NULL);
	r.level = 1;
	text->record(text_state, &r, NULL);
	assert_string_equal(finish(), "\033[32m[1.0] \033[0mno error\n"
				      "\033[32m[1.0] \033[0m"
				      "\033[7;31mno error\033[0m\n");
	/* our own prefix, as dmesg has it */
	start(true);
	r = record("text", 4, 0);
	r.has_time = r.has_level = true;
	r.time = 1500;
	r.time_hz = 1000;
	r.level = 4;
	r.component = "usb";
	text->record(text_state, &r, NULL);
	assert_string_equal(
		finish(), "\033[32m[    1.500000]\033[0m \033[1mwarn  \033[0m "
			  "\033[33musb\033[0m: \033[1mtext\033[0m\n");
}

static void matches(void **state)
{
	assert_int_equal(ml_patterns_add(&patterns, NULL, "b+", NULL), 0);
	assert_string_equal(shown("abba b\r\n", 0),
			    "a\033[1;31mbb\033[0ma \033[1;31mb\033[0m\n");
	assert_string_equal(shown("an error bb\n", 0),
			    "\033[31man error \033[0m\033[1;31mbb\033[0m\n");
	assert_string_equal(shown("abba\n", MEMLOG_REC_CONTEXT), "abba\n");
	patterns.invert = true;
	assert_string_equal(shown("abba\n", 0), "abba\n");
	patterns.invert = false;
	ml_patterns_fini(&patterns);
	/* half of a character is none */
	assert_int_equal(ml_patterns_add(&patterns, NULL, "\xa9", NULL), 0);
	assert_string_equal(shown("\xc3\xa9x\n", 0),
			    "\033[1;31m\xc3\xa9\033[0mx\n");
	ml_patterns_fini(&patterns);
}

static uint64_t rng = 1;

static unsigned int any(unsigned int below)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(rng >> 33) % below;
}

/* Some records, the same for the same seed; returns their text. */
static const char *write_random(uint64_t seed, bool color)
{
	static const char *const bits[] = {
		"a",	  "b",	  "\r",	     "\n",    "\r\n", "\xc3\xa9",
		"\xc3",	  "\xa9", "\x1b[2J", "error", " ",    "\xe2\x80\xae",
		"ASSERT", "ab",
	};
	struct memlog_record r;
	char line[200];
	size_t n, k;

	rng = seed;
	start(color);
	for (n = 1 + any(6); n; n--) {
		line[0] = '\0';
		for (k = any(10); k; k--)
			strcat(line, bits[any(sizeof(bits) / sizeof(*bits))]);
		r = record(line, strlen(line),
			   any(4) ? 0 : MEMLOG_REC_CONTINUES);
		if (!any(5)) {
			r.message = r.text + any((unsigned int)r.text_len + 1);
			r.message_len =
				r.text_len - (size_t)(r.message - r.text);
			r.flags |= MEMLOG_REC_VERBATIM;
		}
		r.has_level = !any(3);
		r.level = any(9);
		assert_int_equal(text->record(text_state, &r, NULL), 0);
	}
	return finish();
}

/* Take out "\033[...m", and see that no line ends within a colour. */
static void strip(const char *from, char *to)
{
	bool inside = false;
	size_t n;

	while (*from) {
		assert_false(inside && *from == '\n');
		if (*from != '\033') {
			*to++ = *from++;
			continue;
		}
		assert_int_equal(from[1], '[');
		n = strspn(from + 2, "0123456789;");
		assert_int_equal(from[2 + n], 'm');
		assert_int_equal(inside, from[2] == '0');
		inside = !inside;
		from += n + 3;
	}
	assert_false(inside);
	*to = '\0';
}

static void same_text(void **state)
{
	static const char *const some[] = { "a", "b*", "\xa9|^e", "[^a]+",
					    "." };
	char plain[4096], colored[4096];
	uint64_t seed;

	for (seed = 1; seed < 20000; seed++) {
		ml_patterns_fini(&patterns);
		if (seed % 3)
			assert_int_equal(ml_patterns_add(&patterns, NULL,
							 some[seed % 5], NULL),
					 0);
		strcpy(plain, write_random(seed * 7919, false));
		assert_null(strchr(plain, '\033'));
		strip(write_random(seed * 7919, true), colored);
		assert_string_equal(colored, plain);
	}
	ml_patterns_fini(&patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(lines),
		cmocka_unit_test(matches),
		cmocka_unit_test(same_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, sink_setup, sink_teardown);
}
