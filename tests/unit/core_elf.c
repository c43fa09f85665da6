/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF dumps as images: well-formed, odd and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "base/limits.h"
#include "image/bytes/loads.h"
#include "image/elf/note.h"
#include "image/elf/qemu_cpu.h"
#include "image/open.h"
#include "libconform.h"
#include "libmkelf.h"

#define LOAD	1
#define NOTE	4
#define NOWHERE UINT64_MAX

static struct memlog_image *open_bytes(const void *p, size_t len,
				       enum memlog_status want)
{
	struct memlog_image *image = NULL;
	struct memlog_err err = { 0 };
	enum memlog_status s;
	struct ml_file f;

	assert_int_equal(ml_file_memory(p, len, "m", NULL, &f, NULL), 0);
	s = ml_image_open_on(&f, NULL, &image, &err);
	if (s != want)
		fail_msg("open: %s: %s", memlog_status_name(s), err.text);
	return image;
}

static struct memlog_image *open_elf(const struct mkelf *m)
{
	return open_bytes(m->p, m->len, MEMLOG_OK);
}

static uint64_t missing(struct memlog_image *image)
{
	struct memlog_image_info info = { .size = sizeof(info) };

	assert_int_equal(memlog_image_info(image, &info, NULL), MEMLOG_OK);
	return info.missing + image->left_out;
}

/* A dump with three loads; the file's pages are not aligned. */
static struct mkelf *simple(bool is64, bool be, bool sections_first)
{
	struct mkelf *m = mkelf_new(is64, be);
	size_t sh = sections_first ? mkelf_ehdr_size(m) : 0;
	size_t ph = mkelf_ehdr_size(m) +
		    (sections_first ? 2 * mkelf_shdr_size(m) : 0);
	size_t data = ph + 4 * mkelf_phdr_size(m) + 32;

	mkelf_ehdr(m, is64 ? 62 : 3, ph, sh, 4, sections_first ? 2 : 0, 8);
	if (sections_first) {
		mkelf_shdr(m, 0, 0, 0, 0);
		mkelf_shdr(m, 3, data + 0x9000, 11, 0);
	}
	mkelf_phdr(m, (struct mkelf_phdr){ NOTE, data - 32, 0, 0, 32, 32, 0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, data + 0x4000, 0, 0x100000,
					   0x3000, 0x3000, 0 });
	mkelf_phdr(m,
		   (struct mkelf_phdr){ LOAD, data, 0, 0, 0x4000, 0x4000, 0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, data + 0x7000, 0, 0xfffe0000,
					   0x2000, 0x2000, 0 });
	mkelf_note(m, "QEMU", 7, "12345678", 8, 4);
	mkelf_pad(m, data);
	mkelf_fill(m, data + 0x9000);
	if (sections_first)
		mkelf_bytes(m, "\0.shstrtab\0", 11);
	return m;
}

static void test_simple(void **state)
{
	unsigned int k;

	(void)state;
	for (k = 0; k < 8; k++) {
		struct mkelf *m = simple(k & 1, k & 2, k & 4);
		const uint8_t *d = m->p + m->len - 0x9000 - (k & 4 ? 11 : 0);
		struct conform_piece p[] = {
			{ 0, 0x4000, d, 0, 0, 0 },
			{ 0x100000, 0x3000, d + 0x4000, 0, 0, 0 },
			{ 0xfffe0000, 0x2000, d + 0x7000, 0, 0, 0 },
		};
		struct memlog_image *image = open_elf(m);
		struct ml_file f;

		conform_image(image, MEMLOG_PHYS, p, 3);
		assert_false(memlog_image_has_space(image, MEMLOG_FILE));
		assert_true(missing(image) == 0);
		assert_null(memlog_image_warning(image, 0));
		memlog_image_close(image);
		conform_stingy_file(m->p, m->len, &f);
		assert_int_equal(ml_image_open_on(&f, NULL, &image, NULL), 0);
		conform_image(image, MEMLOG_PHYS, p, 3);
		memlog_image_close(image);
		free(m);
	}
}

/* Overlaps: the first header that has a byte wins. filesz < memsz, offsets
 * beyond the file and nowhere, an entry of nothing, the end of addresses. */
