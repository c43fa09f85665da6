/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index.c - give the lines of a log the times, levels, phases and modules of the
 * messages that they are made of.
 *
 * The index and the text are walked side by side, both from the oldest on, so
 * the state has a fixed size however long they are. What does not fit is left
 * out: an entry whose check is wrong, or that is not about text after that of
 * the one before.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/plural.h"
#include "format/edk2.h"
#include "index.h"

#define ENTRY 32
#define CHECK 0x6d6c6f67u

void ml_ovmf_index_open(struct ovmf_index *x, struct ml_source *source)
{
	const struct ovmf *o = ml_ovmf_const(source->log);
	enum memlog_status s = ml_ovmf_ext_load(source, &x->ext);

	if (s == MEMLOG_CORRUPT)
		ml_image_warn(
			source->image,
			"the index of the log at %s:0x%" PRIx64
			" is damaged: its lines have no time and no level",
			memlog_space_name(source->log->extents->space),
			source->log->extents->addr);
	if (s) {
		x->ext.n = 0;
		return;
	}
	if (x->ext.dropped)
		ml_image_warn(source->image,
			      "the firmware dropped %" PRIu32
			      " message%s of the "
			      "log at %s:0x%" PRIx64 ", %" PRIu32 " byte%s",
			      x->ext.dropped, ml_s(x->ext.dropped),
			      memlog_space_name(source->log->extents->space),
			      source->log->extents->addr, x->ext.dropped_bytes,
			      ml_s(x->ext.dropped_bytes));
	x->used = (o->tail + o->size - o->head) % o->size;
	x->oldest = x->ext.total - x->used;
	x->number = x->ext.count - ml_min(x->ext.count, x->ext.n);
}

static bool ovmf_index_fill(struct ovmf_index *x, struct ml_source *source)
{
	uint64_t slot = x->number % x->ext.n, missing = source->missing;
	uint64_t n = ml_min(sizeof(x->win) / ENTRY, x->ext.count - x->number);
	size_t want, got;

	want = (size_t)ml_min(n, x->ext.n - slot) * ENTRY;
	x->win_at = x->n_win = 0;
	if (ml_source_read(source, 0, x->ext.index + slot * ENTRY, x->win, want,
			   &got, NULL, NULL))
		got = 0;
	source->missing = missing;
	x->n_win = got / ENTRY;
	return x->n_win > 0;
}

/* The low half of the number of an entry that is whole. */
static uint32_t ovmf_index_number(const uint8_t *p)
{
	uint32_t number = CHECK;
	size_t i;

	for (i = 0; i < ENTRY; i += 4)
		number ^= ml_le32(p + i);
	return number;
}

size_t ml_ovmf_index_odd(const struct ovmf_ext *ext, uint64_t off,
			 const uint8_t *p, size_t n)
{
	static const uint8_t zero[ENTRY];
	uint64_t end = ext->index + (uint64_t)ext->n * ENTRY, at, slot;
	size_t odd = 0;

	for (at = ml_max(ext->index, off); at + ENTRY <= ml_min(off + n, end);
	     at += ENTRY) {
		const uint8_t *entry = p + (at - off);

		slot = (at - ext->index) / ENTRY;
		if (slot >= ext->count && !memcmp(entry, zero, ENTRY))
			continue;
		odd += ovmf_index_number(entry) % ext->n != slot;
	}
	return odd;
}

/* Is it the whole entry of that number? */
static bool ovmf_index_parse(const struct ovmf_index *x, const uint8_t *p,
			     uint64_t number, struct ovmf_entry *ret)
{
	if (ovmf_index_number(p) != (uint32_t)number)
		return false;
	*ret = (struct ovmf_entry){
		.from = (uint32_t)(ml_le32(p + 8) - (uint32_t)x->oldest),
		.clock = ml_le64(p),
		.level = ml_le32(p + 12),
		.phase = p[18],
		.flags = p[19],
		.module = ml_le32(p + 20),
	};
	ret->to = ret->from + ml_le16(p + 16);
	return true;
}

