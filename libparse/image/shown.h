/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shown.h - names of images without the passwords in them. */
#ifndef ML_IMAGE_SHOWN_H
#define ML_IMAGE_SHOWN_H

#include "memlog.h"

/* Names that say themselves which plugin of nbdkit to use, and how. */
#define ML_NBDKIT_PREFIX "nbdkit:"

/* By how much memlog_image_shown() makes a name longer at most: a character becomes
 * three. */
enum { ML_SHOWN_TIMES = 3 };

#endif
