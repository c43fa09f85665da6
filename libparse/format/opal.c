/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * opal.c - the console of OPAL (skiboot), POWER's firmware; docs/facts/opal.md.
 *
 * Its header, memcons, has the physical address of the ring. Where that is not
 * the address of the ring in the image, the debug descriptor, to which the start
 * of skiboot leads, tells where skiboot is. All of it is big endian.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/number.h"
#include "lines.h"

enum { MEMCONS = 44, DESCRIPTOR = 0x20, TO_DESCRIPTOR = 0x80 };
enum { WRAPPED = 1u << 31, POSITION = (1u << 24) - 1, SEEN = 64, AROUND = 8 };
enum { STEP = 0x10000, STEPS = 0x100, ASK = 64, DEBUG = 7, TICKS = 512000000 };
enum { DIGITS = 9, SECONDS = 11, PREFIX_MIN = 14 };

#define SKIBOOT	     UINT64_C(0x30000000)
#define SKIBOOT_SIZE ((uint64_t)STEPS * STEP) /* the ring is after it */

/* Bytes that a search counts for: a page for each place that is looked at. */
#define AROUND_COST (2ull * STEPS * ML_PAGE)

struct opal {
	uint64_t ring;	/* physical address */
	uint64_t known; /* that of the header, if the descriptor has it, or 0 */
	uint32_t size, pos;
	bool wrapped;
};

struct opal_decoder {
	struct ml_lines lines;
	bool inside, has_prefix; /* of the line that goes on */
	uint32_t level;
	uint64_t time;
};

static bool opal_header(const uint8_t *p, struct opal *o)
{
	uint64_t input = ml_be64(p + 16), end;
	uint32_t out = ml_be32(p + 32), in_size = ml_be32(p + 28);

	o->known = 0;
	o->ring = ml_be64(p + 8);
	o->size = ml_be32(p + 24);
	o->pos = out & POSITION;
	o->wrapped = out & WRAPPED;
	return !memcmp(p, "f0iegras", 8) && o->size &&
	       o->size <= ML_OPAL_RING && o->pos < o->size &&
	       !(out & ~(uint32_t)(WRAPPED | POSITION)) &&
	       ml_add(o->ring, o->size, &end) && input == end &&
	       ml_be32(p + 36) <= in_size && ml_be32(p + 40) <= in_size;
}

/* The physical address of memcons, or 0. */
static uint64_t opal_descriptor(const uint8_t *p)
{
	return !memcmp(p, "OPALdbug\0\0\0\1", 12) ? ml_be64(p + 24) : 0;
}

static bool opal_glance(const uint8_t *p, size_t len)
{
	struct opal o;

	return len < MEMCONS || opal_header(p, &o) || opal_descriptor(p);
}

static enum memlog_status opal_probe(const struct ml_probe *p,
				     struct ml_log *log, struct ml_found *ret,
				     struct memlog_err *err)
{
	uint64_t memcons = opal_descriptor(p->bytes);
	struct opal *o = (void *)log->priv;

	if (memcons && p->space == MEMLOG_PHYS) {
		ml_found_at(ret, DESCRIPTOR, memcons, 0);
		return MEMLOG_OK;
	}
	if (!opal_header(p->bytes, o))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not a header of OPAL's console");
	log->pub.capacity = o->size;
	log->pub.used = o->wrapped ? o->size : o->pos;
	log->pub.flags = o->wrapped ? MEMLOG_LOG_WRAPPED :
			 o->pos	    ? 0 :
				      MEMLOG_LOG_EMPTY;
	ret->extent.len = MEMCONS;
	return MEMLOG_OK;
}

/* ---- where the ring is --------------------------------------------------- */

struct opal_at {
	struct memlog_image *image;
	enum memlog_space space;
	uint64_t header; /* address of memcons */
	const struct opal *o;
};

static bool opal_read(const struct opal_at *at, uint64_t addr, uint8_t *buf,
		      size_t len)
{
	size_t got;

	return !ml_image_fill(at->image, at->space, addr, buf, len, &got,
			      NULL) &&
	       got == len;
}

