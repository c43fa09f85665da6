/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmp_save.h - guest memory that QEMU writes to a file for us, piece by piece,
 * where its process cannot be read. */
#ifndef ML_IMAGE_EXT_QMP_SAVE_H
#define ML_IMAGE_EXT_QMP_SAVE_H

#include "qmp.h"

/* A file in a directory of its own that nobody else can look into. */
struct ml_qmp_save {
	struct ml_qmp *q;	/* owned */
	char *directory, *path;
	int fd;
};

/* The most that is asked for at once: as much as the file grows to. */
#define ML_QMP_SAVE_MAX (16u << 20)

/* Make the file; q becomes its own on OK. tmpdir NULL: /var/tmp. */
enum memlog_status ml_qmp_save_init(struct ml_qmp_save *s, struct ml_qmp *q,
				    const char *tmpdir, struct memlog_err *err);
void ml_qmp_save_fini(struct ml_qmp_save *s);

/* Let QEMU write len bytes (at most ML_QMP_SAVE_MAX) at a guest address to the
 * start of s->fd. The caller knows that there is RAM. */
enum memlog_status ml_qmp_save_range(struct ml_qmp_save *s, uint64_t addr,
				     size_t len, struct memlog_err *err);

#endif
