/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hint.h - suggestions for names of images that cannot be opened. */
#ifndef ML_IMAGE_EXT_HINT_H
#define ML_IMAGE_EXT_HINT_H

#include "memlog.h"

/* No file of this name could be opened, with status s: if it is that of a
 * running guest, a process, a socket or a URL, change the text of *err, which
 * does not name the image, to say what works. */
void ml_hint(enum memlog_status s, const char *name,
	     const struct memlog_open_opts *opts, struct memlog_err *err);

#endif
