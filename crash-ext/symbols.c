/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbols.c - look up symbols and types with crash. */
#include "crash-ext.h"

/* crash's functions take names without const, but do not change them. */
static char *name_of(const char *s)
{
	return (char *)(uintptr_t)s;
}

static enum memlog_status sym_addr(void *self, const char *name, uint64_t *ret)
{
	(void)self;
	if (!symbol_exists(name_of(name)))
		return MEMLOG_NO_DATA;
	*ret = symbol_value(name_of(name));
	return MEMLOG_OK;
}

static enum memlog_status sym_offset(void *self, const char *type,
				     const char *member, uint64_t *ret)
{
	long n = MEMBER_OFFSET(name_of(type), name_of(member));

	(void)self;
	if (n < 0)
		return MEMLOG_NO_DATA;
	*ret = (uint64_t)n;
	return MEMLOG_OK;
}

static enum memlog_status sym_size(void *self, const char *type, uint64_t *ret)
{
	long n = STRUCT_SIZE(name_of(type));

	(void)self;
	if (n < 0)
		return MEMLOG_NO_DATA;
	*ret = (uint64_t)n;
	return MEMLOG_OK;
}

static enum memlog_status sym_value(void *self, const char *variable,
				    const char *type, const char *member,
				    uint64_t *ret)
{
	uint64_t addr, offset = 0;
	long size = sizeof(long);
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} v = { .u64 = 0 };
	enum memlog_status s = sym_addr(self, variable, &addr);

	if (!s && type) {
		s = sym_offset(self, type, member, &offset);
		size = MEMBER_SIZE(name_of(type), name_of(member));
	}
	if (s)
		return s;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return MEMLOG_NO_DATA;
	if (!readmem(addr + offset, KVADDR, &v, size, "memlog value",
		     RETURN_ON_ERROR | QUIET))
		return MEMLOG_NO_DATA;
	*ret = size == 1 ? v.u8 : size == 2 ? v.u16 : size == 4 ? v.u32 : v.u64;
	return MEMLOG_OK;
}

/* Bit 0 of efi.flags is EFI_BOOT. Kernels before 3.15 have no such member, and
 * those without CONFIG_EFI no such variable. */
bool ext_no_efi(void)
{
	uint64_t flags;

	return !sym_value(NULL, "efi", "efi", "flags", &flags) && !(flags & 1);
}

static enum memlog_status sym_name(void *self, uint64_t addr, const char **ret,
				   uint64_t *ret_offset)
{
	ulong offset = 0;
	struct syment *found = value_search((ulong)addr, &offset);

	(void)self;
	if (!found)
		return MEMLOG_NO_DATA;
	*ret = found->name;
	*ret_offset = offset;
	return MEMLOG_OK;
}

const struct memlog_symbols ext_symbols = {
	.size = sizeof(ext_symbols),
	.addr = sym_addr,
	.member_offset = sym_offset,
	.type_size = sym_size,
	.value = sym_value,
	.name = sym_name,
};
