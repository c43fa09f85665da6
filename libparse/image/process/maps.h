/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* maps.h - read and parse /proc/PID/maps. */
#ifndef ML_IMAGE_MAPS_H
#define ML_IMAGE_MAPS_H

#include "base/alloc.h"
#include "guestram.h"

/* The file of one mapping. path points into the text that was parsed; path_len
 * 0: anonymous memory. */
struct ml_maps_file {
	unsigned int major, minor;
	uint64_t inode;
	const char *path;
	size_t path_len;
};

/* m[i] and f[i] describe the same mapping. */
struct ml_maps {
	struct ml_mapping *m;
	struct ml_maps_file *f;
	size_t n;
	char *text;
};

/* Read a whole file in /proc/PID, as it is now. fd: it is open, or -1, and then errno
 * says why it is not. NO_MEMORY, or IO with the errno in *ret_sys. The caller frees
 * *ret. */
enum memlog_status ml_proc_text(int fd, const struct memlog_allocator *alloc,
				char **ret, size_t *ret_len, int *ret_sys);

/* Parse text, which is taken over, on failure, too. Lines that are not mappings
 * are skipped. LIMIT: more than ML_MAX_MAPPINGS. The caller frees *ret with
 * ml_maps_fini. */
enum memlog_status ml_maps_parse(struct ml_maps *ret, char *text, size_t len,
				 const struct memlog_allocator *alloc,
				 struct memlog_err *err);
void ml_maps_fini(struct ml_maps *maps, const struct memlog_allocator *alloc);

#endif
