/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dlog.c - the log of Slim Bootloader, "DLOG"; docs/facts/dlog.md.
 *
 * It is in a pool, and starts at no page. The HOB list of the boot loader, which
 * does, leads to it. The payload goes on in a copy of its own.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "lines.h"

enum { HEADER = 16, FULL = 1, SEEN = 64, ALIGN = 8, WINDOW = 4096 };
enum { HANDOFF = 56, HOB = 8, HOB_GUID = 4, HOB_END = 0xffff, DATA = 24 };

static const uint8_t dlog_platform_data[] = { 0xda, 0x65, 0x92, 0x55,
					      0x82, 0x09, 0xca, 0x46,
					      0x92, 0x48, 0xa4, 0x36,
					      0x74, 0x34, 0x07, 0x78 };

struct dlog {
	uint32_t used, size, pos; /* of text; where the next byte goes */
	bool full, led;
	uint64_t off; /* led: from here to physical addresses, by the list */
};

static bool dlog_header(const uint8_t *p, size_t len, struct dlog *d)
{
	uint32_t end = ml_le32(p + 8), total = ml_le32(p + 12);
	struct ml_look look = { 0 };

	d->led = false;
	d->off = 0;
	d->full = p[5] & FULL;
	d->pos = end - HEADER;
	d->size = total - HEADER;
	d->used = d->full ? d->size : d->pos;
	if (memcmp(p, "DLOG\x10", 5) || p[5] & ~FULL || ml_le16(p + 6) ||
	    end < HEADER || end > total || total <= HEADER ||
	    total > ML_DLOG_MAX)
		return false;
	ml_look_at(&look, p + HEADER,
		   ml_min(ml_min(len - HEADER, d->used), SEEN));
	return !look.odd;
}

/* The list of Slim Bootloader starts the memory that it describes. edk2's comes
 * after a stack. */
static bool dlog_glance(const uint8_t *p, size_t len)
{
	uint64_t bottom, end;
	struct dlog d;

	if (len < HANDOFF)
		return true;
	if (!memcmp(p, "DLOG", 4))
		return dlog_header(p, len, &d);
	bottom = ml_le64(p + 24);
	end = ml_le64(p + 48);
	return !(bottom % ML_PAGE) && end > bottom &&
	       end - bottom <= ML_DLOG_HOBS && ml_le64(p + 16) > end;
}

/* The pointer has the size of those of the boot loader: of 64 bits, it is aligned.
 * Addresses are in another space than the list's, as far as it is from where it
 * says. */
static bool dlog_hobs(const struct ml_probe *p, struct ml_found *ret)
{
	uint64_t bottom, to, addr;
	size_t pos, len;
	const uint8_t *h;

	if (p->len < HANDOFF || ml_le32(p->bytes) != 0x00380001 ||
	    !dlog_glance(p->bytes, p->len))
		return false;
	bottom = ml_le64(p->bytes + 24);
	for (pos = HANDOFF; pos + HOB <= p->len; pos += len) {
		h = p->bytes + pos;
		len = ml_le16(h + 2);
		if (len < HOB || len % HOB || len > p->len - pos ||
		    ml_le16(h) == HOB_END)
			break;
		if (ml_le16(h) != HOB_GUID || len < DATA + 16 ||
		    memcmp(h + HOB, dlog_platform_data, 16))
			continue;
		to = ml_le32(h + DATA + 4);
		if (!to || to % ALIGN)
			to = ml_le64(h + DATA + 8);
		addr = p->addr + (to - bottom);
		if (to && !(to % ALIGN))
			ml_found_at(ret, pos + len, addr, bottom - p->addr);
		break;
	}
	return ret->points;
}

static void dlog_fill(struct ml_log *log, const struct dlog *d)
{
	memcpy(log->priv, d, sizeof(*d));
	log->pub.capacity = d->size;
	log->pub.used = d->used;
	log->pub.flags = d->full ? MEMLOG_LOG_WRAPPED :
			 d->used ? 0 :
				   MEMLOG_LOG_EMPTY;
}

static enum memlog_status dlog_probe(const struct ml_probe *p,
				     struct ml_log *log, struct ml_found *ret,
				     struct memlog_err *err)
{
	struct dlog d;

