/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF dumps: bytes of the file that no program header has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "image/image.h"
#include "libconform.h"
#include "libmkelf.h"
#include "libopen.h"

#define LOAD	1
#define NOTE	4
#define NOWHERE UINT64_MAX

/* What paging=true leaves without a header: between two loads of the same
 * difference, after one that promises it, and where nothing is certain. */
static void test_orphans(void **state)
{
	struct mkelf *m = mkelf_new(true, false);
	const size_t d = 0x498;
	struct memlog_image *image;
	const uint8_t *p;

	(void)state;
	mkelf_ehdr(m, 62, 64, 0, 4, 0, 8);
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, d, 0, 0, 0x2000, 0x2000, 0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, d + 0x5000, 0, 0x5000, 0x1000,
					   0x3000, 0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, d + 0x8000, 0, 0x100000,
					   0x1000, 0x9000, 0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, NOWHERE, 0, 0xffc00000, 0,
					   0x4000, 0 });
	mkelf_pad(m, d);
	mkelf_fill(m, d + 0xc000);
	p = m->p;
	image = open_elf(m);
	{
		struct conform_piece file[] = {
			{ d + 0x2000, 0x3000, p + d + 0x2000, true, MEMLOG_PHYS,
			  0x2000 },
			{ d + 0x6000, 0x2000, p + d + 0x6000, true, MEMLOG_PHYS,
			  0x6000 },
			{ d + 0x9000, 0x3000, p + d + 0x9000, false, 0, 0 },
		};

		conform_image(image, MEMLOG_FILE, file, 3);
		assert_int_equal(image->spaces[MEMLOG_FILE].bias, d);
		assert_int_equal(image->order[1], MEMLOG_FILE);
		/* all but the 0x2000 that were found; the gap between the
		 * first two was not promised */
		assert_true(image_missing(image) == 0x8000 + 0x4000);
	}
	memlog_image_close(image);
	free(m);
}

/* An address of page tables is only accepted if they map it. */
static void test_orphan_tables(void **state)
{
	const size_t d = 0x700;
	struct memlog_image *image;
	enum memlog_space space;
	uint8_t cpu[440] = { 1 };
	uint64_t addr;
	unsigned int k;

	(void)state;
	cpu[395] = 0x80; /* CR0.PG */
	cpu[417] = 0x30; /* CR3 0x3000 */
	for (k = 0; k < 2; k++) {
		struct mkelf *m = mkelf_new(true, false);

		mkelf_ehdr(m, 62, 64, 0, 2, 0, 8);
		mkelf_phdr(m,
			   (struct mkelf_phdr){ NOTE, 0x100, 0, 0, 460, 0, 0 });
		mkelf_phdr(m, (struct mkelf_phdr){ LOAD, d, 0xffff000000000000,
						   0, 0x1000, 0x8000, 0 });
		mkelf_pad(m, 0x100);
		mkelf_note(m, "QEMU", 0, cpu, sizeof(cpu), 4);
		mkelf_pad(m, d + 0x8000);
		/* 0x3000 to 0x4000 to 0x5000: 2 MiB at once, identity */
		m->p[d + 0x3000] = 3;
		m->p[d + 0x3001] = 0x40;
		m->p[d + 0x4000] = 3;
		m->p[d + 0x4001] = 0x50;
		m->p[d + 0x5000] = 0x83;
		m->p[d + 0x5002] = k ? 0x20 : 0; /* or elsewhere */
		image = open_elf(m);
		assert_int_equal(image->spaces[MEMLOG_FILE].ops->alias(
					 image->spaces[MEMLOG_FILE].self,
					 d + 0x2000, &space, &addr),
				 k ? MEMLOG_NO_DATA : MEMLOG_OK);
		assert_true(k || addr == 0x2000);
		memlog_image_close(image);
		free(m);
	}
}

/* A guest of 32 bits has tables of one of two kinds: CR4 says which, by its bit for PAE,
 * not by the one for large pages beside it. Those of the other kind do not map it. */
static void test_orphan_tables_32(void **state)
{
	enum { PSE = 1 << 4, PAE = 1 << 5 };
	const size_t d = 0x700;
	struct memlog_image *image;
	enum memlog_space space;
	uint8_t cpu[440] = { 1 };
	uint64_t addr;
	unsigned int k, i, pae, agree;

	(void)state;
	cpu[395] = 0x80; /* CR0.PG */
	cpu[417] = 0x30; /* CR3 0x3000 */
	for (k = 0; k < 8; k++) {
		struct mkelf *m = mkelf_new(false, false);

		pae = k & 1;
		cpu[424] = (uint8_t)((pae ? PAE : 0) | (k & 2 ? PSE : 0));
		mkelf_ehdr(m, 3, 52, 0, 2, 0, 8);
		mkelf_phdr(m,
			   (struct mkelf_phdr){ NOTE, 0x100, 0, 0, 460, 0, 0 });
		mkelf_phdr(m, (struct mkelf_phdr){ LOAD, d, 0xc0000000, 0,
						   0x1000, 0x8000, 0 });
		mkelf_pad(m, 0x100);
		mkelf_note(m, "QEMU", 0, cpu, sizeof(cpu), 4);
		mkelf_pad(m, d + 0x8000);
		/* the kind that CR4 says, or the other one */
		agree = !(k & 4);
		if (pae == agree) {
			/* 0x3018 to 0x4000: 2 MiB at once */
			m->p[d + 0x3018] = 1;
			m->p[d + 0x3019] = 0x40;
			m->p[d + 0x4000] = 0x83;
		} else {
			m->p[d + 0x3c00] = 1;
			m->p[d + 0x3c01] = 0x40;
			for (i = 0; i < 8; i++) {
				m->p[d + 0x4000 + 4 * i] = 3;
				m->p[d + 0x4001 + 4 * i] = (uint8_t)(i << 4);
			}
		}
		image = open_elf(m);
		assert_int_equal(image->spaces[MEMLOG_FILE].ops->alias(
					 image->spaces[MEMLOG_FILE].self,
					 d + 0x2000, &space, &addr),
				 agree ? MEMLOG_OK : MEMLOG_NO_DATA);
		assert_true(!agree || addr == 0x2000);
		memlog_image_close(image);
		free(m);
	}
}

