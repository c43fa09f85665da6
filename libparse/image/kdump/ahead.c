/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ahead.c - expand the starts of the pages that come next with several threads.
 *
 * A queue of pieces, of some pages each. The thread that called the library finds the
 * pages, takes all memory, and gets the starts in sequence. The others take one piece
 * after the other and only expand what the mapped file has, each with codecs of its own;
 * the first one helps if it would have to wait. A page that is damaged is reported when
 * it is asked for.
 *
 * The threads end with the search. Of the files of a split dump, one has threads at a
 * time: another one may have them once nothing more has to be expanded of the first.
 */
#include <pthread.h>
#include <string.h>

#include "base/bytes.h"
#include "base/thread.h"
#include "kdump.h"

/* Pages that will be asked for, so that it is worth it. */
#define WORTH 64u

/* Pages of a piece: about as much of the file as a page fault maps; and looked at for
 * one. */
#define PIECE  32u
#define LOOKED 512u

/* Pages until threads are tried for again if there were none. */
#define RETRY 4096u

/* Pieces of the queue. */
#define PIECES 128u

struct start {
	uint64_t pfn;
	struct ml_kdump_desc desc;
	const uint8_t *in;
	unsigned int codec;
	bool damaged;
	uint8_t bytes[MEMLOG_PEEK];
};

struct piece {
	unsigned int n;
	bool expanded;
	uint64_t end; /* the page after all that were looked at */
	struct start start[PIECE];
};

struct worker {
	struct ml_kdump_pages *pages;
	unsigned int index;
	pthread_t thread;
};

/*
 * Numbers of pieces only grow until the queue is emptied: those from first to taken are
 * expanded, being expanded or not needed, those to filled are not yet. Pages from from to
 * next are in the queue, as far as they have to be expanded. lock: for taken, filled,
 * busy, leave and expanded of each piece; a piece belongs to who has taken it until it is
 * expanded, and its place is not used again before.
 */
struct ml_kdump_ahead {
	uint64_t from, next;
	uint64_t first;	 /* the piece that pages are got from */
	unsigned int at; /* in it */
	bool settled;	 /* it is expanded */
	pthread_mutex_t lock;
	pthread_cond_t more, done;
	uint64_t taken, filled;
	unsigned int busy; /* pieces that are being expanded */
	bool leave;
	bool ready[ML_KDUMP_CODECS]; /* all workers have it */
	unsigned int n_workers;
	struct worker worker[ML_MAX_THREADS];
	struct piece piece[PIECES];
};

static struct piece *piece_at(struct ml_kdump_ahead *a, uint64_t number)
{
	return &a->piece[number % PIECES];
}

/* ---- the threads -------------------------------------------------------- */

static void piece_expand(struct ml_kdump_pages *k, struct piece *p,
			 unsigned int worker)
{
	struct start *s;
	size_t got;

	for (s = p->start; s < p->start + p->n; s++)
		s->damaged = k->codecs[s->codec].expand(
				     k->states[worker][s->codec], s->in,
				     s->desc.size, s->bytes, MEMLOG_PEEK,
				     &got) ||
			     got != MEMLOG_PEEK;
}

/* Expand the next piece. The lock is held, but not meanwhile. */
static void ahead_take(struct ml_kdump_pages *k, unsigned int worker)
{
	struct ml_kdump_ahead *a = k->ahead;
	struct piece *p = piece_at(a, a->taken++);

	a->busy++;
	pthread_mutex_unlock(&a->lock);
	piece_expand(k, p, worker);
	pthread_mutex_lock(&a->lock);
	a->busy--;
	p->expanded = true;
	pthread_cond_signal(&a->done);
}

