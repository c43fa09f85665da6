/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.h - the codecs that the library was built with. */
#ifndef ML_IMAGE_EXT_CODEC_H
#define ML_IMAGE_EXT_CODEC_H

#include "memlog.h"

/* Ends with NULL. */
extern const struct memlog_codec *const ml_codecs[];

#define ML_CODECS_MAX 16

/* opts with the library's codecs before the caller's own, which win. list is
 * where the pointers go; it has to live as long as they are used to open. */
struct memlog_open_opts
ml_with_codecs(const struct memlog_open_opts *opts,
	       const struct memlog_codec *list[ML_CODECS_MAX]);

#endif
