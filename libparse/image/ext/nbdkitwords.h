/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nbdkitwords.h - from the name of an image to the command line of nbdkit. */
#ifndef ML_IMAGE_EXT_NBDKITWORDS_H
#define ML_IMAGE_EXT_NBDKITWORDS_H

#include "image/shown.h"

/* Words of a command line; which is the plugin; bytes of all together. */
enum { ML_NBDKIT_MOST = 64, ML_NBDKIT_PLUGIN = 5, ML_NBDKIT_TEXT = 8192 };

/* argv is ended by NULL, its n words are in text. full: something did not fit; nul: a part of
 * the URL has a NUL. */
struct ml_nbdkit_words {
	char *argv[ML_NBDKIT_MOST + 1];
	size_t n, used;
	bool full, nul;
	char text[ML_NBDKIT_TEXT];
};

/* The command line that serves what a URL names, or "nbdkit:PLUGIN ARGUMENT...". xz:
 * expanded. A password in a URL is a word of its own, as nbdkit's messages have the URL.
 * INVALID: it lacks something, is too long, or cannot be passed on. */
enum memlog_status ml_nbdkit_words(struct ml_nbdkit_words *c, const char *name,
				   bool xz, struct memlog_err *err);

#endif
