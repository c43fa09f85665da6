/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libmkelf.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

struct mkelf *mkelf_new(bool is64, bool big_endian)
{
	struct mkelf *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->is64 = is64;
	m->big_endian = big_endian;
	return m;
}

static void number(struct mkelf *m, uint64_t v, size_t width)
{
	size_t i;

	assert_true(m->len + width <= sizeof(m->p));
	for (i = 0; i < width; i++)
		m->p[m->len + (m->big_endian ? width - 1 - i : i)] =
			(uint8_t)(v >> 8 * i);
	m->len += width;
}

void mkelf_u16(struct mkelf *m, uint16_t v)
{
	number(m, v, 2);
}

void mkelf_u32(struct mkelf *m, uint32_t v)
{
	number(m, v, 4);
}

void mkelf_u64(struct mkelf *m, uint64_t v)
{
	number(m, v, 8);
}

void mkelf_word(struct mkelf *m, uint64_t v)
{
	number(m, v, m->is64 ? 8 : 4);
}

void mkelf_bytes(struct mkelf *m, const void *p, size_t len)
{
	assert_true(m->len + len <= sizeof(m->p));
	memcpy(m->p + m->len, p, len);
	m->len += len;
}

void mkelf_pad(struct mkelf *m, size_t until)
{
	assert_true(until <= sizeof(m->p));
	if (m->len < until)
		m->len = until;
}

void mkelf_fill(struct mkelf *m, size_t until)
{
	assert_true(until <= sizeof(m->p));
	for (; m->len < until; m->len++)
		m->p[m->len] = (uint8_t)(m->len * 7 + (m->len >> 8) * 13 + 1);
}

size_t mkelf_ehdr_size(const struct mkelf *m)
{
	return m->is64 ? 64 : 52;
}

size_t mkelf_phdr_size(const struct mkelf *m)
{
	return m->is64 ? 56 : 32;
}

size_t mkelf_shdr_size(const struct mkelf *m)
{
	return m->is64 ? 64 : 40;
}

void mkelf_ehdr(struct mkelf *m, uint16_t machine, uint64_t phoff,
		uint64_t shoff, uint16_t phnum, uint16_t shnum, uint16_t ehsize)
{
	size_t end = m->len;

	m->len = 0;
	mkelf_bytes(m, "\177ELF", 4);
	number(m, m->is64 ? 2 : 1, 1);
	number(m, m->big_endian ? 2 : 1, 1);
	number(m, 1, 1);
	mkelf_pad(m, 16);
	mkelf_u16(m, 4);
	mkelf_u16(m, machine);
	mkelf_u32(m, 1);
	mkelf_word(m, 0);
	mkelf_word(m, phoff);
	mkelf_word(m, shoff);
	mkelf_u32(m, 0);
	mkelf_u16(m, ehsize);
	mkelf_u16(m, (uint16_t)mkelf_phdr_size(m));
	mkelf_u16(m, phnum);
	mkelf_u16(m, (uint16_t)mkelf_shdr_size(m));
	mkelf_u16(m, shnum);
	mkelf_u16(m, 0);
	assert_int_equal(m->len, mkelf_ehdr_size(m));
	if (m->len < end)
		m->len = end;
}

void mkelf_phdr(struct mkelf *m, struct mkelf_phdr h)
{
	mkelf_u32(m, h.type);
	if (m->is64)
		mkelf_u32(m, 7);
	mkelf_word(m, h.off);
	mkelf_word(m, h.vaddr);
	mkelf_word(m, h.paddr);
	mkelf_word(m, h.filesz);
	mkelf_word(m, h.memsz);
	if (!m->is64)
		mkelf_u32(m, 7);
	mkelf_word(m, h.align);
}

void mkelf_shdr(struct mkelf *m, uint32_t type, uint64_t off, uint64_t size,
		uint32_t info)
{
	mkelf_u32(m, 0);
	mkelf_u32(m, type);
	mkelf_word(m, 0);
	mkelf_word(m, 0);
	mkelf_word(m, off);
	mkelf_word(m, size);
	mkelf_u32(m, 0);
	mkelf_u32(m, info);
	mkelf_word(m, 0);
	mkelf_word(m, 0);
}

void mkelf_note(struct mkelf *m, const char *owner, uint32_t type,
		const void *desc, size_t len, size_t align)
{
	size_t name = strlen(owner) + 1;

	mkelf_u32(m, (uint32_t)name);
	mkelf_u32(m, (uint32_t)len);
	mkelf_u32(m, type);
	mkelf_bytes(m, owner, name);
	mkelf_pad(m, (m->len + align - 1) / align * align);
	mkelf_bytes(m, desc, len);
	mkelf_pad(m, (m->len + align - 1) / align * align);
}

void mkelf_put_core(uint8_t *file, uint16_t phnum)
{
	memcpy(file, "\177ELF\2\1\1", 7);
	put16(file + 16, 4);
	put16(file + 18, 62);
	put32(file + 20, 1);
	put64(file + 32, 64);
	put16(file + 52, 64);
	put16(file + 54, 56);
	put16(file + 56, phnum);
}

void mkelf_put_phdr(uint8_t *file, size_t index, struct mkelf_phdr h)
{
	uint8_t *p = file + 64 + 56 * index;

	put32(p, h.type);
	put64(p + 8, h.off);
	put64(p + 24, h.paddr);
	put64(p + 32, h.filesz);
	put64(p + 40, h.memsz);
}
