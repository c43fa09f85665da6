/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.c - the state of one search: its options, its beginning and its end. */
#include "job.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/sized.h"
#include "base/thread.h"
#include "image/vmcoreinfo.h"

/* For ml_image_stop(). */
static bool job_stop(void *arg)
{
	const struct ml_scan_job *job = arg;

	return job->opts->progress(job->opts->progress_arg,
				   ml_min(job->done, job->all), job->all);
}

/* Readers may have n threads for a search of the image, which may be split. 0: it ends. */
static void job_threads(struct memlog_image *image, struct memlog_image *whole,
			unsigned int n)
{
	size_t i;

	if (image->rest)
		image->rest(image->rest_arg, true);
	image->threads = n;
	image->whole = n ? whole : NULL;
	image->sweep_end = 0;
	for (i = 0; i < image->n_parts; i++)
		job_threads(image->parts[i], whole, n);
}

enum memlog_status ml_scan_job_init(struct ml_scan_job *job,
				    struct memlog_image *image,
				    const struct memlog_scan_opts *opts,
				    struct memlog_err *err)
{
	enum memlog_status s;

	memset(job, 0, sizeof(*job));
	ml_sized_in(&job->symbols, sizeof(job->symbols), opts->symbols);
	job->image = image;
	job->opts = opts;
	job->window = ML_SCAN_WINDOW;
	job->logs = ml_calloc(&image->alloc, 1, sizeof(*job->logs));
	if (!job->logs)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a list");
	job->logs->alloc = image->alloc;
	job->logs->image = image;
	job->logs->symbols = opts->symbols ? &job->symbols : NULL;
	job->logs->max = opts->max_logs ? opts->max_logs : ML_MAX_LOGS;
	job->places.alloc = image->alloc;
	job->guessed = ml_image_named_word(image, ML_NAMED_GUESSED);
	s = ml_scan_take_ranges(job, err);
	if (s) {
		memlog_logs_destroy(job->logs);
		return s;
	}
	job_threads(image, image,
		    opts->threads ? ml_min(opts->threads, ML_MAX_THREADS) :
				    ML_THREADS);
	image->stop = opts->progress ? job_stop : NULL;
	image->stop_arg = job;
	image->stopped = image->ended = false;
	image->failed.status = MEMLOG_OK;
	ml_vmcoreinfo_settle(image);
	return MEMLOG_OK;
}

void ml_scan_job_fini(struct ml_scan_job *job)
{
	size_t i;

	job_threads(job->image, job->image, 0);
	job->image->stop = NULL;
	for (i = 0; i < MEMLOG_SPACES; i++)
		ml_free(&job->image->alloc, job->gone[i].at);
	ml_free(&job->image->alloc, job->ranges);
	ml_free(&job->image->alloc, job->buf);
	ml_places_fini(&job->places);
}

enum memlog_status ml_scan_opts_check(const struct memlog_scan_opts *opts,
				      struct memlog_err *err)
{
	struct memlog_scan_opts o;
	enum memlog_status s = ml_sized_check(opts, "memlog_scan_opts", err);
	size_t i;

	if (s)
		return s;
	ml_sized_in(&o, sizeof(o), opts);
	if ((unsigned int)o.mode > MEMLOG_SCAN_AUTO)
		return ml_fail(err, MEMLOG_INVALID, "unknown search mode %u",
			       (unsigned int)o.mode);
	if ((unsigned int)o.ranges_space >= MEMLOG_SPACES)
		return ml_fail(err, MEMLOG_INVALID, "unknown address space %u",
			       (unsigned int)o.ranges_space);
	for (i = 0; i < o.n_ranges; i++)
		if (o.ranges[i].start >= o.ranges[i].end)
			return ml_fail(err, MEMLOG_INVALID,
				       "the range 0x%" PRIx64 "-0x%" PRIx64
				       " is empty",
				       o.ranges[i].start, o.ranges[i].end);
	return ml_sized_check(o.symbols, "memlog_symbols", err);
}

enum memlog_status ml_scan_job_complete(struct ml_scan_job *job,
					enum memlog_status s,
					struct memlog_err *err)
{
	const struct memlog_err *failed = &job->image->failed;
	bool none = !s || s == MEMLOG_NOT_MINE;
	enum memlog_status c;

	/* what was left out for lack of memory may have been the log */
	c = ml_image_complete(job->image, none ? err : NULL);
	if (none && c)
		return c;
	/* and so may what could not be read, which a search of pages counts */
	if (!failed->status ||
	    !(none && (job->image->ended || s == MEMLOG_NOT_MINE)))
		return s;
	if (err)
		*err = *failed;
	return failed->status;
}
