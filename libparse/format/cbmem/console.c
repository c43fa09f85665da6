/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console.c - coreboot's console: a ring in CBMEM; docs/facts/cbmem.md. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "cbmem.h"
#include "format/banner.h"

enum { CONSOLE = 8, TEXT_SEEN = 16, LEVEL0 = 16, DEBUG = 7, SPEW = 8 };
enum { RESERVED = 0x70000000, OVERFLOWED = 0x80000000 };

static const char cbmem_stages[] =
	" verstage-before-bootblock starting\n bootblock starting\n"
	" verstage starting\n*** Pre-CBMEM romstage console\n romstage starting\n"
	"*** Pre-CBMEM ramstage console\n ramstage starting\n";

/* Stages before there was memory wrote more than their console holds. */
#define OVERFLOW "*** Pre-CBMEM "

struct cbmem_decoder {
	struct ml_banners text;
	uint32_t level;
};

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
	    (entry != CBMEM_ANY_SIZE && entry != CONSOLE + (uint64_t)size) ||
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
	if (ml_cbmem_leads(p, CBMEM_CONSOLE, ret))
		return MEMLOG_OK;
	if (p->at && !p->hint)
		return cbmem_console(p, CBMEM_ANY_SIZE, log, ret, err);
	return ml_fail(err, MEMLOG_NOT_MINE, "it leads to no console");
}

static enum memlog_status cbmem_open(void *state, struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	uint8_t head[CONSOLE];
	uint64_t cursor;
	char words[ML_SOURCE_NOTE];

	/* before it was a ring */
	if (!(source->log->pub.flags & MEMLOG_LOG_WRAPPED) &&
	    ml_source_fill(source, 0, 0, head, CONSOLE) == CONSOLE &&
	    (cursor = ml_le32(head + 4)) > source->log->pub.capacity) {
		snprintf(words, sizeof(words),
			 "the newest %" PRIu64 " byte%s did not fit, and "
			 "are lost",
			 cursor - source->log->pub.capacity,
			 ml_s(cursor - source->log->pub.capacity));
		ml_source_note_add(source, words);
	}
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
	if (d->text.begins && rec->text_len > sizeof(OVERFLOW) &&
	    !memcmp(rec->text, OVERFLOW, sizeof(OVERFLOW) - 1))
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
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
		return ml_is_zero(page->bytes, page->len);
	return !page->off || text ||
	       (k->odd <= k->lf + 1 + k->text / 8 + ML_LOOK_FEW &&
		k->nul <= ML_LOOK_FEW);
}

const struct ml_format ml_format_cbmem = {
	.name = "cbmem",
	.title = "coreboot console",
	.magics = ml_cbmem_magics,
	.probe = cbmem_probe,
	.probe_min = CBMEM_TABLE,
	.probe_len = CBMEM_TABLE + ML_CBMEM_TABLE,
	.open = cbmem_open,
	.next = cbmem_next,
	.state_size = sizeof(struct cbmem_decoder),
	.find.reach = 1u << 20,
	.find.glance = ml_cbmem_glance,
	.find.likely = ml_cbmem_likely,
	.group.relate = ml_banners_relate,
	.group.text = ml_text_of_header,
	.group.own = cbmem_own,
	.live.header = CONSOLE,
	.say.absent = "coreboot keeps a log only with CONFIG_CONSOLE_CBMEM",
	.say.reserved = true,
	.say.boots = true,
};
