/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rate.c - the rate of time stamps, from another log of the same machine. */
#include "rate.h"

#include <inttypes.h>
#include <string.h>

#include "format/format.h"

/* The first rate in the text of a log of the clock's format; 0: there is
 * none. */
static uint64_t rate_of(struct ml_run *run, const struct ml_format *clock,
			const struct memlog_log *log)
{
	struct memlog_decode_opts opts = { .size = sizeof(opts),
					   .consumed = true };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	uint64_t hz = 0;

	if (memlog_decoder_open(run->image, log, &opts, &d, NULL))
		return 0;
	while (!hz && !memlog_decoder_next(d, &rec, NULL))
		if (!(rec->flags & MEMLOG_REC_STALE))
			hz = clock->say.rate(rec->text, rec->text_len);
	memlog_decoder_close(d);
	return hz;
}

/* The clock of the logs that are printed, NULL if none has one. */
static const struct ml_format *rate_clock(const struct ml_run *run)
{
	const struct ml_format *clock = NULL;
	size_t i;

	for (i = 0; i < run->n_chosen && !clock; i++)
		clock = ml_format_find(run->chosen[i]->format)->say.clock;
	return clock;
}

uint64_t ml_query_tsc_hz(struct ml_run *run)
{
	const struct ml_format *clock = rate_clock(run);
	uint64_t hz = run->query->tsc_hz;
	size_t i, k;

	if (hz || !clock)
		return hz;
	for (i = 0; i < run->n_lists && !hz; i++)
		for (k = 0; k < memlog_logs_count(run->lists[i]) && !hz; k++) {
			const struct memlog_log *log =
				memlog_logs_get(run->lists[i], k);

			if (!strcmp(log->format, clock->name) &&
			    log->state == MEMLOG_STATE_CURRENT)
				hz = rate_of(run, clock, log);
		}
	if (hz)
		ml_say(run, ML_SAY_NOTE,
		       "time stamps have %" PRIu64
		       " Hz: the hypervisor's log says so",
		       hz);
	return hz;
}
