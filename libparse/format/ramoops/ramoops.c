/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ramoops.c - what Linux keeps over a reset (pstore in memory): records of dmesg of the
 * last crashes, the console, messages of programs, calls of functions;
 * docs/facts/ramoops.md.
 */
#include "ramoops.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/number.h"
#include "format/linuxfault.h"

enum { NS = 1000000000, DIGITS = 6, DIGITS_MAX = 9, LEVELS = 8 };

struct ramoops_decoder {
	struct ml_lines lines;
	struct ramoops_packed packed;
	struct ramoops_calls calls;
	bool is_packed, inside;
};

/* ---- finding it ----------------------------------------------------------- */

static bool ramoops_glance(const uint8_t *p, size_t len)
{
	struct ramoops r;

	return len < RAMOOPS_HEADER || ml_ramoops_parse(p, len, &r);
}

static enum memlog_status ramoops_probe(const struct ml_probe *p,
					struct ml_log *log,
					struct ml_found *ret,
					struct memlog_err *err)
{
	struct ramoops *r = ml_ramoops(log);

	if (!ml_ramoops_parse(p->bytes, p->len, r) ||
	    (!p->at && r->kind == RAMOOPS_FTRACE))
		return ml_fail(err, MEMLOG_NOT_MINE, "not a zone of ramoops");
	r->named = p->at;
	log->pub.capacity = log->pub.used = r->size;
	log->pub.flags = ml_ramoops_flags(r);
	ret->extent.len = RAMOOPS_HEADER +
			  (r->lost ? ML_RAMOOPS_LOST : (uint64_t)r->size);
	return MEMLOG_OK;
}

static size_t ramoops_text(const struct ml_log *log, size_t extent,
			   struct memlog_image *image,
			   struct memlog_range ret[2])
{
	const struct ramoops *r = ml_ramoops_const(log);

	(void)extent;
	(void)image;
	if (r->lost) {
		ret[0] =
			(struct memlog_range){ RAMOOPS_HEADER,
					       RAMOOPS_HEADER + log->pub.used };
		return log->pub.used > 0;
	}
	ret[0] = (struct memlog_range){ RAMOOPS_HEADER,
					RAMOOPS_HEADER + (uint64_t)r->size };
	return r->size > 0;
}

/* What is compressed, or no text, looks like anything. */
static bool ramoops_own(struct ml_page *page)
{
	const struct ramoops *r = ml_ramoops_const(page->log);
	bool text = ml_page_is_text(page);

	return !page->off || text || r->kind == RAMOOPS_FTRACE ||
	       (r->kind == RAMOOPS_DMESG && r->packed);
}

/* ---- its records ---------------------------------------------------------- */

/* Where the text of a record ends; if that is not counted, at a NUL. */
static uint64_t ramoops_end(struct ml_source *source)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	uint64_t all = source->log->extents->len, off = RAMOOPS_HEADER;
	uint64_t missing = source->missing;
	const uint8_t *nul = NULL;
	uint8_t buf[ML_PAGE];
	size_t got = 1;

	if (!r->lost)
		return RAMOOPS_HEADER + (uint64_t)r->size;
	for (; !nul && got && off < all; off += nul ? 0 : got) {
		got = ml_source_fill(source, 0, off, buf,
				     ml_min(sizeof(buf), all - off));
		nul = memchr(buf, 0, got);
		off += nul ? (uint64_t)(nul - buf) : 0;
	}
	source->missing = missing;
	return nul ? off : all;
}

/* Text after its first line, or from the oldest byte on. */
static void ramoops_segments(struct ramoops_decoder *d,
			     struct ml_source *source, bool head)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	uint64_t from = RAMOOPS_HEADER + (uint64_t)r->head, end;

	if (head && !r->packed) {
		end = ramoops_end(source);
		ml_lines_add(&d->lines, 0, from, end > from ? end - from : 0,
			     0);
		return;
	}
	/* without its text, the line that it begins with */
	if (head) {
		ml_lines_add(&d->lines, 0, RAMOOPS_HEADER, r->head, 0);
		return;
	}
	ml_lines_add(&d->lines, 0, RAMOOPS_HEADER + (uint64_t)r->start,
		     r->size - r->start, 0);
	ml_lines_add(&d->lines, 0, RAMOOPS_HEADER, r->start, 0);
	if (r->start < r->size)
		d->lines.first_flags = MEMLOG_REC_TRUNCATED_HEAD;
}

