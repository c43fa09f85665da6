/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.c - names of modules, out of the logs of an image. */
#include "format/names.h"

#include "base/err.h"
#include "format/format.h"

/* Those that one log gives. */
static enum memlog_status names_of(struct memlog_names *names,
				   struct memlog_image *image,
				   const struct memlog_log *log,
				   const struct ml_format *fmt,
				   struct memlog_err *err)
{
	struct ml_module module = { .pending = false };
	const struct memlog_record *rec;
	enum memlog_status s = MEMLOG_OK;
	struct memlog_decoder *d;

	/* a log that cannot be read names nothing */
	if (memlog_decoder_open(image, log, NULL, &d, NULL))
		return MEMLOG_OK;
	while (!s && names->n < ML_MODULES &&
	       !memlog_decoder_next(d, &rec, NULL))
		if (fmt->say.module(&module, rec->text, rec->text_len))
			s = ml_names_add(names, &module, err);
	memlog_decoder_close(d);
	return s;
}

enum memlog_status memlog_names_load(struct memlog_image *image,
				     const struct memlog_logs *logs,
				     struct memlog_names **ret,
				     struct memlog_err *err)
{
	struct memlog_names *names =
		ml_calloc(&image->alloc, 1, sizeof(*names));
	enum memlog_status s = MEMLOG_OK;
	const struct ml_format *fmt;
	size_t i;

	*ret = NULL;
	if (!names)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for names");
	names->alloc = image->alloc;
	for (i = 0; i < logs->count && !s; i++) {
		fmt = logs->logs[i]->fmt;
		if (fmt->say.module &&
		    logs->logs[i]->pub.state == MEMLOG_STATE_CURRENT)
			s = names_of(names, image, &logs->logs[i]->pub, fmt,
				     err);
	}
	if (s) {
		memlog_names_free(names);
		return s;
	}
	ml_names_sort(names);
	*ret = names;
	return ml_return(err, MEMLOG_OK);
}
