/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mirror.c - the order of a CPU's pages by what the kernel knows of them, for dumps
 * without the writer's memory.
 *
 * The kernel has a list of struct buffer_page in the order of the ring. It begins,
 * after the reader page, with what was the head when that page was taken. Since then
 * the writer went on to a tail, after which stamps are older: up to there pages are
 * live, and the others were read, or all are live and the tail has passed the head.
 * The number of events that the kernel has read says which.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/bytes/rbpage.h"
#include "order.h"
#include "structs.h"

enum {
	PAGE_AFTER = 24, /* struct buffer_page: after a list and a counter */
	PER_CPU = 2,	 /* of hyp_position.way */
	READER = 3,
	WORDS = 64, /* of struct ring_buffer_per_cpu */
};

struct hyp_mirror_key {
	uint64_t va;
	uint32_t index;
};

/* ring: indices of pages; events: how many each of these has. */
struct hyp_mirror {
	struct memlog_image *image;
	const struct hyp *h;
	struct hyp_order *o;
	struct hyp_mirror_key *key;
	uint32_t *ring, n;
	uint64_t *events, *phys;
	uint8_t *bytes;
	uint64_t words[WORDS];
};

static int mirror_by_va(const void *a, const void *b)
{
	uint64_t x = ((const struct hyp_mirror_key *)a)->va;
	uint64_t y = ((const struct hyp_mirror_key *)b)->va;

	return x < y ? -1 : x > y;
}

static bool mirror_index(const struct hyp_mirror *m, uint64_t va, uint32_t *ret)
{
	struct hyp_mirror_key k = { .va = va }, *found;

	found = bsearch(&k, m->key, m->o->n, sizeof(k), mirror_by_va);
	if (found)
		*ret = found->index;
	return found;
}

/* Where a struct buffer_page has its page: as that of the reader page does. */
static size_t mirror_offset(const struct hyp_mirror *m, const uint8_t *b)
{
	size_t at;

	for (at = PAGE_AFTER; at < HYP_MIRROR; at += 8)
		if (ml_le64(b + at) == m->o->page[m->o->reader].va)
			return at;
	return 0;
}

/* The list closes, and has each page but the reader's once. */
static bool mirror_load_ring(struct hyp_mirror *m)
{
	uint64_t first, va;
	uint8_t b[HYP_MIRROR];
	size_t off;
	uint32_t i;

	if (!ml_hyp_read(m->image, m->o->position.way[READER].addr, b,
			 sizeof(b)))
		return false;
	off = mirror_offset(m, b);
	first = va = ml_le64(b) & ~(uint64_t)HYP_LINK_FLAGS;
	for (i = 0; off && i < m->n; i++) {
		if (va < HYP_KERNEL ||
		    !ml_hyp_read_va(m->image, m->h, va, b, sizeof(b)) ||
		    !mirror_index(m, ml_le64(b + off), &m->ring[i]) ||
		    m->ring[i] == m->o->reader)
			return false;
		m->phys[i] = ml_hyp_phys(m->h, va);
		va = ml_le64(b) & ~(uint64_t)HYP_LINK_FLAGS;
		/* back too early: pages are there twice */
		if (va == first && i + 1 < m->n)
			return false;
	}
	return off && va == first;
}

/* The events of a page from a position on. */
static bool mirror_count(struct hyp_mirror *m, const struct hyp_page *p,
			 uint32_t from, uint64_t *ret)
{
	struct ml_rb_events e = { .bytes = m->bytes + HYP_PAGE_HEADER,
				  .len = p->commit };
	struct ml_rb_event event;

	*ret = 0;
	if (!p->there || !ml_hyp_read(m->image, p->phys, m->bytes,
				      HYP_PAGE_HEADER + p->commit))
		return false;
	while (ml_rb_event_next(&e, &event))
		*ret += event.pos >= from;
	return !e.bad;
}

/* Is there enough left of what may be looked at to count all events? */
static bool mirror_afford(struct memlog_logs *logs, const struct hyp_order *o)
{
	uint64_t need = 0;
	uint32_t i;

	for (i = 0; i < o->n; i++)
		need += o->page[i].commit;
	if (need > ML_HYP_COUNTED - logs->counted)
		return false;
	logs->counted += need;
	return true;
}

static bool mirror_load(struct hyp_mirror *m)
{
	struct hyp_order *o = m->o;
	uint8_t b[8 * WORDS];
	uint32_t i;

	for (i = 0; i < o->n; i++)
		m->key[i] = (struct hyp_mirror_key){ o->page[i].va, i };
	qsort(m->key, o->n, sizeof(*m->key), mirror_by_va);
	if (!ml_hyp_read(m->image, o->position.way[PER_CPU].addr, b,
			 sizeof(b)) ||
	    !mirror_load_ring(m))
		return false;
	for (i = 0; i < WORDS; i++)
		m->words[i] = ml_le64(b + 8 * i);
	for (i = 0; i < m->n; i++)
		if (!mirror_count(m, &o->page[m->ring[i]], 0, &m->events[i]))
			return false;
	return true;
}

