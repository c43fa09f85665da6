/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones of ramoops: a model of what Linux writes, against what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libramoops.h"

/* ---- models -------------------------------------------------------------- */

#define TEXT_MAX 20000

/* Lines, so many bytes; returns what is left of them in a ring of cap. */
static const char *lines(char *text, size_t n, size_t cap)
{
	size_t i, k;

	for (i = 0; i < n; i += k) {
		k = (size_t)snprintf(text + i, n - i + 1, "line %u of %u\n",
				     oops_pick(1000), oops_pick(100000));
		if (k > n - i)
			k = n - i;
	}
	if (n)
		text[n - 1] = '\n';
	text[n] = '\0';
	return n > cap ? text + (n - cap) : text;
}

static void calls(FILE *f, uint8_t *text, size_t n, size_t cap)
{
	size_t i;
	uint64_t to, from, number;

	for (i = 0; i < n; i++, text += 24) {
		to = UINT64_C(0xffffffff81000000) + oops_pick(1u << 20);
		from = UINT64_C(0xffffffff81000000) + oops_pick(1u << 20);
		number = oops_pick(1u << 30);
		put64(text, to);
		put64(text + 8, from);
		put64(text + 16, number << 8 | i % 4);
		if ((n - i) * 24 <= cap)
			fprintf(f, "#%llu CPU %u: 0x%llx from 0x%llx\n",
				(unsigned long long)number,
				(unsigned int)(i % 4), (unsigned long long)to,
				(unsigned long long)from);
	}
}

/* A record of dmesg for a zone. Returns its bytes. */
static size_t record(char *out, size_t cap, unsigned int sec, bool packed,
		     char *ret_text)
{
	size_t n, at = (size_t)sprintf(out, "====%u.%06u-%c\n", sec,
				       oops_pick(1000000), packed ? 'C' : 'D');

	n = 1 + oops_pick((uint32_t)(cap - at - 1));
	if (n > TEXT_MAX / 2)
		n = TEXT_MAX / 2;
	lines(ret_text, n, n);
	memcpy(out + at, ret_text, n);
	if (!packed)
		return at + n;
	for (size_t i = 0; i < n; i++)
		out[at + i] = (char)~out[at + i];
	out[at + n] = '\0';
	return at + n + 1;
}

static void random_layout(struct oops_layout *l)
{
	static const size_t eccs[] = { 0, 0, 16, 8, 32 };

	*l = (struct oops_layout){ .dmesg = 1 + oops_pick(6),
				   .record = 600 + oops_pick(9000),
				   .console = (size_t)1024 << oops_pick(3),
				   .ecc = eccs[oops_pick(5)] };
	if (oops_pick(4)) {
		l->ftrace = (size_t)2048 << oops_pick(3);
		l->traces = oops_pick(3) ? 1 : 3;
		l->pmsg = (size_t)1024 << oops_pick(3);
	}
}

/* One layout with something in each kind of zone, and what is to be found. */
static void model(uint64_t seed)
{
	char *text = calloc(1, 2 * TEXT_MAX), *raw = calloc(1, 2 * TEXT_MAX);
	size_t i, n, cap, len;
	const char *left;
	char *want = NULL;
	struct oops_layout l;
	uint8_t *p;
	FILE *f = open_memstream(&want, &len);
	unsigned int newest;

	oops_dice = seed;
	random_layout(&l);
	p = oops_lay(&l);
	newest = oops_pick((uint32_t)l.dmesg);
	for (i = 0; i < l.dmesg; i++) {
		if (i != newest && oops_pick(3) == 0)
			continue;
		cap = l.record - OOPS_HEADER - oops_all_ecc(l.record, l.ecc);
		n = record(raw, cap,
			   i == newest ? 1800000000 :
					 1790000000 + oops_pick(1000),
			   oops_pick(2), text);
		oops_zone(p + oops_place(&l, 'd', i), l.record, OOPS_SIG, l.ecc,
			  raw, n);
		if (oops_pick(3) == 0)
			oops_erase(p + oops_place(&l, 'd', i), l.record, l.ecc);
		fprintf(f, "dmesg %zx%s\n%s", oops_place(&l, 'd', i),
			i == newest ? "" : " stale", text);
	}
	cap = l.console - OOPS_HEADER - oops_all_ecc(l.console, l.ecc);
	n = 1 + oops_pick((uint32_t)cap * 2);
	left = lines(text, n, cap);
	oops_zone(p + oops_place(&l, 'c', 0), l.console, OOPS_SIG, l.ecc, text,
		  n);
	fprintf(f, "console %zx%s\n%s", oops_place(&l, 'c', 0),
		n > cap && n % cap ? " wrapped" : "", left);
	for (i = 0; i < l.traces; i++) {
		cap = l.ftrace / l.traces;
		cap -= OOPS_HEADER + oops_all_ecc(cap, l.ecc);
		n = 1 + oops_pick((uint32_t)cap / 12);
		fprintf(f, "ftrace %zx%s\n", oops_place(&l, 'f', i),
			n * 24 > cap && n * 24 % cap ? " wrapped" : "");
		calls(f, (uint8_t *)text, n, cap);
		oops_zone(p + oops_place(&l, 'f', i), l.ftrace / l.traces,
			  OOPS_SIG ^ OOPS_VERSION, l.ecc, text, 24 * n);
	}
	if (l.pmsg) {
		cap = l.pmsg - OOPS_HEADER - oops_all_ecc(l.pmsg, l.ecc);
		n = 1 + oops_pick((uint32_t)cap * 2);
		left = lines(text, n, cap);
		oops_zone(p + oops_place(&l, 'p', 0), l.pmsg, OOPS_SIG, l.ecc,
			  text, n);
		fprintf(f, "pmsg %zx%s\n%s", oops_place(&l, 'p', 0),
			n > cap && n % cap ? " wrapped" : "", left);
	}
	fclose(f);
	oops_finds(want);
	free(want);
	free(text);
	free(raw);
	mem_free(&oops_mem);
}