	if (dlog_hobs(p, ret))
		return MEMLOG_OK;
	if (!dlog_header(p->bytes, p->len, &d))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not a log of Slim Bootloader");
	d.led = p->hint;
	d.off = p->hint ? *p->hint : 0;
	dlog_fill(log, &d);
	ret->extent.len = HEADER + (uint64_t)d.size;
	return MEMLOG_OK;
}

/* ---- copies of it -------------------------------------------------------- */

static bool dlog_known(const struct memlog_logs *logs,
		       const struct ml_format *fmt,
		       const struct memlog_extent *e)
{
	const struct memlog_extent *x;
	size_t i;

	for (i = 0; i < logs->count; i++) {
		x = logs->logs[i]->extents;
		if (logs->logs[i]->fmt == fmt && logs->logs[i]->pub.n_extents &&
		    x->space == e->space && x->addr == e->addr)
			return true;
	}
	return false;
}

/* The n bytes at addr may have other logs. */
static enum memlog_status dlog_window(struct memlog_logs *logs,
				      const struct ml_log *log,
				      const uint8_t *p, size_t n, uint64_t addr,
				      struct memlog_err *err)
{
	struct memlog_extent e = log->extents[0];
	enum memlog_status s;
	struct ml_log *copy;
	struct dlog d;
	size_t i;

	/* what begins later has its text in the next window */
	for (i = (size_t)(-addr % ALIGN); i < WINDOW && i + HEADER <= n;
	     i += ALIGN) {
		if (memcmp(p + i, "DLOG", 4) || !dlog_header(p + i, n - i, &d))
			continue;
		e.addr = addr + i;
		e.len = HEADER + (uint64_t)d.size;
		if (dlog_known(logs, log->fmt, &e))
			continue;
		s = ml_logs_add(logs, log->fmt, &copy, err);
		if (s)
			return s;
		dlog_fill(copy, &d);
		s = ml_log_add_extent(logs, copy, &e, err);
		if (s)
			ml_logs_drop_last(logs);
		/* that says nothing of the others */
		if (s && s != MEMLOG_NOT_MINE)
			return s;
	}
	return MEMLOG_OK;
}

/* Payloads get memory below the boot loader's. */
static enum memlog_status dlog_expand(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_image *image,
				      struct memlog_err *err)
{
	enum memlog_space space = log->extents[0].space;
	uint8_t buf[WINDOW + HEADER + SEEN];
	enum memlog_status s = MEMLOG_OK;
	uint64_t addr, end;
	size_t got;

	if (!log->n_leads)
		return MEMLOG_OK;
	end = log->leads[log->n_leads - 1].start;
	addr = end > ML_DLOG_BELOW ? end - ML_DLOG_BELOW : 0;
	for (; addr < end && !s && !ml_image_stop(image) &&
	       ml_logs_look_around(logs, image, log->pub.format, WINDOW);
	     addr += WINDOW) {
		if (!ml_image_fill(image, space, addr, buf, sizeof(buf), &got,
				   NULL))
			s = dlog_window(logs, log, buf, got, addr, err);
	}
	return s == MEMLOG_NOT_MINE ? MEMLOG_OK : s;
}

/* Is the text of a the start of b's? *budget: bytes that may be compared,
 * a window for each time. */
static bool dlog_starts(struct ml_log *a, struct ml_log *b,
			struct memlog_image *image, uint64_t *budget)
{
	struct ml_source x = { .image = image, .log = a },
			 y = { .image = image, .log = b };
	uint8_t p[WINDOW], q[WINDOW];
	uint64_t at, n;

	if (!a->pub.used || (a->pub.flags | b->pub.flags) & MEMLOG_LOG_WRAPPED)
		return false;
	for (at = 0; at < a->pub.used; at += n) {
		n = ml_min(WINDOW, a->pub.used - at);
		if (*budget < WINDOW)
			return false;
		*budget -= WINDOW;
		if (ml_source_fill(&x, 0, HEADER + at, p, n) < n ||
		    ml_source_fill(&y, 0, HEADER + at, q, n) < n ||
		    memcmp(p, q, n))
			return false;
	}
	return true;
}

