/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pagewalk.c - walk the page tables of x86-64. */
#include "pagewalk.h"

#include "base/bytes.h"

#define PRESENT 1u
#define LARGE	0x80u
#define ADDR64	0x000ffffffffff000ull

/* A level: which bits of the address select the entry, and which a large page
 * of this level uses as the offset (0: there are none). */
struct level {
	uint8_t shift, bits;
	bool large;
};

static const struct level levels_64[] = {
	{ 39, 9, false },
	{ 30, 9, true },
	{ 21, 9, true },
	{ 12, 9, false },
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

static bool pagewalk_entry(const struct memlog_reader_ops *mem, void *self,
			   uint64_t addr, size_t size, uint64_t *ret)
{
	uint8_t b[8];
	size_t got;

	if (mem->read(self, addr, b, size, &got, NULL) || got != size)
		return false;
	*ret = size == 8 ? ml_le64(b) : ml_le32(b);
	return *ret & PRESENT;
}

enum memlog_status ml_pagewalk(const struct memlog_reader_ops *mem, void *self,
			       enum ml_paging paging, uint64_t cr3, uint64_t va,
			       uint64_t *ret)
{
	const struct level *l = paging == ML_PAGING_64	? levels_64 :
				paging == ML_PAGING_PAE ? levels_pae :
							  levels_32;
	size_t n = paging == ML_PAGING_64 ? 4 : paging == ML_PAGING_PAE ? 3 : 2;
	size_t size = paging == ML_PAGING_32 ? 4 : 8, i;
	uint64_t table = cr3 &
			 (paging == ML_PAGING_PAE ? 0xffffffe0ull : ADDR64);
	uint64_t e, index, mask;

	if (paging != ML_PAGING_64)
		va &= UINT32_MAX;
	for (i = 0; i < n; i++, l++) {
		index = va >> l->shift & ((1u << l->bits) - 1);
		if (!pagewalk_entry(mem, self, table + index * size, size, &e))
			return MEMLOG_NO_DATA;
		mask = (1ull << l->shift) - 1;
		if (i + 1 == n || (l->large && e & LARGE)) {
			*ret = (e & ADDR64 & ~mask) | (va & mask);
			return MEMLOG_OK;
		}
		table = e & ADDR64;
	}
	return MEMLOG_NO_DATA;
}