/* Has the kernel read as many events as it has, if so many are live? */
static bool mirror_fits(const struct hyp_mirror *m, const struct hyp_meta *meta,
			uint64_t live)
{
	uint64_t all = meta->entries - meta->overrun;
	size_t i;

	for (i = 0; live <= all && i < WORDS; i++)
		if (m->words[i] == all - live)
			return true;
	return false;
}

/* How many pages of the ring come before one that is older, or empty. */
static uint32_t mirror_front(const struct hyp_mirror *m)
{
	const struct hyp_page *page = m->o->page;
	uint32_t i;

	for (i = 0; i < m->n; i++)
		if (!page[m->ring[i]].commit ||
		    (i && page[m->ring[i]].stamp < page[m->ring[i - 1]].stamp))
			break;
	return i;
}

/* If stamps go backwards, as they do when guests run: how many pages of the ring
 * have as many events as fit. False: not one number alone. */
static bool mirror_search(const struct hyp_mirror *m,
			  const struct hyp_meta *meta, uint64_t live,
			  uint32_t *ret)
{
	uint32_t i, n = 0;

	for (i = 0; i <= m->n; i++) {
		if ((!i || m->events[i - 1]) && mirror_fits(m, meta, live)) {
			*ret = i;
			n++;
		}
		live += i < m->n ? m->events[i] : 0;
	}
	return n == 1;
}

/* Take n pages, from the first-th on. */
static void mirror_take(struct hyp_mirror *m, uint32_t first, uint32_t n)
{
	struct hyp_order *o = m->o;
	uint32_t i, at;

	for (i = 0; i < o->n; i++)
		o->page[i].live = false;
	for (i = 0; i < m->n; i++)
		o->page[m->ring[i]].mirror = m->phys[i];
	for (i = 0, o->n_list = 0; i < n; i++) {
		at = m->ring[(first + i) % m->n];
		o->page[at].live = true;
		o->list[o->n_list++] = at;
	}
	o->guessed = false;
}

/* The whole ring is live, from this page on: each has events, none is older than the
 * one before. */
static bool mirror_is_whole(const struct hyp_mirror *m, uint32_t first)
{
	const struct hyp_page *page = m->o->page;
	uint32_t i, at, before;

	for (i = 0; i < m->n; i++) {
		at = m->ring[(first + i) % m->n];
		before = m->ring[(first + i + m->n - 1) % m->n];
		if (!page[at].commit ||
		    (i && page[at].stamp < page[before].stamp))
			return false;
	}
	return true;
}

static bool mirror_decide(struct hyp_mirror *m, const struct hyp_meta *meta)
{
	uint32_t front = mirror_front(m), i, read;
	uint64_t rest, some = 0, all = 0;
	bool fits_some, fits_all;
	uint8_t b[4];

	if (!ml_hyp_read(m->image, m->o->position.read, b, sizeof(b)))
		return false;
	read = ml_le32(b);
	if (!mirror_count(m, &m->o->page[m->o->reader], read, &rest))
		return false;
	for (i = 0; i < m->n; i++) {
		all += m->events[i];
		some += i < front ? m->events[i] : 0;
	}
	fits_some = mirror_fits(m, meta, rest + some);
	fits_all = mirror_is_whole(m, front) &&
		   mirror_fits(m, meta, rest + all);
	if (fits_some && (some == all || !fits_all)) {
		mirror_take(m, 0, front);
		m->o->nothing_lost = front < m->n;
		return true;
	}
	if (fits_all) {
		if (fits_some)
			return false;
		mirror_take(m, front, m->n);
		return true;
	}
	if (!mirror_search(m, meta, rest, &front))
		return false;
	mirror_take(m, 0, front);
	m->o->guessed = true;
	return true;
}

bool ml_hyp_mirror(struct memlog_logs *logs, struct memlog_image *image,
		   const struct hyp *h, const struct hyp_cpu *cpu,
		   struct hyp_order *o)
{
	struct hyp_mirror m = { .image = image, .h = h, .o = o, .n = o->n - 1 };
	bool ok = false;

	if (!o->has_position || !cpu->has_meta || !mirror_afford(logs, o))
		return false;
	m.key = ml_calloc(&image->alloc, o->n, sizeof(*m.key));
	m.ring = ml_calloc(&image->alloc, o->n, sizeof(*m.ring));
	m.events = ml_calloc(&image->alloc, o->n, sizeof(*m.events));
	m.phys = ml_calloc(&image->alloc, o->n, sizeof(*m.phys));
	m.bytes = ml_calloc(&image->alloc, 1, h->page_size);
	if (m.key && m.ring && m.events && m.phys && m.bytes)
		ok = mirror_load(&m) && mirror_decide(&m, &cpu->meta);
	else
		image->starved = true;
	ml_free(&image->alloc, m.key);
	ml_free(&image->alloc, m.ring);
	ml_free(&image->alloc, m.events);
	ml_free(&image->alloc, m.phys);
	ml_free(&image->alloc, m.bytes);
	return ok;
}
