/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - the trace of the ACRN hypervisor: one ring per CPU, merged by the
 * time stamp counter. A record's text is the line that ACRN's own scripts
 * print; its raw bytes are the entry.
 */
#include "acrn.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "event.h"
#include "template.h"

#define BATCH 128u /* entries read at once */

struct ring {
	size_t extent;
	uint32_t num;	   /* slots */
	uint32_t at, left; /* the next slot, and how many are left */
	uint32_t unread;   /* how many of them are unread */
	int32_t cpu;
	bool have, consumed;
	bool wrapped;	/* all slots were written */
	bool doubt;	/* which are unread is not known */
	uint64_t zeros; /* bytes of entries that were never written, or are
			   damaged if one comes after them */
	uint64_t gap_start, gap_end; /* offsets that are not in the image */
	struct ml_acrn_event event;
	uint32_t buf_first, buf_n;
	uint8_t buf[BATCH * ML_ACRN_ENTRY];
};

struct acrn_trace {
	struct memlog_allocator alloc;
	struct ring *rings;
	size_t n_rings;
	struct ml_acrn_rules *rules;
	uint64_t tsc_hz;
	bool ruled;	/* an event had a rule */
	bool unruled;	/* one had none, and was left out */
	bool old_cpuid; /* v1.0 and earlier: the payload is a vCPU */
	char line[ML_ACRN_LINE];
	uint8_t raw[ML_ACRN_ENTRY];
};

/* ---- reading ------------------------------------------------------------ */

/* Is the entry at that offset in a gap that is known, as a whole? */
static bool in_gap(const struct ring *r, uint64_t off)
{
	return off >= r->gap_start && off + ML_ACRN_ENTRY <= r->gap_end;
}

/* How many bytes of the entry at that offset are not in the image. The gap is kept: what
 * follows in it is not asked for. */
static uint64_t acrn_trace_lacks(struct ring *r, struct ml_source *source,
				 uint64_t off)
{
	uint64_t missing = source->missing, lacks = 0, gap;
	uint8_t entry[ML_ACRN_ENTRY];
	size_t at = 0, got;

	while (at < sizeof(entry)) {
		got = 0;
		gap = 0;
		if (ml_source_read(source, r->extent, off + at, entry,
				   sizeof(entry) - at, &got, &gap, NULL) ||
		    !got) {
			got = gap ? (size_t)ml_min(gap, sizeof(entry) - at) :
				    sizeof(entry) - at;
			lacks += got;
			r->gap_start = off + at;
			r->gap_end = off + at + gap;
		}
		at += got;
	}
	source->missing = missing;
	return lacks;
}

/* The entry in a slot, NULL if it is not in the image. */
static const uint8_t *acrn_trace_entry(struct ring *r, struct ml_source *source,
				       uint32_t index)
{
	uint32_t n = (uint32_t)ml_min(BATCH, r->num - index);
	uint64_t off = ML_SBUF_HEADER + (uint64_t)index * ML_ACRN_ENTRY;
	uint64_t missing = source->missing;
	size_t got;

	if (in_gap(r, off))
		return NULL;
	if (index - r->buf_first >= r->buf_n) {
		got = ml_source_fill(source, r->extent, off, r->buf,
				     n * ML_ACRN_ENTRY);
		source->missing = missing;
		r->buf_first = index;
		r->buf_n = (uint32_t)(got / ML_ACRN_ENTRY);
		if (!r->buf_n) {
			acrn_trace_lacks(r, source, off);
			return NULL;
		}
	}
	return r->buf + (size_t)(index - r->buf_first) * ML_ACRN_ENTRY;
}

/* An entry is zero. One that its reader has not read was written; an older one may
 * never have been, if none comes after it up to the end of the ring. */
static void acrn_trace_zero(struct ring *r, struct ml_source *source)
{
	if (r->left <= r->unread && !r->doubt)
		source->damaged += ML_ACRN_ENTRY;
	else
		r->zeros += ML_ACRN_ENTRY;
}

