/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_ftrace_walk.c - from addresses of the kernel to physical ones: page tables of
 * every size, the direct map, the image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "format/ftrace/kernel.h"
#include "image/image.h"
#include "libmem.h"

#define BASE   UINT64_C(0x40000000)
#define TABLES 0x100000u
#define TABLE  0x10000u /* from one table to the next */
#define PAGE   UINT64_C(0x7654320000)

/* What the manuals of the processors say: the lowest bit of the address that a level
 * looks at, and entries of the first table. */
static const struct walk {
	const char *name, *info;
	uint64_t va;
	uint8_t shift[6];
	uint32_t entries;
} walks[] = {
#define ARM                                           \
	"NUMBER(kimage_voffset)=0xffff800000000000\n" \
	"SYMBOL(swapper_pg_dir)=ffff800040000000\n"   \
	"NUMBER(PHYS_OFFSET)=0x40000000\n"
	{ "arm64, 4 KiB, 39 bits",
	  ARM "PAGESIZE=4096\nNUMBER(VA_BITS)=39\n",
	  0xffffffea12345678,
	  { 30, 21, 12 },
	  512 },
	{ "arm64, 4 KiB, 48 bits",
	  ARM "PAGESIZE=4096\nNUMBER(VA_BITS)=48\n",
	  0xffff9ea812345678,
	  { 39, 30, 21, 12 },
	  512 },
	{ "arm64, 4 KiB, 52 bits",
	  ARM "PAGESIZE=4096\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n",
	  0xfffb9ea812345678,
	  { 48, 39, 30, 21, 12 },
	  16 },
	{ "arm64, 4 KiB, 52 bits where there are 48",
	  ARM "PAGESIZE=4096\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n",
	  0xffff9ea812345678,
	  { 39, 30, 21, 12 },
	  512 },
	{ "arm64, 16 KiB, 36 bits",
	  ARM "PAGESIZE=16384\nNUMBER(VA_BITS)=36\n",
	  0xfffffffa12345678,
	  { 25, 14 },
	  2048 },
	{ "arm64, 16 KiB, 47 bits",
	  ARM "PAGESIZE=16384\nNUMBER(VA_BITS)=47\n",
	  0xffffdea812345678,
	  { 36, 25, 14 },
	  2048 },
	{ "arm64, 16 KiB, 48 bits",
	  ARM "PAGESIZE=16384\nNUMBER(VA_BITS)=48\n",
	  0xffff9ea812345678,
	  { 47, 36, 25, 14 },
	  2 },
	{ "arm64, 16 KiB, 52 bits",
	  ARM "PAGESIZE=16384\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n",
	  0xfffb9ea812345678,
	  { 47, 36, 25, 14 },
	  32 },
	{ "arm64, 16 KiB, 52 bits where there are 47",
	  ARM "PAGESIZE=16384\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x11\n",
	  0xffffdea812345678,
	  { 36, 25, 14 },
	  2048 },
	{ "arm64, 64 KiB, 42 bits",
	  ARM "PAGESIZE=65536\nNUMBER(VA_BITS)=42\n",
	  0xffffff5812345678,
	  { 29, 16 },
	  8192 },
	{ "arm64, 64 KiB, 48 bits",
	  ARM "PAGESIZE=65536\nNUMBER(VA_BITS)=48\n",
	  0xffff9ea812345678,
	  { 42, 29, 16 },
	  64 },
	{ "arm64, 64 KiB, 52 bits",
	  ARM "PAGESIZE=65536\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n",
	  0xfffb9ea812345678,
	  { 42, 29, 16 },
	  1024 },
	/* the processor is given the end of the first table */
	{ "arm64, 64 KiB, 52 bits where there are 48",
	  ARM "PAGESIZE=65536\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n",
	  0xffff9ea812345678,
	  { 42, 29, 16 },
	  1024 },
#define X86                                               \
	"NUMBER(phys_base)=1056964608\n" /* 0x3f000000 */ \
	"SYMBOL(swapper_pg_dir)=ffffffff81000000\n"
	{ "x86-64, 4 levels",
	  X86 "NUMBER(pgtable_l5_enabled)=0\n",
	  0xffffffffc0645678,
	  { 39, 30, 21, 12 },
	  512 },
	{ "x86-64, older", X86, 0xffffc9ea12345678, { 39, 30, 21, 12 }, 512 },
	{ "x86-64, 5 levels",
	  X86 "NUMBER(pgtable_l5_enabled)=1\n",
	  0xffa1c9ea12345678,
	  { 48, 39, 30, 21, 12 },
	  512 },
};

struct found {
	struct mem mem;
	struct ftrace_kernel_info info;
	struct ftrace_kernel kernel;
	uint8_t *ram;
};

