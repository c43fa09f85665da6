/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.c - open a running process as an image. */
#include "process.h"

#include <stdio.h>

#include "base/err.h"
#include "base/sized.h"
#include "image/open.h"

enum memlog_status ml_process_image(long pid,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err)
{
	struct memlog_image *image;
	struct ml_process *p;
	enum memlog_status s;

	if (pid < 1 || pid > INT32_MAX)
		return ml_fail(err, MEMLOG_INVALID,
			       "needs the number of a process, as in pid:1234");
	s = ml_process_open((pid_t)pid, opts->allocator, &p, err);
	if (s)
		return s;
	s = ml_image_create(opts->name, opts->tmpdir, &p->alloc, &image, err);
	if (s) {
		ml_process_close(p);
		return s;
	}
	image->format = "process";
	image->title = "running process";
	ml_image_add_space(image, MEMLOG_HOST, &ml_process_ops, p, 0, true);
	image->renew = ml_process_renew;
	image->renew_arg = p;
	ml_process_describe(image, p);
	*ret = image;
	return MEMLOG_OK;
}

enum memlog_status
memlog_image_open_process(long pid, const struct memlog_open_opts *opts,
			  struct memlog_image **ret, struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	struct memlog_err why = { .status = MEMLOG_OK };
	struct memlog_image *image;
	char name[32];
	enum memlog_status s;

	s = ml_sized_check(opts, "memlog_open_opts", err);
	if (s)
		return s;
	snprintf(name, sizeof(name), "pid:%ld", pid);
	if (!o.name)
		o.name = name;
	s = ml_process_image(pid, &o, &image, &why);
	if (!s)
		s = ml_image_opened(image, ret, &why);
	return ml_open_done(s, o.name, &why, err);
}
