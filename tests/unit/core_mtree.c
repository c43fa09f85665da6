/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_mtree.c - RAM of a guest, out of what QEMU's monitor prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memlog.h"

/* What QEMU 7.2 says of a q35 with 64 MiB. */
static const char q35[] =
	"FlatView #0\r\n"
	" AS \"cpu-smm-0\", root: memory\r\n"
	" Root memory region: memory\r\n"
	"  0000000000000000-0000000000ffffff (prio 0, ram): smm\r\n"
	"\r\n"
	"FlatView #2\r\n"
	" AS \"memory\", root: system\r\n"
	" AS \"cpu-memory-0\", root: system\r\n"
	" Root memory region: system\r\n"
	"  0000000000000000-00000000000bffff (prio 0, ram): pc.ram\r\n"
	"  00000000000c0000-00000000000dffff (prio 1, rom): pc.rom\r\n"
	"  00000000000e0000-00000000000fffff (prio 0, rom): pc.bios @00000000000\r\n"
	"  0000000000100000-0000000003ffffff (prio 0, ram): pc.ram @000000000010\r\n"
	"  0000000010000000-000000001fffffff (prio 0, ramd): vfio, ram)\r\n"
	"  00000000fed00000-00000000fed003ff (prio 0, i/o): hpet\r\n"
	"  0000000100000000-00000001000fffff (prio -1000, ram): a (b, ram) KVM\r\n"
	"\r\n"
	"FlatView #3\r\n"
	" AS \"I/O\", root: io\r\n"
	"  0000000200000000-0000000200000fff (prio 0, ram): no\r\n";

static void mtree(void **state)
{
	struct memlog_range r[8];
	char *cut;
	size_t n;

	assert_int_equal(memlog_mtree_parse(q35, r, 8), 3);
	assert_true(r[0].start == 0 && r[0].end == 0xc0000);
	assert_true(r[1].start == 0x100000 && r[1].end == 0x4000000);
	assert_true(r[2].start == 0x100000000 && r[2].end == 0x100100000);
	assert_int_equal(memlog_mtree_parse(q35, r, 2), 2);
	assert_int_equal(memlog_mtree_parse("", r, 8), 0);
	for (n = 0; n < sizeof(q35); n++) {
		cut = strndup(q35, n);
		assert_in_range(memlog_mtree_parse(cut, r, 8), 0, 3);
		free(cut);
	}
	/* backwards, to the very end, overlapping */
	n = memlog_mtree_parse(
		"FlatView\n AS \"memory\"\n"
		"  0000000000002000-0000000000001fff (prio 0, ram): a\n"
		"  0000000000000000-ffffffffffffffff (prio 0, ram): a\n"
		"  0000000000005000-0000000000006fff (prio 0, ram): a\n"
		"  0000000000001000-0000000000005fff (prio 0, ram): a\n"
		"  000000000000x000-0000000000005fff (prio 0, ram): a\n",
		r, 8);
	assert_int_equal(n, 1);
	assert_true(r[0].start == 0x1000 && r[0].end == 0x6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mtree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