static void *ahead_work(void *arg)
{
	struct worker *w = arg;
	struct ml_kdump_ahead *a = w->pages->ahead;

	pthread_mutex_lock(&a->lock);
	while (!a->leave)
		if (a->taken < a->filled)
			ahead_take(w->pages, w->index);
		else
			pthread_cond_wait(&a->more, &a->lock);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Wait until no piece is being expanded, and forget all. */
static void ahead_empty(struct ml_kdump_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->taken = a->filled;
	while (a->busy)
		pthread_cond_wait(&a->done, &a->lock);
	a->first = a->taken = a->filled = 0;
	pthread_mutex_unlock(&a->lock);
	a->from = a->next = 0;
	a->at = 0;
	a->settled = false;
}

/* ---- the queue ---------------------------------------------------------- */

/* How far pages will be asked for. */
static uint64_t ahead_limit(const struct ml_kdump_pages *k)
{
	return ml_min(k->image->sweep_end / k->head->block, k->head->end_pfn);
}

/* Have the codec in all threads. */
static bool ahead_codec(struct ml_kdump_pages *k, unsigned int codec)
{
	struct ml_kdump_ahead *a = k->ahead;
	unsigned int i;

	if (codec >= ML_KDUMP_CODECS || !k->codecs[codec].threads)
		return false;
	for (i = 0; !a->ready[codec] && i <= a->n_workers; i++)
		if (ml_kdump_pages_codec(k, codec, i, NULL))
			return false;
	return a->ready[codec] = true;
}

/* Find the next pages that have to be expanded. False: no more will be asked for. */
static bool ahead_fill(struct ml_kdump_pages *k)
{
	struct ml_kdump_ahead *a = k->ahead;
	struct piece *p = piece_at(a, a->filled);
	uint64_t end = ml_min(a->next + LOOKED, ahead_limit(k));
	const uint8_t *there;
	struct start *s;

	if (a->next >= end)
		return false;
	p->expanded = false;
	for (p->n = 0; a->next < end && p->n < PIECE; a->next++) {
		s = &p->start[p->n];
		s->pfn = a->next;
		p->n += !ml_kdump_pages_find(k, s->pfn, &s->desc, NULL) &&
			!ml_kdump_same(&k->zero, &s->desc) &&
			!ml_kdump_pages_prepare(k, &s->desc, &s->codec, &s->in,
						NULL) &&
			ahead_codec(k, s->codec) &&
			!ml_kdump_pages_literal(k, s->codec, &s->desc, s->in,
						&there);
	}
	p->end = a->next;
	pthread_mutex_lock(&a->lock);
	a->filled++;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	return true;
}

/* Go on to the next piece. The place of the first is free for another one, once nobody is
 * at work on it: pages may have been left out. */
static void ahead_advance(struct ml_kdump_pages *k)
{
	struct ml_kdump_ahead *a = k->ahead;

	if (!a->settled) {
		pthread_mutex_lock(&a->lock);
		if (a->taken == a->first)
			a->taken++;
		else
			while (!piece_at(a, a->first)->expanded)
				pthread_cond_wait(&a->done, &a->lock);
		pthread_mutex_unlock(&a->lock);
	}
	a->first++;
	a->at = 0;
	a->settled = false;
	ahead_fill(k);
}

/* Have the first piece expanded. */
static void ahead_settle(struct ml_kdump_pages *k)
{
	struct ml_kdump_ahead *a = k->ahead;

	if (a->settled)
		return;
	pthread_mutex_lock(&a->lock);
	while (!piece_at(a, a->first)->expanded)
		if (a->taken < a->filled)
			ahead_take(k, 0);
		else
			pthread_cond_wait(&a->done, &a->lock);
	pthread_mutex_unlock(&a->lock);
	a->settled = true;
}

const uint8_t *ml_kdump_ahead_get(struct ml_kdump_pages *k, uint64_t pfn)
{
	struct ml_kdump_ahead *a = k->ahead;
	const struct start *s;
	struct piece *p;

	if (!a || pfn < a->from || pfn >= a->next)
		return NULL;
	while ((p = piece_at(a, a->first))->end <= pfn)
		ahead_advance(k);
	while (a->at < p->n && p->start[a->at].pfn < pfn)
		a->at++;
	s = &p->start[a->at];
	if (a->at == p->n || s->pfn != pfn)
		return NULL;
	ahead_settle(k);
	return s->damaged ? NULL : s->bytes;
}

/* ---- its begin and its end ---------------------------------------------- */

/* For the hook of the image. */
static bool ahead_rest(void *arg, bool now)
{
	struct ml_kdump_pages *k = arg;

	if (!now && k->ahead->next < ahead_limit(k))
		return false;
	ml_kdump_ahead_fini(k);
	return true;
}

/* NULL: no thread can be started, or another file of the set needs them. */
static struct ml_kdump_ahead *ahead_create(struct ml_kdump_pages *k)
{
	struct memlog_image *whole = k->image->whole;
	unsigned int n = ml_min(k->image->threads, ML_MAX_THREADS);
	struct ml_kdump_ahead *a;
	struct worker *w;

	if (whole->rest && !whole->rest(whole->rest_arg, false))
		return NULL;
	a = ml_calloc(&k->alloc, 1, sizeof(*a));
	if (!a)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	pthread_cond_init(&a->done, NULL);
	k->ahead = a;
	while (a->n_workers + 1 < n) {
		w = &a->worker[a->n_workers];
		*w = (struct worker){ k, a->n_workers + 1, 0 };
		if (!ml_thread_start(&w->thread, ahead_work, w))
			break;
		a->n_workers++;
	}
	whole->rest = ahead_rest;
	whole->rest_arg = k;
	if (!a->n_workers)
		ml_kdump_ahead_fini(k);
	return k->ahead;
}

void ml_kdump_ahead_fini(struct ml_kdump_pages *k)
{
	struct ml_kdump_ahead *a = k->ahead;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->leave = true;
	pthread_cond_broadcast(&a->more);
	pthread_mutex_unlock(&a->lock);
	while (a->n_workers) {
		pthread_join(a->worker[--a->n_workers].thread, NULL);
		ml_kdump_pages_drop_codecs(k, a->n_workers + 1);
	}
	k->image->whole->rest = NULL;
	pthread_cond_destroy(&a->done);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	ml_free(&k->alloc, a);
	k->ahead = NULL;
}

void ml_kdump_ahead_start(struct ml_kdump_pages *k, uint64_t pfn)
{
	struct ml_kdump_ahead *a = k->ahead;

	if (!k->image || k->image->threads < 2 || !ml_file_is_mapped(k->file) ||
	    pfn + WORTH > ahead_limit(k) ||
	    (pfn >= k->alone.start && pfn < k->alone.end) ||
	    (a && pfn >= a->from && pfn < a->next))
		return;
	if (a) {
		ahead_empty(a);
	} else {
		a = ahead_create(k);
		if (!a) {
			k->alone = (struct memlog_range){ pfn, pfn + RETRY };
			return;
		}
	}
	a->from = a->next = pfn;
	while (a->filled < PIECES && ahead_fill(k))
		;
}
