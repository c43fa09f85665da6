/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xentrace.c - the buffers of Xen's trace, and a list of them that is huge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "format/xen/console.h"
#include "image/xen/xen.h"
#include "libxen.h"

static enum memlog_status trace_addr(void *self, const char *name,
				     uint64_t *ret)
{
	if (strcmp(name, "t_info"))
		return MEMLOG_NO_DATA;
	*ret = 0xffff82d040000000 + XEN_BSS + 64;
	return MEMLOG_OK;
}

static const struct memlog_symbols trace_symbols = {
	.size = sizeof(trace_symbols),
	.addr = trace_addr,
};

/* The list of the trace buffers of two CPUs, with two frames each: the second of CPU
 * 0 and the first of CPU 1 are given. Numbers as a real Xen 4.17 has them. */
static void put_t_info(struct xen_world *w, uint32_t second, uint32_t third)
{
	uint8_t *t = w->m + 0x300000;

	put16(t, 2);
	put16(t + 2, 129);
	put16(t + 4, 131);
	put32(t + 4 * 129, 0x400);
	put32(t + 4 * 130, second);
	put32(t + 4 * 131, third);
	put32(t + 4 * 132, 0x405);
	put32(w->m + 0x400000 + 4, 4000);
}

/* They are found by the console's own lines and by symbols. */
static void test_xentrace(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace" };
	struct memlog_decoder *d;
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	int i;

	for (i = 0; i < 3; i++) {
		xen_world_init(&w, MEMLOG_MACH, true);
		put_t_info(&w, 0x402, i == 2 ? 0x9999 : 0x404);
		if (i != 1)
			conring_put(&w.r,
				    "(XEN) xentrace: requesting 1 t_info pages "
				    "for 2 trace pages on 2 cpus\n"
				    "(XEN) xentrace: p0 mfn 400 offset 129\n"
				    "(XEN) xentrace: p1 mfn 404 offset 131\n");
		conring_lines(&w.r, 100);
		xen_world_sync(&w);
		put64(w.m + XEN_START + XEN_BSS + 64,
		      ML_XEN_DIRECTMAP + 0x300000);
		o.symbols = i == 1 ? &trace_symbols : NULL;
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		/* lines that the list does not bear out lead nowhere */
		assert_int_equal(memlog_logs_count(logs), i < 2);
		if (i < 2) {
			log = memlog_logs_get(logs, 0);
			assert_int_equal(log->n_extents, 5);
			assert_int_equal(log->extents[0].addr, 0x300000);
			assert_int_equal(log->extents[2].addr, 0x402000);
			assert_int_equal(log->extents[2].cpu, 0);
			assert_int_equal(log->extents[4].addr, 0x405000);
			assert_int_equal(log->extents[4].cpu, 1);
			assert_int_equal(log->capacity, 2 * (8192 - 8));
			assert_int_equal(log->used, 4000);
			assert_int_equal(memlog_decoder_open(w.image, log, NULL,
							     &d, &err),
					 MEMLOG_UNSUPPORTED);
		}
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

/* The counters run to twice the size of a buffer: what was not read yet is between
 * them, in a buffer whose reader has read some as well. */
static void test_xentrace_consumed(void **state)
{
	static const struct {
		uint32_t cons, prod, used;
	} t[] = {
		{ 0, 4000, 4000 },    { 1000, 4000, 3000 }, { 4000, 4000, 0 },
		{ 8000, 9000, 1000 }, { 16000, 100, 468 },  { 8184, 0, 8184 },
		{ 1000, 9184, 8184 }, { 12000, 12000, 0 },
	};
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace",
				      .symbols = &trace_symbols };
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		xen_world_init(&w, MEMLOG_MACH, true);
		put_t_info(&w, 0x402, 0x404);
		put32(w.m + 0x400000, t[i].cons);
		put32(w.m + 0x400000 + 4, t[i].prod);
		xen_world_sync(&w);
		put64(w.m + XEN_START + XEN_BSS + 64,
		      ML_XEN_DIRECTMAP + 0x300000);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_int_equal(memlog_logs_get(logs, 0)->used, t[i].used);
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

/* Frames that are not in the image are counted, and what is in the others is still
 * known. */
static void test_xentrace_missing(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace",
				      .symbols = &trace_symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	int i;

	for (i = 0; i < 3; i++) {
		xen_world_init(&w, MEMLOG_MACH, true);
		put_t_info(&w, i ? 0x9998 : 0x402, i == 2 ? 0x9999 : 0x404);
		put32(w.m + 0x404000 + 4, 500);
		xen_world_sync(&w);
		put64(w.m + XEN_START + XEN_BSS + 64,
		      ML_XEN_DIRECTMAP + 0x300000);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->n_extents, 5);
		assert_int_equal(log->capacity, 2 * (8192 - 8));
		assert_int_equal(log->used, i == 2 ? 4000 : 4500);
		assert_int_equal(((const struct ml_log *)log)->absent,
				 i * 4096);
		assert_int_equal(!(log->flags & MEMLOG_LOG_INCOMPLETE), !i);
		assert_string_equal(
			log->reason,
			i == 2 ? "8192 of the 20480 bytes of it are not in the "
				 "image; buffers of 2 CPUs, 2 pages each" :
			i == 1 ? "4096 of the 20480 bytes of it are not in the "
				 "image; buffers of 2 CPUs, 2 pages each" :
				 "buffers of 2 CPUs, 2 pages each");
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

/* More memory than is searched for that list; all but the first MiBs zero. */
static uint64_t huge_reads;

static enum memlog_status huge_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct mem *m = self;

	huge_reads++;
	if (addr < m->piece[0].len)
		return mem_ops.read(self, addr, buf, len, ret, err);
	memset(buf, 0, len);
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status huge_next(void *self, uint64_t addr,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	ret->start = addr;
	ret->end = 1ull << 46;
	return addr < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static void test_xentrace_huge(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .mode = MEMLOG_SCAN_LIKELY,
				      .formats = "xentrace" };
	struct memlog_reader_ops ops = mem_ops;
	uint8_t info[80] = { 0 };
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	size_t said;

	ops.read = huge_read;
	ops.next_range = huge_next;
	ops.map = NULL;
	xen_world_init(&w, MEMLOG_MACH, true);
	conring_put(&w.r, "(XEN) xentrace: p0 mfn 400 offset 129\n");
	conring_lines(&w.r, 10);
	xen_world_sync(&w);
	memlog_image_close(w.image);
	assert_int_equal(memlog_image_wrap(&ops, &w.mem, MEMLOG_MACH, "huge",
					   NULL, &w.image, &err),
			 0);
	w.image->machine = "x86_64";
	put64(info, 4);
	put64(info + 64, XEN_START);
	ml_image_add_note(w.image, "Xen", ML_XEN_CRASH_INFO, "", "", info, 80);
	ml_xen_attach(w.image);
	huge_reads = 0;
	said = w.image->n_warnings;
	assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 0);
	assert_in_range(huge_reads, ML_MAX_XENTRACE_PAGES,
			ML_MAX_XENTRACE_PAGES + 100000);
	assert_int_equal(w.image->n_warnings, said + 1);
	memlog_logs_destroy(logs);
	xen_world_fini(&w);
}

/* Without Xen only --at leads to such a list: its frames have to be there, and
 * to begin with the counters of a buffer. */
static void test_xentrace_at(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace" };
	struct memlog_logs *logs;
	struct memlog_err err;
	int i;

	for (i = 0; i < 4; i++) {
		struct mem mem = { 0 };
		uint8_t *m = mem_add(&mem, 0, MIB), *t = m + 0x4000;
		struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
		enum memlog_status s;

		put16(t, 2);
		put16(t + 2, 129);
		put32(t + 4 * 129, 0x10);
		put32(t + 4 * 130, i == 1 ? 0x999 : 0x12);
		if (i == 2)
			put32(m + 0x10000, 0x11223344);
		if (i == 3) /* more than a buffer holds */
			put32(m + 0x10004, 8192);
		logs = NULL;
		s = memlog_scan_at(image, MEMLOG_PHYS, 0x4000, &o, &logs, &err);
		assert_int_equal(s, i ? MEMLOG_NOT_MINE : MEMLOG_OK);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xentrace),
		cmocka_unit_test(test_xentrace_consumed),
		cmocka_unit_test(test_xentrace_missing),
		cmocka_unit_test(test_xentrace_huge),
		cmocka_unit_test(test_xentrace_at),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
