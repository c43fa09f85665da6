/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tboot.c - the log of tboot (Intel TXT), at 0x60000; docs/facts/tboot.md.
 *
 * When it is full, what was written since the last time is packed in place. So the
 * text is that of up to ten packed chunks, then what follows them. It is unpacked
 * into memory, and read from there.
 */
#include <stdio.h>
#include <string.h>

#include "banner.h"
#include "base/bytes.h"
#include "base/err.h"

enum { AREA = 0x8000, HEADER = 61, MAX_SIZE = AREA - 62, OLD_TEXT = 24 };
enum { OLD_POINTED = 28, OLD_LEAST = 0x7f00, CHUNKS = 10, HOLES = 64 };
enum { ADDRESS = 0x60000, SAYS = 7 };

/* What it writes before each message, and how a boot starts. */
static const char tboot_says[] = "TBOOT: ";
static const char tboot_start[] = "TBOOT: *********************** TBOOT "
				  "***********************\n";

/* Offsets from the start of the log; packed: of the first byte after chunks. */
struct tboot {
	uint32_t text, end, packed;
	uint32_t at[CHUNKS], size[CHUNKS], n;
};

struct tboot_decoder {
	struct ml_banners lines;
	struct memlog_allocator alloc;
	/* what was unpacked, as a log of its own */
	struct ml_source source;
	struct ml_log log;
	struct memlog_extent extent;
	struct ml_copy copy;
	struct memlog_range have[HOLES];
};

/* ---- unpacking ----------------------------------------------------------- */

/* A number in groups of 7 bits, the highest first. */
static bool tboot_number(const uint8_t *p, size_t len, size_t *pos,
			 uint32_t *ret)
{
	uint8_t c;

	*ret = 0;
	do {
		if (*pos == len || *ret >> 24)
			return false;
		c = p[(*pos)++];
		*ret = *ret << 7 | (c & 0x7f);
	} while (c & 0x80);
	return true;
}

/* Unpack len bytes into at most cap. Returns how many of them were good; *ret: how
 * many came out. */
static size_t tboot_unpack(const uint8_t *p, size_t len, uint8_t *out,
			   size_t cap, size_t *ret)
{
	size_t pos = 1, good = 0, n = 0;
	uint32_t count, back;

	/* what is cut, or points to nothing, is not good */
	for (; pos < len && n < cap; good = pos) {
		if (p[pos++] != p[0]) {
			out[n++] = p[pos - 1];
			continue;
		}
		if (!tboot_number(p, len, &pos, &count))
			break;
		if (!count) {
			out[n++] = p[0];
			continue;
		}
		if (!tboot_number(p, len, &pos, &back) || !back || back > n ||
		    count > cap - n)
			break;
		for (; count; count--, n++)
			out[n] = out[n - back];
	}
	*ret = n;
	return good;
}

/* ---- the header ---------------------------------------------------------- */

/* The older layout, without chunks. */
static bool tboot_old(const uint8_t *p, struct tboot *t)
{
	uint32_t max = ml_le32(p + 16), used = ml_le32(p + 20);

	t->text = ml_le32(p + 24) == ADDRESS + OLD_POINTED ? OLD_POINTED :
							     OLD_TEXT;
	t->packed = t->text;
	t->end = t->text + used;
	return max >= OLD_LEAST && max <= AREA - t->text && used <= max;
}

static bool tboot_header(const uint8_t *p, struct tboot *t)
{
	uint32_t used = ml_le16(p + 18), pos = 0, i;

	memset(t, 0, sizeof(*t));
	if (ml_le16(p + 16) != MAX_SIZE)
		return tboot_old(p, t);
	t->n = p[60];
	if (t->n > CHUNKS || used > MAX_SIZE)
		return false;
	for (i = 0; i < t->n; i++) {
		if (ml_le16(p + 20 + 2 * i) != pos)
			return false;
		t->at[i] = HEADER + pos;
		t->size[i] = ml_le16(p + 40 + 2 * i);
		pos += t->size[i];
		if (!t->size[i] || pos > used)
			return false;
	}
	if (i < CHUNKS && ml_le16(p + 20 + 2 * i) != pos)
		return false;
	t->text = HEADER;
	t->packed = HEADER + pos;
	t->end = HEADER + used;
	return true;
}

