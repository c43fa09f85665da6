/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* live.h - internals of the live sources, for each other and for tests. */
#ifndef ML_IMAGE_EXT_LIVE_H
#define ML_IMAGE_EXT_LIVE_H

#include "image/open.h"
#include "source.h"

/* Open the memory of this machine; iomem and mem are the paths of /proc/iomem
 * and /dev/mem. The caller closes *ret. devmem.c */
enum memlog_status ml_devmem_image(const char *iomem, const char *mem,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err);

/* The memory that may be read, from the text of /proc/iomem: RAM (if ram), and
 * reserved memory next to it. Returns how many ranges, at most max, sorted and
 * merged. */
size_t ml_iomem_parse(const char *text, bool ram, struct memlog_range *ret,
		      size_t max, const struct memlog_allocator *alloc);

/* The guest's name in the command line of a QEMU, whose arguments are ended by
 * NUL. False: none. name may be truncated, and is not made printable. */
bool ml_domain_name(const char *cmdline, size_t len, char *name, size_t size);

/* Does a guest of that name run here? domain.c */
bool ml_domain_runs(const char *name, const struct memlog_open_opts *opts);

struct ml_qmp;

/* Fill the image with the log from query-firmware-log; without a log it becomes
 * empty, with a warning. UNSUPPORTED: QEMU before 10.2. qmp_log.c */
enum memlog_status ml_qmp_ask_log(struct memlog_image *image, struct ml_qmp *q,
				  struct memlog_err *err);

/* Decode padded base64; ret has room for 3 bytes for each 4. False: invalid. */
bool ml_unbase64(const char *text, size_t len, uint8_t *ret, size_t *ret_len);

#endif