/* The next entry about text from byte at on. */
static void ovmf_index_next(struct ovmf_index *x, struct ml_source *source,
			    uint64_t at)
{
	struct ovmf_entry e;

	x->has = false;
	while (x->number < x->ext.count) {
		if (x->win_at == x->n_win && !ovmf_index_fill(x, source)) {
			/* not in the image: the next page may be */
			uint64_t skip = ml_min(x->ext.count - x->number,
					       ML_PAGE / ENTRY);

			x->number += skip;
			x->bad += skip;
			continue;
		}
		if (!ovmf_index_parse(x, x->win + x->win_at++ * ENTRY,
				      x->number++, &e))
			x->bad++;
		else if (e.to > at && e.to > e.from && e.to <= x->used) {
			x->entry = e;
			x->has = true;
			return;
		}
	}
}

/* The counter starts again when the machine resumes, at least with KVM. What was
 * written without its being noted goes back by more than processors differ. */
#define OF_RESUME 0xf0u
#define GOES_BACK (1u << 28)

static void ovmf_index_time(struct ovmf_index *x, uint64_t user_hz,
			    struct memlog_record *rec)
{
	const struct ovmf_entry *e = &x->entry;

	if (!x->ext.start || e->clock < x->ext.start || e->flags & OF_RESUME ||
	    (e->clock < x->latest && x->latest - e->clock > GOES_BACK))
		return;
	x->latest = ml_max(x->latest, e->clock);
	rec->has_time = true;
	rec->time = e->clock - x->ext.start;
	rec->time_hz = x->ext.hz ? x->ext.hz : user_hz;
	/* what a reset does to the counter depends on the hypervisor */
	rec->time_zero = x->ext.boots ? 0 : x->ext.start;
}

/* When that was, in microseconds since 1970 */
static void ovmf_index_date(struct ovmf_index *x, struct memlog_record *rec)
{
	double us, since = (double)x->entry.clock - (double)x->ext.date_clock;

	if (!rec->has_time || !x->ext.dated || !x->ext.hz)
		return;
	us = (x->ext.date + since / (double)x->ext.hz) * 1e6;
	if (us < 0 || us > 1e18)
		return;
	ml_record_field(rec, "utc_us", MEMLOG_FIELD_UINT, (uint64_t)us);
}

static void ovmf_index_first(struct ovmf_index *x, uint64_t user_hz,
			     struct memlog_record *rec)
{
	ovmf_index_time(x, user_hz, rec);
	ovmf_index_date(x, rec);
	rec->has_level = true;
	rec->level = ml_edk2_level(x->entry.level);
	rec->phase = ml_edk2_phase(x->entry.phase);
	rec->component = ml_ovmf_modules_name(&x->modules, x->entry.module);
}

void ml_ovmf_index_apply(struct ovmf_index *x, struct ml_source *source,
			 uint64_t user_hz, struct memlog_record *rec)
{
	const uint8_t *line = rec->message ? rec->message : rec->text;
	size_t len = rec->message ? rec->message_len : rec->text_len;
	const char *crash;
	uint64_t from, to;

	if (!x->ext.n)
		return;
	ml_ovmf_modules_line(&x->modules, line, len);
	crash = ml_ovmf_modules_crash(&x->modules, line, len);
	from = x->at + rec->lost;
	to = x->at = from + rec->text_len;
	if (!x->has || x->entry.to <= from)
		ovmf_index_next(x, source, from);
	while (x->has && x->entry.from < to) {
		uint32_t level = ml_edk2_level(x->entry.level);

		if (!rec->has_level)
			ovmf_index_first(x, user_hz, rec);
		rec->level = (uint32_t)ml_min(rec->level, level);
		/* it goes on in the next line */
		if (x->entry.to > to)
			break;
		ovmf_index_next(x, source, x->entry.to);
	}
	if (crash)
		rec->component = crash;
}

void ml_ovmf_index_end(struct ovmf_index *x, struct ml_source *source)
{
	/* one may have been caught while it was written */
	if (x->ext.n && x->bad > 1 &&
	    !(source->log->pub.flags & MEMLOG_LOG_RACED))
		ml_image_warn(source->image,
			      "%" PRIu64 " entries of the index of the log at "
			      "%s:0x%" PRIx64 " are damaged or missing",
			      x->bad,
			      memlog_space_name(source->log->extents->space),
			      source->log->extents->addr);
	x->ext.n = 0;
}
