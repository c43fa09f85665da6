/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs.h - the log that a running Linux hands out itself.
 *
 * /sys/firmware/efi/ovmf_debug_log holds the text of the log, oldest byte
 * first, without the header that stands before it in memory. An image of it
 * gets such a header again, so that all options work on it as on memory.
 */
#ifndef HOST_SYSFS_H
#define HOST_SYSFS_H

#include <memlog.h>

#define HOST_SYSFS_LOG "/sys/firmware/efi/ovmf_debug_log"

/* Open an image of the log in the file at path. NO_DATA: there is no such
 * file; IO: it cannot be read. The image's addresses are MEMLOG_FILE, and the
 * text begins at 192. All memory is from alloc, which must outlive *ret. */
enum memlog_status host_sysfs_open(const char *path,
				   const struct memlog_allocator *alloc,
				   struct memlog_image **ret,
				   struct memlog_err *err);

#endif
