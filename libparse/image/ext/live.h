/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* live.h - what the live sources share with each other, and with tests. */
#ifndef ML_IMAGE_EXT_LIVE_H
#define ML_IMAGE_EXT_LIVE_H

#include "image/open.h"
#include "source.h"

/* /dev/mem, by the names of the two files. devmem.c */
enum memlog_status ml_devmem_image(const char *iomem, const char *mem,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err);

/* Memory that may be read, out of the text of /proc/iomem: RAM, unless !ram,
 * and what the firmware keeps beside it. Sorted and joined; returns how many of
 * at most max. */
size_t ml_iomem_parse(const char *text, bool ram, struct memlog_range *ret,
		      size_t max, const struct memlog_allocator *alloc);

/* The guest's name in the command line of a QEMU, whose arguments end with
 * NUL. false: it has none. name is not made printable. */
bool ml_domain_name(const char *cmdline, size_t len, char *name, size_t size);

struct ml_qmp;

/* Fill the image with what query-firmware-log answers. qmp_log.c */
enum memlog_status ml_qmp_ask_log(struct memlog_image *image, struct ml_qmp *q,
				  struct memlog_err *err);

/* Decode base64 with its padding; ret has room for 3 bytes for each 4. */
bool ml_unbase64(const char *text, size_t len, uint8_t *ret, size_t *ret_len);

#endif