/* Which of two equal logs is the log: the one that something leads to. */
static bool dlog_before(struct ml_log *const *logs, size_t i, size_t k)
{
	if (logs[i]->pub.used != logs[k]->pub.used)
		return logs[i]->pub.used < logs[k]->pub.used;
	if (!logs[i]->n_leads != !logs[k]->n_leads)
		return !logs[i]->n_leads;
	return i > k;
}

/* The longest log is the one that was written to last; those that it starts with
 * are copies. */
static void dlog_relate(struct ml_log *const *logs, size_t n,
			struct memlog_image *image, bool some)
{
	uint64_t budget = ML_DLOG_COMPARED;
	size_t i, k, best, rest = n, last = 0;
	const struct dlog *d;

	for (i = 0; i < n; i++) {
		d = (const void *)logs[i]->priv;
		if (d->led)
			ml_log_place(logs[i], image,
				     logs[i]->extents[0].addr + d->off,
				     "its HOB list");
		for (k = 0, best = i; k < n; k++)
			if (dlog_before(logs, best, k) &&
			    dlog_starts(logs[i], logs[k], image, &budget))
				best = k;
		if (best == i) {
			last = i;
			continue;
		}
		rest--;
		logs[i]->pub.state = MEMLOG_STATE_COPY;
		snprintf(logs[i]->pub.reason, sizeof(logs[i]->pub.reason),
			 "the log at %s:0x%llx has this text%s",
			 memlog_space_name(logs[best]->extents[0].space),
			 (unsigned long long)logs[best]->extents[0].addr,
			 logs[best]->pub.used > logs[i]->pub.used ?
				 " and more" :
				 "");
	}
	if (rest == 1 && !some)
		logs[last]->pub.state = MEMLOG_STATE_CURRENT;
}

static bool dlog_own(struct ml_page *page)
{
	return !page->off || ml_page_is_text(page);
}

/* ---- decoding ------------------------------------------------------------ */

static enum memlog_status dlog_open(void *state, struct ml_source *source,
				    const struct ml_decoder_opts *opts,
				    struct memlog_err *err)
{
	const struct dlog *d = (const void *)source->log->priv;
	struct ml_lines *lines = state;

	ml_lines_add_ring(lines, HEADER, d->size, d->full ? d->pos : 0, d->used,
			  0);
	if (d->full)
		lines->first_flags = MEMLOG_REC_TRUNCATED_HEAD;
	return MEMLOG_OK;
}

static enum memlog_status dlog_next(void *state, struct ml_source *source,
				    struct memlog_record *rec,
				    struct memlog_err *err)
{
	return ml_lines_next(state, source, rec, err);
}

static void dlog_position(struct ml_source *source, struct ml_position *ret)
{
	const struct dlog *d = (const void *)source->log->priv;

	*ret = (struct ml_position){ .end = d->pos, .modulus = d->size };
}

static void dlog_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	ret->phase = ML_STAGE_FIRMWARE;
}

static const struct ml_magic dlog_magics[] = {
	/* the first of all HOBs: its type, size and version */
	{ .bytes = "\1\0\x38\0\0\0\0\0\x09\0\0\0", .len = 12, .align = ML_PAGE },
	{ .bytes = "DLOG\x10", .len = 5, .align = ML_PAGE, .fine = ALIGN },
	{ .len = 0 },
};

const struct ml_format ml_format_dlog = {
	.name = "dlog",
	.title = "log of Slim Bootloader",
	.magics = dlog_magics,
	.probe = dlog_probe,
	.probe_min = HEADER,
	.probe_len = ML_DLOG_HOBS,
	.open = dlog_open,
	.next = dlog_next,
	.state_size = sizeof(struct ml_lines),
	.find.needs_random = true,
	.find.reach = ML_STREAM_BACK,
	.find.glance = dlog_glance,
	.group.expand = dlog_expand,
	.group.relate = dlog_relate,
	.group.text = ml_text_of_header,
	.group.own = dlog_own,
	.live.header = HEADER,
	.live.position = dlog_position,
	.say.moment = dlog_moment,
	.say.absent = "Slim Bootloader's log is in memory that it reserves; "
		      "--scan exhaustive finds copies of it",
	.say.reserved = true,
};
