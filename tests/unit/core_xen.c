/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xen.c - the notes of a Xen machine, and dom0's memory, to which they lead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "image/xen/xen.h"
#include "libmem.h"
#include "space/pagewalk.h"

#define PAGE 4096u

/* words 0..n-1 have the values 0x1000 + index */
static size_t words(uint8_t *p, size_t n, size_t size)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (size == 8)
			put64(p + 8 * i, 0x1000 + i);
		else
			put32(p + 4 * i, (uint32_t)(0x1000 + i));
	return n * size;
}

static void test_crash_info(void **state)
{
	struct ml_xen_crash_info c;
	uint8_t b[128];
	size_t size, n, len;

	for (size = 4; size <= 8; size += 4)
		for (n = 8; n <= 11; n++) {
			len = words(b, n, size);
			assert_true(ml_xen_crash_info(b, len, &c));
			assert_int_equal(c.is64, size == 8);
			assert_int_equal(c.major, 0x1000);
			assert_int_equal(c.minor, 0x1001);
			assert_int_equal(c.strings[0], 0x1002);
			assert_int_equal(c.strings[4], 0x1006);
			assert_int_equal(c.tainted, 0x1007);
			assert_int_equal(c.has_p2m, n > 8);
			if (n > 8)
				assert_int_equal(c.p2m, 0x1000 + n - 1);
			assert_int_equal(c.has_phys_start, n > 9);
			if (n > 9)
				assert_int_equal(c.phys_start, 0x1000 + n - 2);
		}
	assert_false(ml_xen_crash_info(b, 0, &c));
	assert_false(ml_xen_crash_info(b, 28, &c));
	assert_false(ml_xen_crash_info(b, 39, &c));
	assert_false(ml_xen_crash_info(b, 76, &c));
}

static void test_crash_regs(void **state)
{
	uint64_t cr[4];
	uint8_t b[32];

	words(b, 4, 8);
	assert_true(ml_xen_crash_regs(b, 32, cr));
	assert_int_equal(cr[0], 0x1000);
	assert_int_equal(cr[3], 0x1003);
	words(b, 4, 4);
	assert_true(ml_xen_crash_regs(b, 16, cr));
	assert_int_equal(cr[2], 0x1002);
	assert_false(ml_xen_crash_regs(b, 24, cr));
}

/* An image of machine memory with notes of the test's choice. */
static struct memlog_image *machine(struct mem *m, const char *arch)
{
	struct memlog_image *image = mem_image(m, MEMLOG_MACH);

	image->machine = arch;
	return image;
}

static struct memlog_note note(struct memlog_image *image, size_t i)
{
	struct memlog_note n = { .size = sizeof(n) };

	assert_int_equal(memlog_image_note(image, i, &n), MEMLOG_OK);
	return n;
}

static uint64_t alias(struct memlog_image *image, enum memlog_space from,
		      uint64_t addr)
{
	enum memlog_space to;
	uint64_t ret;

	if (ml_image_alias(image, from, addr, &to, &ret))
		return UINT64_MAX;
	assert_int_equal(to, from == MEMLOG_MACH ? MEMLOG_PHYS : MEMLOG_MACH);
	return ret;
}

