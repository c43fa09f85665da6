/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream_copy.c - a copy of a pipe in a temporary file, as long as there is room, in
 * case that something in it needs random access. */
#include "image/vmcoreinfo.h"
#include "stream.h"

void ml_stream_copy_init(struct ml_stream *st)
{
	bool random = false;
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		random |= ml_formats[i]->find.needs_random &&
			  ml_format_asked(st->formats, ml_formats[i]);
	if (!random || !st->opts.keep ||
	    ml_pipe_keep(st->pipe, st->opts.keep, st->buf, st->filled, NULL))
		ml_pipe_drop(st->pipe);
}

bool ml_stream_copy_take(struct ml_stream *st, const struct memlog_image *image,
			 int *ret)
{
	size_t len;

	/* what may be anything is looked at closely if it has no log at page starts */
	bool all = image->unsure && !st->found;

	if (!ml_pipe_keeps(st->pipe) ||
	    (!st->random && !all && !ml_vmcoreinfo(image, "OSRELEASE", &len)))
		return false;
	return !ml_pipe_take(st->pipe, false, ret, NULL);
}
