/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nbdkitwords.h - from the name of an image to the command line of nbdkit. */
#ifndef ML_IMAGE_EXT_NBDKITWORDS_H
#define ML_IMAGE_EXT_NBDKITWORDS_H

#include "memlog.h"

/* Names that say themselves which plugin to use, and how. */
#define ML_NBDKIT_PREFIX "nbdkit:"

/* Words of a command line; which is the plugin; bytes of all together. */
enum { ML_NBDKIT_MOST = 64, ML_NBDKIT_PLUGIN = 5, ML_NBDKIT_TEXT = 8192 };

/* argv is ended by NULL, its n words are in text. full: something did not fit. */
struct ml_nbdkit_words {
	char *argv[ML_NBDKIT_MOST + 1];
	size_t n, used;
	bool full;
	char text[ML_NBDKIT_TEXT];
};

/* The command line that serves what a URL names, or "nbdkit:PLUGIN ARGUMENT...". xz:
 * expanded. INVALID: it lacks something, or is too long. */
enum memlog_status ml_nbdkit_words(struct ml_nbdkit_words *c, const char *name,
				   bool xz, struct memlog_err *err);

#endif