static void test_vmcore64(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 64 * PAGE), info[80], regs[32];
	struct memlog_image *image = machine(&mem, "x86_64");
	uint64_t mach;

	strcpy((char *)m + 0x100, ".7 (test)");
	strcpy((char *)m + 0x200, "cc 1\nnot shown");
	words(info, 10, 8);
	put64(info, 4);
	put64(info + 8, 17);
	put64(info + 16, 0x100);
	put64(info + 24, 1ull << 40); /* not in the image */
	put64(info + 32, 0x200);
	put64(info + 40, 0);
	put64(info + 48, UINT64_MAX);
	put64(info + 64, 0x4000);
	put64(info + 72, 5);
	words(regs, 4, 8);
	put64(m + 5 * PAGE, 6);
	put64(m + 6 * PAGE, 7);
	put64(m + 7 * PAGE + 8 * 3, 20);
	ml_image_add_note(image, "CORE", 1, "t", "old words", info, 80);
	ml_image_add_note(image, "Xen", ML_XEN_CRASH_REGS, "t", "", regs, 32);
	ml_image_add_note(image, "Xen", ML_XEN_CRASH_INFO, "t", "", info, 80);
	ml_image_add_note(image, "VMCOREINFO_XEN", 0, "t",
			  "PAGESIZE=4096\nSYMBOL(max_page)=ffff82d0405932f0\n",
			  NULL, 0);
	ml_xen_attach(image);

	assert_string_equal(note(image, 0).title,
			    "registers of physical CPU 0, in Xen");
	assert_string_equal(note(image, 0).text, "old words");
	assert_string_equal(note(image, 1).text,
			    "cr0 0x1000 cr2 0x1001 cr3 0x1002 cr4 0x1003");
	assert_string_equal(note(image, 2).text,
			    "version 4.17.7 (test)\ncompiler cc 1\n"
			    "tainted 0x1007\nxen_phys_start 0x4000\n"
			    "p2m root frame 0x5");
	assert_non_null(image->xen);
	assert_true(image->xen->virt_start == 0xffff82d040000000);
	assert_true(memlog_image_has_space(image, MEMLOG_PHYS));
	assert_int_equal(alias(image, MEMLOG_MACH, 20 * PAGE + 9),
			 3 * PAGE + 9);
	assert_int_equal(alias(image, MEMLOG_PHYS, 3 * PAGE + 9),
			 20 * PAGE + 9);
	assert_true(alias(image, MEMLOG_MACH, 21 * PAGE) == UINT64_MAX);
	assert_null(memlog_image_warning(image, 0));

	/* the page table of the note maps nothing, so by the load address */
	assert_true(ml_xen_mach(image, 0xffff82d040001234, &mach));
	assert_int_equal(mach, 0x5234);
	assert_true(ml_xen_mach(image, 0xffff830000001234, &mach));
	assert_int_equal(mach, 0x1234);
	assert_false(ml_xen_mach(image, 0xffff888000001234, &mach));
	memlog_image_close(image);
	mem_free(&mem);
}

/* A reader of machine memory, with the notes of another image. */
static void test_describe(void **state)
{
	struct mem mem = { 0 }, none = { 0 };
	uint8_t *m = mem_add(&mem, 0, 64 * PAGE), info[72], byte;
	struct memlog_image *image = machine(&mem, "");
	struct memlog_image *by = machine(&none, "x86_64");
	size_t got;

	words(info, 9, 8);
	put64(info + 64, 5);
	put64(m + 5 * PAGE, 6);
	put64(m + 6 * PAGE, 7);
	put64(m + 7 * PAGE + 8 * 3, 20);
	m[20 * PAGE + 9] = 0x5a;
	ml_image_add_note(by, "", 0, "a conclusion", "", NULL, 0);
	ml_image_add_note(by, "Xen", ML_XEN_CRASH_INFO, "t", "", info, 72);
	ml_xen_attach(by);
	assert_false(memlog_image_has_space(by, MEMLOG_PHYS));

	memlog_image_describe(image, by);
	assert_string_equal(note(image, 0).owner, "Xen");
	assert_int_equal(alias(image, MEMLOG_MACH, 20 * PAGE + 9),
			 3 * PAGE + 9);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, 3 * PAGE + 9,
					   &byte, 1, &got, NULL),
			 MEMLOG_OK);
	assert_int_equal(byte, 0x5a);
	assert_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	memlog_image_close(by);
	mem_free(&mem);
	mem_free(&none);
}

