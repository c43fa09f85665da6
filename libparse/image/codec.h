/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.h - which of the caller's codecs expands a kind of pages. */
#ifndef ML_IMAGE_CODEC_H
#define ML_IMAGE_CODEC_H

#include "memlog.h"

/* A copy of the last codec of that name in opts, which may be shorter or longer
 * than ours. All of it is zero when there is none: ask for expand. */
struct memlog_codec ml_codec_find(const struct memlog_open_opts *opts,
				  const char *name);

#endif