/* Take the next event of a ring. Slots that were never written are skipped. */
static void acrn_trace_advance(struct ring *r, struct ml_source *source)
{
	const uint8_t *p;
	uint64_t off;

	for (r->have = false; r->left && !r->have; r->left--) {
		off = ML_SBUF_HEADER + (uint64_t)r->at * ML_ACRN_ENTRY;
		p = acrn_trace_entry(r, source, r->at);
		if (!p)
			source->missing +=
				in_gap(r, off) ?
					ML_ACRN_ENTRY :
					acrn_trace_lacks(r, source, off);
		else
			ml_acrn_event_load(p, &r->event);
		r->have = p && (r->event.tsc || r->event.id);
		if (p && !r->have) {
			acrn_trace_zero(r, source);
		} else if (r->have) {
			source->damaged += r->zeros;
			r->zeros = 0;
		}
		r->consumed = r->left > r->unread;
		r->at = r->at + 1 < r->num ? r->at + 1 : 0;
		if (!r->at && !r->wrapped)
			r->zeros = 0;
	}
}

static enum memlog_status open_ring(struct ring *r, struct ml_source *source,
				    size_t extent, bool consumed,
				    struct memlog_err *err)
{
	const struct memlog_extent *e = &source->log->extents[extent];
	uint8_t head[ML_SBUF_HEADER];
	enum memlog_status s;
	struct ml_sbuf h;

	if (ml_source_fill(source, extent, 0, head, sizeof(head)) <
	    sizeof(head))
		return ml_fail_at(err, MEMLOG_NO_DATA, e->addr,
				  "the ring's header is not there");
	s = ml_sbuf_parse(head, sizeof(head), &h, err);
	if ((s && s != MEMLOG_CORRUPT) || h.ele_size != ML_ACRN_ENTRY)
		return ml_fail_at(err, MEMLOG_CORRUPT, e->addr,
				  "the ring's header has changed");
	r->extent = extent;
	r->cpu = e->cpu;
	r->num = (uint32_t)ml_min(h.ele_num,
				  (e->len - ML_SBUF_HEADER) / ML_ACRN_ENTRY);
	if (h.bad_offsets || r->num != h.ele_num) {
		r->left = r->unread = r->num;
		r->doubt = true;
		return MEMLOG_OK;
	}
	r->wrapped = h.head > h.tail;
	r->unread = ml_sbuf_unread(&h) / ML_ACRN_ENTRY;
	/* the slot at the tail still holds an old entry */
	r->left = consumed ? r->num : r->unread;
	r->at = (consumed ? h.tail : h.head) / ML_ACRN_ENTRY;
	return MEMLOG_OK;
}

/*
 * Until v1.0 a CPUID event had the number of the vCPU and a zero. Nothing says
 * which version wrote a trace, but no real guest asks only for leaves 0 to 15
 * with subleaf 0.
 */
static bool ask_old_cpuid(struct acrn_trace *d, struct ml_source *source)
{
	const uint8_t *p;
	size_t i;
	uint32_t k;
	bool any = false;

	for (i = 0; i < d->n_rings; i++) {
		struct ring *r = &d->rings[i];
		uint32_t at = r->at;

		for (k = 0; k < r->left;
		     k++, at = at + 1 < r->num ? at + 1 : 0) {
			p = acrn_trace_entry(r, source, at);
			if (!p || ml_le32(p + 8) != 0x10004 || ml_le16(p + 12))
				continue;
			if (ml_le64(p + 16) > 15 || ml_le64(p + 24))
				return false;
			any = true;
		}
	}
	return any;
}

static void trace_close(void *state, struct ml_source *source)
{
	struct acrn_trace *d = state;

	(void)source;
	ml_acrn_rules_destroy(d->rules);
	ml_free(&d->alloc, d->rings);
}