/* Are the n bytes at addr there, and all text? */
static bool opal_is_text(const struct opal_at *at, uint64_t addr, uint32_t n)
{
	struct ml_look look = { 0 };
	uint8_t buf[SEEN];

	if (!opal_read(at, addr, buf, n))
		return false;
	ml_look_at(&look, buf, n);
	return !look.odd;
}

/* Is there text at both ends of what the ring has, and none after it? NULs are
 * never written, and the ring is cleared when a boot starts. If it is full, none is
 * before it, either. */
static bool opal_fits(const struct opal_at *at, uint64_t ring)
{
	const struct opal *o = at->o;
	uint32_t used = o->wrapped ? o->size : o->pos;
	uint32_t end = o->pos ? o->pos : o->size;
	uint32_t first = (uint32_t)ml_min(used, SEEN),
		 last = (uint32_t)ml_min(first, end),
		 after = (uint32_t)ml_min(o->size - used, SEEN);
	uint8_t buf[SEEN];

	if (used && (!opal_is_text(at, ring, first) ||
		     !opal_is_text(at, ring + end - last, last)))
		return false;
	if (o->wrapped)
		return !opal_is_text(at, ring - AROUND, AROUND) &&
		       !opal_is_text(at, ring + used, AROUND);
	return opal_read(at, ring + used, buf, after) && ml_is_zero(buf, after);
}

/* Is skiboot at base? Its descriptor then has the address of this very header;
 * *ret: where the descriptor is. */
static bool opal_is_base(const struct opal_at *at, uint64_t base, uint64_t *ret)
{
	uint8_t to[8], d[DESCRIPTOR];
	uint64_t off;

	if (!opal_read(at, base + TO_DESCRIPTOR, to, sizeof(to)))
		return false;
	off = ml_be64(to) - SKIBOOT;
	*ret = base + off;
	return off < SKIBOOT_SIZE && opal_read(at, *ret, d, sizeof(d)) &&
	       opal_descriptor(d) - SKIBOOT == at->header - base;
}

/* What an extract needs to find the ring again. */
static void opal_lead(struct ml_log *log, uint64_t addr, uint64_t len)
{
	if (log->n_leads < ML_MAX_POINTERS)
		log->leads[log->n_leads++] =
			(struct memlog_range){ addr, addr + len };
}

/* Find the ring from the header on: skiboot starts up to SKIBOOT_SIZE before it, maybe
 * before address 0 of a file. Without its start, the only place where the text fits is
 * taken. */
static bool opal_around(const struct opal_at *at, struct memlog_logs *logs,
			struct ml_log *log, uint64_t *ret)
{
	uint64_t off = at->o->ring - SKIBOOT, base, descriptor;
	unsigned int i, fits = 0;

	if (!ml_logs_look_around(logs, at->image, log->pub.format, AROUND_COST))
		return false;
	for (i = 0; i < STEPS; i++) {
		if (i % ASK == 0 && ml_image_stop(at->image))
			return false;
		base = at->header - (uint64_t)i * STEP;
		if (!opal_is_base(at, base, &descriptor))
			continue;
		*ret = base + off;
		/* a header that was used is proven by this; of an image that
		 * was only loaded the ring is empty, or something else */
		if (!opal_fits(at, *ret) && !log->pub.used)
			return false;
		((struct opal *)log->priv)->known =
			SKIBOOT + (at->header - base);
		opal_lead(log, base + TO_DESCRIPTOR, 8);
		opal_lead(log, descriptor, DESCRIPTOR);
		return true;
	}
	for (i = 0; log->pub.used && i < STEPS; i++) {
		if (i % ASK == 0 && ml_image_stop(at->image))
			return false;
		base = at->header - (uint64_t)i * STEP;
		if (opal_fits(at, base + off)) {
			*ret = base + off;
			fits++;
		}
	}
	if (fits == 1)
		log->pub.flags |= MEMLOG_LOG_GUESSED;
	return fits == 1;
}

