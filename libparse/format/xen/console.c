/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.c - the Xen console ring as records: one per line, with the domain
 * that wrote it and the time stamp that Xen put before it.
 */
#include "console.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/xen/xen.h"
#include "format/lines.h"

struct xen_decoder {
	struct ml_lines lines;
	struct xen_ring ring;
	uint64_t tsc_hz;
	bool continues; /* the last record was part of a line */
	char component[16];
};

/* ---- finding it by its looks -------------------------------------------- */

/* Xen's prefix or the line with which it begins. X is their rarest letter. */
static bool has_prefix(const uint8_t *p, size_t len)
{
	static const char prefix[] = "XEN) ", version[] = "Xen version ";
	const uint8_t *x = p, *end = p + len;

	for (; (x = memchr(x, 'X', (size_t)(end - x))); x++)
		if ((x > p && x[-1] == '(' && end - x >= 5 &&
		     !memcmp(x, prefix, 5)) ||
		    (end - x >= 12 && !memcmp(x, version, 12)))
			return true;
	return false;
}

/* Text of dom0's kernel or its console: "\r\n" or "\n[". */
static bool has_lines(const uint8_t *p, size_t len)
{
	const uint8_t *x = p, *end = p + len;

	for (; (x = memchr(x, '\n', (size_t)(end - x))); x++)
		if ((x > p && x[-1] == '\r') || (end - x > 1 && x[1] == '['))
			return true;
	return false;
}

/* In so many bytes of Xen's console is one of Xen's lines, most often. */
#define LINES_LEN 256u

/* A page of text, of which one leads to a ring wherever that starts. Unless there is a
 * reason to look closer, the first cache line has to show that Xen wrote it: this runs
 * for every page of every image. */
static bool xen_console_screen(uint64_t addr, const uint8_t *page, size_t len,
			       bool eager)
{
	size_t i, n = ml_min(len, MEMLOG_PEEK);

	if (addr % ML_PAGE)
		return false;
	if (!eager && !ml_is_ascii(ml_le32(page)))
		return false;
	for (i = 0; i < n; i++)
		if (!ml_xen_is_text(page[i]))
			break;
	/* of text a little more, as lines may be longer */
	if (!eager)
		return has_prefix(page, i == n ? ml_min(len, LINES_LEN) : n);
	if (len <= MEMLOG_PEEK)
		return i == n;
	/* a page may have lines of dom0's only */
	return has_prefix(page, len) ||
	       (addr % XEN_RING_MIN <= ML_PAGE && i == n &&
		ml_xen_is_text(page[len - 1]) && has_lines(page, len));
}

static bool xen_console_expected(const struct memlog_image *image)
{
	return image->xen != NULL;
}

static enum memlog_status probe_shape(const struct ml_probe *p,
				      struct xen_ring *r,
				      struct memlog_err *err)
{
	struct xen_look look;

	ml_xen_look(p->bytes, p->len, &look);
	if (!look.lines && !memmem(p->bytes, ml_min(p->len, XEN_BANNER_MAX),
				   "Xen version ", 12))
		return ml_fail(err, MEMLOG_NOT_MINE, "no line of it is Xen's");
	r->how = XEN_BY_SHAPE;
	r->size = XEN_RING_MIN;
	r->named = p->at;
	if (p->at)
		return MEMLOG_OK;
	if (p->domain)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the page is a domain's: a copy of the ring");
	return MEMLOG_OK;
}

static enum memlog_status probe_hint(const struct ml_probe *p,
				     struct xen_ring *r, struct memlog_err *err)
{
	r->size = p->hint[XEN_HINT_SIZE];
	r->how = (uint8_t)p->hint[XEN_HINT_HOW];
	r->counters = p->hint[XEN_HINT_KNOWN];
	r->producer = (uint32_t)p->hint[XEN_HINT_COUNTERS];
	r->consumer = (uint32_t)(p->hint[XEN_HINT_COUNTERS] >> 32);
	if (p->domain)
		return ml_fail(err, MEMLOG_NOT_MINE, "the page is a domain's");
	if (!ml_is_pow2(r->size) || r->size > ML_XEN_RING_MAX)
		return ml_fail(err, MEMLOG_NOT_MINE, "a ring of 0x%llx bytes",
			       (unsigned long long)r->size);
	return MEMLOG_OK;
}

static enum memlog_status xen_console_probe(const struct ml_probe *p,
					    struct ml_log *log,
					    struct ml_found *ret,
					    struct memlog_err *err)
{
	struct xen_ring *r = ml_xen_ring(log);
	enum memlog_status s;