static bool tboot_glance(const uint8_t *p, size_t len)
{
	struct tboot t;

	return len < HEADER || tboot_header(p, &t);
}

/* How the text starts. */
static size_t tboot_first(const struct ml_probe *p, const struct tboot *t,
			  uint8_t *buf, size_t cap)
{
	size_t len = p->len - t->text, n;

	if (t->n) {
		tboot_unpack(p->bytes + t->text, ml_min(len, t->size[0]), buf,
			     cap, &n);
		return n;
	}
	n = ml_min(ml_min(len, t->end - t->text), cap);
	memcpy(buf, p->bytes + t->text, n);
	return n;
}

static enum memlog_status tboot_probe(const struct ml_probe *p,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err)
{
	struct tboot *t = (void *)log->priv;
	uint8_t first[SAYS + 1];
	struct ml_look look = { 0 };
	size_t n;

	if (memcmp(p->bytes, "\x26\x25\x19\xc0\x30\x6b\xb4\x4d", 8) ||
	    !tboot_header(p->bytes, t))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a log of tboot");
	n = tboot_first(p, t, first, sizeof(first));
	ml_look_at(&look, first, n);
	if (look.odd)
		return ml_fail(err, MEMLOG_NOT_MINE, "its text is none");
	log->pub.capacity = AREA - t->text - (t->text == HEADER);
	log->pub.used = t->end - t->text;
	log->pub.flags = log->pub.used ? 0 : MEMLOG_LOG_EMPTY;
	if (n == sizeof(first) && memcmp(first, tboot_start, n)) {
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
		snprintf(log->pub.reason, sizeof(log->pub.reason),
			 "it started over when it was full");
	}
	ret->extent.len = AREA;
	return MEMLOG_OK;
}

static size_t tboot_likely(struct memlog_image *image, struct ml_likely *ret,
			   size_t max)
{
	uint8_t uuid[8];
	size_t got;

	if (!max ||
	    ml_image_fill(image, MEMLOG_PHYS, ADDRESS, uuid, sizeof(uuid), &got,
			  NULL) ||
	    got < sizeof(uuid) ||
	    memcmp(uuid, "\x26\x25\x19\xc0\x30\x6b\xb4\x4d", sizeof(uuid)))
		return 0;
	*ret = (struct ml_likely){ .range = { ADDRESS, ADDRESS + 1 },
				   .exact = true };
	return 1;
}

/* ---- what belongs to it -------------------------------------------------- */

static size_t tboot_text(const struct ml_log *log, size_t extent,
			 struct memlog_image *image, struct memlog_range ret[2])
{
	const struct tboot *t = (const void *)log->priv;

	*ret = (struct memlog_range){ t->text, t->end };
	return log->pub.used > 0;
}

/* What is packed does not look like anything. */
static bool tboot_own(struct ml_page *page)
{
	const struct tboot *t = (const void *)page->log->priv;

	return !page->off || page->off < t->packed || ml_page_is_text(page);
}

/* It has a fixed place. */
static void tboot_relate(struct ml_log *const *logs, size_t n,
			 struct memlog_image *image, bool some)
{
	const struct memlog_extent *e;
	size_t i;

	for (i = 0; i < n; i++) {
		e = logs[i]->extents;
		if ((n == 1 && !some) ||
		    (e->space == MEMLOG_PHYS && e->addr == ADDRESS))
			logs[i]->pub.state = MEMLOG_STATE_CURRENT;
	}
}

/* ---- decoding ------------------------------------------------------------ */

/* n bytes of text were appended, and then lost bytes of the log were not. */
static void tboot_add(struct tboot_decoder *d, size_t n, uint64_t lost)
{
	struct ml_copy *c = &d->copy;
	struct memlog_range *last = c->n_have ? &c->have[c->n_have - 1] : NULL;

	if (last && last->end == c->len)
		last->end += n;
	else if (n && c->n_have < HOLES)
		c->have[c->n_have++] =
			(struct memlog_range){ c->len, c->len + n };
	c->len += n + lost;
}

