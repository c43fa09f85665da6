/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring.c - read messages from one CPU's ring.
 *
 * A message takes one to four slots in a row; a slot without a NUL continues in
 * the next one, unless the message happens to end there. While a ring is full,
 * slots of a message are dropped one by one: the pieces that got in are next to
 * each other, and cannot always be distinguished from a whole message. Where
 * that happened, pieces are returned one by one and not joined.
 */
#include "ring.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define SLOT ML_SBUF_LOG_SLOT

/* Sequence numbers of one CPU may be a little out of order (an interrupt came
 * between taking the number and storing); a new boot is further away. */
#define SEQ_SLACK 64
#define US_SLACK  100000u

/* Slots around a message in which dropped pieces make us doubt it. */
#define NEAR ML_ACRN_NEAR
/* Messages without an end that it takes there to doubt all of them. */
#define OPEN_MIN 4u

enum slot_kind { SLOT_NONE, SLOT_ZERO, SLOT_HEAD, SLOT_MORE };

/* ---- slots -------------------------------------------------------------- */

static uint32_t run_index(const struct ml_acrn_ring *ring,
			  const struct ml_acrn_run *run, uint32_t pos)
{
	uint64_t i = (uint64_t)run->start + pos;

	return (uint32_t)(i < ring->num ? i : i - ring->num);
}

static enum slot_kind acrn_ring_kind(const uint8_t *p,
				     struct ml_acrn_head *head)
{
	if (!p)
		return SLOT_NONE;
	if (!p[0])
		return SLOT_ZERO;
	return ml_acrn_head_parse(p, SLOT, head) ? SLOT_HEAD : SLOT_MORE;
}

static bool acrn_ring_full(const uint8_t *p)
{
	return !memchr(p, 0, SLOT);
}

static enum slot_kind kind_at(struct ml_acrn_ring *ring,
			      struct ml_source *source,
			      const struct ml_acrn_run *run, uint32_t pos,
			      bool *ret_full)
{
	const uint8_t *p =
		ml_acrn_ring_slot(ring, source, run_index(ring, run, pos));
	struct ml_acrn_head head;

	*ret_full = p && acrn_ring_full(p);
	return acrn_ring_kind(p, &head);
}

/*
 * The kind of the slot after a full slot of a message of cpu. A head of another
 * CPU is a line that the message quotes: one ring has one CPU.
 */
static enum slot_kind kind_after(struct ml_acrn_ring *ring,
				 struct ml_source *source,
				 const struct ml_acrn_run *run, uint32_t pos,
				 uint32_t cpu, bool *ret_full)
{
	const uint8_t *p =
		ml_acrn_ring_slot(ring, source, run_index(ring, run, pos));
	struct ml_acrn_head head;
	enum slot_kind k = acrn_ring_kind(p, &head);

	*ret_full = p && acrn_ring_full(p);
	return k == SLOT_HEAD && head.cpu != cpu ? SLOT_MORE : k;
}

static bool acrn_ring_unread(const struct ml_acrn_ring *ring, uint32_t index)
{
	uint32_t head = ring->h.head / SLOT, off;

	if (ring->h.bad_offsets)
		return true;
	off = index >= head ? index - head : ring->num - head + index;
	return off < ml_sbuf_unread(&ring->h) / SLOT;
}

/* ---- boots -------------------------------------------------------------- */

/* Slots [first, end) in which sequence numbers and times increase. */
struct stretch {
	uint32_t first, end;
	bool has;	     /* has a head */
	uint32_t seq0, seq1; /* of the first and last head */
	uint64_t us0, us1;
};

/* Can (seq, us) come after (seq0, us0) in one boot? */
static bool acrn_ring_follows(uint32_t seq0, uint64_t us0, uint32_t seq,
			      uint64_t us)
{
	return (int32_t)(seq - seq0) >= -SEQ_SLACK && us + US_SLACK >= us0;
}

/*
 * Signs that slots were dropped: a piece after a message that had ended, or
 * many messages in a row without an end. A message that fills its last slot has
 * no end either, but that is one in 80.
 */
struct trouble {
	bool ended, was_full, piece;
	uint32_t open, closed;
};

static void acrn_ring_watch(struct trouble *t, enum slot_kind k, bool is_full)
{
	if (k == SLOT_MORE && t->ended)
		t->piece = true;
	if (k == SLOT_HEAD && t->was_full)
		t->open++;
	t->was_full = (k == SLOT_HEAD || k == SLOT_MORE) && is_full;
	t->ended = (k == SLOT_HEAD || k == SLOT_MORE) && !is_full;
	t->closed += t->ended;
}

