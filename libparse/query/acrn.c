/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acrn.c - what a query needs for ACRN's logs: the rate of the TSC, format
 * rules. */
#include "acrn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "format/acrn/template.h"

static enum memlog_status acrn_read_all(int fd, char *buf, size_t size,
					size_t *ret, struct memlog_err *err)
{
	ssize_t n;

	*ret = 0;
	while (*ret < size) {
		n = read(fd, buf + *ret, size - *ret);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot be read");
		if (!n)
			return MEMLOG_OK;
		*ret += (size_t)n;
	}
	return ml_fail(err, MEMLOG_LIMIT, "has more than %u bytes",
		       ML_ACRN_MAX_RULES);
}

enum memlog_status ml_query_rules(struct memlog_query *q, const char *file,
				  struct memlog_err *err)
{
	size_t size = ML_ACRN_MAX_RULES + 1, len = 0;
	struct ml_acrn_rules *rules;
	enum memlog_status s;
	char *text;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ml_fail_errno(err, MEMLOG_INVALID, errno,
				     "%.100s cannot be opened", file);
	text = ml_calloc(&q->alloc, size, 1);
	s = text ? acrn_read_all(fd, text, size, &len, err) :
		   ml_fail(err, MEMLOG_NO_MEMORY, "no memory for rules");
	close(fd);
	if (!s)
		s = ml_acrn_rules_create(&q->alloc, text, len, &rules, err);
	if (s) {
		ml_free(&q->alloc, text);
		return ml_prefix(err, s == MEMLOG_NO_MEMORY ? s :
				 MEMLOG_INVALID, "%.100s", file);
	}
	ml_acrn_rules_destroy(rules);
	ml_free(&q->alloc, q->acrn_rules);
	q->acrn_rules = text;
	q->acrn_rules_len = len;
	return MEMLOG_OK;
}

/* "tsc_hz=1881600000" or "tsc_khz = 1881600" in a line. */
static uint64_t rate_in(const uint8_t *p, size_t len)
{
	static const struct { const char *word; uint64_t unit; } rates[] = {
		{ "tsc_hz", 1 }, { "tsc_khz", 1000 },
	};
	const uint8_t *end = p + len, *at;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		at = memmem(p, len, rates[i].word, strlen(rates[i].word));
		if (!at)
			continue;
		for (at += strlen(rates[i].word); at < end &&
		     (*at == ' ' || *at == '=' || *at == ':'); at++)
			;
		for (v = 0; at < end && *at >= '0' && *at <= '9' &&
			    v < UINT64_MAX / 100000; at++)
			v = v * 10 + (uint64_t)(*at - '0');
		/* 10 MHz to 100 GHz: anything else is no rate */
		if (ml_mul(v, rates[i].unit, &v) && v >= 10000000 &&
		    v <= UINT64_C(100000000000))
			return v;
	}
	return 0;
}

static uint64_t rate_of(struct ml_run *run, const struct memlog_log *log)
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
			hz = rate_in(rec->text, rec->text_len);
	memlog_decoder_close(d);
	return hz;
}

uint64_t ml_query_tsc_hz(struct ml_run *run)
{
	uint64_t hz = run->query->tsc_hz;
	bool trace = false;
	size_t i, k;

	for (i = 0; i < run->n_chosen; i++)
		trace |= !strcmp(run->chosen[i]->format, "acrn-trace");
	if (hz || !trace)
		return hz;
	for (i = 0; i < run->n_lists && !hz; i++)
		for (k = 0; k < memlog_logs_count(run->lists[i]) && !hz; k++) {
			const struct memlog_log *log =
				memlog_logs_get(run->lists[i], k);

			if (!strcmp(log->format, "acrn-log") &&
			    log->verdict == MEMLOG_VERDICT_CURRENT)
				hz = rate_of(run, log);
		}
	if (hz)
		ml_say(run, ML_SAY_NOTE,
		       "time stamps have %" PRIu64 " Hz: the hypervisor's log says so",
		       hz);
	return hz;
}
