/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loads.h - ELF headers to merged ranges of memory.
 *
 * Pure: it sees headers as bytes, never a file. The core has no libelf (the
 * plugins link libc alone, and a pipe has no file for libelf); the tests hold
 * this parser against it.
 */
#ifndef ML_IMAGE_LOADS_H
#define ML_IMAGE_LOADS_H

#include "file.h"

#define ML_EHDR_MAX	64	/* ELF64; ELF32 has 52 bytes */
#define ML_SHDR_MAX	64	/* ELF64; ELF32 has 40 bytes */
#define ML_PHDR_MAX	56	/* ELF64; ELF32 has 32 bytes */

/* What of the ELF specification is needed here. */
enum {
	ML_ET_REL = 1, ML_ET_EXEC = 2, ML_ET_DYN = 3, ML_ET_CORE = 4,
	ML_PT_LOAD = 1, ML_PT_DYNAMIC = 2, ML_PT_INTERP = 3, ML_PT_NOTE = 4,
	ML_PF_X = 1, ML_PF_W = 2, ML_PF_R = 4,
	ML_PN_XNUM = 0xffff,
};

/* The ELF header. phnum and shnum are as the header has them. */
struct ml_ehdr {
	bool is64, big_endian;
	uint16_t type, machine;
	uint64_t entry, phoff, shoff;
	uint16_t phentsize, phnum, shentsize, shnum, shstrndx;
};

struct ml_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct ml_shdr {
	uint32_t name, type;
	uint64_t offset, size;
	uint32_t info;
};

/*
 * Parse an ELF header of len bytes. NOT_MINE: not ELF. CORRUPT: too short, or
 * no such class or byte order. e_ehsize is not looked at: QEMU writes the size
 * of a pointer there since 7.2. Source: System V ABI, chapter 4.
 */
enum memlog_status ml_ehdr_parse(const uint8_t *p, size_t len,
				 struct ml_ehdr *ret, struct memlog_err *err);

/* Bytes from one program or section header to the next: the header's own
 * figure, or the class's where that is too small to be true. */
size_t ml_ehdr_phdr_size(const struct ml_ehdr *e);
size_t ml_ehdr_shdr_size(const struct ml_ehdr *e);

/* Parse one program or section header; false when len is too short. */
bool ml_phdr_parse(const struct ml_ehdr *e, const uint8_t *p, size_t len,
		   struct ml_phdr *ret);
bool ml_shdr_parse(const struct ml_ehdr *e, const uint8_t *p, size_t len,
		   struct ml_shdr *ret);

/* The name of an e_machine ("x86_64"), "" for one that is not known. */
const char *ml_elf_machine(uint16_t machine);

/* len bytes of memory at addr, which stand in the file at off. promised is
 * what the header says that memory has, at least len. */
struct ml_load {
	uint64_t addr, len, off, promised;
};

/*
 * Memory and where it is in the file. loads is sorted, nothing overlaps, and
 * what is contiguous in both is one entry. ranges is the same joined where the
 * addresses touch. missing counts the bytes that headers promise and that are
 * not in the file; cut those of them that the file is too short for.
 */
struct ml_loads {
	struct memlog_allocator alloc;
	struct ml_load *loads;
	size_t n_loads;
	struct memlog_range *ranges;
	size_t n_ranges;
	uint64_t missing, cut;
	size_t last;		/* of the last lookup */
};

/*
 * Make it from n entries in the order of their headers, for a file of
 * file_size bytes (UINT64_MAX: not known). Where entries overlap, the first
 * one in the file's own order that has the byte wins, as it does in crash and
 * gdb. Entries that point beyond the file keep what there is. in is changed
 * (sorted). n log n. The caller frees with ml_loads_fini.
 */
enum memlog_status ml_loads_init(struct ml_loads *l, struct ml_load *in,
				 size_t n, uint64_t file_size,
				 const struct memlog_allocator *alloc,
				 struct memlog_err *err);
void ml_loads_fini(struct ml_loads *l);

/* The entry that holds addr, or NULL. */
const struct ml_load *ml_loads_find(struct ml_loads *l, uint64_t addr);

/* The first entry that ends after addr: its index, n_loads for none. */
size_t ml_loads_after(const struct ml_loads *l, uint64_t addr);

/*
 * read, map, next_range and next_data of struct memlog_reader_ops over these
 * loads of a file.
 */
enum memlog_status ml_loads_read(struct ml_loads *l, const struct ml_file *file,
				 uint64_t addr, void *buf, size_t len,
				 size_t *ret, struct memlog_err *err);
enum memlog_status ml_loads_map(struct ml_loads *l, const struct ml_file *file,
				uint64_t addr, size_t len,
				const uint8_t **ret_ptr, size_t *ret,
				struct memlog_err *err);
enum memlog_status ml_loads_next_range(struct ml_loads *l, uint64_t addr,
				       struct memlog_range *ret);
enum memlog_status ml_loads_next_data(struct ml_loads *l,
				      const struct ml_file *file, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err);

/*
 * Give the image a space that these loads of a file make up. The loads move
 * into it, on failure too. own: the file is closed with the space, on failure
 * as well; otherwise it has to live as long as the image.
 */
enum memlog_status ml_loads_add_space(struct memlog_image *image,
				      enum memlog_space space,
				      const struct ml_file *file, bool own,
				      struct ml_loads *l,
				      struct memlog_err *err);

#endif
