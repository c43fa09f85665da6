/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ehdr.c - parse the headers of ELF. Source: System V ABI. */
#include "ehdr.h"

#include "base/bytes.h"
#include "base/err.h"

/* An address, offset or size, whose width depends on the class. */
static uint64_t ehdr_word(struct ml_cursor *c, bool is64)
{
	return is64 ? ml_cursor_u64(c) : ml_cursor_u32(c);
}

enum memlog_status ml_ehdr_parse(const uint8_t *p, size_t len,
				 struct ml_ehdr *ret, struct memlog_err *err)
{
	struct ml_cursor c;

	if (len < 4 || memcmp(p, "\177ELF", 4))
		return ml_fail(err, MEMLOG_NOT_MINE, "not an ELF file");
	if (len < 16)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the ELF header is truncated after %zu bytes",
			       len);
	if ((p[4] != 1 && p[4] != 2) || (p[5] != 1 && p[5] != 2))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "ELF class %u, byte order %u: neither is 1 or 2",
			       p[4], p[5]);
	*ret = (struct ml_ehdr){
		.is64 = p[4] == 2,
		.big_endian = p[5] == 2,
	};
	ml_cursor_init(&c, p, len, ret->big_endian);
	ml_cursor_seek(&c, 16);
	ret->type = ml_cursor_u16(&c);
	ret->machine = ml_cursor_u16(&c);
	ml_cursor_u32(&c); /* e_version */
	ret->entry = ehdr_word(&c, ret->is64);
	ret->phoff = ehdr_word(&c, ret->is64);
	ret->shoff = ehdr_word(&c, ret->is64);
	ml_cursor_u32(&c); /* e_flags */
	ml_cursor_u16(&c); /* e_ehsize: wrong in QEMU's dumps */
	ret->phentsize = ml_cursor_u16(&c);
	ret->phnum = ml_cursor_u16(&c);
	ret->shentsize = ml_cursor_u16(&c);
	ret->shnum = ml_cursor_u16(&c);
	ret->shstrndx = ml_cursor_u16(&c);
	if (c.failed)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the ELF header is truncated after %zu bytes",
			       len);
	return MEMLOG_OK;
}

size_t ml_ehdr_phdr_size(const struct ml_ehdr *e)
{
	return ml_max(e->phentsize, e->is64 ? 56 : 32);
}

size_t ml_ehdr_shdr_size(const struct ml_ehdr *e)
{
	return ml_max(e->shentsize, e->is64 ? 64 : 40);
}

bool ml_phdr_parse(const struct ml_ehdr *e, const uint8_t *p, size_t len,
		   struct ml_phdr *ret)
{
	struct ml_cursor c;

	ml_cursor_init(&c, p, len, e->big_endian);
	ret->type = ml_cursor_u32(&c);
	if (e->is64)
		ret->flags = ml_cursor_u32(&c);
	ret->offset = ehdr_word(&c, e->is64);
	ret->vaddr = ehdr_word(&c, e->is64);
	ret->paddr = ehdr_word(&c, e->is64);
	ret->filesz = ehdr_word(&c, e->is64);
	ret->memsz = ehdr_word(&c, e->is64);
	if (!e->is64)
		ret->flags = ml_cursor_u32(&c);
	ret->align = ehdr_word(&c, e->is64);
	return !c.failed;
}

bool ml_shdr_parse(const struct ml_ehdr *e, const uint8_t *p, size_t len,
		   struct ml_shdr *ret)
{
	struct ml_cursor c;

	ml_cursor_init(&c, p, len, e->big_endian);
	ret->name = ml_cursor_u32(&c);
	ret->type = ml_cursor_u32(&c);
	ehdr_word(&c, e->is64); /* sh_flags */
	ehdr_word(&c, e->is64); /* sh_addr */
	ret->offset = ehdr_word(&c, e->is64);
	ret->size = ehdr_word(&c, e->is64);
	ml_cursor_u32(&c); /* sh_link */
	ret->info = ml_cursor_u32(&c);
	return !c.failed;
}

static const struct machine {
	uint16_t number;
	const char *name;
} machines[] = {
	{ ML_EM_386, "i386" },
	{ 8, "mips" },
	{ 20, "ppc" },
	{ 21, "ppc64" },
	{ 22, "s390x" },
	{ 40, "arm" },
	{ 50, "ia64" },
	{ ML_EM_X86_64, "x86_64" },
	{ ML_EM_AARCH64, "aarch64" },
	{ 243, "riscv" },
	{ 258, "loongarch" },
	{ ML_EM_NONE, "" },
};

const char *ml_elf_machine(uint16_t machine)
{
	const struct machine *m = machines;

	while (m->number && m->number != machine)
		m++;
	return m->name;
}

uint16_t ml_elf_machine_number(const char *name)
{
	const struct machine *m = machines;

	while (m->number && strcmp(m->name, name))
		m++;
	return m->number;
}