static void models(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 0; i < 400; i++)
		model(i);
}

/* ---- single cases -------------------------------------------------------- */

/* Records of one crash belong together; those before are stale. */
static void newest(void **state)
{
	(void)state;
	oops_lay_small();
	oops_finds(OOPS_SMALL);
}

/* A running machine: zones are copied, and their headers read again. */
static void live(void **state)
{
	struct memlog_reader_ops ops = mem_ops;
	struct memlog_image *image;
	uint8_t *p = oops_lay_small();
	char *got;

	(void)state;
	memset(p + 4, 0, 8);
	memset(p + oops_small.record, 0, OOPS_HEADER);
	ops.flags |= MEMLOG_READER_LIVE;
	assert_int_equal(memlog_image_wrap(&ops, &oops_mem, MEMLOG_PHYS, "live",
					   NULL, &image, NULL),
			 0);
	got = oops_tell(image, true);
	memlog_image_close(image);
	assert_string_equal(got, OOPS_SMALL);
	free(got);
}

/* Fields of a record. */
static void fields(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_record *rec;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;

	(void)state;
	oops_lay_small();
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_string_equal(memlog_logs_get(logs, 1)->reason,
			    "written 2026-11-28 01:11:13.896700");
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 1),
					     NULL, &d, NULL),
			 0);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_false(rec->has_time || rec->has_level);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_true(rec->has_time && rec->has_level);
	assert_int_equal(rec->level, 0);
	assert_true(rec->time == 21614389000 && rec->time_hz == 1000000000);
	assert_int_equal(rec->message_len, 3);
	assert_memory_equal(rec->message, "no\n", 3);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* Old kernels write the microseconds without leading zeros: .42 is 42 of them. */
static void short_microseconds(void **state)
{
	static const char old[] = "====1795820000.7-D\nold\n";
	static const char late[] = "====1795828273.42-C\n\x91\x90\xf5";
	static const char none[] = "====1795828274.1234567-D\n";
	struct memlog_scan_opts o = { .size = sizeof(o) };
	struct memlog_image *image;
	struct memlog_logs *logs;
	uint8_t *p = oops_lay(&oops_small);

	(void)state;
	oops_zone(p, oops_small.record, OOPS_SIG, 0, old, strlen(old));
	oops_zone(p + oops_small.record, oops_small.record, OOPS_SIG, 0, late,
		  sizeof(late));
	oops_zone(p + 2 * oops_small.record, oops_small.record, OOPS_SIG, 0,
		  none, strlen(none));
	oops_finds("dmesg 0 stale\nold\ndmesg 7d1\nno\nconsole fa2\n"
		   "====1795828274.1234567-D\n");
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_string_equal(memlog_logs_get(logs, 1)->reason,
			    "written 2026-11-28 01:11:13.000042");
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* Without a codec the line that a record begins with, and who prints the rest. */
static void unexpanded(void **state)
{
	static const char text[] = "====1795828273.896700-C\n\xaf\xac\xff";
	struct memlog_image *image;
	uint8_t *p = oops_lay(&oops_small);
	char *got;

	(void)state;
	oops_zone(p, oops_small.record, OOPS_SIG, 0, text, sizeof(text));
	image = mem_image(&oops_mem, MEMLOG_PHYS);
	got = oops_tell(image, false);
	assert_string_equal(got,
			    "dmesg 0\n====1795828273.896700-C\n(its text is "
			    "compressed: memlog-dump prints it)\n");
	free(got);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(models, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(newest, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(live, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(fields, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(short_microseconds, oops_setup,
						oops_teardown),
		cmocka_unit_test_setup_teardown(unexpanded, oops_setup,
						oops_teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