static void found_open(struct found *f, const struct walk *w)
{
	uint64_t bits = 47;

	memset(f, 0, sizeof(*f));
	f->ram = mem_add(&f->mem, BASE, TABLES);
	f->kernel.image = mem_image(&f->mem, MEMLOG_PHYS);
	f->kernel.alloc = f->kernel.image->alloc;
	f->kernel.info = &f->info;
	ml_image_add_note(f->kernel.image, "VMCOREINFO", 0, "", w->info,
			  w->info, strlen(w->info));
	ml_ftrace_walk_place(f->kernel.image, &f->info);
	assert_int_equal(f->info.tables.root, BASE);
	/* as place.c has it */
	sscanf(strstr(w->info, "VA_BITS") ? strstr(w->info, "VA_BITS") :
					    "VA_BITS)=47",
	       "VA_BITS)=%lu", &bits);
	f->info.direct_start =
		f->info.tables.arm64	   ? -(UINT64_C(1) << bits) :
		f->info.tables.levels == 5 ? UINT64_C(0xff11000000000000) :
					     UINT64_C(0xffff888000000000);
}

static void found_close(struct found *f)
{
	ml_ftrace_kernel_close(&f->kernel);
	memlog_image_close(f->kernel.image);
	mem_free(&f->mem);
}

/* Tables to the page of w->va, or, from level on, to a large one. */
static void put_tables(struct found *f, const struct walk *w,
		       unsigned int level)
{
	uint32_t entries = w->entries, per, i, index;
	uint64_t next, mask;

	for (per = 0; w->shift[per + 1]; per++)
		;
	per = 1u << (w->shift[per] - 3);
	for (i = 0; i <= level; i++, entries = per) {
		index = (uint32_t)(w->va >> w->shift[i]) & (entries - 1);
		mask = (UINT64_C(1) << w->shift[i]) - 1;
		next = BASE + (i + 1) * TABLE;
		if (i == level)
			next = PAGE & ~mask;
		/* valid, and a table; x86: a large page; flags */
		next |= w->info[7] == 'k' ?
				(i == level && w->shift[i + 1] ? 1 : 3) :
				(i == level && w->shift[i + 1] ? 0x81 : 1);
		put64(f->ram + i * TABLE + 8 * index,
		      next | 0x0060000000000700);
	}
}

static void expect(const struct walk *w, unsigned int level)
{
	uint64_t mask = (UINT64_C(1) << w->shift[level]) - 1, phys = 0;
	struct found f;

	found_open(&f, w);
	/* nothing is mapped */
	assert_false(ml_ftrace_walk(&f.kernel, w->va, &phys));
	put_tables(&f, w, level);
	if (!ml_ftrace_walk(&f.kernel, w->va, &phys))
		fail_msg("%s, level %u: not mapped", w->name, level);
	if (phys != ((PAGE & ~mask) | (w->va & mask)))
		fail_msg("%s, level %u: 0x%llx", w->name, level,
			 (unsigned long long)phys);
	found_close(&f);
}

static void test_tables(void **state)
{
	unsigned int last;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(walks) / sizeof(*walks); i++) {
		for (last = 0; walks[i].shift[last + 1]; last++)
			;
		expect(&walks[i], last);
		/* what one entry of the table before maps */
		expect(&walks[i], last - 1);
	}
}

/* What is contiguous needs no table. */
static void test_contiguous(void **state)
{
	struct walk w = walks[1];
	struct found f;
	uint64_t phys;

	(void)state;
	found_open(&f, &w);
	f.info.anchor = 0xffff800080010000;
	f.info.image = 0xffff800040000000;
	f.info.image_end = 0xffff800080800000;
	f.info.direct = f.info.direct_start - 0x40000000;
	/* the image begins up to 2 MiB before its text */
	assert_true(ml_ftrace_walk(&f.kernel, 0xffff80007fe10000, &phys));
	assert_int_equal(phys, 0x3fe10000);
	assert_true(ml_ftrace_walk(&f.kernel, 0xffff8000807fffff, &phys));
	assert_int_equal(phys, 0x407fffff);
	assert_false(ml_ftrace_walk(&f.kernel, 0xffff80007fe0ffff, &phys));
	assert_false(ml_ftrace_walk(&f.kernel, 0xffff800080800000, &phys));
	/* the direct map is the lower half */
	assert_true(ml_ftrace_walk(&f.kernel, 0xffff000000000000, &phys));
	assert_int_equal(phys, 0x40000000);
	assert_true(ml_ftrace_walk(&f.kernel, 0xffff7fffffffffff, &phys));
	assert_int_equal(phys, 0x80003fffffff);
	assert_false(ml_ftrace_walk(&f.kernel, 0xfffeffffffffffff, &phys));
	assert_false(ml_ftrace_walk(&f.kernel, 0xffff800000000000, &phys));
	found_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_contiguous),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
