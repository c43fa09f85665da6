/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chain.c - from one ACRN ring to the others of its group. */
#include "chain.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "msg.h"

#define SLOT ML_SBUF_LOG_SLOT

/* The gap between the halves is up to one byte per CPU larger than between
 * rings. */
#define HALF_SLACK 256u

#define NO_CHAIN UINT32_MAX

/* ---- the header of a ring ---------------------------------------------- */

static void ask_cpu(struct ml_acrn_chains *c, struct memlog_image *image,
		    enum memlog_space space, struct ml_sbuf_at *at)
{
	uint8_t buf[16 * SLOT];
	struct ml_acrn_head h;
	uint32_t n = (uint32_t)ml_min(at->h.ele_num, ML_ACRN_CPU_SLOTS), i, k;
	size_t got;

	for (i = 0; i < n; i += 16) {
		got = ml_sbuf_read(image, space,
				   at->addr + ML_SBUF_HEADER +
					   (uint64_t)i * SLOT,
				   buf, ml_min(16, n - i) * SLOT);
		for (k = 0; (k + 1) * SLOT <= got; k++) {
			if (!ml_acrn_head_parse(buf + k * SLOT, SLOT, &h))
				continue;
			at->cpu = (int32_t)h.cpu;
			c->old_text |= !h.name_len;
			return;
		}
		if (got < 16 * SLOT)
			return;
	}
}

/* ---- where rings are ---------------------------------------------------- */

static struct memlog_range acrn_chain_around(uint64_t first, uint64_t last,
					     uint64_t reach)
{
	struct memlog_range r = { first > reach ? first - reach : 0, 0 };

	if (!ml_add(last, reach, &r.end))
		r.end = UINT64_MAX;
	return r;
}

/* All rings nearby, and those near them, byte by byte. */
static enum memlog_status
acrn_chain_gather(struct ml_acrn_chains *c, struct memlog_image *image,
		  enum memlog_space space, uint64_t addr,
		  const struct ml_sbuf *h, struct memlog_err *err)
{
	uint64_t reach = ml_max(ML_ACRN_REACH,
				(uint64_t)ML_ACRN_SKIP * (h->size + SLOT) +
					ML_SBUF_HEADER + HALF_SLACK);
	struct memlog_range had = { 0, 0 },
			    r = acrn_chain_around(addr, addr, reach);
	struct ml_sbuf_list *l = &c->rings;
	enum memlog_status s;

	for (;;) {
		/* a buffer that was found is searched to its end */
		if (r.end - r.start > c->budget && !l->n) {
			c->curtailed = true;
			return MEMLOG_OK;
		}
		c->budget -= ml_min(r.end - r.start, c->budget);
		l->n = 0;
		s = ml_sbuf_find(image, space, r, SLOT, l, err);
		if (s == MEMLOG_LIMIT)
			s = MEMLOG_OK;
		if (s || !l->n)
			return s;
		had = r;
		r = acrn_chain_around(l->at[0].addr, l->at[l->n - 1].addr,
				      reach);
		r.start = ml_min(r.start, had.start);
		r.end = ml_max(r.end, had.end);
		if ((r.start == had.start && r.end == had.end) ||
		    r.end - r.start > ML_ACRN_SPAN || l->n >= l->max)
			return MEMLOG_OK;
	}
}

/* The same for a slow image, or when the budget is short: look only where the next header
 * must be. */
static enum memlog_status gather_slow(struct ml_acrn_chains *c,
				      struct memlog_image *image,
				      enum memlog_space space, uint64_t addr,
				      const struct ml_sbuf *h,
				      struct memlog_err *err)
{
	uint64_t least = ML_SBUF_HEADER + h->size, at = addr;
	struct ml_sbuf_list *l = &c->rings;
	struct memlog_range r;
	enum memlog_status s;
	size_t n;

