/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cbmem.c - coreboot's console: a ring that the coreboot table ("LBIO") and the
 * root of its memory, CBMEM, lead to; docs/facts/cbmem.md. */
#include <string.h>

#include "banner.h"
#include "base/bytes.h"
#include "base/err.h"

enum { TABLE = 24, TAG_FORWARD = 0x11, TAG_CONSOLE = 0x17, TAG_ENTRY = 0x31 };
enum { ID_CONSOLE = 0x434f4e53, ID_TABLE = 0x43425442, ID_MAGIC = 0x3fc76b7e };
enum { ROOT_ENTRIES = 20, ROOT_ENTRY = 16, ROOT_END = ML_PAGE - 8 };
enum { CONSOLE = 8, TEXT_SEEN = 16, LEVEL0 = 16, DEBUG = 7, SPEW = 8 };
enum { RESERVED = 0x70000000, OVERFLOWED = 0x80000000, ANY_SIZE = 1 };

static const char cbmem_stages[] =
	" verstage-before-bootblock starting\n bootblock starting\n"
	" verstage starting\n*** Pre-CBMEM romstage console\n romstage starting\n"
	"*** Pre-CBMEM ramstage console\n ramstage starting\n";

struct cbmem_decoder {
	struct ml_banners text;
	uint32_t level;
};

static bool cbmem_glance(const uint8_t *p, size_t len)
{
	return len < TABLE || memcmp(p, "LBIO", 4) ||
	       (ml_le32(p + 4) == TABLE && !ml_ip_sum(p, TABLE));
}

/* An entry for the table itself shows how far off its addresses are. */
static bool cbmem_table(const struct ml_probe *p, struct ml_found *ret)
{
	uint64_t console = 0, forward = 0, here = p->addr, entry = ANY_SIZE, at;
	uint32_t left = ml_le32(p->bytes + 12), len = TABLE + left, size, tag,
		 id;
	const uint8_t *r = p->bytes + TABLE;

	if (memcmp(p->bytes, "LBIO", 4) || !cbmem_glance(p->bytes, p->len) ||
	    left > p->len - TABLE ||
	    ml_ip_sum(r, left) != ml_le32(p->bytes + 16))
		return false;
	for (; left >= 16; left -= size, r += size) {
		tag = ml_le32(r);
		size = ml_le32(r + 4);
		if (size < 8 || size > left)
			break;
		id = tag == TAG_ENTRY && size >= 24 ? ml_le32(r + 20) : 0;
		if (tag == TAG_FORWARD)
			forward = ml_le64(r + 8);
		if (tag == TAG_CONSOLE)
			console = ml_le64(r + 8);
		if (id == ID_CONSOLE)
			entry = ml_le32(r + 16);
		if (id == ID_TABLE)
			here = ml_le64(r + 8);
	}
	if (console && ml_add(console, p->addr, &at) && at >= here)
		ml_found_at(ret, len, at - here, entry);
	else if (forward)
		ml_found_at(ret, len, forward, 0);
	return ret->points;
}

static bool cbmem_root(const struct ml_probe *p, struct ml_found *ret)
{
	bool valid = p->len >= ML_PAGE && ml_le64(p->bytes + ROOT_END) ==
						  UINT64_C(0xfffff008c0389481);
	const uint8_t *e = p->bytes + ROOT_ENTRIES;
	uint32_t n = ml_le32(p->bytes + 4), size;
	int64_t at;

	for (; valid && n && e + ROOT_ENTRY <= p->bytes + ROOT_END; n--) {
		at = (int32_t)ml_le32(e + 4);
		size = ml_le32(e + 8);
		if (ml_le32(e) == ID_MAGIC && ml_le32(e + 12) == ID_CONSOLE &&
		    at + size <= 0 && (uint64_t)-at <= p->addr)
			ml_found_at(ret, ML_PAGE, p->addr + (uint64_t)at, size);
		e += ROOT_ENTRY;
	}
	return ret->points;
}

/* Until 2017 it was no ring: the cursor went on, and new text was lost. A NUL at
 * the start shows that the memory was cleared; later it may be text. */
static enum memlog_status cbmem_console(const struct ml_probe *p,
					uint64_t entry, struct ml_log *log,
					struct ml_found *ret,
					struct memlog_err *err)
{
	uint32_t size = ml_le32(p->bytes), cursor = ml_le32(p->bytes + 4);
	bool wrapped = cursor & OVERFLOWED;