/* An image of skiboot that was loaded has a header, too, which was never used. */
static enum memlog_status opal_expand(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_image *image,
				      struct memlog_err *err)
{
	const struct opal *o = (const void *)log->priv;
	struct memlog_extent e = log->extents[0];
	struct opal_at at = { image, e.space, e.addr, o };
	bool phys = e.space == MEMLOG_PHYS;
	uint8_t byte;

	e.len = o->size;
	e.addr = o->ring;
	if (!(phys && opal_fits(&at, o->ring)) &&
	    !opal_around(&at, logs, log, &e.addr)) {
		e.addr = o->ring;
		if (!phys || !log->pub.used ||
		    (opal_read(&at, o->ring, &byte, 1) && !byte))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "its ring is somewhere else");
	}
	return ml_log_add_extent(logs, log, &e, err);
}

/* The start of skiboot leads to the descriptor. */
static size_t opal_likely(struct memlog_image *image, struct ml_likely *ret,
			  size_t max)
{
	struct opal_at at = { .image = image, .space = MEMLOG_PHYS };
	uint8_t to[8], d[DESCRIPTOR];
	uint64_t addr;

	if (!max || !memlog_image_has_space(image, MEMLOG_PHYS) ||
	    !opal_read(&at, SKIBOOT + TO_DESCRIPTOR, to, sizeof(to)))
		return 0;
	addr = ml_be64(to);
	if (addr - SKIBOOT >= SKIBOOT_SIZE ||
	    !opal_read(&at, addr, d, sizeof(d)) || !opal_descriptor(d))
		return 0;
	*ret = (struct ml_likely){ .space = MEMLOG_PHYS,
				   .range = { addr, addr + 1 },
				   .exact = true };
	return 1;
}

/* ---- what belongs to it -------------------------------------------------- */

static size_t opal_text(const struct ml_log *log, size_t extent,
			struct memlog_image *image, struct memlog_range ret[2])
{
	ret[0] = (struct memlog_range){ 0, log->pub.used };
	return extent && log->pub.used;
}

static bool opal_own(struct ml_page *page)
{
	return !page->extent || ml_page_is_text(page);
}

/* The ring is cleared when a boot starts, so it is the log of the current one, if its
 * end is there. */
static void opal_relate(struct ml_log *const *logs, size_t n,
			struct memlog_image *image, bool some)
{
	for (; n--; logs++) {
		const struct opal *o = (const void *)logs[0]->priv;
		struct memlog_log *log = &logs[0]->pub;
		struct ml_source source = { .image = image, .log = logs[0] };
		uint32_t end = o->pos ? o->pos : o->size;
		uint8_t byte;

		log->state = MEMLOG_STATE_CURRENT;
		if (o->known)
			ml_log_place(logs[0], image, o->known,
				     "its descriptor");
		if (log->flags & MEMLOG_LOG_EMPTY ||
		    ml_source_fill(&source, 1, end - 1, &byte, 1))
			continue;
		log->state = MEMLOG_STATE_UNKNOWN;
		snprintf(log->reason, sizeof(log->reason),
			 "the newest text is missing");
	}
}

/* ---- decoding ------------------------------------------------------------ */

/* The header as it is now: a copy of a live log has a newer one. */
static void opal_now(struct ml_source *source, struct opal *ret)
{
	uint8_t header[MEMCONS];

	if (ml_source_fill(source, 0, 0, header, MEMCONS) != MEMCONS ||
	    !opal_header(header, ret) || ret->size != source->log->pub.capacity)
		memcpy(ret, source->log->priv, sizeof(*ret));
}

static enum memlog_status opal_open(void *state, struct ml_source *source,
				    const struct ml_decoder_opts *opts,
				    struct memlog_err *err)
{
	struct opal_decoder *d = state;
	struct opal o;

	opal_now(source, &o);
	if (o.wrapped)
		ml_lines_add(&d->lines, 1, o.pos, o.size - o.pos, 0);
	ml_lines_add(&d->lines, 1, 0, o.pos, 0);
	return MEMLOG_OK;
}