	s = p->hint ? probe_hint(p, r, err) : probe_shape(p, r, err);
	if (s)
		return s;
	if (r->how == XEN_BY_SHAPE || r->how == XEN_STATIC)
		log->pub.flags |= MEMLOG_LOG_GUESSED;
	ret->extent.len = r->size;
	return MEMLOG_OK;
}

/* Two rings that were never full start with the same bytes: both are from one
 * boot. */
static bool same_start(struct memlog_image *image, const struct ml_log *a,
		       const struct ml_log *b)
{
	uint8_t x[128], y[128];
	size_t n, m;

	return !memlog_image_read(image, a->extents[0].space,
				  a->extents[0].addr, x, sizeof(x), &n, NULL) &&
	       !memlog_image_read(image, b->extents[0].space,
				  b->extents[0].addr, y, sizeof(y), &m, NULL) &&
	       n == sizeof(x) && n == m && !memcmp(x, y, n);
}

/* Has a more text than b, or as much and is not at the start of a page? */
static bool has_more(const struct ml_log *a, const struct ml_log *b)
{
	return a->pub.used != b->pub.used ?
		       a->pub.used > b->pub.used :
		       a->extents[0].addr % ML_PAGE &&
			       b->extents[0].addr % ML_PAGE == 0;
}

/* How far a ring is to be doubted: not; it is where only a static one can be; pages of it
 * are lost. */
static int doubt_of(const struct ml_log *log)
{
	const struct xen_ring *r = ml_xen_ring_const(log);

	return r->broken ? 2 : r->loose;
}

/* Among guesses with the same text, the one with most of it is the ring, and one
 * with less doubt before any with more; files, of which copies are, begin with a page.
 * Of two rings at most one is a copy. */
static const struct ml_log *xen_console_original(struct ml_log *const *logs,
						 size_t n,
						 const struct ml_log *log,
						 struct memlog_image *image)
{
	const struct ml_log *best = log;
	int doubt = doubt_of(log), other;
	size_t i;

	for (i = 0; i < n && (log->pub.flags & MEMLOG_LOG_GUESSED); i++) {
		other = doubt_of(logs[i]);
		if (other < doubt)
			return logs[i];
		if (other == doubt && has_more(logs[i], best) &&
		    same_start(image, logs[i], log))
			best = logs[i];
	}
	return best;
}

/* What makes log a copy: best. */
static const char *copy_words(const struct ml_log *log,
			      const struct ml_log *best)
{
	if (doubt_of(log) > doubt_of(best))
		return doubt_of(log) == 2 ? "is whole" : "was allocated";
	return log->pub.used < best->pub.used ? "has this text and more" :
						"has this text";
}

static void xen_console_relate(struct ml_log *const *logs, size_t n,
			       struct memlog_image *image, bool some)
{
	static const char *const words[] = {
		[XEN_BY_SHAPE] = "found by its text",
		[XEN_BY_POINTER] = "found by the hypervisor's own pointer",
		[XEN_BY_SYMBOLS] = "found by the hypervisor's symbols",
		[XEN_STATIC] = "the ring in the hypervisor's own image",
	};
	const struct ml_log *best;
	size_t i, copies = 0;
	struct xen_ring *r;

	for (i = 0; i < n; i++) {
		r = ml_xen_ring(logs[i]);
		best = i < ML_XEN_COMPARED ?
			       xen_console_original(logs,
						    ml_min(n, ML_XEN_COMPARED),
						    logs[i], image) :
			       logs[i];
		if (best != logs[i]) {
			copies++;
			logs[i]->pub.state = MEMLOG_STATE_COPY;
			snprintf(logs[i]->pub.reason,
				 sizeof(logs[i]->pub.reason),
				 "the ring at %s:0x%llx %s",
				 memlog_space_name(best->extents[0].space),
				 (unsigned long long)best->extents[0].addr,
				 copy_words(logs[i], best));
			continue;
		}
		snprintf(logs[i]->pub.reason, sizeof(logs[i]->pub.reason),
			 "%s%s%s", words[r->how],
			 r->hidden ? "; dmesg -c hid a part of it" : "",
			 r->doubt ? "; where its text begins is a guess" : "");
	}
	for (i = 0; i < n && copies + 1 == n && !some; i++)
		if (logs[i]->pub.state != MEMLOG_STATE_COPY)
			logs[i]->pub.state = MEMLOG_STATE_CURRENT;
}

/* ---- decoding ----------------------------------------------------------- */