static bool acrn_ring_found(const struct trouble *t)
{
	return t->piece || (t->open >= OPEN_MIN && t->open * 2 > t->closed);
}

/* Split the slots [first, end) into at most max stretches; the last one takes
 * the rest. */
static uint32_t acrn_ring_cut(struct ml_acrn_ring *ring,
			      struct ml_source *source, uint32_t first,
			      uint32_t end, struct stretch *out, uint32_t max)
{
	struct ml_acrn_head h;
	uint32_t n = 0, i, cpu = 0;
	bool was_full = false, quoted;

	if (first >= end)
		return 0;
	memset(&out[0], 0, sizeof(out[0]));
	out[0].first = first;
	for (i = first; i < end; i++) {
		const uint8_t *p = ml_acrn_ring_slot(ring, source, i);
		enum slot_kind k = acrn_ring_kind(p, &h);
		struct stretch *s = &out[n];

		quoted = k == SLOT_HEAD && was_full && s->has && h.cpu != cpu;
		was_full = p && acrn_ring_full(p);
		if (k != SLOT_HEAD || quoted)
			continue;
		cpu = h.cpu;
		if (s->has &&
		    !acrn_ring_follows(s->seq1, s->us1, h.seq, h.us) &&
		    n + 1 < max) {
			s->end = i;
			s = &out[++n];
			memset(s, 0, sizeof(*s));
			s->first = i;
		}
		if (!s->has) {
			s->seq0 = h.seq;
			s->us0 = h.us;
		}
		s->has = true;
		s->seq1 = h.seq;
		s->us1 = h.us;
	}
	out[n].end = end;
	return n + 1;
}

static void acrn_ring_add_run(struct ml_acrn_ring *ring, uint32_t start,
			      uint32_t count, uint32_t age)
{
	if (!count || ring->n_runs >= ML_ACRN_RUNS)
		return;
	ring->run[ring->n_runs++] = (struct ml_acrn_run){ start, count, age };
}

/* Does stretch a directly come before b in the same boot, around the ring? */
static bool acrn_ring_before(const struct stretch *a, const struct stretch *b)
{
	return a->has && b->has && (int32_t)(b->seq0 - a->seq1) > 0 &&
	       (int32_t)(b->seq0 - a->seq0) > 0 && a->us1 <= b->us0 + US_SLACK;
}

/*
 * [0, tail) is this boot's. After it comes either this boot's older part, if it
 * wrapped, or what older boots left: each of those started at slot 0 too, so
 * the nearer to the tail the newer, except that the last stretch may be the
 * older part of the boot before it.
 */
static void find_runs(struct ml_acrn_ring *ring, struct ml_source *source,
		      uint32_t tail)
{
	struct stretch now[1], old[ML_ACRN_RUNS - 2];
	uint32_t n, i, age;
	bool wrapped;

	now[0].has = false;
	acrn_ring_cut(ring, source, 0, tail, now, 1);
	n = acrn_ring_cut(ring, source, tail, ring->num, old,
			  (uint32_t)(sizeof(old) / sizeof(old[0])));
	wrapped = !ring->h.bad_offsets && ring->h.head > ring->h.tail;
	if (!wrapped)
		wrapped = n == 1 && tail && acrn_ring_before(&old[0], &now[0]);
	if (wrapped) {
		acrn_ring_add_run(ring, tail == ring->num ? 0 : tail, ring->num,
				  0);
		return;
	}
	if (n >= 2 && acrn_ring_before(&old[n - 1], &old[n - 2])) {
		age = n - 1;
		acrn_ring_add_run(ring, old[n - 1].first,
				  old[n - 1].end - old[n - 1].first, age);
		n--;
	}
	for (i = n; i--;)
		if (old[i].has)
			acrn_ring_add_run(ring, old[i].first,
					  old[i].end - old[i].first, i + 1);
	acrn_ring_add_run(ring, 0, tail, 0);
}

/* If the offsets are damaged: the newest slot is where the numbers drop. */
static uint32_t guess_tail(struct ml_acrn_ring *ring, struct ml_source *source)
{
	struct stretch s[2];

	return acrn_ring_cut(ring, source, 0, ring->num, s, 2) == 2 ? s[0].end :
								      ring->num;
}

