/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.h - the codecs that the library was built with. */
#ifndef ML_IMAGE_EXT_CODEC_H
#define ML_IMAGE_EXT_CODEC_H

#include "memlog.h"

/* Ended by NULL. */
extern const struct memlog_codec *const ml_codecs[];

#define ML_CODECS_MAX 16

/* A copy of opts with the library's codecs, followed by the caller's, which are
 * preferred. Its list of codecs is in list, which must outlive it. */
/* Too many are refused by ml_codecs_check(). */
struct memlog_open_opts
ml_with_codecs(const struct memlog_open_opts *opts,
	       const struct memlog_codec *list[ML_CODECS_MAX]);

/* LIMIT: opts have more codecs than ml_with_codecs() can add. */
enum memlog_status ml_codecs_check(const struct memlog_open_opts *opts,
				   struct memlog_err *err);

#endif