/* A PVH dom0 has no tree; a root that is not there is said. */
static void test_no_p2m(void **state)
{
	static const uint64_t roots[] = { 0, UINT64_MAX, 3, 1000 };
	uint8_t info[72];
	size_t i;

	for (i = 0; i < 4; i++) {
		struct mem mem = { 0 };
		struct memlog_image *image;

		mem_add(&mem, 0, 16 * PAGE);
		image = machine(&mem, "x86_64");
		words(info, 9, 8);
		put64(info + 64, roots[i]);
		ml_image_add_note(image, "Xen", ML_XEN_CRASH_INFO, "t", "",
				  info, 72);
		ml_xen_attach(image);
		assert_false(memlog_image_has_space(image, MEMLOG_PHYS));
		assert_non_null(strstr(memlog_image_warning(image, 0),
				       "only machine addresses"));
		memlog_image_close(image);
		mem_free(&mem);
	}
}

/* The note of 2006, and a page table of two levels, of three, and of four. */
static void cr3_world(int levels, const char *arch)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 64 * PAGE), cr3[4];
	struct memlog_image *image = machine(&mem, arch);
	unsigned int size = levels == 2 ? 4 : 8;
	uint64_t root = 8, l1 = 9;

	put32(cr3, (uint32_t)root);
	if (levels == 2) {
		put32(m + root * PAGE + 4 * 768, (uint32_t)(l1 << 12 | 0x63));
	} else if (levels == 3) {
		put64(m + root * PAGE + 8 * 3, 10 << 12 | 1);
		put64(m + 10 * PAGE, l1 << 12 | 0x63);
	} else {
		put64(m + root * PAGE + 8 * 273, 11 << 12 | 0x67);
		put64(m + 11 * PAGE, 10 << 12 | 0x63);
		put64(m + 10 * PAGE, l1 << 12 | 0x63);
		/* a slot that is something else */
		put64(m + root * PAGE + 8 * 272, 12 << 12 | 0x67);
		put64(m + 12 * PAGE, 13 << 12 | 0x67);
		put64(m + 13 * PAGE, 14 << 12 | 0x67);
		put64(m + 14 * PAGE, 15 << 12 | 0x67);
	}
	/* pseudo-physical pages 0, 1, 2: the root itself is page 1 */
	put32(m + l1 * PAGE, 30 << 12 | 0x63);
	put32(m + l1 * PAGE + size, (uint32_t)(root << 12 | 0x61));
	put32(m + l1 * PAGE + 2 * size, 31 << 12 | 0x63);
	ml_image_add_note(image, "Xen Domanin-0 CR3", ML_XEN_KDUMP_CR3, "t", "",
			  cr3, 4);
	ml_xen_attach(image);
	assert_string_equal(note(image, 0).text, "cr3 frame 0x8, mach:0x8000");
	assert_true(memlog_image_has_space(image, MEMLOG_PHYS));
	assert_int_equal(alias(image, MEMLOG_PHYS, 2 * PAGE + 1),
			 31 * PAGE + 1);
	assert_int_equal(alias(image, MEMLOG_MACH, root * PAGE), PAGE);
	memlog_image_close(image);
	mem_free(&mem);
}

static void test_cr3(void **state)
{
	cr3_world(2, "i386");
	cr3_world(3, "i386");
	cr3_world(4, "x86_64");
}

/* A page table that does not map itself is no direct map. */
static void test_cr3_wrong(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 64 * PAGE), cr3[4];
	struct memlog_image *image = machine(&mem, "i386");

	put32(cr3, 8);
	put32(m + 8 * PAGE + 4 * 768, 9 << 12 | 0x63);
	put32(m + 9 * PAGE, 30 << 12 | 0x63);
	ml_image_add_note(image, "any", ML_XEN_KDUMP_CR3, "t", "", cr3, 4);
	ml_xen_attach(image);
	assert_false(memlog_image_has_space(image, MEMLOG_PHYS));
	assert_non_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	mem_free(&mem);
}

static unsigned int machine_reads;
static const struct memlog_reader_ops *machine_ops;

