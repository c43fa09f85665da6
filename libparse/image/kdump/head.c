/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* head.c - the two headers of a kdump-compressed file. */
#include "kdump.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

/* utsname's machine, as the tools that write such files spell it. */
static const char *machine_name(const uint8_t *p)
{
	static const char *const names[][2] = {
		{ "x86_64", "x86_64" }, { "i386", "i386" },
		{ "i486", "i386" },	{ "i586", "i386" },
		{ "i686", "i386" },	{ "aarch64", "aarch64" },
		{ "arm", "arm" },	{ "armv5tel", "arm" },
		{ "armv6l", "arm" },	{ "armv7l", "arm" },
		{ "armv7b", "arm" },	{ "armv8l", "arm" },
		{ "ppc", "ppc" },	{ "mips", "mips" },
		{ "s390", "s390" },	{ "ppc64", "ppc64" },
		{ "ppc64le", "ppc64" }, { "s390x", "s390x" },
		{ "riscv64", "riscv" }, { "loongarch64", "loongarch" },
		{ "ia64", "ia64" },	{ "mips64", "mips" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp((const char *)p, names[i][0], 65))
			return names[i][1];
	return "";
}

/* Machines with words of 32 bits. */
static bool head_is_32(const char *machine)
{
	static const char *const names[] = { "i386", "arm", "ppc", "mips",
					     "s390" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(machine, names[i]))
			return true;
	return false;
}

/* The fields after utsname and the timestamp; the timestamp is twice as long in
 * the 64-bit header, and aligned. */
struct numbers {
	uint32_t status, block, sub_blocks, bitmap_blocks, max_mapnr;
};

static bool load_numbers(const uint8_t *p, size_t len, bool is64, bool be,
			 struct numbers *ret)
{
	struct ml_cursor c;

	ml_cursor_init(&c, p, len, be);
	ml_cursor_seek(&c, is64 ? 424 : 412);
	ret->status = ml_cursor_u32(&c);
	ret->block = ml_cursor_u32(&c);
	ret->sub_blocks = ml_cursor_u32(&c);
	ret->bitmap_blocks = ml_cursor_u32(&c);
	ret->max_mapnr = ml_cursor_u32(&c);
	return !c.failed && ret->block >= ML_PAGE &&
	       ret->block <= ML_MAX_KDUMP_BLOCK && ml_is_pow2(ret->block) &&
	       ret->sub_blocks && ret->sub_blocks < 1u << 20 &&
	       ret->bitmap_blocks;
}

enum memlog_status ml_kdump_head_parse(const uint8_t *p, size_t len,
				       struct ml_kdump_head *ret,
				       struct memlog_err *err)
{
	struct numbers n;
	bool ok;

	if (len < 8 || (memcmp(p, "KDUMP   ", 8) && memcmp(p, "DISKDUMP", 8)))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a kdump file");
	if (len < 452)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the kdump header is truncated after %zu byte%s",
			       len, ml_s(len));
	*ret = (struct ml_kdump_head){ 0 };
	if (p[0] == 'D')
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "a dump of the old "
			       "diskdump tool; convert it with makedumpfile");
	ret->version = ml_le32(p + 8);
	ret->big_endian = ret->version > 0xffff;
	if (ret->big_endian)
		ret->version = ml_be32(p + 8);
	/* no field tells 32-bit from 64-bit headers: only one is valid */
	ret->is64 = true;
	ok = load_numbers(p, len, true, ret->big_endian, &n);
	if (!ok) {
		ret->is64 = false;
		ok = load_numbers(p, len, false, ret->big_endian, &n);
	}
	if (!ok)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the kdump header is "
			       "invalid, both as 64-bit and as 32-bit header");
	ret->machine = machine_name(p + 272);
	/* 64-bit time stamps of a 32-bit machine make its header look like the other */
	ret->unsure = ret->is64 && head_is_32(ret->machine);
	ret->status = n.status;
	ret->block = n.block;
	ret->max_pfn = n.max_mapnr;
	ret->bitmap = (1 + (uint64_t)n.sub_blocks) * n.block;
	ret->bitmap_len = (uint64_t)n.bitmap_blocks * n.block;
	ret->descs = ret->bitmap + ret->bitmap_len;
	/* of a complete dump there may be one bitmap only */
	ret->one_bitmap = n.bitmap_blocks == 1;
	return MEMLOG_OK;
}

/* A number of 64 bits; many ABIs of 32 bits align it. */
static uint64_t sub_u64(struct ml_cursor *c, bool aligned)
{
	if (aligned)
		ml_cursor_seek(c, (c->pos + 7) / 8 * 8);
	return ml_cursor_u64(c);
}

/* Versions that added fields: 2 split, 3 vmcoreinfo, 4 notes, 5 eraseinfo, 6 the 64-bit
 * page numbers. */
static bool load_sub(const uint8_t *p, size_t len, bool aligned,
		     struct ml_kdump_head *h)
{
	struct ml_cursor c;
	uint64_t end_64, start_64, max_64;