static void test_messy(void **state)
{
	static const struct mkelf_phdr h[] = {
		{ LOAD, 0x2000, 0, 0x5000, 0x1000, 0x1000, 0 }, /* wins */
		{ LOAD, 0x1000, 0, 0x4000, 0x3000, 0x3000, 0 },
		{ LOAD, 0x2000, 0, 0x5000, 0x0800, 0x0800, 0 }, /* doubled */
		{ LOAD, 0x6000, 0, 0x1000, 0x1000, 0x9000, 0 },
		{ LOAD, NOWHERE, 0, 0x20000, 0, 0x4000, 0 },
		{ LOAD, 0x7000000000, 0, 0x30000, 0x1000, 0x1000, 0 },
		{ LOAD, 0x7000, 0, 0x30000, 0x0800, 0x0800, 0 },
		{ LOAD, 0x7000, 0, 0x40000, 0, 0, 0 },
		{ LOAD, 0x7800, 0, 0x50000, 0x1000, 0x1000, 0 }, /* cut */
		{ LOAD, 0x7000, 0, UINT64_MAX - 0x7ff, 0x800, 0x800, 0 },
		{ 0x60000000, 0x0, 0, 0x40000, 0x100, 0x100, 0 },
	};
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_image *image;
	size_t i;

	(void)state;
	mkelf_ehdr(m, 62, 64, 0, sizeof(h) / sizeof(h[0]), 0, 64);
	for (i = 0; i < sizeof(h) / sizeof(h[0]); i++)
		mkelf_phdr(m, h[i]);
	mkelf_fill(m, 0x8000);
	image = open_elf(m);
	{
		struct conform_piece p[] = {
			{ 0x1000, 0x1000, m->p + 0x6000, 0, 0, 0 },
			{ 0x4000, 0x1000, m->p + 0x1000, 0, 0, 0 },
			{ 0x5000, 0x1000, m->p + 0x2000, 0, 0, 0 },
			{ 0x6000, 0x1000, m->p + 0x3000, 0, 0, 0 },
			{ 0x30000, 0x800, m->p + 0x7000, 0, 0, 0 },
			{ 0x50000, 0x800, m->p + 0x7800, 0, 0, 0 },
			{ UINT64_MAX - 0x7ff, 0x7ff, m->p + 0x7000, 0, 0, 0 },
		};

		conform_image(image, MEMLOG_PHYS, p, 7);
		/* 0x2000 to 0x4000, 0x7000 to 0xa000, the nowhere, halves */
		assert_true(missing(image) ==
			    0x2000 + 0x3000 + 0x4000 + 0x800 + 0x800);
	}
	memlog_image_close(image);
	free(m);
}

/* Beyond 65534 program headers the number is in section header 0, which QEMU
 * writes at the end of its headers or in front of them. */
static void test_xnum(void **state)
{
	const uint32_t n = 70000;
	struct memlog_range r;
	struct memlog_image *image;
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct mkelf big = { .is64 = true };
	struct conform_memory mem;
	struct ml_file f;
	uint8_t *file;
	size_t k, i, len = 64 + 64 + n * 56 + 4096;

	(void)state;
	for (k = 0; k < 2; k++) {
		uint64_t sh = k ? 64 : 64 + n * 56, ph = k ? 128 : 64;
		struct mkelf *m = mkelf_new(true, false);

		file = calloc(1, len);
		assert_non_null(file);
		mkelf_ehdr(m, 62, ph, sh, 0xffff, 1, 8);
		memcpy(file, m->p, 64);
		big.len = 0;
		mkelf_shdr(&big, 0, 0, 0, n);
		memcpy(file + sh, big.p, 64);
		for (i = 0; i < n; i++) {
			big.len = 0;
			/* all overlap their neighbours; backwards */
			mkelf_phdr(&big, (struct mkelf_phdr){
						 LOAD, len - 4096, 0,
						 (uint64_t)(n - i) * 2048, 4096,
						 4096, 0 });
			memcpy(file + ph + i * 56, big.p, 56);
		}
		conform_memory_init(&mem);
		o.allocator = &mem.alloc;
		ml_file_memory(file, len, "m", NULL, &f, NULL);
		assert_int_equal(ml_image_open_on(&f, &o, &image, NULL), 0);
		assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, 0,
							 &r, NULL),
				 0);
		assert_true(r.start == 2048 && r.end == 2048ull * n + 4096);
		memlog_image_close(image);
		assert_true(mem.most < 32u << 20);
		assert_true(mem.now == 0);
		free(file);
		free(m);
	}
}