static enum memlog_status ramoops_open(void *state, struct ml_source *source,
				       const struct ml_decoder_opts *opts,
				       struct memlog_err *err)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	struct ramoops_decoder *d = state;
	enum memlog_status s = MEMLOG_OK;

	if (r->kind == RAMOOPS_FTRACE) {
		ml_ramoops_calls_open(&d->calls, source);
		return MEMLOG_OK;
	}
	if (r->kind == RAMOOPS_DMESG && r->packed) {
		s = ml_ramoops_expand(&d->packed, source, opts, err);
		d->is_packed = !s;
	}
	if (!d->is_packed)
		ramoops_segments(d, source, r->kind == RAMOOPS_DMESG);
	if (s == MEMLOG_NO_MEMORY) {
		ml_free(&opts->alloc, d->packed.text);
		return s;
	}
	return MEMLOG_OK;
}

/* "<PRIORITY>", and "[SECONDS.MICROSECONDS] ": what Linux puts before a line. */
static void ramoops_prefix(struct memlog_record *rec)
{
	const uint8_t *p = rec->text;
	size_t at = 0, n, len = rec->text_len;
	uint64_t pri, sec, part;

	if (len && *p == '<') {
		n = ml_digits(p + 1, ml_min(len - 1, DIGITS_MAX), &pri);
		if (n && n + 1 < len && p[n + 1] == '>') {
			rec->has_level = true;
			rec->level = (uint32_t)(pri % LEVELS);
			ml_record_field(rec, "facility", MEMLOG_FIELD_UINT,
					pri / LEVELS);
			at = n + 2;
		}
	}
	ml_record_message(rec, at);
	if (at == len || p[at++] != '[')
		return;
	while (at < len && p[at] == ' ')
		at++;
	n = ml_digits(p + at, ml_min(len - at, DIGITS_MAX), &sec);
	at += n;
	if (!n || at == len || p[at++] != '.' ||
	    ml_digits(p + at, ml_min(len - at, DIGITS), &part) != DIGITS)
		return;
	at += DIGITS;
	if (len - at < 2 || p[at] != ']')
		return;
	rec->has_time = true;
	rec->time = sec * NS + part * (NS / 1000000);
	rec->time_hz = NS;
	ml_record_message(rec, at + 1 + (p[at + 1] == ' '));
}

static enum memlog_status ramoops_next(void *state, struct ml_source *source,
				       struct memlog_record *rec,
				       struct memlog_err *err)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	struct ramoops_decoder *d = state;
	enum memlog_status s;

	if (r->kind == RAMOOPS_FTRACE)
		s = ml_ramoops_call(&d->calls, source, rec);
	else if (d->is_packed)
		s = ml_ramoops_line(&d->packed, rec);
	else
		s = ml_lines_next(&d->lines, source, rec, err);
	if (s)
		return s;
	if (r->kind == RAMOOPS_FTRACE)
		rec->flags |= MEMLOG_REC_VERBATIM;
	else if (!d->inside)
		ramoops_prefix(rec);
	else
		ml_record_message(rec, 0);
	d->inside = rec->flags & MEMLOG_REC_CONTINUES;
	return MEMLOG_OK;
}

static void ramoops_close(void *state, struct ml_source *source)
{
	struct ramoops_decoder *d = state;

	(void)source;
	if (d->packed.text)
		ml_free(&d->packed.alloc, d->packed.text);
}

static const struct ml_magic ramoops_magics[] = {
	{ .bytes = "DBGC", .len = 4, .align = ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_ramoops = {
	.name = RAMOOPS_FORMAT,
	.title = "log of Linux over a reset",
	.magics = ramoops_magics,
	.probe = ramoops_probe,
	.probe_min = RAMOOPS_HEADER,
	.probe_len = RAMOOPS_PROBE,
	.open = ramoops_open,
	.next = ramoops_next,
	.close = ramoops_close,
	.state_size = sizeof(struct ramoops_decoder),
	.find.reach = ML_RAMOOPS_REGION,
	.find.glance = ramoops_glance,
	.group.expand = ml_ramoops_find,
	.group.relate = ml_ramoops_relate,
	.group.text = ramoops_text,
	.group.own = ramoops_own,
	.live.header = RAMOOPS_HEADER,
	.say.fault = ml_linux_fault,
	.say.absent = "Linux keeps a log over a reset only with ramoops, "
		      "whose region starts with DBGC at a page start",
	.say.reserved = true,
};
