/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmp_save.h - have QEMU write guest memory to a file, piece by piece, if its
 * process cannot be read. */
#ifndef ML_IMAGE_EXT_QMP_SAVE_H
#define ML_IMAGE_EXT_QMP_SAVE_H

#include "qmp.h"

/* A file in a directory of its own, which other users cannot list. */
struct ml_qmp_save {
	struct ml_qmp *q; /* owned */
	char *directory, *path;
	int fd;
};

/* The most bytes of one request, and of the file. */
#define ML_QMP_SAVE_MAX (16u << 20)

/* Create the file in tmpdir (NULL: /var/tmp). q is taken over on OK. IO. The
 * caller calls fini. */
enum memlog_status ml_qmp_save_init(struct ml_qmp_save *s, struct ml_qmp *q,
				    const char *tmpdir, struct memlog_err *err);
void ml_qmp_save_fini(struct ml_qmp_save *s);

/* Have QEMU write len bytes (at most ML_QMP_SAVE_MAX) at a guest physical
 * address to the start of s->fd. All of it must be RAM. IO: it did not. */
enum memlog_status ml_qmp_save_range(struct ml_qmp_save *s, uint64_t addr,
				     size_t len, struct memlog_err *err);

#endif
