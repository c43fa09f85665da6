/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* far.h - files of this machine whose bytes are on another one. */
#ifndef ML_IMAGE_FAR_H
#define ML_IMAGE_FAR_H

#include "image/image.h"

/* Is this open file on NFS, CIFS, Ceph, 9p, FUSE or the like? */
bool ml_far_is(int fd);

/* A file that is read as remote.h says, over one of ml_file_open_fd(), which has this
 * descriptor and is taken over on OK. The caller closes *ret. */
enum memlog_status ml_far_open(int fd, struct ml_file *file,
			       const struct memlog_allocator *alloc,
			       struct ml_file *ret, struct memlog_err *err);

#endif
