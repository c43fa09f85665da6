/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pictures are made of: colours, lengths of text, ticks, text in XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libsink.h"
#include "render/timeline/measure.h"
#include "render/timeline/palette.h"
#include "render/timeline/xml.h"

/* v to the power of 2.4, by Newton's method for the fifth root: libm is not linked. */
static double power(double v)
{
	double root = 1, v2 = v * v;
	int i;

	for (i = 0; i < 60; i++)
		root -= (root * root * root * root * root - v2) /
			(5 * root * root * root * root);
	return v2 * root;
}

/* Relative luminance, as WCAG 2.1 defines it. */
static double luminance(uint32_t rgb)
{
	static const double weight[] = { 0.0722, 0.7152, 0.2126 };
	double sum = 0, v;
	int i;

	for (i = 0; i < 3; i++) {
		v = (double)(rgb >> 8 * i & 0xff) / 255;
		sum += weight[i] *
		       (v <= 0.03928 ? v / 12.92 : power((v + 0.055) / 1.055));
	}
	return sum;
}

static double contrast(unsigned int a, unsigned int b, bool dark)
{
	double x = luminance(ml_palette(a, dark)) + 0.05;
	double y = luminance(ml_palette(b, dark)) + 0.05;

	return x > y ? x / y : y / x;
}

static void colours(void **state)
{
	unsigned int i, dark;

	(void)state;
	for (dark = 0; dark < 2; dark++) {
		assert_true(contrast(ML_INK, ML_PAPER, dark) >= 7);
		assert_true(contrast(ML_MUTED, ML_PAPER, dark) >= 4.5);
		assert_true(contrast(ML_EDGE, ML_PAPER, dark) >= 3);
		for (i = 0; i < ML_ALL_FILLS; i++)
			assert_true(contrast(ML_INK, ML_FILLS + i, dark) >=
				    4.5);
	}
	/* the measure itself: black and white */
	assert_true(luminance(0xffffff) > 0.999 && luminance(0) < 0.001);
	assert_true(luminance(0x777777) > 0.18 && luminance(0x777777) < 0.19);
}

static void durations(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} those[] = {
		{ 0, "0 s" },
		{ 7, "7 ns" },
		{ 1500, "1.500 \xc2\xb5s" },
		{ 99990000, "99.99 ms" },
		{ 431000000, "431.0 ms" },
		{ 3852000000, "3.852 s" },
		{ -1500000000, "-1.500 s" },
		{ INT64_MAX, "9223372036.9 s" },
		{ INT64_MIN, "-9223372036.9 s" },
	};
	char text[ML_DURATION];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(those) / sizeof(*those); i++)
		assert_string_equal(ml_duration(those[i].ns, text),
				    those[i].text);
}

static void ticks(void **state)
{
	char text[ML_DURATION];
	int64_t span, step;

	(void)state;
	for (span = 1; span < INT64_MAX / 7; span = span * 7 + 3) {
		step = ml_tick_step(span, 12);
		assert_true(step >= 1 && span / step <= 12);
		assert_true(span < 12 || span / step >= 4);
	}
	assert_true(ml_tick_step(INT64_MAX, 12) > INT64_MAX / 13);
	assert_string_equal(ml_tick(500000000, 3852000000, 500000000, text),
			    "0.5 s");
	assert_string_equal(ml_tick(0, 3852000000, 500000000, text), "0.0 s");
	assert_string_equal(ml_tick(20000000, 168400000, 20000000, text),
			    "20 ms");
}

static void fits(void **state)
{
	char fit[ML_FIT];
	int64_t width;

	(void)state;
	assert_string_equal(ml_text_fit("PEI", 12, 100 * ML_PX, fit), "PEI");
	width = ml_text_width("Register PPI Notify", 12);
	assert_string_equal(ml_text_fit("Register PPI Notify", 12, width, fit),
			    "Register PPI Notify");
	ml_text_fit("Register PPI Notify", 12, width - 1, fit);
	assert_non_null(strstr(fit, "\xe2\x80\xa6"));
	assert_true(ml_text_width(fit, 12) <= width - 1);
	assert_string_equal(ml_text_fit("Register", 12, 10 * ML_PX, fit), "");
	/* it is as wide as what is shown of it, and not cut in a character */
	assert_int_equal(ml_text_width("\x1b", 12), ml_text_width("\\x1b", 12));
	ml_text_fit("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
		    "\xf0\x9f\x98\x80",
		    12, 65 * ML_PX, fit);
	assert_string_equal(fit, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
				 "\xf0\x9f\x98\x80\xe2\x80\xa6");
}

static const char *xml(const char *text, size_t len)
{
	struct ml_out out;

	text_sink_clear(&sink);
	ml_out_init(&out, &sink.sink);
	ml_xml_text(&out, text, len);
	assert_int_equal(ml_out_flush(&out, NULL), MEMLOG_OK);
	return sink.text;
}

#define XML(text) xml(text, sizeof(text) - 1)

static void in_xml(void **state)
{
	char many[1000];

	(void)state;
	assert_string_equal(XML("<b a=\"1\" c='&'>]]>"),
			    "&lt;b a=&quot;1&quot; c=&#39;&amp;&#39;&gt;"
			    "]]&gt;");
	assert_string_equal(XML("\0\x01\x1b\n\r\t\x7f\xff"),
			    "\\x00\\x01\\x1b\\x0a\\x0d \\x7f\\xff");
	assert_string_equal(XML("\xe2\x80\xae\xc2\x85\xef\xbf\xbe\xef\xbf\xbf"),
			    "\\u{202e}\\xc2\\x85\\u{fffe}\\u{ffff}");
	assert_string_equal(XML("\xed\xa0\x80 \xef\xbf\xbd \xf0\x9f\x98\x80"),
			    "\\xed\\xa0\\x80 \xef\xbf\xbd \xf0\x9f\x98\x80");
	/* no character is cut where a long text is written in pieces */
	memset(many, 'x', sizeof(many));
	memcpy(many + 254, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(strlen(xml(many, sizeof(many))), sizeof(many));
}

static void lengths(void **state)
{
	struct ml_out out;

	(void)state;
	text_sink_clear(&sink);
	ml_out_init(&out, &sink.sink);
	ml_px(&out, 1200);
	ml_out_char(&out, ' ');
	ml_px(&out, 1250);
	ml_out_char(&out, ' ');
	ml_px(&out, -5);
	assert_int_equal(ml_out_flush(&out, NULL), MEMLOG_OK);
	assert_string_equal(sink.text, "12 12.5 -0.05");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours), cmocka_unit_test(durations),
		cmocka_unit_test(ticks),   cmocka_unit_test(fits),
		cmocka_unit_test(in_xml),  cmocka_unit_test(lengths),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, sink_setup, sink_teardown);
}