/* Four million headers that the file has no room for take no memory. */
static void test_xnum_lie(void **state)
{
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image *image;
	struct conform_memory mem;
	struct ml_file f;

	(void)state;
	mkelf_ehdr(m, 62, 128, 64, 0xffff, 1, 64);
	mkelf_shdr(m, 0, 0, 0, ML_MAX_PHDRS);
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x1000, 0, 0x8000, 0x1000,
					   0x1000, 0 });
	mkelf_pad(m, 0x1000);
	mkelf_fill(m, 0x2000);
	conform_memory_init(&mem);
	o.allocator = &mem.alloc;
	ml_file_memory(m->p, m->len, "m", NULL, &f, NULL);
	assert_int_equal(ml_image_open_on(&f, &o, &image, NULL), 0);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "ends within its program headers"));
	memlog_image_close(image);
	assert_true(mem.most < 1u << 20);
	assert_true(mem.now == 0);
	free(m);
}

/* What the headers promise beyond the file's end may be more than there are
 * addresses. */
static void test_cut(void **state)
{
	struct ml_load in[3] = {
		{ 0, UINT64_MAX, 0, 0 },
		{ 4096, 1ull << 63, 0, 0 },
		{ 8192, 4096, 0, 0 },
	};
	struct memlog_image *image;
	struct ml_loads l;

	(void)state;
	assert_int_equal(ml_image_create("m", NULL, NULL, &image, NULL), 0);
	assert_int_equal(ml_loads_init(&l, in, 3, 4096, image, NULL), 0);
	assert_true(l.cut == UINT64_MAX);
	assert_int_equal(l.n_ranges, 1);
	ml_loads_fini(&l);
	memlog_image_close(image);
}

static void test_xnum_lost(void **state)
{
	struct mkelf *m = simple(true, false, false);
	struct memlog_image *image;

	(void)state;
	m->p[56] = m->p[57] = 0xff;
	image = open_elf(m);
	assert_non_null(
		strstr(memlog_image_warning(image, 0), "section header 0"));
	assert_int_equal(image->format[0], 'e');
	memlog_image_close(image);
	free(m);
}

static void one_space(const struct mkelf *m, enum memlog_space want)
{
	struct memlog_image *image = open_elf(m);
	struct memlog_image_info info = { .size = sizeof(info) };

	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_int_equal(info.space, want);
	memlog_image_close(image);
}

static struct mkelf *two_loads(uint64_t va, uint64_t pa, const char *owner,
			       uint32_t type)
{
	struct mkelf *m = mkelf_new(true, false);

	mkelf_ehdr(m, 62, 64, 0, 3, 0, 64);
	mkelf_phdr(m, (struct mkelf_phdr){ NOTE, 0x200, 0, 0, owner ? 32 : 0, 0,
					   0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x1000, va, pa, 0x1000, 0x1000,
					   0 });
	mkelf_phdr(m, (struct mkelf_phdr){ LOAD, 0x2000, va ? va + 0x5000 : 0,
					   pa ? pa + 0x4000 : 0, 0x1000, 0x1000,
					   0 });
	mkelf_pad(m, 0x200);
	if (owner)
		mkelf_note(m, owner, type, "12345678", 8, 4);
	mkelf_pad(m, 0x1000);
	mkelf_fill(m, 0x3000);
	return m;
}

