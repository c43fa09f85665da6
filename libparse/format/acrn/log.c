/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.c - the log of the ACRN hypervisor: one ring per CPU, merged by the
 * sequence number that all CPUs share.
 *
 * A log is one half of the region that the Service VM's kernel reserved: the
 * rings of the running hypervisor, or those of the previous boot. Records come
 * boot by boot, oldest first; within a boot by sequence number, which may wrap.
 * Pieces without a head follow what comes before them in their ring.
 */
#include "acrn.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "msg.h"
#include "ring.h"

struct acrn_log {
	struct ml_acrn_ring *rings;
	size_t n_rings;
	struct memlog_allocator alloc;
	bool consumed; /* requested */
	bool printed;  /* has something of this boot */
	uint32_t age;
	bool has_seq;
	uint32_t seq;  /* of the last item, printed or not */
	uint64_t lost; /* numbers missing since the last printed one */
	uint64_t count;
	uint8_t raw[ML_ACRN_TEXT_MAX];
	uint8_t text[ML_ACRN_TEXT_MAX];
	char name[ML_ACRN_NAME_MAX + 1];
};

/* The hypervisor's own rings of v0.3 lie at odd addresses. */
static const struct ml_magic log_magics[] = {
	{ .bytes = ML_SBUF_BYTES, .len = 8, .align = 4096, .fine = 1 },
	{ .bytes = ML_SBUF_BYTES_LAST, .len = 8, .align = 4096, .fine = 1 },
	{ .len = 0 },
};

static enum memlog_status log_probe(const struct ml_probe *probe,
				    struct ml_log *log, struct ml_found *ret,
				    struct memlog_err *err)
{
	enum memlog_status s;
	struct ml_sbuf h;

	s = ml_sbuf_parse(probe->bytes, probe->len, &h, err);
	if (s && s != MEMLOG_CORRUPT)
		return s;
	if (ml_sbuf_kind(&h) != ML_SBUF_LOG)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "a shared buffer with slots of %u byte%s",
			       h.ele_size, ml_s(h.ele_size));
	ml_acrn_log_of_ring(log, &h, probe->addr, &ret->extent);
	return s;
}

/* Rings may be read while the hypervisor fills them: only the offsets move. */
static bool log_stable(const uint8_t *before, const uint8_t *after, size_t len)
{
	struct ml_sbuf a, b;

	if (ml_sbuf_parse(before, len, &a, NULL) ||
	    ml_sbuf_parse(after, len, &b, NULL))
		return false;
	return a.ele_num == b.ele_num && a.ele_size == b.ele_size &&
	       a.last == b.last;
}

/* ---- decoding ----------------------------------------------------------- */

static void start_boot(struct acrn_log *d, struct ml_source *source)
{
	size_t i;

	for (i = 0; i < d->n_rings; i++)
		ml_acrn_ring_start(&d->rings[i], source, d->age);
	d->has_seq = d->printed = false;
	d->lost = 0;
}

static enum memlog_status log_open(void *state, struct ml_source *source,
				   const struct ml_decoder_opts *opts,
				   struct memlog_err *err)
{
	struct acrn_log *d = state;
	size_t n = source->log->pub.n_extents, i;
	enum memlog_status s = MEMLOG_OK;

	d->alloc = opts->alloc;
	d->consumed = opts->user->consumed;
	d->rings = ml_calloc(&d->alloc, n, sizeof(*d->rings));
	if (!d->rings)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the rings of %zu CPU%s", n,
			       ml_s(n));
	for (i = 0; i < n; i++) {
		struct ml_acrn_ring *r = &d->rings[d->n_rings];

		s = ml_acrn_ring_open(r, source, i, err);
		if (s) {
			/* skip this ring; the others are worth printing */
			source->missing += source->log->extents[i].len;
			memset(r, 0, sizeof(*r));
			continue;
		}
		r->consumed = d->consumed;
		r->early = source->log->extents[i].role == ML_ACRN_ROLE_EARLY;
		d->n_rings++;
		if (d->consumed && ml_acrn_ring_oldest(r) > d->age)
			d->age = ml_acrn_ring_oldest(r);
	}
	if (!d->n_rings) {
		ml_free(&d->alloc, d->rings);
		return s;
	}
	start_boot(d, source);
	return MEMLOG_OK;
}

/* Does a go before b? Pieces go first: they belong to what came before. */
static bool acrn_log_earlier(const struct ml_acrn_ring *a,
			     const struct ml_acrn_ring *b)
{
	const struct ml_acrn_item *x = &a->item, *y = &b->item;
	int32_t d;

	if (!x->has_head || !y->has_head)
		return !x->has_head && y->has_head;
	d = (int32_t)(x->head.seq - y->head.seq);
	if (d)
		return d < 0;
	if (x->head.us != y->head.us)
		return x->head.us < y->head.us;
	return !a->early && b->early;
}

/* The same message in two rings: the hypervisor copies its early ring into the
 * Service VM's. */
static bool is_copy(const struct ml_acrn_ring *a, const struct ml_acrn_ring *b)
{
	return a != b && b->have && a->item.has_head && b->item.has_head &&
	       a->item.head.seq == b->item.head.seq &&
	       a->item.head.us == b->item.head.us &&
	       a->item.head.cpu == b->item.head.cpu;
}

static struct ml_acrn_ring *acrn_log_pick(struct acrn_log *d,
					  struct ml_source *source)
{
	struct ml_acrn_ring *best = NULL;
	size_t i;

