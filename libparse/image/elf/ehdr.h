/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ehdr.h - parse the headers of ELF.
 *
 * The functions parse bytes and do no I/O. The core does not use libelf, since
 * the plugins link only libc and libelf needs a file, which a pipe is not; the
 * tests compare this parser with libelf.
 */
#ifndef ML_IMAGE_ELF_EHDR_H
#define ML_IMAGE_ELF_EHDR_H

#include "memlog.h"

#define ML_EHDR_MAX 64 /* ELF64; ELF32 has 52 bytes */
#define ML_SHDR_MAX 64 /* ELF64; ELF32 has 40 bytes */
#define ML_PHDR_MAX 56 /* ELF64; ELF32 has 32 bytes */

/* The constants of the ELF specification that are needed here. */
enum {
	ML_ET_REL = 1,
	ML_ET_EXEC = 2,
	ML_ET_DYN = 3,
	ML_ET_CORE = 4,
	ML_PT_LOAD = 1,
	ML_PT_DYNAMIC = 2,
	ML_PT_INTERP = 3,
	ML_PT_NOTE = 4,
	ML_PF_X = 1,
	ML_PF_W = 2,
	ML_PF_R = 4,
	ML_PN_XNUM = 0xffff,
	ML_EM_NONE = 0,
	ML_EM_386 = 3,
	ML_EM_X86_64 = 62,
	ML_EM_AARCH64 = 183,
};

/* The ELF header. phnum is PN_XNUM if the number is in section header 0. */
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
 * Parse an ELF header of len bytes. NOT_MINE: not ELF. CORRUPT: truncated, or
 * an invalid class or byte order. e_ehsize is ignored: QEMU writes the size of
 * a pointer there since 7.2. Source: System V ABI, chapter 4.
 */
enum memlog_status ml_ehdr_parse(const uint8_t *p, size_t len,
				 struct ml_ehdr *ret, struct memlog_err *err);

/* Bytes from one program or section header to the next: e_phentsize or
 * e_shentsize, or the size that the class requires if that is larger. */
size_t ml_ehdr_phdr_size(const struct ml_ehdr *e);
size_t ml_ehdr_shdr_size(const struct ml_ehdr *e);

/* Parse one program or section header. False: len is too short. */
bool ml_phdr_parse(const struct ml_ehdr *e, const uint8_t *p, size_t len,
		   struct ml_phdr *ret);
bool ml_shdr_parse(const struct ml_ehdr *e, const uint8_t *p, size_t len,
		   struct ml_shdr *ret);

/* The name of an e_machine ("x86_64"), "" if unknown; and the e_machine of a
 * name, ML_EM_NONE if unknown. */
const char *ml_elf_machine(uint16_t machine);
uint16_t ml_elf_machine_number(const char *name);

#endif