static enum memlog_status machine_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	machine_reads++;
	return machine_ops->read(self, addr, buf, len, ret, err);
}

/* Pages of a wrong direct map that are read: 16 notes lead to tables, each of which has
 * 128 slots that lead to step different pages. */
static unsigned int cr3_reads(unsigned int notes, unsigned int step)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 300 * PAGE), cr3[8];
	struct memlog_image *image = machine(&mem, "x86_64");
	struct ml_space *sp = &image->spaces[MEMLOG_MACH];
	struct memlog_reader_ops ops = *sp->ops;
	unsigned int i, k;

	machine_ops = sp->ops;
	ops.read = machine_read;
	sp->ops = &ops;
	for (i = 0; i < notes; i++) {
		for (k = 272; k < 400; k++)
			put64(m + (8 + i) * PAGE + 8 * k,
			      (uint64_t)(30 + k % step) << 12 | 0x67);
		put64(cr3, 8 + i);
		ml_image_add_note(image, "any", ML_XEN_KDUMP_CR3, "t", "", cr3,
				  8);
	}
	for (i = 0; i < 128; i++) {
		put64(m + (30 + i) * PAGE, 200 << 12 | 0x67);
		put64(m + (30 + i) * PAGE + 8, 201 << 12 | 0x67);
	}
	for (i = 200; i < 202; i++)
		for (k = 0; k < 32; k++)
			put64(m + i * PAGE + 8 * k,
			      (uint64_t)(210 + k) << 12 | 0x67);
	for (i = 210; i < 242; i++)
		put64(m + i * PAGE, (uint64_t)290 << 12 | 0x67);
	machine_reads = 0;
	ml_xen_attach(image);
	assert_false(memlog_image_has_space(image, MEMLOG_PHYS));
	memlog_image_close(image);
	mem_free(&mem);
	return machine_reads;
}

/* A table is tried once, whatever leads to it, and not too many are. */
static void test_cr3_many(void **state)
{
	unsigned int slots = 16 * 128, tree;

	(void)state;
	tree = cr3_reads(1, 1) - 128;
	assert_in_range(tree, 30, 200);
	assert_in_range(cr3_reads(16, 1), slots, slots + tree);
	assert_in_range(cr3_reads(16, 128), slots, slots + 8 * tree);
}

/* The strings that a note leads to count as bytes of notes. */
static void test_many_infos(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 16 * PAGE), info[64];
	struct memlog_image *image = machine(&mem, "x86_64");
	size_t i, bytes = 0;

	(void)state;
	memset(m + PAGE, 'x', 300);
	words(info, 8, 8);
	for (i = 2; i < 7; i++)
		put64(info + 8 * i, PAGE);
	for (i = 0; i < 12000; i++)
		ml_image_add_note(image, "Xen", ML_XEN_CRASH_INFO, "t", "",
				  info, 64);
	assert_int_equal(image->n_notes, 12000);
	ml_xen_attach(image);
	for (i = 0; i < image->n_notes; i++)
		bytes += strlen(image->notes[i].title) +
			 strlen(image->notes[i].text);
	assert_in_range(bytes, ML_MAX_NOTE_BYTES / 2, ML_MAX_NOTE_BYTES);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "some of them are left out"));
	memlog_image_close(image);
	mem_free(&mem);
}