	cursor &= ~OVERFLOWED;
	log->pub.capacity = size;
	log->pub.used = wrapped ? size : ml_min(cursor, size);
	if (!size || size > ML_CBMEM_CONSOLE || cursor & RESERVED ||
	    (wrapped && cursor >= size) ||
	    (entry != ANY_SIZE && entry != CONSOLE + (uint64_t)size) ||
	    memchr(p->bytes + CONSOLE, 0, ml_min(log->pub.used, TEXT_SEEN)))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a coreboot console");
	log->pub.flags = wrapped ? MEMLOG_LOG_WRAPPED :
			 cursor	 ? 0 :
				   MEMLOG_LOG_EMPTY;
	cursor = wrapped ? cursor : 0;
	*(struct ml_banners_log *)log->priv = (struct ml_banners_log){
		cursor, CONSOLE + (cursor ? cursor : log->pub.used) - 1
	};
	ret->extent.len = CONSOLE + (uint64_t)size;
	return MEMLOG_OK;
}

static enum memlog_status cbmem_probe(const struct ml_probe *p,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err)
{
	if (p->hint && *p->hint)
		return cbmem_console(p, *p->hint, log, ret, err);
	if (cbmem_table(p, ret) || cbmem_root(p, ret))
		return MEMLOG_OK;
	if (p->at && !p->hint)
		return cbmem_console(p, ANY_SIZE, log, ret, err);
	return ml_fail(err, MEMLOG_NOT_MINE, "it leads to no console");
}

/* The table in low memory, at a multiple of 16. */
static size_t cbmem_likely(struct memlog_image *image, struct ml_likely *ret,
			   size_t max)
{
	uint8_t page[ML_PAGE];
	size_t got, i, n = 0;

	ml_image_fill(image, MEMLOG_PHYS, 0, page, sizeof(page), &got, NULL);
	for (i = 0; i + TABLE <= got && n < max; i += 16)
		if (!memcmp(page + i, "LBIO", 4))
			ret[n++] = (struct ml_likely){ .range = { i, i + 1 },
						       .exact = true };
	return n;
}

static enum memlog_status cbmem_open(void *state, struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	return ml_banners_open(state, source, "coreboot-", cbmem_stages, err);
}

/* A message may begin with a byte that tells its level; SPEW is below DEBUG. */
static enum memlog_status cbmem_next(void *state, struct ml_source *source,
				     struct memlog_record *rec,
				     struct memlog_err *err)
{
	struct cbmem_decoder *d = state;
	enum memlog_status s = ml_banners_next(&d->text, source, rec, err);

	if (s)
		return s;
	if (d->text.begins) {
		d->level = (uint32_t)(*rec->text - LEVEL0);
		rec->text += d->level <= SPEW;
		rec->text_len -= d->level <= SPEW;
	}
	rec->has_level = d->level <= SPEW;
	rec->level = ml_min(d->level, DEBUG);
	return MEMLOG_OK;
}

/* The byte with a level before each message is no text, but there is one for each
 * line at most. */
static bool cbmem_own(struct ml_page *page)
{
	bool text = ml_page_is_text(page);
	const struct ml_look *k = &page->look;

	if (page->off && !k->text)
		return ml_look_zero(page->bytes, page->len);
	return !page->off || text ||
	       (k->odd <= k->lf + 1 + k->text / 8 + ML_LOOK_FEW &&
		k->nul <= ML_LOOK_FEW);
}

/* The root begins with an entry for itself; bytes, length, offset, alignment. */
static const struct ml_magic cbmem_magics[] = {
	{ .bytes = "LBIO", .len = 4, .align = ML_PAGE, .fine = 16 },
	{ "\x7e\x6b\xc7\x3f\0\0\0\0\0\x10\0\0\xff\x17\x40\xff", 16,
	  ROOT_ENTRIES, ML_PAGE, 0 },
	{ .len = 0 },
};

const struct ml_format ml_format_cbmem = {
	.name = "cbmem",
	.title = "coreboot console",
	.magics = cbmem_magics,
	.probe = cbmem_probe,
	.probe_min = TABLE,
	.probe_len = TABLE + ML_CBMEM_TABLE,
	.open = cbmem_open,
	.next = cbmem_next,
	.state_size = sizeof(struct cbmem_decoder),
	.find.reach = 1u << 20,
	.find.glance = cbmem_glance,
	.find.likely = cbmem_likely,
	.group.relate = ml_banners_relate,
	.group.text = ml_text_of_header,
	.group.own = cbmem_own,
	.live.header = CONSOLE,
	.say.absent = "coreboot keeps a log only with CONFIG_CONSOLE_CBMEM",
	.say.reserved = true,
	.say.boots = true,
};
