/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xen_located.c - the console ring, led to by variables of the hypervisor. */
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

/* With symbols, in a dump that says nothing of Xen and in one that does. */
static void test_symbols(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .symbols = &xen_symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		xen_world_init(&w, i & 1 ? MEMLOG_MACH : MEMLOG_PHYS, i & 1);
		conring_put(&w.r, "(XEN) first\n");
		conring_lines(&w.r, i & 2 ? 3000 : 100);
		xen_world_sync(&w);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->extents[0].addr, 2 * MIB);
		assert_false(log->flags & MEMLOG_LOG_GUESSED);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_WRAPPED), i >> 1);
		xen_expect(w.image, log, w.r.buf, w.r.size, w.r.p);
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

/* Without, by the pointer among the data. */
static void test_pointer(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct xen_world w;

	xen_world_init(&w, MEMLOG_MACH, true);
	conring_lines(&w.r, 3000);
	xen_world_sync(&w);
	logs = xen_scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_false(log->flags & MEMLOG_LOG_GUESSED);
	xen_expect(w.image, log, w.r.buf, w.r.size, w.r.p);
	memlog_logs_destroy(logs);
	xen_world_fini(&w);
}

/* A pointer to text without the size of a ring beside it leads to no ring. */
static void test_other_pointer(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct xen_world w;
	char *copy;
	size_t i;

	xen_world_init(&w, MEMLOG_MACH, true);
	copy = (char *)w.m + 12 * MIB;
	for (i = 0; i < 16384; i += 16)
		memcpy(copy + i, "(XEN) in a copy\n", 16);
	put64(w.m + XEN_START + 0x100000, ML_XEN_DIRECTMAP + 12 * MIB);
	conring_lines(&w.r, 3000);
	xen_world_sync(&w);
	logs = xen_scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_false(log->flags & MEMLOG_LOG_GUESSED);
	xen_expect(w.image, log, w.r.buf, w.r.size, w.r.p);
	memlog_logs_destroy(logs);
	xen_world_fini(&w);
}

/* Lines that tell nothing of their order: the counters do. */
static void test_order_by_counters(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct xen_world w;
	unsigned int i;

	xen_world_init(&w, MEMLOG_MACH, true);
	for (i = 0; i < 3000; i++)
		conring_put(&w.r, "(XEN) 16 bytes.\n");
	xen_world_sync(&w);
	logs = xen_scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_false(log->flags & MEMLOG_LOG_GUESSED);
	assert_true(w.r.p % w.r.size != 0);
	/* nor is a line that happens to look like a piece the oldest one */
	memcpy(w.r.buf + 160, "time of day 16.\n", 16);
	memlog_logs_destroy(logs);
	xen_world_sync(&w);
	logs = xen_scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	xen_expect(w.image, memlog_logs_get(logs, 0), w.r.buf, w.r.size, w.r.p);
	memlog_logs_destroy(logs);
	xen_world_fini(&w);
}

/* How many records of a log were not consumed; the others are in *ret_consumed. */
static unsigned int fresh_records(struct memlog_image *image,
				  const struct memlog_log *log,
				  unsigned int *ret_consumed)
{
	struct memlog_decode_opts dec = { .size = sizeof(dec) };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	unsigned int fresh = 0;

	*ret_consumed = 0;
	assert_int_equal(memlog_decoder_open(image, log, &dec, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL))
		if (rec->flags & MEMLOG_REC_CONSUMED)
			++*ret_consumed;
		else
			fresh++;
	memlog_decoder_close(d);
	return fresh;
}

/* A ring whose start was never written, and text with a byte that is none. What was
 * read of it is known all the same. */
static void test_start(void **state)
{
	static const struct {
		uint32_t zeros, odd;
	} t[] = { { 0, 5000 }, { 0, 100 }, { 6000, 0 }, { 6000, 7000 } };
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .symbols = &xen_symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	unsigned int consumed;
	struct xen_world w;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		xen_world_init(&w, MEMLOG_MACH, true);
		conring_lines(&w.r, 193);
		w.r.c = w.r.p;
		conring_lines(&w.r, 7);
		assert_in_range(w.r.p, 8000, w.r.size);
		memset(w.r.buf, 0, t[i].zeros);
		if (t[i].odd)
			w.r.buf[t[i].odd] = 1;
		xen_world_sync(&w);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_LOST_HEAD),
				 t[i].zeros > 0);
		xen_expect(w.image, log, w.r.buf + t[i].zeros, w.r.size,
			   w.r.p - t[i].zeros);
		assert_int_equal(fresh_records(w.image, log, &consumed), 7);
		assert_true(consumed > 20);
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