enum memlog_status ml_acrn_ring_open(struct ml_acrn_ring *ring,
				     struct ml_source *source, size_t extent,
				     struct memlog_err *err)
{
	const struct memlog_extent *e = &source->log->extents[extent];
	uint8_t head[ML_SBUF_HEADER];
	enum memlog_status s;

	ring->extent = extent;
	ring->cpu = e->cpu;
	if (ml_source_fill(source, extent, 0, head, sizeof(head)) <
	    sizeof(head))
		return ml_fail_at(err, MEMLOG_NO_DATA, e->addr,
				  "the ring's header is not there");
	s = ml_sbuf_parse(head, sizeof(head), &ring->h, err);
	if ((s && s != MEMLOG_CORRUPT) || ring->h.ele_size != SLOT)
		return ml_fail_at(err, MEMLOG_CORRUPT, e->addr,
				  "the ring's header has changed");
	ring->num = (uint32_t)ml_min(ring->h.ele_num,
				     (e->len - ML_SBUF_HEADER) / SLOT);
	if (ring->num != ring->h.ele_num)
		ring->h.bad_offsets = true;
	if (ring->num)
		find_runs(ring, source,
			  ring->h.bad_offsets ? guess_tail(ring, source) :
						ring->h.tail / SLOT);
	return MEMLOG_OK;
}

uint32_t ml_acrn_ring_oldest(const struct ml_acrn_ring *ring)
{
	uint32_t i, age = 0;

	for (i = 0; i < ring->n_runs; i++)
		if (ring->run[i].age > age)
			age = ring->run[i].age;
	return age;
}

/* ---- items -------------------------------------------------------------- */

/* Were pieces dropped around the message at pos of n slots? */
static bool acrn_ring_doubtful(struct ml_acrn_ring *ring,
			       struct ml_source *source,
			       const struct ml_acrn_run *run, uint32_t pos,
			       uint32_t n)
{
	uint32_t i = pos > NEAR ? pos - NEAR : 0;
	uint32_t end = (uint32_t)ml_min(run->count, (uint64_t)pos + n + NEAR);
	struct trouble t = { 0 };
	bool is_full;

	for (; i < end && !t.piece; i++) {
		enum slot_kind k = kind_at(ring, source, run, i, &is_full);

		acrn_ring_watch(&t, k, is_full);
	}
	return acrn_ring_found(&t);
}

/* Is the ring full, so that the last message may have been cut? */
static bool no_room(const struct ml_acrn_ring *ring)
{
	return ml_sbuf_unread(&ring->h) + SLOT == ring->h.size;
}

/* How many slots the message with its head at pos has. */
static uint32_t acrn_ring_measure(struct ml_acrn_ring *ring,
				  struct ml_source *source,
				  const struct ml_acrn_run *run, uint32_t pos,
				  uint32_t *ret_flags, bool *ret_open)
{
	enum slot_kind k = SLOT_HEAD;
	bool is_full, cut_off = false;
	uint32_t n;

	kind_at(ring, source, run, pos, &is_full);
	for (n = 1; is_full && n < ML_ACRN_SLOTS_MAX && pos + n < run->count;
	     n++) {
		k = kind_after(ring, source, run, pos + n, ring->item.head.cpu,
			       &is_full);
		if (k != SLOT_MORE) {
			is_full = true;
			break;
		}
	}
	if (!is_full) {
		/* it has an end; slots in between may still be another's */
		if (n > 1 && acrn_ring_doubtful(ring, source, run, pos, n))
			*ret_flags |= MEMLOG_REC_GUESSED;
		return n;
	}
	if (k == SLOT_NONE)
		cut_off = true;
	else if (n == ML_ACRN_SLOTS_MAX)
		cut_off = true;
	else if (pos + n == run->count && run->age)
		cut_off = true; /* a newer boot overwrote the rest */
	else if (pos + n == run->count)
		cut_off = no_room(ring);
	else if (k == SLOT_HEAD)
		cut_off = acrn_ring_doubtful(ring, source, run, pos, n);
	*ret_open = !cut_off;
	if (!cut_off)
		return n; /* its length is a multiple of the slot size */
	*ret_flags |= MEMLOG_REC_PARTIAL_TAIL;
	if (k == SLOT_NONE || (pos + n == run->count &&
			       !acrn_ring_doubtful(ring, source, run, pos, n)))
		return n;
	return 1;
}

/* How many slots the piece at pos has: one if pieces were dropped, else up to
 * its end. */