static void test_spaces(void **state)
{
	static const struct {
		uint64_t va, pa;
		const char *owner;
		uint32_t type;
		enum memlog_space want;
	} t[] = {
		{ 0x7f0000000000, 0, "CORE", 3, MEMLOG_HOST },
		{ 0x7f0000000000, 0, NULL, 0, MEMLOG_HOST },
		{ 0x7f0000000000, 0x1000, "CORE", 1, MEMLOG_PHYS },
		{ 0, 0x1000, "QEMU", 0, MEMLOG_PHYS },
		/* two segments cannot be at the same physical address */
		{ 0, 0, NULL, 0, MEMLOG_FILE },
		{ 0, 0, "QEMU", 0, MEMLOG_FILE },
		{ 0xffff888000000000, 0, "VMCOREINFO", 0, MEMLOG_VIRT },
		{ 0xffff888000000000, 0x1000, "Xen", 0x1000001, MEMLOG_MACH },
		{ 0xc0000000, 0x1000, "Xn", 0x10000001, MEMLOG_MACH },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct mkelf *m =
			two_loads(t[i].va, t[i].pa, t[i].owner, t[i].type);

		one_space(m, t[i].want);
		free(m);
	}
}

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
		assert_true(missing(image) == 0x8000 + 0x4000);
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

static void test_programs(void **state)
{
	struct mkelf *m = simple(true, false, false);

	(void)state;
	m->p[16] = 2; /* ET_EXEC without entry point: may be a dump */
	memlog_image_close(open_elf(m));
	m->p[24] = 1;
	open_bytes(m->p, m->len, MEMLOG_UNSUPPORTED);
	m->p[16] = 1;
	open_bytes(m->p, m->len, MEMLOG_UNSUPPORTED);
	m->p[16] = 4;
	memlog_image_close(open_elf(m));
	m->p[56] = 0;
	open_bytes(m->p, m->len, MEMLOG_CORRUPT);
	free(m);
}

static void test_notes(void **state)
{
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_note n = { .size = sizeof(n) };
	struct memlog_image *image;
	uint8_t state440[440] = { 1 }, prstatus[336] = { 0 };

	(void)state;
	state440[136] = 0x34;
	state440[418] = 0x12;
	prstatus[32] = 7;
	mkelf_ehdr(m, 62, 64, 0, 1, 0, 64);
	mkelf_phdr(m, (struct mkelf_phdr){ NOTE, 120, 0, 0, 1024, 0, 0 });
	mkelf_note(m, "CORE", 1, prstatus, 336, 4);
	mkelf_note(m, "QEMU", 0, state440, 440, 4);
	mkelf_note(m, "VMCOREINFO", 0, "OSRELEASE=1\n", 12, 4);
	mkelf_note(m, "Weird", 9, "x", 1, 4);
	mkelf_u32(m, 400); /* cut off */
	mkelf_pad(m, 120 + 1024);
	m->len -= 100;
	image = open_elf(m);
	assert_int_equal(memlog_image_note(image, 0, &n), 0);
	assert_non_null(strstr(n.text, "pid 7"));
	assert_int_equal(n.desc_len, 336);
	assert_int_equal(memlog_image_note(image, 1, &n), 0);
	assert_non_null(strstr(n.text, "rip 0x34 "));
	assert_non_null(strstr(n.text, "cr3 0x120000 "));
	assert_int_equal(memlog_image_note(image, 2, &n), 0);
	assert_string_equal(n.text, "OSRELEASE=1\n");
	assert_int_equal(memlog_image_note(image, 3, &n), 0);
	assert_string_equal(n.owner, "Weird");
	assert_string_equal(n.text, "type 0x9, 1 byte");
	assert_int_equal(memlog_image_note(image, 4, &n), MEMLOG_NO_DATA);
	assert_non_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	free(m);
}

/* Names and numbers of machines, held against the system's header. */
static void test_machines(void **state)
{
	static const uint16_t known[] = {
		EM_386,	  EM_MIPS,   EM_PPC,	 EM_PPC64, EM_S390, EM_ARM,
		EM_IA_64, EM_X86_64, EM_AARCH64, EM_RISCV, 258,
	};
	unsigned int i, n = 0;
	const char *name;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		name = ml_elf_machine(known[i]);
		assert_int_equal(ml_elf_machine_number(name), known[i]);
	}
	for (i = 0; i < 0x10000; i++)
		n += ml_elf_machine((uint16_t)i)[0] != '\0';
	assert_int_equal(n, sizeof(known) / sizeof(known[0]));
	assert_string_equal(ml_elf_machine(EM_X86_64), "x86_64");
	assert_int_equal(ml_elf_machine_number(""), EM_NONE);
	assert_int_equal(ml_elf_machine_number("x86_6"), EM_NONE);
}