/* "[    S.T,L] ": T counts ticks, it is no decimal fraction. Returns its length, or
 * 0. */
static size_t opal_prefix(struct opal_decoder *d, const uint8_t *p, size_t len)
{
	uint64_t seconds, ticks;
	size_t n = 1, digits;

	if (len < PREFIX_MIN || *p != '[')
		return 0;
	while (n < len && p[n] == ' ')
		n++;
	digits = ml_digits(p + n, ml_min(len - n, SECONDS), &seconds);
	n += digits;
	if (!digits || len - n < DIGITS + 5 || p[n] != '.' ||
	    ml_digits(p + n + 1, DIGITS, &ticks) != DIGITS || ticks >= TICKS)
		return 0;
	p += n + 1 + DIGITS;
	d->level = (uint32_t)(p[1] - '0');
	if (p[0] != ',' || d->level > 9 || p[2] != ']' || p[3] != ' ' ||
	    !ml_mul(seconds, TICKS, &d->time) ||
	    !ml_add(d->time, ticks, &d->time))
		return 0;
	return n + 1 + DIGITS + 4;
}

static enum memlog_status opal_next(void *state, struct ml_source *source,
				    struct memlog_record *rec,
				    struct memlog_err *err)
{
	struct opal_decoder *d = state;
	enum memlog_status s = ml_lines_next(&d->lines, source, rec, err);
	size_t n = 0;

	if (s)
		return s;
	if (!d->inside) {
		n = opal_prefix(d, rec->text, rec->text_len);
		d->has_prefix = n;
	}
	if (!rec->seq && !n && source->log->pub.flags & MEMLOG_LOG_WRAPPED)
		rec->flags |= MEMLOG_REC_TRUNCATED_HEAD;
	d->inside = rec->flags & MEMLOG_REC_CONTINUES;
	ml_record_message(rec, n);
	rec->flags |= MEMLOG_REC_VERBATIM;
	if (!d->has_prefix)
		return MEMLOG_OK;
	rec->has_level = rec->has_time = true;
	rec->level = ml_min(d->level, DEBUG);
	rec->time = d->time;
	rec->time_hz = TICKS;
	return MEMLOG_OK;
}

static void opal_position(struct ml_source *source, struct ml_position *ret)
{
	struct opal o;

	opal_now(source, &o);
	*ret = (struct ml_position){ .end = o.pos, .modulus = o.size };
}

/* Until it starts a kernel. */
static void opal_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	ret->phase = ML_STAGE_FIRMWARE;
}

/* "< assert failed at core/init.c:620 >" */
static void opal_fault(const struct memlog_record *rec, struct ml_fault *ret)
{
	struct ml_words w = ml_words_of(rec), line;

	if (!ml_words_skip(&w, "< assert failed at ") ||
	    !ml_words_split_last(w, ":", &ret->where, &line) ||
	    !ml_words_number(&line, 10, &ret->number))
		return;
	ret->kind = ML_FAULT_ASSERT;
	ret->has_number = true;
}

/* The descriptor is not at the start of a page, but found by a likely place. */
static const struct ml_magic opal_magics[] = {
	{ .bytes = "f0iegras", .len = 8, .align = ML_PAGE },
	{ .bytes = "OPALdbug", .len = 8, .align = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_opal = {
	.name = "opal",
	.title = "OPAL console",
	.magics = opal_magics,
	.probe = opal_probe,
	.probe_min = MEMCONS,
	.probe_len = MEMCONS,
	.open = opal_open,
	.next = opal_next,
	.state_size = sizeof(struct opal_decoder),
	.find.needs_random = true,
	.find.reach = ML_STREAM_BACK,
	.find.glance = opal_glance,
	.find.likely = opal_likely,
	.group.expand = opal_expand,
	.group.relate = opal_relate,
	.group.text = opal_text,
	.group.own = opal_own,
	.live.header = MEMCONS,
	.live.position = opal_position,
	.say.moment = opal_moment,
	.say.fault = opal_fault,
	.say.absent = "OPAL is the firmware of POWER8 and later machines; "
		      "guests do not have it",
};