	ml_cursor_init(&c, p, len, h->big_endian);
#define WORD() (h->is64 ? ml_cursor_u64(&c) : ml_cursor_u32(&c))
	WORD(); /* phys_base */
	h->dump_level = ml_cursor_u32(&c);
	h->split = ml_cursor_u32(&c) && h->version >= 2;
	h->start_pfn = WORD();
	h->end_pfn = WORD();
	h->vmcoreinfo = sub_u64(&c, aligned);
	h->vmcoreinfo_len = WORD();
	h->notes = sub_u64(&c, aligned);
	h->notes_len = WORD();
	h->eraseinfo = sub_u64(&c, aligned);
	h->eraseinfo_len = WORD();
	start_64 = sub_u64(&c, aligned);
	end_64 = sub_u64(&c, aligned);
	max_64 = sub_u64(&c, aligned);
#undef WORD
	if (h->version < 1)
		h->dump_level = 0;
	if (h->version < 3)
		h->vmcoreinfo_len = 0;
	if (h->version < 4)
		h->notes_len = 0;
	if (h->version < 5)
		h->eraseinfo_len = 0;
	h->no_max = h->version >= 6 && !max_64 && h->max_pfn;
	if (h->version >= 6) {
		h->start_pfn = start_64;
		h->end_pfn = end_64;
		if (!h->no_max)
			h->max_pfn = max_64;
	}
	return !c.failed;
}

/* Is it possible that VMCOREINFO is there? It is in the blocks of the sub header. */
static bool sub_is_possible(const struct ml_kdump_head *h)
{
	uint64_t end;

	if (!h->vmcoreinfo && !h->vmcoreinfo_len)
		return true;
	return h->vmcoreinfo >= h->block &&
	       ml_add(h->vmcoreinfo, h->vmcoreinfo_len, &end) &&
	       end <= h->bitmap;
}

/* The sub header of a machine of 32 bits is packed on i386 and where QEMU wrote it. The
 * one that makes sense is right; without VMCOREINFO, the one whose number of pages is
 * that of the header. */
static bool load_sub_32(const uint8_t *p, size_t len, struct ml_kdump_head *h)
{
	struct ml_kdump_head packed = *h, aligned = *h;
	bool is_packed = load_sub(p, len, false, &packed);
	bool is_aligned = load_sub(p, len, true, &aligned);

	if (is_packed && is_aligned && h->version >= 3) {
		if (!sub_is_possible(&packed))
			is_packed = false;
		else if (h->version >= 6 && !packed.vmcoreinfo &&
			 packed.max_pfn != h->max_pfn &&
			 aligned.max_pfn == h->max_pfn && !aligned.vmcoreinfo &&
			 !aligned.no_max)
			is_packed = false;
		else if (packed.no_max && !aligned.no_max &&
			 sub_is_possible(&aligned))
			is_packed = false;
	}
	*h = is_packed || !is_aligned ? packed : aligned;
	return is_packed || is_aligned;
}

/* The sub header of a machine whose header may be of either kind. */
static bool load_sub_any(const uint8_t *p, size_t len, struct ml_kdump_head *h)
{
	struct ml_kdump_head as64 = *h;

	if (!h->is64)
		return load_sub_32(p, len, h);
	if (!h->unsure)
		return load_sub(p, len, false, h);
	if (load_sub(p, len, false, &as64) && sub_is_possible(&as64) &&
	    (h->version < 6 || (as64.max_pfn == h->max_pfn && !as64.no_max))) {
		*h = as64;
		return true;
	}
	h->is64 = false;
	return load_sub_32(p, len, h);
}

enum memlog_status ml_kdump_sub_parse(const uint8_t *p, size_t len,
				      uint64_t file_size,
				      struct ml_kdump_head *ret,
				      struct memlog_err *err)
{
	uint64_t half = ret->one_bitmap ? 0 : ret->bitmap_len / 2, bits;

	if (!load_sub_any(p, len, ret))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the kdump sub header is truncated after %zu "
			       "bytes",
			       len);
	/* the first half of the bitmap has the pages that existed, the second
	 * those that are stored */
	ret->bitmap += half;
	ret->bitmap_half = half;
	ret->bitmap_len -= half;
	if (ret->bitmap >= file_size)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the file ends at offset "
			       "0x%" PRIx64 ", before the bitmap of pages",
			       file_size);
	ret->bitmap_len = ml_min(ret->bitmap_len, file_size - ret->bitmap);
	if (!ml_mul(ret->bitmap_len, 8, &bits))
		bits = UINT64_MAX;
	ret->max_pfn = ml_min(ret->max_pfn, bits);
	ret->max_pfn = ml_min(ret->max_pfn, ML_MAX_KDUMP_PAGES);
	if (!ret->split) {
		ret->start_pfn = 0;
		ret->end_pfn = ret->max_pfn;
	}
	ret->end_pfn = ml_min(ret->end_pfn, ret->max_pfn);
	ret->start_pfn = ml_min(ret->start_pfn, ret->end_pfn);
	return MEMLOG_OK;
}