/* QEMU's dump of a machine that runs Xen, and of one that runs Linux. */
static void test_qemu(void **state)
{
	struct mem mem = { 0 };
	uint8_t cpu[440] = { 0 };
	struct memlog_image *image;

	mem_add(&mem, 0, PAGE);
	put32(cpu, 1);
	put64(cpu + 384, 0xfffffe0000000000);
	image = mem_image(&mem, MEMLOG_PHYS);
	image->machine = "x86_64";
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	ml_xen_attach(image);
	assert_null(image->xen);
	/* the second CPU of Windows may have its tables anywhere */
	put64(cpu + 360, 0xffff858000001000);
	put64(cpu + 384, 0xffff858000002000);
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	assert_false(ml_xen_runs(image));
	put64(cpu + 360, 0xffff81d0402e8000);
	put64(cpu + 384, 0xffff81d040577000);
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	assert_false(ml_xen_runs(image));
	ml_xen_attach(image);
	assert_null(image->xen);
	put64(cpu + 384, 0xffff82d040577000);
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	ml_xen_attach(image);
	assert_non_null(image->xen);
	assert_int_equal(image->xen->space, MEMLOG_PHYS);
	assert_int_equal(image->xen->n_cr3, 1);
	memlog_image_close(image);

	/* a second CPU of Xen alone */
	put64(cpu + 360, 0xffff8200000e0000);
	put64(cpu + 384, 0xffff830014790040);
	image = mem_image(&mem, MEMLOG_PHYS);
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	assert_true(ml_xen_runs(image));
	memlog_image_close(image);

	/* Xen's images end where its direct map begins, which is not theirs */
	put64(cpu + 360, 0xffff858000001000);
	put64(cpu + 384, ML_XEN_DIRECTMAP - 1);
	image = mem_image(&mem, MEMLOG_PHYS);
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	assert_true(ml_xen_runs(image));
	memlog_image_close(image);
	put64(cpu + 384, ML_XEN_DIRECTMAP);
	image = mem_image(&mem, MEMLOG_PHYS);
	ml_image_add_note(image, "QEMU", 0, "t", "", cpu, sizeof(cpu));
	assert_false(ml_xen_runs(image));
	memlog_image_close(image);
	mem_free(&mem);
}

static void test_pagewalk(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 16 * PAGE);
	uint64_t pa;

	put64(m + PAGE + 8 * 261, 2 * PAGE | 1);     /* 0xffff828... */
	put64(m + 2 * PAGE + 8 * 321, 3 * PAGE | 1); /* ...d040000000 */
	put64(m + 3 * PAGE, 4 * PAGE | 1);
	put64(m + 3 * PAGE + 8, 0x27a00000 | 0x81);
	put64(m + 4 * PAGE + 8 * 5, 0x8000000000077003);
	put64(m + 2 * PAGE + 8 * 322, 0x80000000 | 0x81);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64, PAGE | 0x18,
				     0xffff82d040005678, &pa),
			 MEMLOG_OK);
	assert_int_equal(pa, 0x77678);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64, PAGE,
				     0xffff82d040212345, &pa),
			 MEMLOG_OK);
	assert_int_equal(pa, 0x27a12345);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64, PAGE,
				     0xffff82d090212345, &pa),
			 MEMLOG_OK);
	assert_int_equal(pa, 0x90212345);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64, PAGE,
				     0xffff82d040006678, &pa),
			 MEMLOG_NO_DATA);
	/* only the lower levels have large pages */
	put64(m + PAGE + 8 * 262, 2 * PAGE | 0x81);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64, PAGE,
				     0xffff835040005678, &pa),
			 MEMLOG_OK);
	assert_int_equal(pa, 0x77678);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64, 1ull << 50,
				     0, &pa),
			 MEMLOG_NO_DATA);
	mem_free(&mem);
}

/* CR3 has bits that are not the table's address: flags or a PCID in 64-bit mode, where
 * the table may be above 4 GiB; with PAE the table is aligned to 32 bytes only. */