static enum memlog_status xen_open(void *state, struct ml_source *source,
				   const struct ml_decoder_opts *opts,
				   struct memlog_err *err)
{
	struct xen_decoder *d = state;
	uint32_t guessed = 0;

	memcpy(&d->ring, source->log->priv, sizeof(d->ring));
	d->tsc_hz = opts->user->tsc_hz;
	if (d->ring.how == XEN_BY_SHAPE || d->ring.how == XEN_STATIC ||
	    d->ring.doubt)
		guessed = MEMLOG_REC_GUESSED;
	ml_lines_add_ring(&d->lines, 0, d->ring.size, d->ring.start,
			  d->ring.hidden, guessed | MEMLOG_REC_CONSUMED);
	ml_lines_add_ring(&d->lines, 0, d->ring.size,
			  d->ring.start + d->ring.hidden,
			  d->ring.used - d->ring.hidden, guessed);
	return MEMLOG_OK;
}

/* Who wrote the line, when, and what. */
static void xen_console_describe(struct xen_decoder *d,
				 struct memlog_record *rec)
{
	size_t n = ml_xen_prefix(rec->text, rec->text_len), time;
	struct xen_time t;

	d->component[0] = '\0';
	if (n == 6 && rec->text[1] == 'X')
		strcpy(d->component, "xen");
	else if (n)
		snprintf(d->component, sizeof(d->component), "%.*s",
			 (int)strcspn((const char *)rec->text + 1, "v) "),
			 (const char *)rec->text + 1);
	else if (rec->text_len >= 2 && rec->text[rec->text_len - 1] == '\n' &&
		 rec->text[rec->text_len - 2] == '\r')
		strcpy(d->component, "dom0");
	time = ml_xen_timestamp(rec->text + n, rec->text_len - n, &t);
	/* dom0's own clock is a different one */
	if (!n || !t.form)
		time = 0;
	ml_record_message(rec, n + time);
	if (!time)
		return;
	rec->has_time = true;
	rec->time = t.time;
	rec->time_hz = t.form == XEN_TIME_RAW ? d->tsc_hz : t.hz;
	if (t.form == XEN_TIME_DATE)
		rec->flags |= MEMLOG_REC_DATE;
}

static enum memlog_status xen_next(void *state, struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err)
{
	struct xen_decoder *d = state;
	enum memlog_status s = ml_lines_next(&d->lines, source, rec, err);

	if (s)
		return s;
	if (!rec->seq && d->ring.wrapped &&
	    !ml_xen_prefix(rec->text, rec->text_len))
		rec->flags |= MEMLOG_REC_TRUNCATED_HEAD;
	if (d->continues)
		ml_record_message(rec, 0);
	else
		xen_console_describe(d, rec);
	d->continues = rec->flags & MEMLOG_REC_CONTINUES;
	if (d->component[0])
		rec->component = d->component;
	rec->flags |= MEMLOG_REC_VERBATIM;
	return MEMLOG_OK;
}

/* Right before dom0 starts, memory that only the boot needed is freed. */
static void xen_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	ret->phase = ML_STAGE_HYPERVISOR;
	if (ml_moment_has(rec, "Freed ") &&
	    ml_moment_has(rec, " init memory")) {
		ret->common = ML_COMMON_DOM0;
		ret->again = true;
	}
}

const struct ml_format ml_format_xen_console = {
	.name = "xen-console",
	.title = "Xen console ring",
	.probe = xen_console_probe,
	.probe_min = 64,
	.probe_len = XEN_RING_MIN,
	.open = xen_open,
	.next = xen_next,
	.state_size = sizeof(struct xen_decoder),
	.find.needs_random = true,
	.find.reach = XEN_RING_REACH,
	.find.screen = xen_console_screen,
	.find.screen_align = ML_PAGE,
	.find.screen_text = true,
	.find.expected = xen_console_expected,
	.find.likely = ml_xen_console_likely,
	.find.locate = ml_xen_console_locate,
	.find.pointed = ml_xen_console_near,
	.group.expand = ml_xen_console_expand,
	.group.relate = xen_console_relate,
	.group.text = ml_xen_console_text,
	.group.own = ml_xen_console_own,
	.say.moment = xen_moment,
	.say.fault = ml_xen_fault,
	.say.takes = ML_TAKES_RATE,
	.say.symbols = "conring",
	.say.absent = "Xen's console ring is in the memory of the hypervisor, "
		      "so the dump of a guest does not have it; -s xen-syms "
		      "leads to it",
};