/* What `xl dmesg -c` took away is still there, and marked. The counters ran
 * over 2^32, too. */
static void test_hidden(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .symbols = &xen_symbols };
	struct memlog_logs *logs;
	struct memlog_err err;
	unsigned int over, consumed;
	struct xen_world w;

	for (over = 0; over < 2; over++) {
		xen_world_init(&w, MEMLOG_MACH, true);
		conring_lines(&w.r, 3000);
		if (over) {
			uint32_t add = UINT32_MAX - w.r.size + 1;

			add -= w.r.p - w.r.p % w.r.size;
			w.r.p += add;
			w.r.c = w.r.p - w.r.size;
			conring_lines(&w.r, 900);
			assert_true(w.r.p < (1u << 20));
		}
		w.r.c = w.r.p;
		conring_lines(&w.r, 7);
		xen_world_sync(&w);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		xen_expect(w.image, memlog_logs_get(logs, 0), w.r.buf, w.r.size,
			   over ? w.r.p + w.r.size : w.r.p);
		assert_int_equal(fresh_records(w.image,
					       memlog_logs_get(logs, 0),
					       &consumed),
				 7);
		assert_true(consumed > 100);
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

static void test_records(void **state)
{
	static const char text[] =
		"(XEN) [2026-11-21 06:52:28] Xen version 4.17\n"
		"(d12) [    3.000004] SeaBIOS (version 1)\n"
		"[    0.000001] dom0 of its own\r\n"
		"(XEN) no time\n";
	struct memlog_decode_opts o = { .size = sizeof(o) };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;

	xen_world_init(&w, MEMLOG_MACH, true);
	conring_put(&w.r, text);
	xen_world_sync(&w);
	logs = xen_scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	memlog_decoder_open(w.image, memlog_logs_get(logs, 0), &o, &d, &err);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "xen");
	assert_true(rec->has_time && rec->time_hz == 1);
	assert_true(rec->time == 1795243948);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "d12");
	assert_true(rec->time == 3000004 && rec->time_hz == 1000000);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "dom0");
	assert_false(rec->has_time);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "xen");
	assert_false(rec->has_time);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	xen_world_fini(&w);
}

/* The ring of Xen 3 lies in its own image, at any address. */
static void test_static(void **state)
{
	uint8_t info[40] = { 0 };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct xen_world w;

	memset(&w, 0, sizeof(w));
	w.m = mem_add(&w.mem, 0, 24 * MIB);
	w.r = (struct conring){ .buf = w.m + XEN_START + 0x123460,
				.size = 16384 };
	conring_lines(&w.r, 900);
	w.image = mem_image(&w.mem, MEMLOG_MACH);
	w.image->machine = "i386";
	put32(info, 3);
	put32(info + 4, 4);
	put32(info + 32, XEN_START);
	ml_image_add_note(w.image, "Xen", ML_XEN_CRASH_INFO, "", "", info, 40);
	ml_xen_attach(w.image);
	logs = xen_scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_int_equal(log->extents[0].addr, XEN_START + 0x123460);
	assert_true(log->flags & MEMLOG_LOG_GUESSED);
	xen_expect(w.image, log, w.r.buf, w.r.size, w.r.p);
	memlog_logs_destroy(logs);
	xen_world_fini(&w);
}

/* What is not found must not take long either: an image of the hypervisor that
 * is full of what looks like the start of a static ring, or like pointers. */