static uint32_t measure_piece(struct ml_acrn_ring *ring,
			      struct ml_source *source,
			      const struct ml_acrn_run *run, uint32_t pos,
			      uint32_t *ret_flags)
{
	bool is_full;
	uint32_t n = 0;

	*ret_flags |= MEMLOG_REC_TRUNCATED_HEAD;
	do {
		if (kind_at(ring, source, run, pos + n, &is_full) != SLOT_MORE)
			break;
		n++;
	} while (is_full && !pos && n + 1 < ML_ACRN_SLOTS_MAX &&
		 pos + n < run->count);
	if (is_full)
		*ret_flags |= MEMLOG_REC_PARTIAL_TAIL;
	return n ? n : 1;
}

/*
 * Count a slot that has no text, if that would be printed. Zeros are damage in what
 * this boot wrote. In what is left of older boots, slots that were never written are
 * zeros too, but no message comes after them.
 */
static void acrn_ring_count(struct ml_acrn_ring *ring, struct ml_source *source,
			    const struct ml_acrn_run *run, enum slot_kind k)
{
	uint32_t index = run_index(ring, run, ring->pos);

	if (k != SLOT_NONE && k != SLOT_ZERO) {
		source->damaged += ring->zeros;
		ring->zeros = 0;
		return;
	}
	if (!ring->consumed && (run->age || !acrn_ring_unread(ring, index)))
		return;
	if (k == SLOT_NONE)
		source->missing += ml_acrn_ring_lacks(ring, source, index);
	else if (run->age || ring->h.bad_offsets)
		ring->zeros += SLOT;
	else
		source->damaged += SLOT;
}

/* The next item at or after ring->pos of the current run. */
static bool next_in_run(struct ml_acrn_ring *ring, struct ml_source *source)
{
	const struct ml_acrn_run *run = &ring->run[ring->cur];
	struct ml_acrn_item *it = &ring->item;
	enum slot_kind k;
	uint32_t i;

	for (; ring->pos < run->count; ring->pos++) {
		memset(it, 0, sizeof(*it));
		k = acrn_ring_kind(
			ml_acrn_ring_slot(ring, source,
					  run_index(ring, run, ring->pos)),
			&it->head);
		acrn_ring_count(ring, source, run, k);
		if (k == SLOT_NONE || k == SLOT_ZERO)
			continue;
		it->has_head = k == SLOT_HEAD;
		it->pos = ring->pos;
		it->slots = it->has_head ?
				    acrn_ring_measure(ring, source, run,
						      it->pos, &it->flags,
						      &it->open) :
				    measure_piece(ring, source, run, it->pos,
						  &it->flags);
		for (i = 0; i < it->slots && !run->age; i++)
			it->unread |= acrn_ring_unread(
				ring, run_index(ring, run, it->pos + i));
		ring->pos += it->slots;
		return true;
	}
	return false;
}

void ml_acrn_ring_next(struct ml_acrn_ring *ring, struct ml_source *source)
{
	uint32_t age;

	while (ring->cur < ring->n_runs) {
		ring->have = next_in_run(ring, source);
		if (ring->have)
			return;
		age = ring->run[ring->cur].age;
		ring->pos = 0;
		ring->zeros = 0;
		if (++ring->cur < ring->n_runs &&
		    ring->run[ring->cur].age != age)
			break;
	}
	ring->have = false;
}

void ml_acrn_ring_start(struct ml_acrn_ring *ring, struct ml_source *source,
			uint32_t age)
{
	ring->pos = 0;
	ring->zeros = 0;
	ring->have = false;
	for (ring->cur = 0; ring->cur < ring->n_runs; ring->cur++)
		if (ring->run[ring->cur].age == age)
			break;
	ml_acrn_ring_next(ring, source);
}

size_t ml_acrn_ring_text(struct ml_acrn_ring *ring, struct ml_source *source,
			 uint8_t *raw, uint8_t *text)
{
	const struct ml_acrn_run *run = &ring->run[ring->cur];
	const struct ml_acrn_item *it = &ring->item;
	size_t len = 0, n;
	const uint8_t *p;
	uint32_t i;

	for (i = 0; i < it->slots; i++) {
		p = ml_acrn_ring_slot(ring, source,
				      run_index(ring, run, it->pos + i));
		if (!p) {
			memset(raw + (size_t)i * SLOT, 0, SLOT);
			continue;
		}
		memcpy(raw + (size_t)i * SLOT, p, SLOT);
		n = strnlen((const char *)p, SLOT);
		memcpy(text + len, p, n);
		len += n;
	}
	return len;
}
