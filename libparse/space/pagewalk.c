/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pagewalk.c - walk the page tables of x86 and arm64. */
#include "pagewalk.h"

#include "base/bytes.h"

#define PRESENT 1u
#define LARGE	0x80u
#define ADDR64	0x000ffffffffff000ull
#define ADDR48	0x0000fffffffff000ull

/* Entries of arm64: not the last one; with pages of 64 KiB, where bits 48 to 51 of an
 * address are. */
enum { ARM_TABLE = 1 << 1, ARM_HIGH = 0xf000, ARM_HIGH_SHIFT = 36 };
enum { TABLES_ENTRY = 8, TABLES_LEVELS = 5 };

/* The highest level of x86 with large pages: 1 GiB. */
enum { X86_LARGE = 2 };

/* A level: which bits of the address select the entry, and which a large page
 * of this level uses as the offset (0: there are none). */
struct level {
	uint8_t shift, bits;
	bool large;
};

static const struct level levels_pae[] = {
	{ 30, 2, false },
	{ 21, 9, true },
	{ 12, 9, false },
};
static const struct level levels_32[] = {
	{ 22, 10, true },
	{ 12, 10, false },
};

/* The address in an entry, of a page or table of that size. */
static uint64_t tables_addr(const struct ml_tables *t, uint64_t e,
			    uint64_t size)
{
	uint64_t addr = e & (t->arm64 ? ADDR48 : ADDR64) & ~t->not_addr & -size;

	if (t->arm64 && t->page_shift == 16)
		addr |= (e & ARM_HIGH) << ARM_HIGH_SHIFT;
	return addr;
}

bool ml_tables_walk(const struct ml_tables *t, ml_tables_read *read, void *arg,
		    uint64_t va, uint64_t *ret)
{
	unsigned int per = t->page_shift - 3u, level = t->levels, shift;
	uint64_t table = t->root, page = UINT64_C(1) << t->page_shift;
	uint64_t e, index;
	uint8_t b[TABLES_ENTRY];

	if (!table || level > TABLES_LEVELS)
		return false;
	while (level--) {
		shift = t->page_shift + per * level;
		index = va >> shift & ((UINT64_C(1) << per) - 1);
		/* the first table of arm64 may be a part of a page */
		if (t->arm64 && level + 1u == t->levels && t->va_bits > shift)
			index &= (UINT64_C(1) << (t->va_bits - shift)) - 1;
		if (!read(arg, table + index * TABLES_ENTRY, b, sizeof(b)))
			return false;
		e = ml_le64(b);
		if (!(e & PRESENT))
			return false;
		if (!level || (t->arm64 ? !(e & ARM_TABLE) :
					  level <= X86_LARGE && e & LARGE)) {
			page = UINT64_C(1) << shift;
			*ret = tables_addr(t, e, page) | (va & (page - 1));
			return true;
		}
		table = tables_addr(t, e, page);
	}
	return false;
}

/* Where tables are, for ml_tables_walk(). */
struct pagewalk {
	const struct memlog_reader_ops *mem;
	void *self;
};

static bool pagewalk_read(void *arg, uint64_t phys, void *buf, size_t len)
{
	const struct pagewalk *w = arg;
	size_t got;

	return !w->mem->read(w->self, phys, buf, len, &got, NULL) && got == len;
}

/* The tables of 32-bit processors. */
static bool pagewalk_32(struct pagewalk *w, bool pae, uint64_t cr3, uint64_t va,
			uint64_t *ret)
{
	const struct level *l = pae ? levels_pae : levels_32;
	size_t n = pae ? 3 : 2, size = pae ? 8 : 4, i;
	uint64_t table = cr3 & (pae ? 0xffffffe0ull : ADDR64);
	uint64_t e, index, mask;
	uint8_t b[TABLES_ENTRY];

	va &= UINT32_MAX;
	for (i = 0; i < n; i++, l++) {
		index = va >> l->shift & ((1u << l->bits) - 1);
		if (!pagewalk_read(w, table + index * size, b, size))
			return false;
		e = pae ? ml_le64(b) : ml_le32(b);
		if (!(e & PRESENT))
			return false;
		mask = (1ull << l->shift) - 1;
		if (i + 1 == n || (l->large && e & LARGE)) {
			*ret = (e & ADDR64 & ~mask) | (va & mask);
			return true;
		}
		table = e & ADDR64;
	}
	return false;
}

enum memlog_status ml_pagewalk(const struct memlog_reader_ops *mem, void *self,
			       enum ml_paging paging, uint64_t cr3, uint64_t va,
			       uint64_t *ret)
{
	struct pagewalk w = { mem, self };
	const struct ml_tables t = { .root = cr3 & ADDR64,
				     .levels = 4,
				     .page_shift = 12 };
	bool mapped =
		paging == ML_PAGING_64 ?
			ml_tables_walk(&t, pagewalk_read, &w, va, ret) :
			pagewalk_32(&w, paging == ML_PAGING_PAE, cr3, va, ret);

	return mapped ? MEMLOG_OK : MEMLOG_NO_DATA;
}
