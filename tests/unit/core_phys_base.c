/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a kernel is that has only the address of phys_base in its VMCOREINFO. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/vmcoreinfo.h"
#include "libmem.h"

/* Before 4.10 VMCOREINFO has the address of phys_base, not what is in it. */
static void expect_base(const char *release, uint64_t is, uint64_t wrong,
			bool known)
{
	const uint64_t image_va = 0xffffffff80000000, var = 0xe0b010;
	uint64_t phys, at = 0x1000000 + var % 0x200000;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	char text[128];
	uint8_t *ram = mem_add(&m, 0x1000000, 0x2000000);
	size_t reads;

	/* others that look like it, but are not where it would be */
	put64(ram + 8, is);
	put64(ram + at - 0x1000000, wrong);
	if (is)
		put64(ram + var + is - 0x1000000, is);
	image = mem_image(&m, MEMLOG_PHYS);
	snprintf(text, sizeof(text), "OSRELEASE=%s\nSYMBOL(phys_base)=%llx\n",
		 release, (unsigned long long)(image_va + var));
	ml_image_add_note(image, "VMCOREINFO", 0, "", text, text, strlen(text));
	ml_vmcoreinfo_settle(image);
	assert_int_equal(ml_vmcoreinfo_phys(image, image_va + 0x1000, &phys),
			 known);
	if (known)
		assert_int_equal(phys, 0x1000 + is);
	/* once is enough */
	reads = m.reads;
	assert_in_range(reads, 1, 16);
	ml_vmcoreinfo_settle(image);
	assert_int_equal(m.reads, reads);
	memlog_image_close(image);
	mem_free(&m);
}

static void test_phys_base(void **state)
{
	(void)state;
	expect_base("4.9.0-8-amd64", 0x1e00000, 0x400000, true);
	expect_base("4.8.0", 0xffffffffffe00000 + 0x800000, 0, true);
	expect_base("4.4.0", 0x800000, 0, true);
	expect_base("4.4.0", 0, 0x1000000, true);
	/* not there */
	expect_base("4.9.0-8-amd64", 0, 0, false);
}

static void base_note(struct memlog_image *image)
{
	static const char text[] =
		"OSRELEASE=4.9.0\nSYMBOL(phys_base)=ffffffff80e0b010\n";

	ml_image_add_note(image, "VMCOREINFO", 0, "", text, text,
			  sizeof(text) - 1);
}

static bool base_stop(void *arg)
{
	return !--*(unsigned int *)arg;
}

/* A search that was stopped leaves nothing settled: the next one finds it. */
static void test_phys_base_stop(void **state)
{
	uint64_t phys, is = 0x1e00000;
	struct mem m = { .n = 0 };
	uint8_t *ram = mem_add(&m, 0x1000000, 0x2000000);
	struct memlog_image *image = mem_image(&m, MEMLOG_PHYS);
	unsigned int left = 3;

	(void)state;
	base_note(image);
	put64(ram + 0xe0b010 + is - 0x1000000, is);
	image->stop = base_stop;
	image->stop_arg = &left;
	ml_vmcoreinfo_settle(image);
	assert_true(image->stopped);
	image->stop = NULL;
	image->stopped = false;
	ml_vmcoreinfo_settle(image);
	assert_true(ml_vmcoreinfo_phys(image, 0xffffffff80000000, &phys));
	assert_int_equal(phys, is);
	memlog_image_close(image);
	mem_free(&m);
}

#define PAGES_END 0x40000000u

/* Memory in pages that do not touch: each is a range of its own. */
static enum memlog_status pages_range(void *self, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	(void)err;
	++*(size_t *)self;
	ret->start =
		addr + (addr % 0x2000 < 0x1000 ? 0 : 0x2000 - addr % 0x2000);
	if (ret->start >= PAGES_END)
		return MEMLOG_NO_DATA;
	ret->end = ret->start - ret->start % 0x2000 + 0x1000;
	return MEMLOG_OK;
}

static enum memlog_status pages_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	(void)self;
	(void)addr;
	(void)err;
	memset(buf, 0, len);
	*ret = len;
	return MEMLOG_OK;
}

/* Ranges between the places where it may be cost nothing. */
static void test_phys_base_ranges(void **state)
{
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.read = pages_read,
		.next_range = pages_range,
	};
	struct memlog_image *image;
	size_t asked = 0;

	(void)state;
	assert_int_equal(memlog_image_wrap(&ops, &asked, MEMLOG_PHYS, "pages",
					   NULL, &image, NULL),
			 0);
	base_note(image);
	asked = 0;
	ml_vmcoreinfo_settle(image);
	assert_in_range(asked, PAGES_END / 0x200000,
			2 * PAGES_END / 0x200000 + 2);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phys_base),
		cmocka_unit_test(test_phys_base_stop),
		cmocka_unit_test(test_phys_base_ranges),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