static void test_prstatus(void **state)
{
	uint8_t desc[336] = { 0 };
	uint64_t rip;

	(void)state;
	assert_int_equal(ml_prstatus_machine(336, true), EM_X86_64);
	assert_int_equal(ml_prstatus_machine(392, true), EM_AARCH64);
	assert_int_equal(ml_prstatus_machine(144, false), EM_386);
	assert_int_equal(ml_prstatus_machine(336, false), EM_NONE);
	assert_int_equal(ml_prstatus_machine(144, true), EM_NONE);
	assert_int_equal(ml_prstatus_machine(0, true), EM_NONE);
	desc[241] = 0x12;
	assert_true(ml_prstatus_rip(desc, sizeof(desc), &rip));
	assert_int_equal(rip, 0x1200);
	assert_false(ml_prstatus_rip(desc, sizeof(desc) - 1, &rip));
}

/* Each 4 bytes hold their own offset. */
static void test_qemu_cpu(void **state)
{
	struct ml_note note = { .owner = (char *)"QEMU", .desc_len = 432 };
	struct ml_qemu_cpu c;
	uint8_t desc[432];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(desc); i++)
		desc[i] = i % 4 < 2 ? (uint8_t)((i & ~3u) >> 8 * (i % 4)) : 0;
#define AT(off) ((uint64_t)(off) | (uint64_t)((off) + 4) << 32)
	assert_false(ml_qemu_cpu_parse(desc, sizeof(desc), &c));
	desc[0] = 1;
	assert_false(ml_qemu_cpu_parse(desc, sizeof(desc) - 1, &c));
	assert_true(ml_qemu_cpu_parse(desc, sizeof(desc), &c));
	assert_true(c.rsp == AT(56) && c.rip == AT(136) && c.rflags == AT(144));
	for (i = 0; i < ML_QEMU_SEGMENTS; i++)
		assert_true(c.seg[i].selector == 152 + 24 * i &&
			    c.seg[i].limit == 156 + 24 * i &&
			    c.seg[i].base == AT(168 + 24 * i));
	for (i = 0; i < 5; i++)
		assert_true(c.cr[i] == AT(392 + 8 * i));
	assert_false(ml_qemu_cpu_note(&note, &c));
	note.desc = desc;
	assert_true(ml_qemu_cpu_note(&note, &c));
	note.type = 7;
	assert_false(ml_qemu_cpu_note(&note, &c));
	note.type = 0;
	note.owner = (char *)"CORE";
	assert_false(ml_qemu_cpu_note(&note, &c));
#undef AT
}

/* ---- damage ------------------------------------------------------------- */

static void try_bytes(const uint8_t *p, size_t len)
{
	conform_bytes(p, len, NULL, 1 << 17);
}

static void test_prefixes(void **state)
{
	unsigned int k;
	size_t len;

	(void)state;
	for (k = 0; k < 4; k++) {
		struct mkelf *m = simple(k & 1, k & 2, true);

		for (len = 0; len < 700; len++)
			try_bytes(m->p, len);
		for (; len < m->len; len += 511)
			try_bytes(m->p, len);
		free(m);
	}
}

static void test_bit_flips(void **state)
{
	unsigned int k;
	size_t bit;

	(void)state;
	for (k = 0; k < 4; k++) {
		struct mkelf *m = simple(k & 1, k & 2, true);
		size_t header = m->len - 0x9000 - 11;

		for (bit = 0; bit < header * 8; bit++) {
			m->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			try_bytes(m->p, m->len);
			m->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_messy),
		cmocka_unit_test(test_xnum),
		cmocka_unit_test(test_xnum_lie),
		cmocka_unit_test(test_xnum_lost),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_orphan_tables),
		cmocka_unit_test(test_orphan_tables_32),
		cmocka_unit_test(test_orphans_out_of_order),
		cmocka_unit_test(test_orphans_unsure),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_prstatus),
		cmocka_unit_test(test_qemu_cpu),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_bit_flips),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
