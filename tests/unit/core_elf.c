/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF dumps as images: well-formed, odd and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "image/bytes/loads.h"
#include "image/open.h"
#include "libconform.h"
#include "libmkelf.h"
#include "libopen.h"

#define LOAD	1
#define NOTE	4
#define NOWHERE UINT64_MAX

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
		assert_true(image_missing(image) == 0);
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
		assert_true(image_missing(image) ==
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
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_bit_flips),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
