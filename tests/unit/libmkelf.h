/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmkelf.h - write ELF files into memory, field by field. Shares nothing with
 * the parser under test. */
#ifndef LIBMKELF_H
#define LIBMKELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mkelf {
	uint8_t p[1 << 20];
	size_t len;
	bool is64, big_endian;
};

/* An empty file of that class and byte order. The caller frees. */
struct mkelf *mkelf_new(bool is64, bool big_endian);

/* Append; the file must not outgrow p. */
void mkelf_u16(struct mkelf *m, uint16_t v);
void mkelf_u32(struct mkelf *m, uint32_t v);
void mkelf_u64(struct mkelf *m, uint64_t v);
void mkelf_word(struct mkelf *m, uint64_t v);
void mkelf_bytes(struct mkelf *m, const void *p, size_t len);

/* Append zeros up to an offset, or a pattern that tells where it stands. */
void mkelf_pad(struct mkelf *m, size_t until);
void mkelf_fill(struct mkelf *m, size_t until);

/* The ELF header; e_ehsize is ehsize. Fills the first 64 or 52 bytes. */
void mkelf_ehdr(struct mkelf *m, uint16_t machine, uint64_t phoff,
		uint64_t shoff, uint16_t phnum, uint16_t shnum,
		uint16_t ehsize);

struct mkelf_phdr {
	uint32_t type;
	uint64_t off, vaddr, paddr, filesz, memsz, align;
};

void mkelf_phdr(struct mkelf *m, struct mkelf_phdr h);
void mkelf_shdr(struct mkelf *m, uint32_t type, uint64_t off, uint64_t size,
		uint32_t info);
/* A note, padded to align. */
void mkelf_note(struct mkelf *m, const char *owner, uint32_t type,
		const void *desc, size_t len, size_t align);

/* The same at a place that has them as zeros: the header of a core of x86-64, with phnum
 * program headers after it, and the one with that index. vaddr and align are not written. */
void mkelf_put_core(uint8_t *file, uint16_t phnum);
void mkelf_put_phdr(uint8_t *file, size_t index, struct mkelf_phdr h);

size_t mkelf_ehdr_size(const struct mkelf *m);
size_t mkelf_phdr_size(const struct mkelf *m);
size_t mkelf_shdr_size(const struct mkelf *m);

#endif