/* Program headers come in any order: pieces of the file have their addresses by those
 * before and after them in the file. */
static void test_orphans_out_of_order(void **state)
{
	static const size_t order[][3] = {
		{ 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 }
	};
	const size_t d = 0x498;
	const struct mkelf_phdr loads[] = {
		{ LOAD, d, 0, 0, 0x2000, 0x2000, 0 },
		{ LOAD, d + 0x5000, 0, 0x5000, 0x1000, 0x3000, 0 },
		{ LOAD, d + 0x9000, 0, 0x9000, 0x1000, 0x1000, 0 },
	};
	struct memlog_image *image;
	struct mkelf *m;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		m = mkelf_new(true, false);
		mkelf_ehdr(m, 62, 64, 0, 3, 0, 8);
		for (k = 0; k < 3; k++)
			mkelf_phdr(m, loads[order[i][k]]);
		mkelf_pad(m, d);
		mkelf_fill(m, d + 0xa000);
		image = open_elf(m);
		{
			struct conform_piece file[] = {
				{ d + 0x2000, 0x3000, m->p + d + 0x2000, true,
				  MEMLOG_PHYS, 0x2000 },
				{ d + 0x6000, 0x3000, m->p + d + 0x6000, true,
				  MEMLOG_PHYS, 0x6000 },
			};

			conform_image(image, MEMLOG_FILE, file, 2);
		}
		memlog_image_close(image);
		free(m);
	}
}

/* Loads whose addresses fall where offsets rise are not QEMU's layout. */
static void test_orphans_unsure(void **state)
{
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_image *image;

	(void)state;
	mkelf_ehdr(m, 62, 64, 0, 2, 0, 8);
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x1000, 0, 0x80000, 0x1000,
					   0x2000, 0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x3000, 0, 0, 0x1000, 0x1000,
					   0 });
	mkelf_pad(m, 0x1000);
	mkelf_fill(m, 0x4000);
	image = open_elf(m);
	{
		struct conform_piece file = { 0x2000, 0x1000, m->p + 0x2000,
					      false,  0,      0 };

		conform_image(image, MEMLOG_FILE, &file, 1);
	}
	memlog_image_close(image);
	free(m);
}

/* Addresses of a Xen machine, and virtual ones: the rest is searched, too. */
static void test_orphans_spaces(void **state)
{
	static const struct {
		const char *owner;
		uint32_t type;
		enum memlog_space space;
	} t[] = {
		{ "Xen", 0x1000001, MEMLOG_MACH },
		{ "VMCOREINFO", 0, MEMLOG_VIRT },
	};
	const uint64_t va = 0xffff888000001000;
	static const uint8_t desc[64] = { 4 };
	struct memlog_image *image;
	struct mkelf *m;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		bool virt = t[i].space == MEMLOG_VIRT;

		m = mkelf_new(true, false);
		mkelf_ehdr(m, 62, 64, 0, 3, 0, 64);
		mkelf_phdr(m, (struct mkelf_phdr){ NOTE, 0x400, 0, 0, 0x80, 0,
						   0 });
		mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x1000, va,
						   virt ? 0 : 0x10000, 0x1000,
						   0x1000, 0 });
		mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x4000, va + 0x3000,
						   virt ? 0 : 0x13000, 0x1000,
						   0x1000, 0 });
		mkelf_pad(m, 0x400);
		mkelf_note(m, t[i].owner, t[i].type, desc, sizeof(desc), 4);
		mkelf_pad(m, 0x1000);
		mkelf_fill(m, 0x7000);
		image = open_elf(m);
		assert_int_equal(image->order[0], t[i].space);
		{
			struct conform_piece file[] = {
				{ 0x2000, 0x2000, m->p + 0x2000, true,
				  t[i].space, virt ? va + 0x1000 : 0x11000 },
				{ 0x5000, 0x2000, m->p + 0x5000, false, 0, 0 },
			};

			conform_image(image, MEMLOG_FILE, file, 2);
		}
		memlog_image_close(image);
		free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_orphan_tables),
		cmocka_unit_test(test_orphan_tables_32),
		cmocka_unit_test(test_orphans_out_of_order),
		cmocka_unit_test(test_orphans_unsure),
		cmocka_unit_test(test_orphans_spaces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
