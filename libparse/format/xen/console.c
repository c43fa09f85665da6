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

/* Xen's prefix in one cache line. X is its rarest letter. */
static bool has_prefix(const uint8_t *p, size_t len)
{
	const uint8_t *x = p;

	while ((x = memchr(x + 1, 'X', len - (size_t)(x + 1 - p))))
		if (len - (size_t)(x - p) >= 5 && !memcmp(x - 1, "(XEN) ", 6))
			return true;
	return false;
}

/* A block of text at the alignment of a ring. Unless there is a reason to look
 * closer, the first cache line has to show that Xen wrote it: this runs for
 * every page of every image. */
static bool xen_console_screen(uint64_t addr, const uint8_t *page, size_t len,
			       bool eager)
{
	size_t i, n = ml_min(len, MEMLOG_PEEK);

	/* the second page leads to a ring whose first is damaged */
	if (addr % ML_PAGE || addr % XEN_RING_MIN > ML_PAGE)
		return false;
	if (!eager)
		return ml_xen_is_text(page[0]) && has_prefix(page, n);
	for (i = 0; i < n; i++)
		if (!ml_xen_is_text(page[i]))
			break;
	return len <= MEMLOG_PEEK ?
		       i == n :
		       memmem(page, len, "(XEN) ", 6) ||
			       (i == n && ml_xen_is_text(page[len - 1]));
}

static bool xen_console_expected(const struct memlog_image *image)
{
	return image->xen != NULL;
}

static enum memlog_status probe_shape(const struct ml_probe *p,
				      struct xen_ring *r, struct ml_found *ret,
				      struct memlog_err *err)
{
	struct xen_look look;

	ml_xen_look(p->bytes, p->len, &look);
	if (!look.lines)
		return ml_fail(err, MEMLOG_NOT_MINE, "no line of it is Xen's");
	r->how = XEN_BY_SHAPE;
	r->size = XEN_RING_MIN;
	r->named = p->at;
	if (p->at)
		return MEMLOG_OK;
	if (p->domain)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the page is a domain's: a copy of the ring");
	if (p->addr % XEN_RING_MIN == ML_PAGE && look.text >= ML_PAGE) {
		ml_found_at(ret, ML_PAGE, p->addr - ML_PAGE, XEN_RING_MIN);
		ret->hint[XEN_HINT_HOW] = XEN_BY_SHAPE;
		return MEMLOG_OK;
	}
	if (p->addr % XEN_RING_MIN)
		return ml_fail(err, MEMLOG_NOT_MINE, "a ring is aligned");
	if (look.total < p->len && look.text < look.total &&
	    !ml_xen_mostly_text(p->bytes, p->len))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "%llu bytes of text, and something else between",
			       (unsigned long long)look.total);
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

	s = p->hint ? probe_hint(p, r, err) : probe_shape(p, r, ret, err);
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

/* Among guesses with the same text, the one with most of it is the ring, and one
 * that has lost no page before any that has. Of two rings at most one is a copy. */
static const struct ml_log *xen_console_original(struct ml_log *const *logs,
						 size_t n,
						 const struct ml_log *log,
						 struct memlog_image *image)
{
	const struct ml_log *best = log;
	bool broken = ml_xen_ring_const(log)->broken, other;
	size_t i;

	for (i = 0; i < n && (log->pub.flags & MEMLOG_LOG_GUESSED); i++) {
		other = ml_xen_ring_const(logs[i])->broken;
		if (broken && !other)
			return logs[i];
		if (other == broken && logs[i]->pub.used > best->pub.used &&
		    same_start(image, logs[i], log))
			best = logs[i];
	}
	return best;
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
				 r->broken ?
					 "the ring at %s:0x%llx is whole" :
					 "the ring at %s:0x%llx has this text "
					 "and more",
				 memlog_space_name(best->extents[0].space),
				 (unsigned long long)best->extents[0].addr);
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
	.find.expected = xen_console_expected,
	.find.likely = ml_xen_console_likely,
	.find.locate = ml_xen_console_locate,
	.group.expand = ml_xen_console_expand,
	.group.relate = xen_console_relate,
	.group.text = ml_xen_console_text,
	.group.own = ml_xen_console_own,
	.say.moment = xen_moment,
	.say.takes = ML_TAKES_RATE,
	.say.symbols = "conring",
	.say.absent = "Xen's console ring is in the memory of the hypervisor, "
		      "so the dump of a guest does not have it; -s xen-syms "
		      "leads to it",
};
