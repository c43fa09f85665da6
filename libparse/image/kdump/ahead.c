/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ahead.c - expand the starts of the pages that come next with several threads.
 *
 * The thread that called the library finds the pages and takes all memory; the others
 * only expand what the mapped file has, each with codecs of its own. A page that is
 * damaged is reported when it is asked for.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/thread.h"
#include "kdump.h"

/* Pages in sequence before others are expanded ahead: more than the windows of a search
 * downwards have. */
#define SEQUENCE 512u

/* Pages that a thread takes at once: about as much of the file as a page fault maps. */
#define TAKEN 32u

/* Pages expanded ahead, and looked at for that. */
#define AHEAD  4096u
#define LOOKED (4 * AHEAD)

struct start {
	uint64_t pfn;
	struct ml_kdump_desc desc;
	const uint8_t *in;
	unsigned int codec;
	bool damaged;
	uint8_t bytes[MEMLOG_PEEK];
};

struct ml_kdump_ahead {
	uint64_t last;	  /* page that was asked for */
	unsigned int run; /* pages in sequence up to it, about */
	size_t n, at;
	struct start start[AHEAD];
};

struct worker {
	struct ml_kdump_pages *pages;
	size_t *next; /* the first page that nobody has taken */
	unsigned int index;
	pthread_t thread;
	bool started;
};

static void *ahead_run(void *arg)
{
	struct worker *w = arg;
	struct ml_kdump_ahead *a = w->pages->ahead;
	const struct memlog_codec *codec;
	struct start *s;
	size_t i, end, got;

	for (;;) {
		i = __atomic_fetch_add(w->next, TAKEN, __ATOMIC_RELAXED);
		if (i >= a->n)
			return NULL;
		for (end = ml_min(i + TAKEN, a->n); i < end; i++) {
			s = &a->start[i];
			codec = &w->pages->codecs[s->codec];
			s->damaged =
				codec->expand(
					w->pages->states[w->index][s->codec],
					s->in, s->desc.size, s->bytes,
					MEMLOG_PEEK, &got) ||
				got != MEMLOG_PEEK;
		}
	}
}

/* Can this worker expand all of them? */
static bool ahead_ready(struct ml_kdump_pages *k, unsigned int worker)
{
	size_t i;

	for (i = 0; i < k->ahead->n; i++)
		if (ml_kdump_pages_codec(k, k->ahead->start[i].codec, worker,
					 NULL))
			return false;
	return true;
}

static void ahead_expand(struct ml_kdump_pages *k)
{
	unsigned int n = ml_min(k->image->threads, ML_MAX_THREADS), i;
	size_t next = 0;
	struct worker w[ML_MAX_THREADS] = { { .pages = k, .next = &next } };

	for (i = 1; i < n; i++) {
		w[i] = (struct worker){ .pages = k, .next = &next, .index = i };
		w[i].started = i && i * TAKEN < k->ahead->n &&
			       ahead_ready(k, i) &&
			       ml_thread_start(&w[i].thread, ahead_run, &w[i]);
	}
	ahead_run(&w[0]);
	for (i = 1; i < n; i++)
		if (w[i].started)
			pthread_join(w[i].thread, NULL);
}

/* Find the pages from pfn on that have to be expanded. */
static void ahead_fill(struct ml_kdump_pages *k, uint64_t pfn)
{
	uint64_t end = ml_min(pfn + LOOKED, k->head->end_pfn);
	struct ml_kdump_ahead *a = k->ahead;
	const uint8_t *there;
	struct start *s;

	for (a->n = a->at = 0; pfn < end && a->n < AHEAD; pfn++) {
		s = &a->start[a->n];
		s->pfn = pfn;
		a->n += !ml_kdump_pages_find(k, pfn, &s->desc, NULL) &&
			!ml_kdump_same(&k->zero, &s->desc) &&
			!ml_kdump_pages_prepare(k, &s->desc, &s->codec, &s->in,
						NULL) &&
			s->codec < ML_KDUMP_CODECS &&
			k->codecs[s->codec].threads &&
			!ml_kdump_pages_literal(k, s->codec, &s->desc, s->in,
						&there);
	}
}

/* Is it worth it: will the pages after this one be asked for? */
static bool ahead_sequence(struct ml_kdump_ahead *a, uint64_t pfn)
{
	a->run = pfn > a->last && pfn - a->last < LOOKED ? a->run + 1 : 0;
	a->last = pfn;
	return a->run >= SEQUENCE;
}

const uint8_t *ml_kdump_ahead_get(struct ml_kdump_pages *k, uint64_t pfn)
{
	struct ml_kdump_ahead *a = k->ahead;
	const struct start *s;

	if (!a || !k->image->threads)
		return NULL;
	while (a->at < a->n && a->start[a->at].pfn < pfn)
		a->at++;
	if (a->at == a->n)
		return NULL;
	s = &a->start[a->at];
	if (s->pfn != pfn || s->damaged)
		return NULL;
	a->last = pfn;
	return s->bytes;
}

void ml_kdump_ahead_start(struct ml_kdump_pages *k, uint64_t pfn)
{
	struct ml_kdump_ahead *a = k->ahead;

	if (!k->image || k->image->threads < 2 || !ml_file_is_mapped(k->file))
		return;
	if (!a)
		a = k->ahead = ml_calloc(&k->alloc, 1, sizeof(*a));
	if (!a || !ahead_sequence(a, pfn))
		return;
	if (a->n && pfn >= a->start[0].pfn && pfn <= a->start[a->n - 1].pfn)
		return;
	ahead_fill(k, pfn);
	ahead_expand(k);
}