static enum memlog_status trace_open(void *state, struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	const struct memlog_decode_opts *u = opts->user;
	size_t n = source->log->pub.n_extents, i;
	struct acrn_trace *d = state;
	enum memlog_status s = MEMLOG_OK;

	d->alloc = opts->alloc;
	d->tsc_hz = u->tsc_hz;
	if (u->rules) {
		s = ml_acrn_rules_create(&d->alloc, u->rules, u->rules_len,
					 &d->rules, err);
		if (s)
			return s;
	}
	d->rings = ml_calloc(&d->alloc, n, sizeof(*d->rings));
	if (!d->rings)
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory for the rings of %zu CPU%s", n, ml_s(n));
	for (i = 0; i < n && d->rings; i++) {
		s = open_ring(&d->rings[d->n_rings], source, i, u->consumed,
			      err);
		if (!s) {
			d->n_rings++;
			continue;
		}
		/* skip this ring; the others are worth printing */
		source->missing += source->log->extents[i].len;
		memset(&d->rings[d->n_rings], 0, sizeof(*d->rings));
	}
	if (!d->n_rings) {
		trace_close(d, source);
		return s;
	}
	d->old_cpuid = !d->rules && ask_old_cpuid(d, source);
	for (i = 0; i < d->n_rings; i++)
		acrn_trace_advance(&d->rings[i], source);
	return MEMLOG_OK;
}

/* ---- records ------------------------------------------------------------ */

static size_t cut_str(const uint8_t *p, size_t len)
{
	while (len && !p[len - 1])
		len--;
	return len;
}

/* The prefix that ACRN's script prints before every text. */
static size_t put_start(struct acrn_trace *d, const struct ml_acrn_event *e,
			int32_t cpu)
{
	return (size_t)snprintf(d->line, sizeof(d->line),
				"CPU%d 0x%016llx %llu ", cpu < 0 ? 0 : cpu,
				(unsigned long long)e->id,
				(unsigned long long)e->tsc);
}

static void acrn_trace_put_text(struct acrn_trace *d,
				const struct ml_acrn_event *e, int32_t cpu,
				struct memlog_record *rec)
{
	const struct ml_acrn_event_type *type = ml_acrn_event_type(e->id);
	const char *text = type ? type->text : NULL;
	size_t n = put_start(d, e, cpu), len;
	char words[ML_ACRN_LINE];

	if (d->old_cpuid && e->id == 0x10004)
		text = "cpuid [vcpuid = %(1)d]";
	if (text) {
		len = ml_acrn_template(text, strlen(text), e, words);
	} else if (e->form == ML_ACRN_16STR) {
		len = (size_t)snprintf(words, sizeof(words), "%s [data = ",
				       e->id == 0x20 ? "sched next" :
				       type	     ? type->name :
						       "string");
		memcpy(words + len, e->payload, cut_str(e->payload, 16));
		len += cut_str(e->payload, 16);
		words[len++] = ']';
	} else {
		len = (size_t)snprintf(
			words, sizeof(words), "%s [0x%llx, 0x%llx]",
			type ? type->name : "event",
			(unsigned long long)ml_le64(e->payload),
			(unsigned long long)ml_le64(e->payload + 8));
	}
	len = ml_min(len, sizeof(d->line) - n);
	memcpy(d->line + n, words, len);
	rec->text_len = n + len;
	ml_record_message(rec, n);
}

static void add_fields(struct acrn_trace *d, const struct ml_acrn_event *e,
		       struct memlog_record *rec)
{
	const struct ml_acrn_event_type *type = ml_acrn_event_type(e->id);
	bool vcpu = d->old_cpuid && e->id == 0x10004;
	unsigned int i;

	ml_record_field(rec, "event", MEMLOG_FIELD_HEX, e->id);
	if (e->form == ML_ACRN_16STR) {
		ml_record_field_text(rec, "data", (const char *)d->raw + 16,
				     cut_str(d->raw + 16, 16));
		return;
	}
	for (i = 0; type && i < e->n && i < 4 && type->names[i]; i++) {
		ml_record_field(rec, vcpu && !i ? "vcpu" : type->names[i],
				MEMLOG_FIELD_HEX, e->v[i]);
		if (vcpu)
			break;
	}
}

/* Was a's event before b's? The counter may have wrapped between them. */
static bool is_before(const struct ring *a, const struct ring *b)
{
	return a->event.tsc - b->event.tsc > INT64_MAX;
}