	/* back to the first one */
	while (at >= least + SLOT + HALF_SLACK) {
		r.start = at - least - SLOT - HALF_SLACK;
		r.end = at - least + 8;
		l->n = 0;
		s = ml_sbuf_find(image, space, r, SLOT, l, err);
		if (s || !l->n)
			break;
		at = l->at[l->n - 1].addr;
	}
	l->n = 0;
	for (;;) {
		n = l->n;
		s = ml_sbuf_find(
			image, space,
			(struct memlog_range){ at, at + SLOT + HALF_SLACK + 8 },
			SLOT, l, err);
		if (s == MEMLOG_LIMIT)
			return MEMLOG_OK;
		if (s || l->n == n || !ml_add(l->at[l->n - 1].addr, least, &at))
			return s;
	}
}

/* ---- which belong together ---------------------------------------------- */

/* Can d be the size of k parts of a region whose ring has header h? */
static bool acrn_chain_fits(uint64_t d, const struct ml_sbuf *h, uint64_t part,
			    uint64_t *ret_part)
{
	uint64_t least = ML_SBUF_HEADER + h->size, k;

	if (part)
		return d % part == 0 && d / part <= ML_ACRN_SKIP;
	for (k = 1; k <= ML_ACRN_SKIP; k++)
		if (d >= k * least && d < k * (least + SLOT) && d % k == 0) {
			*ret_part = d / k;
			return true;
		}
	return false;
}

static struct ml_acrn_chain *new_chain(struct ml_acrn_chains *c, size_t i)
{
	struct ml_acrn_chain *ch = &c->at[c->n];

	memset(ch, 0, sizeof(*ch));
	ch->first = i;
	ch->n = 1;
	c->chain[i] = (uint32_t)c->n++;
	return ch;
}

static void grow_chain(struct ml_acrn_chains *c, struct ml_acrn_chain *ch)
{
	const struct ml_sbuf_at *r = c->rings.at, *first = &r[ch->first];
	uint64_t last = first->addr, part;
	int32_t cpu = first->cpu;
	size_t i;

	for (i = ch->first + 1; i < c->rings.n; i++) {
		if (c->chain[i] != NO_CHAIN || r[i].h.last != first->h.last ||
		    r[i].h.ele_num != first->h.ele_num)
			continue;
		if (r[i].addr - last >
		    ML_ACRN_SKIP *
			    (uint64_t)(first->h.size + ML_SBUF_HEADER + SLOT))
			break;
		part = ch->part;
		if (!acrn_chain_fits(r[i].addr - last, &first->h, ch->part,
				     &part))
			continue;
		/* the other half starts with CPU 0 again */
		if (cpu >= 0 && r[i].cpu >= 0 && r[i].cpu <= cpu)
			break;
		ch->part = part;
		ch->n++;
		c->chain[i] = c->chain[ch->first];
		last = r[i].addr;
		if (r[i].cpu >= 0)
			cpu = r[i].cpu;
	}
	ch->from_base = !(first->addr % ML_PAGE) && first->cpu <= 0;
}

static bool acrn_chain_has_cpu(const struct ml_acrn_chains *c, uint32_t chain,
			       int32_t cpu)
{
	size_t i;

	for (i = 0; i < c->rings.n; i++)
		if (c->chain[i] == chain && c->rings.at[i].cpu == cpu)
			return true;
	return false;
}

/*
 * v0.3 can overwrite the header of the ring that the Service VM gave it with
 * the numbers of its early ring. Such a ring is where its chain has a hole;
 * rings of different CPUs that all have the same wrong size are one chain too.
 */
static bool may_adopt(const struct ml_acrn_chains *c, size_t k, size_t i,
		      uint64_t *ret_part)
{
	const struct ml_acrn_chain *ch = &c->at[k];
	const struct ml_sbuf_at *f = &c->rings.at[ch->first];
	const struct ml_sbuf_at *r = &c->rings.at[i];
	uint64_t d = r->addr > f->addr ? r->addr - f->addr : f->addr - r->addr;

	if (f->h.last != r->h.last ||
	    (r->cpu >= 0 && acrn_chain_has_cpu(c, (uint32_t)k, r->cpu)))
		return false;
	*ret_part = ch->part;
	if (ch->part)
		return r->addr > f->addr && !(d % ch->part) &&
		       d / ch->part <= 2 * ch->n + ML_ACRN_SKIP;
	if (f->h.ele_num != r->h.ele_num)
		return acrn_chain_fits(d, &f->h, 0, ret_part);
	return f->cpu >= 0 && r->cpu >= 0 && d < ML_ACRN_SPAN / 4;
}

