/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* root.c - what the coreboot table ("LBIO") and the root of coreboot's memory, CBMEM, lead
 * to. */
#include <string.h>

#include "base/bytes.h"
#include "cbmem.h"

enum { TAG_FORWARD = 0x11, TAG_TIMES = 0x16, TAG_CONSOLE = 0x17 };
enum { TAG_ENTRY = 0x31, TAG_TSC = 0x32 };
enum { ID_TABLE = 0x43425442, ID_MAGIC = 0x3fc76b7e, ID_SMALL = 0x53a11439 };
enum { ROOT_ENTRIES = 20, ROOT_ENTRY = 16, SMALL_ROOT = 1024 };
#define ROOT_MAGIC 0xc0389481u

/* The root begins with an entry for itself; bytes, length, offset, alignment. */
const struct ml_magic ml_cbmem_magics[] = {
	{ .bytes = "LBIO", .len = 4, .align = ML_PAGE, .fine = 16 },
	{ "\x7e\x6b\xc7\x3f\0\0\0\0\0\x10\0\0\xff\x17\x40\xff", 16,
	  ROOT_ENTRIES, ML_PAGE, 0 },
	{ .len = 0 },
};

bool ml_cbmem_glance(const uint8_t *p, size_t len)
{
	return len < CBMEM_TABLE || memcmp(p, "LBIO", 4) ||
	       (ml_le32(p + 4) == CBMEM_TABLE && !ml_ip_sum(p, CBMEM_TABLE));
}

/* What the records of a table say of the entry with this id. */
struct cbmem_says {
	uint64_t at, size, forward, here;
	uint32_t khz;
};

/* False: there is no table. */
static bool cbmem_table(const struct ml_probe *p, uint32_t id,
			struct cbmem_says *ret)
{
	uint32_t tag_of = id == CBMEM_CONSOLE ? TAG_CONSOLE : TAG_TIMES;
	uint32_t left, size, tag, entry;
	const uint8_t *r = p->bytes + CBMEM_TABLE;

	*ret = (struct cbmem_says){ .here = p->addr, .size = CBMEM_ANY_SIZE };
	if (p->len < CBMEM_TABLE || memcmp(p->bytes, "LBIO", 4) ||
	    !ml_cbmem_glance(p->bytes, p->len))
		return false;
	left = ml_le32(p->bytes + 12);
	if (left > p->len - CBMEM_TABLE ||
	    ml_ip_sum(r, left) != ml_le32(p->bytes + 16))
		return false;
	for (; left >= 12; left -= size, r += size) {
		tag = ml_le32(r);
		size = ml_le32(r + 4);
		if (size < 12 || size > left)
			break;
		if (tag == TAG_TSC)
			ret->khz = ml_le32(r + 8);
		if (size < 16)
			continue;
		entry = tag == TAG_ENTRY && size >= 24 ? ml_le32(r + 20) : 0;
		if (tag == TAG_FORWARD)
			ret->forward = ml_le64(r + 8);
		if (tag == tag_of)
			ret->at = ml_le64(r + 8);
		if (entry == id)
			ret->size = ml_le32(r + 16);
		if (entry == ID_TABLE)
			ret->here = ml_le64(r + 8);
	}
	return true;
}

/* An entry for the table itself shows how far off its addresses are. */
static bool cbmem_by_table(const struct ml_probe *p, uint32_t id,
			   struct ml_found *ret)
{
	uint64_t len = CBMEM_TABLE, at;
	struct cbmem_says t;

	if (!cbmem_table(p, id, &t))
		return false;
	len += ml_le32(p->bytes + 12);
	if (t.at && ml_add(t.at, p->addr, &at) && at >= t.here)
		ml_found_at(ret, len, at - t.here, t.size);
	else if (t.forward)
		ml_found_at(ret, len, t.forward, 0);
	ret->hint[CBMEM_HINT_KHZ] = t.khz;
	return ret->points;
}

/* Bytes of the root here, by the pointer to it at their end; 0: there is none. Entries of
 * less than a page are in a second root, which is smaller. */
static size_t cbmem_root_size(const struct ml_probe *p)
{
	static const uint32_t sizes[] = { ML_PAGE, SMALL_ROOT };
	size_t i;

	/* the pointer is followed by its distance from the root, negative */
	for (i = 0; i < 2; i++)
		if (p->len >= sizes[i] &&
		    ml_le32(p->bytes + sizes[i] - 8) == ROOT_MAGIC &&
		    ml_le32(p->bytes + sizes[i] - 4) == 8 - sizes[i])
			return sizes[i];
	return 0;
}

static bool cbmem_by_root(const struct ml_probe *p, uint32_t id,
			  struct ml_found *ret)
{
	size_t len = cbmem_root_size(p);
	const uint8_t *e = p->bytes + ROOT_ENTRIES;
	uint32_t n = ml_le32(p->bytes + 4), size;
	uint64_t table = 0, small = 0, start;
	int64_t at;

	for (; len && n && e + ROOT_ENTRY <= p->bytes + len - 8; n--) {
		at = (int32_t)ml_le32(e + 4);
		size = ml_le32(e + 8);
		if (ml_le32(e) == ID_MAGIC && at + size <= 0 &&
		    (uint64_t)-at <= p->addr) {
			start = p->addr + (uint64_t)at;
			if (ml_le32(e + 12) == id)
				ml_found_at(ret, len, start, size);
			if (ml_le32(e + 12) == ID_TABLE)
				table = start;
			if (ml_le32(e + 12) == ID_SMALL && size >= SMALL_ROOT)
				small = start + size - SMALL_ROOT;
		}
		e += ROOT_ENTRY;
	}
	if (!ret->points && small)
		ml_found_at(ret, len, small, 0);
	ret->hint[CBMEM_HINT_TABLE] = table;
	return ret->points;
}

bool ml_cbmem_leads(const struct ml_probe *p, uint32_t id, struct ml_found *ret)
{
	return cbmem_by_table(p, id, ret) || cbmem_by_root(p, id, ret);
}

uint32_t ml_cbmem_khz(const uint8_t *table, size_t len)
{
	struct ml_probe p = { .bytes = table, .len = len };
	struct cbmem_says t;

	return cbmem_table(&p, CBMEM_TIMES, &t) ? t.khz : 0;
}

/* The table in low memory, at a multiple of 16. */
size_t ml_cbmem_likely(struct memlog_image *image, struct ml_likely *ret,
		       size_t max)
{
	uint8_t page[ML_PAGE];
	size_t got, i, n = 0;

	ml_image_fill(image, MEMLOG_PHYS, 0, page, sizeof(page), &got, NULL);
	for (i = 0; i + CBMEM_TABLE <= got && n < max; i += 16)
		if (!memcmp(page + i, "LBIO", 4))
			ret[n++] = (struct ml_likely){ .range = { i, i + 1 },
						       .exact = true };
	return n;
}