static void test_cr3_bits(void **state)
{
	static const uint64_t root = (5ull << 32) + PAGE;
	static const uint64_t bits[] = { 0, 0x18, 0x801, 0xfff, 1ull << 63 };
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 16 * PAGE),
		*top = mem_add(&mem, root, PAGE);
	uint64_t pa;
	size_t i;

	put64(top + 8 * 3, 2 * PAGE | 1);
	put64(m + 2 * PAGE + 8 * 4, 3 * PAGE | 1);
	put64(m + 3 * PAGE + 8 * 5, 0x27a00000 | 0x81);
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_64,
					     root | bits[i],
					     3ull << 39 | 4ull << 30 |
						     5ull << 21 | 0x12345,
					     &pa),
				 MEMLOG_OK);
		assert_int_equal(pa, 0x27a12345);
	}

	/* the same page has four tables of PAE at 0x20 and four more at 0x40 */
	put64(m + 8 * PAGE + 0x20 + 8 * 2, 9 * PAGE | 1);
	put64(m + 8 * PAGE + 0x40 + 8 * 2, 10 * PAGE | 1);
	put64(m + 9 * PAGE + 8 * 6, (7ull << 32) | 0x600000 | 0x81);
	put64(m + 10 * PAGE + 8 * 6, 11 * PAGE | 1);
	put64(m + 11 * PAGE + 8 * 7, 0x77000 | 1);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_PAE,
				     8 * PAGE | 0x20 | 0x18,
				     0x80000000 | 6 << 21 | 0x1234, &pa),
			 MEMLOG_OK);
	assert_int_equal(pa, (7ull << 32) | 0x601234);
	assert_int_equal(
		ml_pagewalk(&mem_ops, &mem, ML_PAGING_PAE, 8 * PAGE | 0x40,
			    0x80000000 | 6 << 21 | 7 << 12 | 0x234, &pa),
		MEMLOG_OK);
	assert_int_equal(pa, 0x77234);

	/* without PAE its flags are no part of the address either */
	put32(m + 12 * PAGE + 4 * 0x201, 13 * PAGE | 1);
	put32(m + 13 * PAGE + 4 * 9, 0x78000 | 1);
	assert_int_equal(ml_pagewalk(&mem_ops, &mem, ML_PAGING_32,
				     12 * PAGE | 0x18,
				     0x201u << 22 | 9 << 12 | 0x345, &pa),
			 MEMLOG_OK);
	assert_int_equal(pa, 0x78345);
	mem_free(&mem);
}

/* Memory up to the end of addresses, in which Xen's own place is looked for. */
static size_t top_reads;

static enum memlog_status top_read(void *self, uint64_t addr, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	(void)self, (void)err;
	assert_true(addr >= 0xffffffffff000000);
	if (top_reads++ > 100)
		fail_msg("it goes on at 0x%llx", (unsigned long long)addr);
	memset(buf, 0, len);
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status top_next(void *self, uint64_t addr,
				   struct memlog_range *ret,
				   struct memlog_err *err)
{
	(void)self, (void)err;
	ret->start = addr > 0xffffffffff000000 ? addr : 0xffffffffff000000;
	ret->end = UINT64_MAX;
	return addr < UINT64_MAX ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static void test_top(void **state)
{
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.page_size = 4096,
		.read = top_read,
		.next_range = top_next,
	};
	struct memlog_image *image;
	struct memlog_err err;

	assert_int_equal(memlog_image_wrap(&ops, NULL, MEMLOG_MACH, "top", NULL,
					   &image, &err),
			 0);
	assert_true(
		ml_xen_assume(image, 0xffff82d040000000, 0xffff82d040263600));
	/* eight places to be in 16 MiB, of which the last has no room */
	assert_in_range(top_reads, 7, 8);
	assert_int_equal(image->xen->phys_start, 0);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash_info),
		cmocka_unit_test(test_crash_regs),
		cmocka_unit_test(test_vmcore64),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_no_p2m),
		cmocka_unit_test(test_cr3),
		cmocka_unit_test(test_cr3_wrong),
		cmocka_unit_test(test_cr3_many),
		cmocka_unit_test(test_many_infos),
		cmocka_unit_test(test_qemu),
		cmocka_unit_test(test_pagewalk),
		cmocka_unit_test(test_cr3_bits),
		cmocka_unit_test(test_top),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