	for (i = 0; i < d->n_rings; i++)
		if (d->rings[i].have &&
		    (!best || acrn_log_earlier(&d->rings[i], best)))
			best = &d->rings[i];
	if (!best || !best->item.has_head)
		return best;
	for (i = 0; i < d->n_rings; i++)
		if (is_copy(best, &d->rings[i]))
			ml_acrn_ring_next(&d->rings[i], source);
	return best;
}

static void acrn_log_fill(struct acrn_log *d, struct ml_source *source,
			  struct ml_acrn_ring *ring, struct memlog_record *rec)
{
	const struct ml_acrn_item *it = &ring->item;
	const struct ml_acrn_head *h = &it->head;

	rec->text = d->text;
	rec->text_len = ml_acrn_ring_text(ring, source, d->raw, d->text);
	ml_record_message(rec,
			  it->has_head ? ml_min(h->len, rec->text_len) : 0);
	rec->raw = d->raw;
	rec->raw_len = (size_t)it->slots * ML_SBUF_LOG_SLOT;
	rec->cpu = ring->cpu;
	rec->flags |= it->flags;
	if (!it->unread)
		rec->flags |= MEMLOG_REC_CONSUMED;
	rec->boot = -(int32_t)(d->age * source->log->boot_step);
	if (d->age)
		rec->flags |= MEMLOG_REC_STALE;
	if (!it->has_head)
		return;
	rec->cpu = (int32_t)h->cpu;
	rec->has_seq = rec->has_time = rec->has_level = true;
	rec->seq = h->seq;
	rec->time = h->us;
	rec->time_hz = 1000000;
	rec->level = ml_acrn_level(h->sev);
	if (h->name_len) {
		memcpy(d->name, d->text + h->name_off, h->name_len);
		d->name[h->name_len] = 0;
		rec->component = d->name;
	}
	ml_record_field(rec, "sev", MEMLOG_FIELD_UINT, h->sev);
	if (d->lost) {
		rec->lost = d->lost;
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
	}
}

/* Count the numbers between the last message and this one. */
static void count_lost(struct acrn_log *d, const struct ml_acrn_item *it)
{
	uint32_t step;

	if (!it->has_head)
		return;
	step = it->head.seq - d->seq;
	if (d->has_seq && (int32_t)step > 1)
		d->lost += step - 1;
	d->has_seq = true;
	d->seq = it->head.seq;
}

/* Is the number after the last message's in memory? For the newest message this
 * is unknown. */
static bool number_follows(const struct acrn_log *d)
{
	bool any = false;
	size_t i;

	for (i = 0; i < d->n_rings; i++) {
		const struct ml_acrn_ring *r = &d->rings[i];

		if (!r->have || !r->item.has_head)
			continue;
		any = true;
		if (r->item.head.seq == d->seq + 1)
			return true;
	}
	return !any;
}

static enum memlog_status log_next(void *state, struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err)
{
	struct acrn_log *d = state;
	struct ml_acrn_ring *ring;
	bool open;

	for (;;) {
		ring = acrn_log_pick(d, source);
		if (!ring) {
			if (!d->age)
				return MEMLOG_NO_DATA;
			d->age--;
			start_boot(d, source);
			continue;
		}
		count_lost(d, &ring->item);
		if (d->consumed || ring->item.unread)
			break;
		/* gaps in what was already read are not reported here */
		if (!d->printed)
			d->lost = 0;
		ml_acrn_ring_next(ring, source);
	}
	acrn_log_fill(d, source, ring, rec);
	d->printed = true;
	if (ring->item.has_head)
		d->lost = 0;
	open = ring->item.open;
	ml_acrn_ring_next(ring, source);
	/* a full ring cuts a message and then accepts no more: if the next
	 * number is there, no ring was full */
	if (open && !number_follows(d))
		rec->flags |= MEMLOG_REC_GUESSED;
	return MEMLOG_OK;
}

static void log_close(void *state, struct ml_source *source)
{
	struct acrn_log *d = state;

	(void)source;
	ml_free(&d->alloc, d->rings);
}

static void log_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	(void)rec;
	ret->phase = ML_STAGE_HYPERVISOR;
}

const struct ml_format ml_format_acrn_log = {
	.name = "acrn-log",
	.title = "ACRN hypervisor log",
	.magics = log_magics,
	.probe = log_probe,
	.probe_min = ML_SBUF_HEADER,
	.probe_len = ML_SBUF_HEADER,
	.open = log_open,
	.next = log_next,
	.close = log_close,
	.state_size = sizeof(struct acrn_log),
	.find.needs_random = true,
	.find.reach = ML_STREAM_BACK,
	.find.likely = ml_acrn_likely,
	.find.pointed = ml_acrn_pointed,
	.group.expand = ml_acrn_log_expand,
	.group.relate = ml_acrn_log_relate,
	.group.text = ml_acrn_text,
	.group.own = ml_acrn_log_own,
	.live.stable = log_stable,
	.say.moment = log_moment,
	.say.fault = ml_acrn_fault,
	.say.rate = ml_acrn_rate,
	.say.boots = true,
	.say.takes = ML_TAKES_CONSUMED,
	.say.absent = "ACRN's log is in memory that the Service VM's kernel "
		      "reserves with hvlog=; a kdump of the Service VM lacks "
		      "it if memmap= hides it",
};
