/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of a process, and which of them are the memory of a guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "image/process/guestram.h"
#include "image/process/maps.h"

#define MIB (1u << 20)

/* A monitor with 64 MiB of guest memory, as QEMU 7.2 has it. */
static const char qemu[] =
	"563c594f7000-563c598fe000 r--p 00000000 fe:00 10977653    /usr/bin/qemu\n"
	"563c5a2db000-563c5a684000 rw-p 00de3000 fe:00 10977653    /usr/bin/qemu\n"
	"563c8cba8000-563ccda1f000 rw-p 00000000 00:00 0           [heap]\n"
	"7f0034000000-7f0034021000 rw-p 00000000 00:00 0 \n"
	"7f0034021000-7f0038000000 ---p 00000000 00:00 0 \n"
	"7f003be00000-7f003ee00000 rw-p 00000000 00:00 0 \n"
	"not a mapping at all\n"
	"7f003ee00000-7f003fe00000 rw-p 00000000 00:00 0 \n"
	"7f003fe00000-7f003fe01000 ---p 00000000 00:00 0 \n"
	"7f0048000000-7f0087fff000 rwxp 00000000 00:00 0 \n"
	"7f0090000000-7f0092000000 rw-s 00100000 00:01 1034        /memfd:r (deleted)\n";

static struct ml_maps parse(const char *text)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps maps;

	assert_int_equal(ml_maps_parse(&maps, strdup(text), strlen(text), &a,
				       NULL),
			 MEMLOG_OK);
	return maps;
}

static void test_maps(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps m = parse(qemu);

	assert_int_equal(m.n, 10);
	assert_true(m.m[0].start == 0x563c594f7000);
	assert_true(m.m[0].end == 0x563c598fe000);
	assert_true(m.m[0].read && !m.m[0].write && !m.m[0].exec);
	assert_true(m.m[2].own);
	assert_int_equal(m.f[0].inode, 10977653);
	assert_int_equal(m.f[0].major, 0xfe);
	assert_true(m.m[9].shared);
	assert_true(m.m[9].offset == 0x100000);
	assert_int_equal(m.f[9].path_len, strlen("/memfd:r (deleted)"));
	ml_maps_fini(&m, &a);
}

static void test_maps_cut(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps m;
	char *text;
	size_t len;

	for (len = 0; len < sizeof(qemu); len++) {
		text = malloc(len + 1);
		memcpy(text, qemu, len);
		assert_int_equal(ml_maps_parse(&m, text, len, &a, NULL),
				 MEMLOG_OK);
		ml_maps_fini(&m, &a);
	}
	m = parse("fffffffffffffffff-1 rw-p 0 0:0 0\n2-1 rw-p 0 0:0 0 \n"
		  "5000-6000 rw-p 0 0:0 0 \n1000-2000 rw-p 0 0:0 0 \n");
	assert_int_equal(m.n, 1);
	ml_maps_fini(&m, &a);
}

static void test_guest_ram(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps m = parse(qemu);
	size_t i;

	assert_true(ml_guest_ram(m.m, m.n) == 96 * MIB);
	for (i = 0; i < m.n; i++)
		assert_int_equal(m.m[i].guest, i == 5 || i == 6 || i == 9);
	ml_maps_fini(&m, &a);
	/* a heap of some MiB and some pages */
	m = parse("1000000-2001000 rw-p 00000000 00:00 0 \n"
		  "3000000-4000000 rw-p 00000000 00:00 0 \n");
	assert_true(ml_guest_ram(m.m, m.n) == 16 * MIB);
	assert_true(!m.m[0].guest && m.m[1].guest);
	ml_maps_fini(&m, &a);
	/* nothing large: the largest there is */
	m = parse("1000000-1400000 rw-p 00000000 00:00 0 \n"
		  "2000000-2010000 rw-p 00000000 00:00 0 \n");
	assert_true(ml_guest_ram(m.m, m.n) == 4 * MIB);
	assert_true(m.m[0].guest && !m.m[1].guest);
	ml_maps_fini(&m, &a);
}

/* A guest's block of 256 MiB and what the kernel happens to put beside it. */
static void test_guest_neighbours(void **state)
{
	static const struct {
		const char *before, *guest, *after;
		bool all; /* cannot be told apart */
	} t[] = {
		{ "", "10000000-20000000", "", false },
		{ "0feff000-10000000", "10000000-20000000", "", false },
		{ "", "10000000-20000000", "20000000-20101000", false },
		{ "0feff000-10000000", "10000000-20000000", "20000000-20101000",
		  false },
		/* together they have a round size */
		{ "0feff000-10000000", "10000000-20000000", "20000000-200ff000",
		  false },
		{ "0f7ff000-0ff00000 rw-p 0 00:00 0\n0ff00000-10000000",
		  "10000000-20000000", "20000000-20101000", true },
		/* not at a multiple of a MiB, with a stack before */
		{ "0feff000-10003000", "10003000-20003000", "", false },
	};
	struct memlog_allocator a = ml_allocator(NULL);
	char text[512];
	size_t i, k, guests;
	struct ml_maps m;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text),
			 "8000000-9000000 rw-p 00000000 00:00 0\n"
			 "%s%s%s rw-p 00000000 00:00 0\n%s%s",
			 t[i].before,
			 *t[i].before ? " rw-p 00000000 00:00 0\n" : "",
			 t[i].guest, t[i].after,
			 *t[i].after ? " rw-p 00000000 00:00 0\n" : "");
		m = parse(text);
		assert_true(m.m[0].guest == false);
		assert_true(ml_guest_ram(m.m, m.n) ==
			    (t[i].all ? 273 : 272) * MIB);
		for (k = guests = 0; k < m.n; k++)
			guests += m.m[k].guest;
		assert_int_equal(guests, t[i].all ? 3 : 2);
		ml_maps_fini(&m, &a);
	}
	/* the stack of a thread has a round size, and a guard before it */
	m = parse("0f7ff000-0f800000 ---p 00000000 00:00 0\n"
		  "0f800000-10000000 rw-p 00000000 00:00 0\n"
		  "10000000-20000000 rw-p 00000000 00:00 0\n"
		  "20000000-20001000 ---p 00000000 00:00 0\n"
		  "20001000-20801000 rw-p 00000000 00:00 0\n");
	assert_true(ml_guest_ram(m.m, m.n) == 256 * MIB);
	assert_true(m.m[2].guest);
	ml_maps_fini(&m, &a);
	/* so has a guest that is all there is */
	m = parse("0f7ff000-0f800000 ---p 00000000 00:00 0\n"
		  "0f800000-10000000 rw-p 00000000 00:00 0\n");
	assert_true(ml_guest_ram(m.m, m.n) == 8 * MIB);
	ml_maps_fini(&m, &a);
	/* two blocks, with a stack between them */
	m = parse("10000000-20000000 rw-p 00000000 00:00 0\n"
		  "20000000-20103000 rw-p 00000000 00:00 0\n"
		  "20103000-24103000 rw-p 00000000 00:00 0\n");
	assert_true(ml_guest_ram(m.m, m.n) == 320 * MIB);
	assert_true(m.m[0].guest && !m.m[1].guest && m.m[2].guest);
	ml_maps_fini(&m, &a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_maps_cut),
		cmocka_unit_test(test_guest_ram),
		cmocka_unit_test(test_guest_neighbours),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
