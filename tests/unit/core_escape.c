/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing that a terminal obeys and nothing that hides text gets through; all
 * else stays as it is. Judged by an own, slow classification.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libsink.h"
#include "render/escape.h"

static const char *text_of(const void *p, size_t len, bool keep_lf)
{
	struct ml_out out;

	text_sink_clear(&sink);
	ml_out_init(&out, &sink.sink);
	ml_escape_text(&out, p, len, keep_lf);
	assert_int_equal(ml_out_flush(&out, NULL), MEMLOG_OK);
	return sink.text;
}

static size_t encode(uint32_t cp, uint8_t *b)
{
	if (cp < 0x80) {
		b[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		b[0] = (uint8_t)(0xc0 | cp >> 6);
		b[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		b[0] = (uint8_t)(0xe0 | cp >> 12);
		b[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		b[2] = (uint8_t)(0x80 | (cp & 0x3f));
		return 3;
	}
	b[0] = (uint8_t)(0xf0 | cp >> 18);
	b[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
	b[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	b[3] = (uint8_t)(0x80 | (cp & 0x3f));
	return 4;
}

static void every_byte(void **state)
{
	char want[8];
	uint8_t b;
	int i;

	for (i = 0; i < 256; i++) {
		b = (uint8_t)i;
		if ((i >= 0x20 && i < 0x7f) || i == '\t' || i == '\n')
			snprintf(want, sizeof(want), "%c", i);
		else
			snprintf(want, sizeof(want), "\\x%02x", i);
		assert_string_equal(text_of(&b, 1, true), want);
	}
	assert_string_equal(text_of("\n", 1, false), "\\x0a");
	assert_string_equal(text_of("a\0b", 3, true), "a\\x00b");
}

/* Each lead byte with each second byte, alone, is escaped or a character. */
static void every_pair(void **state)
{
	unsigned int a, b;
	size_t i;

	for (a = 0x80; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			uint8_t in[2] = { (uint8_t)a, (uint8_t)b };
			const uint8_t *out;

			text_of(in, 2, true);
			out = (const uint8_t *)sink.text;
			if (a >= 0xc3 && a <= 0xdf && b >= 0x80 && b < 0xc0 &&
			    !memcmp(out, in, 2))
				continue;
			if (a == 0xc2 && b >= 0xa0 && b < 0xc0 && b != 0xad) {
				assert_memory_equal(out, in, 2);
				continue;
			}
			for (i = 0; i < sink.len; i++)
				assert_true(out[i] < 0x7f &&
					    (out[i] >= 0x20 || out[i] == '\t' ||
					     out[i] == '\n'));
		}
	}
}

/* As the property of the Unicode Character Database, Default_Ignorable, plus
 * the bidirectional controls and line separators; written down by range. */
static bool hides(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f ||
	       c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
	       (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
	       c == 0xffa0 || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c >= 0x1bca0 && c <= 0x1bca3) ||
	       (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0000 && c < 0xe1000);
}

static void every_codepoint(void **state)
{
	char want[24];
	uint32_t cp;
	uint8_t b[4];
	size_t n;

	for (cp = 0xa0; cp < 0x110000; cp++) {
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		n = encode(cp, b);
		assert_true(ml_utf8_valid(b, n));
		text_of(b, n, true);
		if (hides(cp)) {
			snprintf(want, sizeof(want), "\\u{%x}", cp);
			assert_string_equal(sink.text, want);
			assert_int_equal(ml_utf8_len(b, n, NULL), 0);
		} else {
			uint32_t got = 0;

			assert_int_equal(sink.len, n);
			assert_memory_equal(sink.text, b, n);
			assert_int_equal(ml_utf8_len(b, n, &got), n);
			assert_int_equal(got, cp);
		}
		/* cut anywhere it is not UTF-8, and no raw byte remains */
		while (--n) {
			const char *p = text_of(b, n, true);

			assert_false(ml_utf8_valid(b, n));
			assert_int_equal(ml_utf8_cut(b, n), n);
			for (; *p; p++)
				assert_true((uint8_t)*p < 0x7f);
		}
	}
}

static void c1_in_utf8(void **state)
{
	assert_string_equal(text_of("\xc2\x9b"
				    "31m",
				    5, true),
			    "\\xc2\\x9b31m");
	assert_string_equal(text_of("\xc2\xa0", 2, true), "\xc2\xa0");
}

static void not_utf8(void **state)
{
	static const char *const bad[] = {
		"\xc0\xaf",	    /* overlong */
		"\xe0\x80\xaf",	    /* overlong */
		"\xf0\x80\x80\xaf", /* overlong */
		"\xed\xa0\x80",	    /* surrogate */
		"\xf4\x90\x80\x80", /* above U+10FFFF */
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
		"\x80",
		"\xe2\x82",
		"\xe2(\xa1",
	};
	size_t i, k;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(
			ml_utf8_valid((const uint8_t *)bad[i], strlen(bad[i])));
		text_of(bad[i], strlen(bad[i]), true);
		for (k = 0; k < sink.len; k++)
			assert_true((uint8_t)sink.text[k] < 0x7f);
		assert_int_equal(ml_utf8_len((const uint8_t *)bad[i],
					     strlen(bad[i]), NULL),
				 0);
	}
	/* a broken sequence does not swallow what follows */
	assert_string_equal(text_of("\xe2\x82\x1b[2J", 6, true),
			    "\\xe2\\x82\\x1b[2J");
}

static void cut(void **state)
{
	assert_int_equal(ml_utf8_cut((const uint8_t *)"ab", 2), 0);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"a\xe2\x82\xac", 4), 0);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"a\xe2\x82", 3), 2);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"a\xe2", 2), 1);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"\xf0\x9f\x98", 3), 3);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"\x80\x80\x80\x80", 4),
			 0);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"\xe0\x80", 2), 0);
	assert_int_equal(ml_utf8_cut((const uint8_t *)"", 0), 0);
}

