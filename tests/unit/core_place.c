/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a raw file begins, by an address that a log knows of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/format.h"
#include "libmem.h"

#define AT   0x5000u
#define SIZE 0x100000u

/* The address that the log gets, which says that it is at addr; 0: none. */
static uint64_t place(bool unplaced, enum memlog_space space, uint64_t addr)
{
	struct memlog_extent e = { .space = space, .addr = AT, .len = 64 };
	struct ml_log log = { .extents = &e };
	struct mem mem = { .n = 0 };
	struct memlog_image *image;

	mem_add(&mem, 0, SIZE);
	image = mem_image(&mem, MEMLOG_PHYS);
	image->unplaced = unplaced;
	image->file.size = SIZE;
	ml_log_place(&log, image, addr, "its header");
	memlog_image_close(image);
	mem_free(&mem);
	assert_int_equal(e.has_alias, log.pub.reason[0] != '\0');
	assert_true(!e.has_alias || e.alias_space == MEMLOG_PHYS);
	return e.has_alias ? e.alias_addr : 0;
}

static void pages(void **state)
{
	uint64_t addr;

	(void)state;
	for (addr = AT + 1; addr < AT + 3 * ML_PAGE; addr++)
		assert_int_equal(place(true, MEMLOG_PHYS, addr),
				 (addr - AT) % ML_PAGE ? 0 : addr);
}

static void others(void **state)
{
	const uint64_t last = 0 - (uint64_t)SIZE - ML_PAGE + AT;

	(void)state;
	/* as it is, and before the file */
	assert_int_equal(place(true, MEMLOG_PHYS, AT), 0);
	assert_int_equal(place(true, MEMLOG_PHYS, AT - ML_PAGE), 0);
	/* the file would end after the last address */
	assert_true(place(true, MEMLOG_PHYS, last) == last);
	assert_int_equal(place(true, MEMLOG_PHYS, last + ML_PAGE), 0);
	/* somebody said where it begins, or it is no raw file */
	assert_int_equal(place(false, MEMLOG_PHYS, AT + ML_PAGE), 0);
	assert_int_equal(place(true, MEMLOG_FILE, AT + ML_PAGE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