static void test_hostile(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .mode = MEMLOG_SCAN_LIKELY,
				      .formats = "xen-console" };
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	size_t i, said;
	int old;

	for (old = 0; old < 2; old++) {
		xen_world_init(&w, MEMLOG_MACH, true);
		memset(w.m + 16 * MIB, 'x', MIB);
		for (i = 0; i < 2 * MIB; i += 2)
			if (old)
				w.m[XEN_START + i] = 'x';
		for (i = 0; i < 2 * MIB && !old; i += 16) {
			put64(w.m + XEN_START + i, ML_XEN_DIRECTMAP + 16 * MIB);
			put32(w.m + XEN_START + i + 8, XEN_RING_MIN);
		}
		put64(w.m + XEN_START + XEN_DATA + 8, 0);
		w.image->xen->is64 = !old;
		w.mem.bytes = 0;
		said = w.image->n_warnings;
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 0);
		/* the image, some times over, and a ring for each pointer */
		assert_true(w.mem.bytes < 4ull * ML_XEN_IMAGE_MAX +
						  (uint64_t)ML_XEN_POINTERS *
							  2 * XEN_RING_MIN);
		/* and the user is warned, once */
		memlog_logs_destroy(logs);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(w.image->n_warnings, said + !old);
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

/* A CPU of which QEMU says this. */
static void add_cpu(struct memlog_image *image, uint64_t rsp, uint64_t tr,
		    uint64_t idt)
{
	uint8_t cpu[432] = { 1 };

	put64(cpu + 8 + 6 * 8, rsp);
	put64(cpu + 8 + 18 * 8 + 7 * 24 + 16, tr);
	put64(cpu + 8 + 18 * 8 + 9 * 24 + 16, idt);
	ml_image_add_note(image, "QEMU", 0, "", "", cpu, sizeof(cpu));
}

/* Around a CPU's stack, TSS and IDT, where the direct map has them. */
static void test_near(void **state)
{
	const uint64_t direct = ML_XEN_DIRECTMAP, image = 0xffff82d040000000;
	struct ml_likely l[ML_LIKELY_PLACES];
	struct xen_world w;
	unsigned int i;
	size_t n, len, reads;
	uint64_t bytes = 0;

	xen_world_init(&w, MEMLOG_MACH, true);
	/* more memory than there is: nothing is read */
	len = w.mem.piece[0].len;
	w.mem.piece[0].len = (size_t)32 << 30;
	reads = w.mem.reads;
	assert_int_equal(ml_xen_console_near(w.image, l, ML_LIKELY_PLACES), 0);
	add_cpu(w.image, 0x7fff0000, image + 0x579040, image);
	add_cpu(w.image, UINT64_MAX, 0, ML_XEN_VIRT_HIGH);
	add_cpu(w.image, ML_XEN_VIRT_HIGH - 1, direct + (UINT64_C(32) << 30),
		ML_XEN_DIRECTMAP_BIG - 1);
	assert_int_equal(ml_xen_console_near(w.image, l, ML_LIKELY_PLACES), 0);
	/* one place is around two of them, another starts with memory */
	add_cpu(w.image, direct + 40 * MIB, ML_XEN_DIRECTMAP_BIG + 41 * MIB,
		direct + MIB);
	n = ml_xen_console_near(w.image, l, ML_LIKELY_PLACES);
	assert_int_equal(n, 2);
	assert_int_equal(l[0].space, MEMLOG_MACH);
	assert_int_equal(l[0].range.start, 0);
	assert_int_equal(l[0].range.end, 3 * MIB);
	assert_int_equal(l[1].range.start, 38 * MIB);
	assert_int_equal(l[1].range.end, 43 * MIB);
	assert_false(l[0].exact || l[0].downwards);
	assert_int_equal(ml_xen_console_near(w.image, l, 1), 1);
	assert_int_equal(ml_xen_console_near(w.image, l, 0), 0);
	/* of many CPUs not all, but all that are near others */
	for (i = 1; i <= 300; i++)
		add_cpu(w.image, direct + i * 80 * MIB, direct + i * 80 * MIB,
			direct + 40 * MIB + i);
	n = ml_xen_console_near(w.image, l, ML_LIKELY_PLACES);
	for (i = 0; i < n; i++)
		bytes += l[i].range.end - l[i].range.start;
	assert_true(n == 4 && bytes == 16 * MIB);
	w.image->xen->is64 = false;
	assert_int_equal(ml_xen_console_near(w.image, l, ML_LIKELY_PLACES), 0);
	assert_int_equal(w.mem.reads, reads);
	w.mem.piece[0].len = len;
	xen_world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_other_pointer),
		cmocka_unit_test(test_order_by_counters),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_hostile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