static struct ring *acrn_trace_pick(struct acrn_trace *d)
{
	struct ring *best = NULL;
	size_t i;

	for (i = 0; i < d->n_rings; i++)
		if (d->rings[i].have &&
		    (!best || is_before(&d->rings[i], best)))
			best = &d->rings[i];
	return best;
}

static enum memlog_status trace_next(void *state, struct ml_source *source,
				     struct memlog_record *rec,
				     struct memlog_err *err)
{
	const struct ml_acrn_event_type *type;
	struct acrn_trace *d = state;
	const char *rule = NULL;
	struct ring *r;
	size_t len = 0;

	for (;;) {
		r = acrn_trace_pick(d);
		if (!r) {
			if (d->unruled && !d->ruled)
				ml_source_note_add(source,
						   "none of its events has a "
						   "rule in the file of "
						   "--acrn-formats");
			return MEMLOG_NO_DATA;
		}
		if (r->event.cpu < 0)
			r->event.cpu = r->cpu;
		if (!d->rules)
			break;
		rule = ml_acrn_rules_find(d->rules, r->event.id, &len);
		d->ruled |= rule != NULL;
		if (rule)
			break;
		d->unruled = true;
		acrn_trace_advance(r, source);
	}
	memcpy(d->raw, r->event.payload - 16, ML_ACRN_ENTRY);
	rec->text = (const uint8_t *)d->line;
	if (rule)
		rec->text_len = ml_acrn_template(rule, len, &r->event, d->line);
	else
		acrn_trace_put_text(d, &r->event, r->event.cpu, rec);
	rec->raw = d->raw;
	rec->raw_len = sizeof(d->raw);
	rec->cpu = r->event.cpu;
	rec->has_time = true;
	rec->time = r->event.tsc;
	rec->time_hz = d->tsc_hz;
	type = ml_acrn_event_type(r->event.id);
	rec->component = type ? type->name : NULL;
	if (r->consumed)
		rec->flags |= MEMLOG_REC_CONSUMED;
	add_fields(d, &r->event, rec);
	acrn_trace_advance(r, source);
	return MEMLOG_OK;
}

static bool trace_stable(const uint8_t *before, const uint8_t *after,
			 size_t len)
{
	struct ml_sbuf a, b;

	return !ml_sbuf_parse(before, len, &a, NULL) &&
	       !ml_sbuf_parse(after, len, &b, NULL) && a.ele_num == b.ele_num &&
	       a.ele_size == b.ele_size;
}

static enum memlog_status trace_rules(const struct memlog_allocator *alloc,
				      const char *text, size_t len,
				      struct memlog_err *err)
{
	struct ml_acrn_rules *rules;
	enum memlog_status s;

	s = ml_acrn_rules_create(alloc, text, len, &rules, err);
	if (!s)
		ml_acrn_rules_destroy(rules);
	return s;
}

const struct ml_format ml_format_acrn_trace = {
	.name = "acrn-trace",
	.title = "ACRN hypervisor trace",
	.magics = ml_acrn_magics,
	.probe = ml_acrn_trace_probe,
	.probe_min = ML_SBUF_HEADER,
	.probe_len = ML_SBUF_HEADER,
	.open = trace_open,
	.next = trace_next,
	.close = trace_close,
	.state_size = sizeof(struct acrn_trace),
	.find.needs_random = true,
	.find.reach = ML_STREAM_BACK,
	.group.expand = ml_acrn_trace_expand,
	.group.relate = ml_acrn_trace_relate,
	.group.text = ml_acrn_text,
	.group.own = ml_acrn_trace_own,
	.live.stable = trace_stable,
	.say.event = ml_acrn_event,
	.say.reason = ml_acrn_event_reason,
	.say.clock = &ml_format_acrn_log,
	.say.rules = trace_rules,
	.say.takes = ML_TAKES_CONSUMED | ML_TAKES_RATE,
	.say.absent = "ACRN's trace is in the memory of the Service VM: dump "
		      "that VM",
};
