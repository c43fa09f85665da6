/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leads to the trace of a remote, if there is no table of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "libprinted.h"

/* ---- without a table ---------------------------------------------------- */

static void zero(struct hypm *m, uint64_t phys, size_t len)
{
	memset(m->ram + (phys - HYP_BASE), 0, len);
}

/* What leads to the events is a meta page: one of the first CPU or, if that is
 * missing, of another. */
static void test_no_table(void **state)
{
	struct hypm *m;
	char *want;
	struct printed t;
	uint32_t swaps;

	for (swaps = 0; swaps < 3; swaps++) {
		m = hypm_new(3, 4, 4096);
		hypm_fill(m, 0, 700);
		hypm_fill(m, 1, 10);
		hypm_fill(m, 2, 90);
		if (swaps)
			hypm_swap(m, 0);
		if (swaps == 2)
			hypm_read(m, 0, 3);
		hypm_store(m);
		zero(m, m->table, 3 * 72);
		t = printed(m);
		want = hypm_truth(m, false);
		assert_int_equal(t.logs, 1);
		assert_string_equal(t.text, want);
		assert_int_equal(t.any & MEMLOG_REC_GUESSED, 0);
		assert_int_equal(t.flags & MEMLOG_LOG_GUESSED, 0);
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

/* Where page tables have five levels the direct map begins at 0xff11000000000000. */
static void test_five_levels(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	struct printed t;
	char *want;
	uint64_t va;
	size_t at;

	hypm_fill(m, 0, 700);
	hypm_fill(m, 1, 20);
	hypm_store(m);
	zero(m, m->table, 3 * 72);
	for (at = 0; at < m->used; at += 8) {
		memcpy(&va, m->ram + at, 8);
		if (va - HYP_DIRECT < HYP_RAM)
			put64(m->ram + at,
			      va - HYP_DIRECT + 0xff11000000000000);
	}
	t = printed(m);
	want = hypm_truth(m, false);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.any & MEMLOG_REC_GUESSED, 0);
	free(want);
	printed_free(&t);
	hypm_free(m);
}

/* The same log is found but once, whatever is seen first. */
static void test_meta_before_table(void **state)
{
	struct hypm *m = hypm_new(2, 3, 4096);
	struct printed t;
	char *want;

	/* the table is not at the start of a page, so nothing else leads to it */
	hypm_move_table(m, 0x48);
	hypm_fill(m, 0, 80);
	hypm_store(m);
	t = printed(m);
	want = hypm_truth(m, false);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	free(want);
	printed_free(&t);
	hypm_free(m);
}

/* Numbers that no known table explains have no names. */
static void test_unknown(void **state)
{
	struct hypm *m = hypm_new(1, 3, 4096);
	struct printed t;

	hypm_selftest(m, 0, 1000, 7);
	hypm_store(m);
	zero(m, m->table, 3 * 72);
	zero(m, m->remote, 64);
	/* 7.4 may have another event of that length at that number */
	t = printed(m);
	assert_string_equal(t.text, "[000]\t    0.000001: UNKNOWN id=2 "
				    "data=0000000000000700000000000000\n");
	printed_free(&t);
	m->cpu[0].page[1][16 + 8] = 9;
	t = printed(m);
	assert_string_equal(t.text, "[000]\t    0.000001: UNKNOWN id=9 "
				    "data=0000000000000700000000000000\n");
	printed_free(&t);
	hypm_free(m);
}

/* A CPU whose meta page is missing is guessed, the others are not. */
static void test_no_meta(void **state)
{
	struct hypm *m;
	struct printed t;
	uint32_t cpu;
	char *want;

	for (cpu = 0; cpu < 3; cpu++) {
		m = hypm_new(3, 4, 4096);
		hypm_fill(m, 0, 20);
		hypm_fill(m, 1, 20);
		hypm_fill(m, 2, 20);
		hypm_store(m);
		zero(m, m->table, 3 * 72);
		hypm_hole(m, m->cpu[cpu].meta, 4096);
		t = printed(m);
		want = hypm_truth(m, false);
		assert_int_equal(t.logs, 1);
		assert_string_equal(t.text, want);
		assert_true(t.any & MEMLOG_REC_GUESSED);
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

/* A CPU of which even the descriptor has nothing is counted, and so are its pages
 * unless they may be there. */
static void test_no_part(void **state)
{
	struct hypm *m;
	struct printed t;
	uint64_t part;
	int gone;

	for (gone = 0; gone < 2; gone++) {
		m = hypm_new(3, 4, 4096);
		hypm_fill(m, 0, 20);
		hypm_fill(m, 1, 20);
		hypm_store(m);
		part = m->desc + 16 + 2 * (16 + 8 * m->n_pages);
		if (gone)
			hypm_hole(m, part, 16 + 8 * m->n_pages);
		else
			zero(m, part, 16);
		t = printed(m);
		assert_int_equal(t.logs, 1);
		assert_true(t.flags & MEMLOG_LOG_INCOMPLETE);
		assert_non_null(strstr(t.text, "vcpu"));
		assert_int_equal(t.missing, gone ? 4 * 4080 : 0);
		assert_string_equal(
			t.reason,
			gone ? "16320 of the 48960 bytes of its text are "
			       "not in the image; 2 CPUs, pages of 4096 bytes; "
			       "1 more CPU, of which nothing is known" :
			       "2 CPUs, pages of 4096 bytes; 1 more CPU, of "
			       "which nothing is known");
		printed_free(&t);
		hypm_free(m);
	}
}

/* ---- freed traces ------------------------------------------------------- */

/* Leave a copy of all that is in memory in the upper half, as what was freed and not
 * cleared, without what points to it. */
static void put_older(struct hypm *m)
{
	uint8_t *to = m->ram + HYP_RAM / 2;
	uint64_t va;
	size_t at;

	assert_true(m->used < HYP_RAM / 2);
	memcpy(to, m->ram, m->used);
	for (at = 0; at < m->used; at += 8) {
		memcpy(&va, to + at, 8);
		if (va - HYP_DIRECT >= m->used && va - HYP_SHIFT >= m->used)
			continue;
		va += HYP_RAM / 2;
		memcpy(to + at, &va, 8);
	}
	zero(m, m->table + HYP_RAM / 2, 3 * 72);
	zero(m, m->remote + HYP_RAM / 2, 64);
	zero(m, m->variable + HYP_RAM / 2, 16);
}

/* One that was freed is not current; if nothing points to any, who knows. */
static void test_older(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	struct printed t;

	hypm_fill(m, 0, 700);
	hypm_fill(m, 1, 20);
	hypm_store(m);
	put_older(m);
	t = printed(m);
	assert_int_equal(t.logs, 2);
	assert_int_equal(t.current, 1);
	assert_int_equal(t.stale, 1);
	assert_int_equal(t.flags & MEMLOG_LOG_GUESSED, 0);
	assert_non_null(strstr(t.reason, "; freed: no remote points to it"));
	printed_free(&t);
	zero(m, m->table, 3 * 72);
	t = printed(m);
	assert_int_equal(t.current, 1);
	assert_int_equal(t.stale, 1);
	printed_free(&t);
	zero(m, m->remote, 64);
	t = printed(m);
	assert_int_equal(t.logs, 2);
	assert_int_equal(t.current, 0);
	assert_int_equal(t.stale, 0);
	assert_true(t.flags & MEMLOG_LOG_GUESSED);
	printed_free(&t);
	hypm_free(m);
}

/* ---- symbols ------------------------------------------------------------ */

static const struct hypm *of;
static uint64_t reader_page = 104;

/* offset: in the table; the selftest of another remote has that name, too */
static enum memlog_status sym_addr(void *self, const char *name, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t offset;
	} events[] = {
		{ "__hyp_events_start", 0 },
		{ "remote_event_hyp_enter", 0 },
		{ "remote_event_hyp_exit", 72 },
		{ "__hyp_events_end", 3 * 72 },
		{ "remote_event_selftest", 0x10000 },
	};
	size_t i;

	*ret = UINT64_C(0xffff800080000000);
	if (!strcmp(name, "_stext"))
		return MEMLOG_OK;
	if (!strcmp(name, "trace_buffer")) {
		*ret += of->variable - HYP_BASE;
		return MEMLOG_OK;
	}
	if (of->fmts && !strncmp(name, "__hyp_string_fmts_", 18)) {
		*ret += of->fmts - HYP_BASE;
		*ret += strcmp(name + 18, "end") ? 0 : 3 * 128;
		return MEMLOG_OK;
	}
	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (!strcmp(name, events[i].name)) {
			*ret += of->table - HYP_BASE + events[i].offset;
			return MEMLOG_OK;
		}
	return MEMLOG_NO_DATA;
}

static enum memlog_status sym_member(void *self, const char *type,
				     const char *member, uint64_t *ret)
{
	if (!strncmp(type, "remote_event_", 13))
		return MEMLOG_NO_DATA;
	*ret = !strcmp(member, "buffers")     ? 56 :
	       !strcmp(member, "reader_page") ? reader_page :
						24;
	return MEMLOG_OK;
}

static const struct memlog_symbols symbols = {
	.size = sizeof(symbols),
	.addr = sym_addr,
	.member_offset = sym_member,
};

static struct printed find_symbols(struct hypm *m, const char *release,
				   bool all)
{
	struct memlog_image *image = mem_image(hypm_mem(m), MEMLOG_PHYS);
	char text[200];
	struct printed t;

	of = m;
	snprintf(text, sizeof(text),
		 "OSRELEASE=%s\nSYMBOL(_stext)=%llx\n"
		 "NUMBER(kimage_voffset)=0x%llx\n",
		 release, (unsigned long long)HYP_IMAGE,
		 (unsigned long long)(HYP_IMAGE - HYP_BASE));
	ml_image_add_note(image, "VMCOREINFO", 0, "", text, text, strlen(text));
	t = printed_opts(image, &symbols, all);
	memlog_image_close(image);
	return t;
}

/* The kernel's own structs say what was read; it is left out, or asked for. */
static void test_symbols(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	struct printed t;
	char *want;
	int all;

	hypm_fill(m, 0, 900);
	hypm_swap(m, 0);
	hypm_read(m, 0, 5);
	hypm_fill(m, 1, 50);
	hypm_store(m);
	for (all = 0; all < 2; all++) {
		t = find_symbols(m, "7.3.4", all);
		want = hypm_truth(m, all);
		if (!all)
			assert_string_equal(t.text, want);
		else
			assert_non_null(strstr(want, t.flagged));
		assert_int_equal(!!(t.any & MEMLOG_REC_CONSUMED), all);
		assert_int_equal(t.logs, 1);
		free(want);
		printed_free(&t);
	}
	hypm_free(m);
}

/* Symbols of another kernel: what they lead to is not the struct of this page. */
static void test_symbols_wrong(void **state)
{
	struct hypm *m = hypm_new(1, 4, 4096);
	struct printed t;
	char *want;

	hypm_fill(m, 0, 900);
	hypm_swap(m, 0);
	hypm_read(m, 0, 5);
	hypm_store(m);
	want = hypm_truth(m, false);
	for (reader_page = 88; reader_page <= 120; reader_page += 8) {
		t = find_symbols(m, "7.3.4", false);
		assert_string_equal(t.text, want);
		assert_int_equal(t.logs, 1);
		printed_free(&t);
	}
	reader_page = 104;
	free(want);
	hypm_free(m);
}

/* The table is not there: the kernel's variable leads to the descriptor, and
 * symbols have the numbers of events, which two versions may have. */
static void test_symbols_no_table(void **state)
{
	struct hypm *m = hypm_new(2, 4, 4096);
	struct printed t;
	char *want;

	hypm_fill(m, 0, 100);
	hypm_store(m);
	zero(m, m->table, 3 * 72);
	zero(m, m->remote, 64);
	t = find_symbols(m, "7.9.0", false);
	want = hypm_truth(m, false);
	assert_string_equal(t.text, want);
	assert_int_equal(t.logs, 1);
	free(want);
	assert_int_equal(t.current, 1);
	printed_free(&t);
	/* a meta page leads there without symbols */
	zero(m, m->variable, 16);
	t = find_symbols(m, "7.9.0", false);
	assert_non_null(strstr(t.text, ": UNKNOWN id=2 data=0000"));
	assert_non_null(strstr(t.text, ": hyp_enter reason=hvc vcpu=-1\n"));
	printed_free(&t);
	hypm_free(m);
}

/* ---- strings ------------------------------------------------------------ */

/* Strings come with symbols; without, the arguments are printed. */
static void test_printk(void **state)
{
	static const uint64_t arg[] = { 0x12345, UINT32_MAX, 42 };
	static const char *const words[][4] = {
		{ "hyp_printk hello",
		  "hyp_printk pfn 0x12345 owner -1 of    42%",
		  "hyp_printk 0x12345 at 00000000ffffffff",
		  "hyp_printk Unknown hyp_string_fmt ID 3" },
		{ "hyp_printk fmt_id=0",
		  "hyp_printk fmt_id=1 0x12345 0xffffffff 0x2a",
		  "hyp_printk fmt_id=2 0x12345 0xffffffff",
		  "hyp_printk fmt_id=3 0x12345" },
	};
	static const uint32_t n[] = { 0, 3, 2, 1 };
	struct hypm *m;
	struct printed t;
	char *want;
	uint32_t i, k;

	for (k = 0; k < 3; k++) {
		m = hypm_new(1, 3, 4096);
		hypm_with_printk(m);
		for (i = 0; i < 4; i++)
			hypm_printk(m, 0, 1000 * i, i, arg, n[i],
				    words[k ? 1 : 0][i]);
		hypm_selftest(m, 0, 10000, 77);
		hypm_store(m);
		if (k == 2)
			zero(m, m->table, 4 * 72);
		t = k ? printed(m) : find_symbols(m, "7.9.0", false);
		want = hypm_truth(m, false);
		assert_string_equal(t.text, want);
		assert_string_equal(t.strings,
				    k ? "" :
					"hello\n"
					"pfn 0x12345 owner -1 of    42%\n"
					"0x12345 at 00000000ffffffff\n");
		assert_int_equal(t.logs, 1);
		free(want);
		printed_free(&t);
		hypm_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_table),
		cmocka_unit_test(test_five_levels),
		cmocka_unit_test(test_meta_before_table),
		cmocka_unit_test(test_no_meta),
		cmocka_unit_test(test_no_part),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_symbols_wrong),
		cmocka_unit_test(test_symbols_no_table),
		cmocka_unit_test(test_printk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
