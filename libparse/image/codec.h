/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.h - find a codec by name among the caller's. */
#ifndef ML_IMAGE_CODEC_H
#define ML_IMAGE_CODEC_H

#include "memlog.h"

/* A copy of the last codec of that name in opts, whose struct may be smaller or
 * larger than ours. expand is NULL if there is none. */
struct memlog_codec ml_codec_find(const struct memlog_open_opts *opts,
				  const char *name);

#endif
