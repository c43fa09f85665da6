/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* at.c - the log at an address, without a search. */
#include <stdio.h>

#include "base/err.h"
#include "base/sized.h"
#include "job.h"

#define AT_SPACES 64

/* "; it has phys and mach addresses": other spaces than that one; "": none. */
static const char *at_others(const struct memlog_image *image,
			     enum memlog_space space, char ret[AT_SPACES])
{
	size_t n = 0;
	int i;

	ret[0] = '\0';
	for (i = 0; i < MEMLOG_SPACES; i++)
		if (i != (int)space && memlog_image_has_space(image, i))
			n += (size_t)snprintf(ret + n, AT_SPACES - n, "%s%s",
					      n ? " and " : "; it has ",
					      memlog_space_name(i));
	if (n)
		snprintf(ret + n, AT_SPACES - n, " addresses");
	return ret;
}

enum memlog_status memlog_scan_at(struct memlog_image *image,
				  enum memlog_space space, uint64_t addr,
				  const struct memlog_scan_opts *opts,
				  struct memlog_logs **ret,
				  struct memlog_err *err)
{
	struct memlog_scan_opts o;
	struct memlog_err local;
	struct ml_scan_job job;
	char others[AT_SPACES];
	enum memlog_status s;
	size_t i;

	*ret = NULL;
	if (!err)
		err = &local;
	ml_sized_in(&o, sizeof(o), opts);
	s = ml_scan_opts_check(opts, err);
	if (s)
		return s;
	if (!memlog_image_has_space(image, space))
		return ml_fail_at(err, MEMLOG_INVALID, addr,
				  "this image has no %s addresses%s",
				  memlog_space_name(space),
				  at_others(image, space, others));
	s = ml_scan_job_init(&job, image, &o, err);
	if (s)
		return s;
	job.space = space;
	job.at = job.some = true;
	for (i = 0; ml_formats[i] && !s; i++)
		if (ml_format_asked(o.formats, ml_formats[i]))
			s = ml_scan_candidate(&job, ml_formats[i], addr, NULL,
					      err);
	if (!s && !job.logs->count && !image->stopped) {
		s = ml_fail_at(err, MEMLOG_NOT_MINE, addr,
			       "no log starts at %s:0x%llx (%.120s)%s",
			       memlog_space_name(space),
			       (unsigned long long)addr,
			       job.stats.rejected_first[0] ?
				       job.stats.rejected_first :
				       "no format was asked",
			       at_others(image, space, others));
	}
	if (!s)
		s = ml_scan_finish(&job, err);
	ml_curtail_warn(image);
	ml_scan_job_fini(&job);
	s = ml_scan_job_complete(&job, s, err);
	if (s)
		memlog_logs_destroy(job.logs);
	else
		*ret = job.logs;
	return ml_return(err, s);
}
