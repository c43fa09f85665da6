/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nbd.h - a file of an NBD server. */
#ifndef ML_IMAGE_EXT_NBD_H
#define ML_IMAGE_EXT_NBD_H

#include "image/image.h"

/*
 * Connect to the server of uri, or, if that is NULL, to the one that argv, ended by NULL,
 * starts with a socket passed to it; it ends with the file. The file is only read. IO: it
 * cannot be reached, or refuses; UNSUPPORTED: built without libnbd; STOP. The caller closes
 * *ret.
 */
enum memlog_status ml_nbd_open(const char *uri, char **argv, const char *name,
			       const struct memlog_open_opts *opts,
			       struct ml_file *ret, struct memlog_err *err);

/* The image in such a file, which it takes over. */
enum memlog_status ml_nbd_image(struct ml_file *file,
				const struct memlog_open_opts *opts,
				struct memlog_image **ret,
				struct memlog_err *err);

#endif