/* The text of a chunk; what cannot be unpacked is counted. */
static void tboot_chunk(struct tboot_decoder *d, struct ml_source *source,
			uint32_t at, uint32_t size)
{
	uint8_t packed[AREA];
	size_t got = ml_source_fill(source, 0, at, packed, size), good, n;

	good = tboot_unpack(packed, got, d->copy.bytes + d->copy.len,
			    ML_TBOOT_CHUNK, &n);
	source->damaged += got - good;
	tboot_add(d, n, size - good);
}

static void tboot_rest(struct tboot_decoder *d, struct ml_source *source,
		       const struct tboot *t)
{
	uint64_t off = t->packed, gap;
	size_t got;

	for (; off < t->end; off += got + gap) {
		if (!ml_source_read(source, 0, off, d->copy.bytes + d->copy.len,
				    t->end - off, &got, &gap, NULL) &&
		    got) {
			tboot_add(d, got, gap = 0);
			continue;
		}
		gap = gap ? ml_min(gap, t->end - off) : t->end - off;
		tboot_add(d, 0, gap);
	}
}

/* The header as it is now: that of a copy of a live log. */
static void tboot_now(struct ml_source *source, struct tboot *ret)
{
	uint8_t header[HEADER];

	if (ml_source_fill(source, 0, 0, header, HEADER) != HEADER ||
	    !tboot_header(header, ret))
		memcpy(ret, source->log->priv, sizeof(*ret));
}

static enum memlog_status tboot_open(void *state, struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	struct tboot_decoder *d = state;
	struct memlog_log *text = &d->log.pub;
	enum memlog_status s;
	struct tboot t;
	uint32_t i;

	tboot_now(source, &t);
	d->alloc = opts->alloc;
	d->copy.have = d->have;
	/* of each chunk what comes out, and what is left of it */
	d->copy.bytes =
		ml_calloc(&d->alloc, t.n * (ML_TBOOT_CHUNK + AREA) + AREA, 1);
	if (!d->copy.bytes)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for its text");
	for (i = 0; i < t.n; i++)
		tboot_chunk(d, source, t.at[i], t.size[i]);
	tboot_rest(d, source, &t);
	d->extent.len = text->capacity = text->used = d->copy.len;
	d->log.extents = &d->extent;
	text->extents = &d->extent;
	text->n_extents = 1;
	d->log.fmt = source->log->fmt;
	if (source->log->pub.flags & MEMLOG_LOG_WRAPPED &&
	    memcmp(d->copy.bytes, tboot_says, SAYS))
		text->flags = MEMLOG_LOG_WRAPPED;
	d->source = (struct ml_source){ .image = source->image,
					.log = &d->log,
					.copies = &d->copy };
	s = ml_banners_open(&d->lines, &d->source, tboot_start, tboot_start,
			    err);
	if (s)
		ml_free(&d->alloc, d->copy.bytes);
	return s;
}

static enum memlog_status tboot_next(void *state, struct ml_source *source,
				     struct memlog_record *rec,
				     struct memlog_err *err)
{
	struct tboot_decoder *d = state;
	enum memlog_status s = ml_banners_next(&d->lines, &d->source, rec, err);
	bool says;

	if (s)
		return s;
	says = d->lines.begins && rec->text_len >= SAYS &&
	       !memcmp(rec->text, tboot_says, SAYS);
	ml_record_message(rec, says ? SAYS : 0);
	return MEMLOG_OK;
}

static void tboot_close(void *state, struct ml_source *source)
{
	struct tboot_decoder *d = state;

	ml_free(&d->alloc, d->copy.bytes);
}

static const struct ml_magic tboot_magics[] = {
	{ .bytes = "\x26\x25\x19\xc0\x30\x6b\xb4\x4d"
		   "\x4c\x84\xa3\xe9\x53\xb8\x81\x74",
	  .len = 16,
	  .align = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_tboot = {
	.name = "tboot",
	.title = "log of tboot",
	.magics = tboot_magics,
	.probe = tboot_probe,
	.probe_min = HEADER + 1,
	.probe_len = AREA,
	.open = tboot_open,
	.next = tboot_next,
	.close = tboot_close,
	.state_size = sizeof(struct tboot_decoder),
	.find.reach = AREA,
	.find.glance = tboot_glance,
	.find.likely = tboot_likely,
	.group.relate = tboot_relate,
	.group.text = tboot_text,
	.group.own = tboot_own,
	.say.absent = "tboot keeps a log only with logging=memory",
	.say.boots = true,
};
