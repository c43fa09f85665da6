/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set.h - a dump in several files. */
#ifndef ML_IMAGE_SET_H
#define ML_IMAGE_SET_H

#include "image.h"

/* Open the files of a list, separated by commas, as one image. Errors name the
 * file; INVALID when the parts do not go together. */
enum memlog_status ml_set_open(const char *names,
			       const struct memlog_open_opts *opts,
			       struct memlog_image **ret,
			       struct memlog_err *err);

#endif