static void base64(void **state)
{
	static const char *const want[] = {
		"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
	};
	uint8_t all[256];
	char back[300];
	struct ml_out out;
	size_t i;

	for (i = 0; i < 7; i++) {
		text_sink_clear(&sink);
		ml_out_init(&out, &sink.sink);
		ml_base64(&out, (const uint8_t *)"foobar", i);
		ml_out_flush(&out, NULL);
		assert_string_equal(sink.text, want[i]);
	}
	for (i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	text_sink_clear(&sink);
	ml_out_init(&out, &sink.sink);
	ml_base64(&out, all, sizeof(all));
	ml_out_flush(&out, NULL);
	assert_int_equal(text_pipe(&sink, "base64 -d", back, sizeof(back)), 0);
	assert_memory_equal(back, all, sizeof(all));
}

static void json_of(const void *p, size_t len)
{
	struct ml_out out;

	text_sink_clear(&sink);
	ml_out_init(&out, &sink.sink);
	ml_out_char(&out, '"');
	ml_escape_json(&out, p, len);
	ml_out_char(&out, '"');
	ml_out_flush(&out, NULL);
}

/* Every code point comes back from jq as itself, and nothing in between could
 * harm a terminal. */
static void json_round_trip(void **state)
{
	static uint8_t in[5 << 20];
	static char back[5 << 20];
	size_t n = 0, i;
	uint32_t cp;

	for (cp = 1; cp < 0x110000; cp += cp < 0x3000 ? 1 : 37) {
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		n += encode(cp, in + n);
	}
	json_of(in, n);
	for (i = 0; i < sink.len; i++)
		assert_true((uint8_t)sink.text[i] >= 0x20 &&
			    sink.text[i] != 0x7f);
	assert_int_equal(text_pipe(&sink, "jq -j .", back, sizeof(back)), 0);
	assert_int_equal(strlen(back), n);
	assert_memory_equal(back, in, n);
	json_of("\0\x1b\x7f\xe2\x80\xae\xf3\xa0\x80\x81\"\\\n\r\t", 15);
	assert_string_equal(sink.text, "\"\\u0000\\u001b\\u007f\\u202e"
				       "\\udb40\\udc01\\\"\\\\\\n\\r\\t\"");
}

static void public_escape(void **state)
{
	char buf[16];

	assert_string_equal(memlog_escape("a\x1b[2Jb\n", buf, sizeof(buf)),
			    "a\\x1b[2Jb\\x0a");
	assert_string_equal(memlog_escape("0123456789abcdefgh", buf, 8),
			    "0123456");
	/* never half a character */
	assert_string_equal(memlog_escape("012345\xe2\x82\xac", buf, 9),
			    "012345");
	assert_string_equal(memlog_escape("x", buf, 1), "");
}

/* An error of the sink sticks, and keeps its first text. */
static void out_errors(void **state)
{
	struct memlog_err err = { .status = MEMLOG_OK };
	static char big[20000];
	struct ml_out out;

	memset(big, 'x', sizeof(big));
	text_sink_clear(&sink);
	sink.fail_after = 100;
	ml_out_init(&out, &sink.sink);
	ml_out_str(&out, "short");
	ml_out_write(&out, NULL, 0);
	ml_out_write(&out, big, sizeof(big));
	ml_out_str(&out, "more");
	assert_int_equal(ml_out_flush(&out, &err), MEMLOG_IO);
	assert_string_equal(err.text, "full");
	assert_int_equal(sink.len, 5);
	assert_int_equal(sink.writes, 2);
	sink.fail_after = 0;
}

static void out_order(void **state)
{
	static char big[20000];
	struct ml_out out;
	size_t i, n = 0;
	char *want;

	memset(big, 'x', sizeof(big));
	text_sink_clear(&sink);
	want = calloc(1, 2000000);
	assert_non_null(want);
	ml_out_init(&out, &sink.sink);
	for (i = 0; i < 60; i++) {
		size_t len = i * 137 % 20000 % (i % 7 ? 9000 : 20000);

		ml_out_write(&out, big, len);
		memset(want + n, 'x', len);
		n += len;
		ml_out_fmt(&out, "<%zu>", i);
		n += (size_t)sprintf(want + n, "<%zu>", i);
	}
	assert_int_equal(ml_out_flush(&out, NULL), MEMLOG_OK);
	assert_int_equal(sink.len, n);
	assert_memory_equal(sink.text, want, n);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte),
		cmocka_unit_test(every_pair),
		cmocka_unit_test(every_codepoint),
		cmocka_unit_test(c1_in_utf8),
		cmocka_unit_test(not_utf8),
		cmocka_unit_test(cut),
		cmocka_unit_test(base64),
		cmocka_unit_test(json_round_trip),
		cmocka_unit_test(public_escape),
		cmocka_unit_test(out_errors),
		cmocka_unit_test(out_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, sink_setup, sink_teardown);
}