static void acrn_chain_adopt(struct ml_acrn_chains *c, size_t i)
{
	struct ml_acrn_chain *mine = &c->at[c->chain[i]], *ch;
	uint64_t part;
	size_t k;

	for (k = 0; k < c->n; k++) {
		ch = &c->at[k];
		if (ch == mine || !ch->n || !may_adopt(c, k, i, &part))
			continue;
		mine->n = 0;
		ch->n++;
		ch->part = part;
		if (i < ch->first) {
			ch->first = i;
			ch->from_base = mine->from_base;
		}
		c->chain[i] = (uint32_t)k;
		return;
	}
}

/* Headers in another chain's slots were left by a boot with a different number
 * of CPUs. */
static void mark_inside(struct ml_acrn_chains *c)
{
	const struct ml_sbuf_at *r = c->rings.at;
	size_t i, k;

	for (i = 0; i < c->rings.n; i++) {
		struct ml_acrn_chain *a = &c->at[c->chain[i]];

		for (k = 0; k < c->rings.n; k++) {
			const struct ml_acrn_chain *b = &c->at[c->chain[k]];
			bool stronger = b->from_base == a->from_base ?
						b->n > a->n :
						b->from_base;

			if (a == b || !stronger || r[i].addr <= r[k].addr ||
			    r[i].addr - r[k].addr >=
				    ML_SBUF_HEADER + r[k].h.size)
				continue;
			a->inside = true;
		}
	}
}

static enum memlog_status sort_out(struct ml_acrn_chains *c,
				   struct memlog_err *err)
{
	size_t n = c->rings.n, i;

	c->chain = ml_calloc(c->alloc, n, sizeof(*c->chain));
	c->at = ml_calloc(c->alloc, n, sizeof(*c->at));
	if (!c->chain || !c->at)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu ring%s", n, ml_s(n));
	for (i = 0; i < n; i++)
		c->chain[i] = NO_CHAIN;
	for (i = 0; i < n; i++)
		if (c->chain[i] == NO_CHAIN)
			grow_chain(c, new_chain(c, i));
	for (i = 0; i < n; i++)
		if (c->at[c->chain[i]].n == 1 &&
		    c->rings.at[i].h.ele_num == ML_SBUF_EARLY_SLOTS)
			acrn_chain_adopt(c, i);
	mark_inside(c);
	return MEMLOG_OK;
}

enum memlog_status ml_acrn_chains_find(struct ml_acrn_chains *c,
				       struct memlog_image *image,
				       enum memlog_space space, uint64_t addr,
				       const struct ml_sbuf *h, bool low,
				       struct memlog_err *err)
{
	bool slow = image->spaces[space].ops->flags & MEMLOG_READER_SLOW;
	enum memlog_status s;
	size_t i;

	c->rings.alloc = c->alloc;
	c->rings.max = ML_ACRN_MAX_RINGS;
	s = slow ? MEMLOG_OK : acrn_chain_gather(c, image, space, addr, h, err);
	if (!s && (slow || c->curtailed))
		s = gather_slow(c, image, space, addr, h, err);
	for (i = 0; !s && i < c->rings.n; i++)
		ask_cpu(c, image, space, &c->rings.at[i]);
	low &= !slow && c->old_text;
	image->shortened |= low && image->brief;
	if (!s && low && !image->brief) {
		c->looked_low = true;
		c->rings.n = 0;
		s = ml_sbuf_find(image, space,
				 (struct memlog_range){ 0, ML_ACRN_LOW }, SLOT,
				 &c->rings, err);
		if (s == MEMLOG_LIMIT)
			s = MEMLOG_OK;
		for (i = 0; !s && i < c->rings.n; i++)
			ask_cpu(c, image, space, &c->rings.at[i]);
	}
	return s ? s : sort_out(c, err);
}

void ml_acrn_chains_fini(struct ml_acrn_chains *c)
{
	ml_free(c->alloc, c->rings.at);
	ml_free(c->alloc, c->chain);
	ml_free(c->alloc, c->at);
}
