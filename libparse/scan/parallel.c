/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parallel.c - search one mapped window with several threads.
 *
 * All but the first only look at bytes and record addresses; the first reads
 * and probes the candidates, in the order of a single thread, so that the
 * result is the same for any number of threads.
 */
#include "base/bytes.h"
#include "base/thread.h"
#include "job.h"

/* The fewest bytes worth a thread. */
#define WORTH (4u << 20)

/* Candidates that a thread records; if there are more (planted magics) the
 * first thread searches that piece as well. */
#define NOTED 1024

struct piece {
	struct ml_scanner sc;
	uint64_t addr;
	const uint8_t *bytes;
	size_t len;
	pthread_t thread;
	bool started;
	enum memlog_status status;
	bool explained;	 /* the scanner's, so far */
	size_t explains; /* which of noted[] made it true */
	size_t n;
	struct {
		const struct ml_format *fmt;
		uint64_t addr;
	} noted[NOTED];
};

static enum memlog_status piece_note(void *arg, const struct ml_format *fmt,
				     uint64_t addr)
{
	struct piece *p = arg;

	if (p->n == NOTED)
		return MEMLOG_LIMIT;
	if (p->sc.explained && !p->explained) {
		p->explained = true;
		p->explains = p->n;
	}
	p->noted[p->n].fmt = fmt;
	p->noted[p->n++].addr = addr;
	return MEMLOG_OK;
}

static void *piece_run(void *arg)
{
	struct piece *p = arg;

	p->status = ml_scan_feed(&p->sc, p->addr, p->bytes, p->len);
	return NULL;
}

/* Pass the hits of a piece to the first thread's scanner. Only the first magic
 * that a glance rejects in a search is a hit; each piece has one. */
static enum memlog_status piece_replay(struct ml_scanner *sc,
				       const struct piece *p)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (!p->started || p->status)
		return ml_scan_feed(sc, p->addr, p->bytes, p->len);
	for (i = 0; i < p->n && !s; i++)
		if (i == p->explains && sc->explained)
			sc->dismissed++;
		else
			s = sc->hit(sc->arg, p->noted[i].fmt, p->noted[i].addr);
	sc->touched += p->sc.touched;
	sc->dismissed += p->sc.dismissed;
	sc->explained |= p->sc.explained;
	return s;
}

static void piece_init(struct piece *p, const struct ml_scanner *sc,
		       uint64_t addr, const uint8_t *bytes, size_t len)
{
	p->sc = *sc;
	p->sc.hit = piece_note;
	p->sc.arg = p;
	p->sc.touched = p->sc.dismissed = 0;
	p->explained = sc->explained;
	p->explains = SIZE_MAX;
	p->addr = addr;
	p->bytes = bytes;
	p->len = len;
}

enum memlog_status ml_scan_feed_parallel(struct ml_scan_job *job,
					 struct ml_scanner *sc, uint64_t addr,
					 const uint8_t *bytes, size_t len)
{
	size_t n = ml_min(job->image->threads, len / WORTH);
	size_t overlap = ml_scanner_needs_all(sc) ? ML_SCAN_OVERLAP : 0;
	size_t step, i;
	enum memlog_status s;
	struct piece *p = NULL;

	if (n > 1)
		p = ml_calloc(&job->logs->alloc, n - 1, sizeof(*p));
	if (!p)
		return ml_scan_feed(sc, addr, bytes, len);
	step = len / n / ML_PAGE * ML_PAGE;
	/* the overlap: a magic may cross the end of a piece */
	for (i = 1; i < n; i++) {
		piece_init(&p[i - 1], sc, addr + i * step, bytes + i * step,
			   i + 1 < n ? step + overlap : len - i * step);
		p[i - 1].started =
			ml_thread_start(&p[i - 1].thread, piece_run, &p[i - 1]);
	}
	s = ml_scan_feed(sc, addr, bytes, step + overlap);
	for (i = 0; i < n - 1; i++)
		if (p[i].started)
			pthread_join(p[i].thread, NULL);
	for (i = 0; i < n - 1 && !s; i++)
		s = piece_replay(sc, &p[i]);
	ml_free(&job->logs->alloc, p);
	return s;
}
