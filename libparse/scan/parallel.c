/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parallel.c - one mapped window, two threads.
 *
 * The second thread only looks at bytes and notes addresses; candidates are
 * read and probed by the first, in the order of one thread, so that the answer
 * is the same for any number of threads.
 */
#include <pthread.h>
#include <signal.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "job.h"

/* Windows below this are not worth a thread. */
#define WORTH (8u << 20)

/* Candidates that the second thread notes; with more (planted magics) the first
 * one searches that half as well. */
#define NOTED 1024

struct half {
	struct ml_scanner sc;
	uint64_t addr;
	const uint8_t *bytes;
	size_t len;
	enum memlog_status status;
	size_t n;
	struct {
		const struct ml_format *fmt;
		uint64_t addr;
	} noted[NOTED];
};

static enum memlog_status note(void *arg, const struct ml_format *fmt,
			       uint64_t addr)
{
	struct half *h = arg;

	if (h->n == NOTED)
		return MEMLOG_LIMIT;
	h->noted[h->n].fmt = fmt;
	h->noted[h->n++].addr = addr;
	return MEMLOG_OK;
}

static void *run(void *arg)
{
	struct half *h = arg;

	h->status = ml_scan_feed(&h->sc, h->addr, h->bytes, h->len);
	return NULL;
}

/* Start the second thread with all signals blocked but those that its own
 * loads raise: a handler that jumps (crash's for SIGINT) must not run in it. */
static bool start(pthread_t *thread, struct half *h)
{
	sigset_t blocked, old;
	bool ok;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGBUS);
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGILL);
	sigdelset(&blocked, SIGFPE);
	if (pthread_sigmask(SIG_SETMASK, &blocked, &old))
		return false;
	ok = !pthread_create(thread, NULL, run, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ok;
}

static enum memlog_status replay(struct ml_scanner *sc, const struct half *h)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (h->status)
		return ml_scan_feed(sc, h->addr, h->bytes, h->len);
	for (i = 0; i < h->n && !s; i++)
		s = sc->hit(sc->arg, h->noted[i].fmt, h->noted[i].addr);
	sc->touched += h->sc.touched;
	sc->dismissed += h->sc.dismissed;
	sc->explained |= h->sc.explained;
	return s;
}

enum memlog_status ml_scan_feed_parallel(struct ml_scan_job *job,
					 struct ml_scanner *sc, uint64_t addr,
					 const uint8_t *bytes, size_t len)
{
	size_t first = len / 2 / ML_PAGE * ML_PAGE;
	size_t overlap = ml_scanner_needs_all(sc) ? ML_SCAN_OVERLAP : 0;
	enum memlog_status s;
	pthread_t thread;
	struct half *h;

	if (job->opts->threads == 1 || len < WORTH)
		return ml_scan_feed(sc, addr, bytes, len);
	h = ml_calloc(&job->logs->alloc, 1, sizeof(*h));
	if (!h)
		return ml_scan_feed(sc, addr, bytes, len);
	h->sc = *sc;
	h->sc.hit = note;
	h->sc.arg = h;
	h->sc.touched = h->sc.dismissed = 0;
	h->addr = addr + first;
	h->bytes = bytes + first;
	h->len = len - first;
	if (!start(&thread, h)) {
		s = ml_scan_feed(sc, addr, bytes, len);
	} else {
		s = ml_scan_feed(sc, addr, bytes, first + overlap);
		pthread_join(thread, NULL);
		if (!s)
			s = replay(sc, h);
	}
	ml_free(&job->logs->alloc, h);
	return s;
}
