/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's memory in a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/hostmap.h"
#include "image/image.h"
#include "libmem.h"

#define HOST UINT64_C(0x7f0000000000)

/* self: how large it is. */
static enum memlog_status block_range(void *self, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	uint64_t size = *(uint64_t *)self;

	(void)err;
	if (addr >= HOST + size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr < HOST ? HOST : addr, HOST + size };
	return MEMLOG_OK;
}

static enum memlog_status block_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	(void)self;
	(void)err;
	/* each byte is the number of its MiB */
	memset(buf, (int)((addr - HOST) >> 20 & 0xff), len);
	*ret = len;
	return MEMLOG_OK;
}

/* Never more at once than there is. */
static enum memlog_status block_peek(void *self, uint64_t addr, size_t count,
				     uint8_t *buf, struct memlog_err *err)
{
	(void)err;
	assert_true(addr >= HOST &&
		    addr + count * 4096 <= HOST + *(uint64_t *)self);
	for (; count; count--, addr += 4096, buf += MEMLOG_PEEK)
		memset(buf, (int)((addr - HOST) >> 20 & 0xff), MEMLOG_PEEK);
	return MEMLOG_OK;
}

static void expect_map(uint64_t size, int which, uint64_t start, uint64_t end)
{
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.flags = MEMLOG_READER_LIVE,
		.read = block_read,
		.next_range = block_range,
		.peek = block_peek,
	};
	enum memlog_space space;
	struct memlog_image *image;
	struct memlog_range r;
	const struct ml_space *phys;
	uint8_t b, first[4 * MEMLOG_PEEK];
	uint64_t addr;
	size_t got;

	assert_int_equal(ml_image_create("process", NULL, NULL, &image, NULL),
			 0);
	ml_image_add_space(image, MEMLOG_HOST, &ops, &size, 0, true);
	assert_int_equal(ml_hostmap_assume(image, which, NULL), 0);
	assert_int_equal(
		memlog_image_next_range(image, MEMLOG_PHYS, 0, &r, NULL), 0);
	assert_int_equal(r.start, start);
	assert_int_equal(r.end, end);
	assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, r.end, &r,
						 NULL),
			 MEMLOG_NO_DATA);
	/* it changes as the process does */
	assert_int_equal(image->spaces[MEMLOG_PHYS].ops->flags,
			 MEMLOG_READER_LIVE);
	assert_int_equal(ml_image_fill(image, MEMLOG_PHYS, start + (5 << 20),
				       &b, 1, &got, NULL),
			 0);
	assert_int_equal(b, 5);
	assert_int_equal(ml_image_alias(image, MEMLOG_PHYS, start + 5, &space,
					&addr),
			 0);
	assert_int_equal(space, MEMLOG_HOST);
	assert_int_equal(addr, HOST + 5);
	assert_int_equal(
		ml_image_alias(image, MEMLOG_HOST, addr, &space, &addr), 0);
	assert_int_equal(space, MEMLOG_PHYS);
	assert_int_equal(addr, start + 5);
	assert_int_equal(ml_image_alias(image, MEMLOG_HOST, HOST + end - start,
					&space, &addr),
			 MEMLOG_NO_DATA);
	phys = &image->spaces[MEMLOG_PHYS];
	assert_int_equal(
		phys->ops->peek(phys->self, end - 0x3000, 3, first, NULL), 0);
	assert_int_equal(first[2 * MEMLOG_PEEK],
			 (end - start - 4096) >> 20 & 0xff);
	assert_int_equal(phys->ops->peek(phys->self, end - 0x3000, 4, first,
					 NULL),
			 MEMLOG_NO_DATA);
	assert_int_equal(phys->ops->peek(phys->self, end, 1, first, NULL),
			 MEMLOG_NO_DATA);
	ml_hostmap_drop(image);
	assert_false(memlog_image_has_space(image, MEMLOG_PHYS));
	assert_int_equal(ml_image_alias(image, MEMLOG_HOST, HOST, &space,
					&addr),
			 MEMLOG_NO_DATA);
	memlog_image_close(image);
}

static void test_hostmap(void **state)
{
	const uint64_t mib = 1 << 20, gib = 1 << 30;

	(void)state;
	expect_map(128 * mib, ML_HOSTMAP_X86, 0, 128 * mib);
	expect_map(128 * mib, ML_HOSTMAP_VIRT, gib, gib + 128 * mib);
	expect_map(2815 * mib, ML_HOSTMAP_X86, 0, 2815 * mib);
	/* machines do not agree where the rest is */
	expect_map(2816 * mib, ML_HOSTMAP_X86, 0, 2 * gib);
	expect_map(64 * gib, ML_HOSTMAP_X86, 0, 2 * gib);
	expect_map(64 * gib, ML_HOSTMAP_VIRT, gib, 65 * gib);
	/* on the machine pc it begins later */
	expect_map(2816 * mib, ML_HOSTMAP_PC, 0, 2816 * mib);
	expect_map(3583 * mib, ML_HOSTMAP_PC, 0, 3583 * mib);
	expect_map(3584 * mib, ML_HOSTMAP_PC, 0, 3 * gib);
	expect_map(64 * gib, ML_HOSTMAP_PC, 0, 3 * gib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostmap),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
