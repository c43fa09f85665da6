/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs.h - read the OVMF log that a running kernel has in sysfs.
 *
 * /sys/firmware/efi/ovmf_debug_log has the text of the log, oldest byte first,
 * without the header that precedes it in memory. The image of it has such a
 * header, so that all options work as on memory.
 */
#ifndef HOST_SYSFS_H
#define HOST_SYSFS_H

#include <memlog.h>

#define HOST_SYSFS_LOG "/sys/firmware/efi/ovmf_debug_log"

/* Open an image of the log in the file at path. NO_DATA: there is no such file;
 * IO: it cannot be read. The image has MEMLOG_FILE addresses, and the text is
 * at 192. All memory is from alloc, which must outlive *ret. The caller closes
 * *ret. */
enum memlog_status host_sysfs_open(const char *path,
				   const struct memlog_allocator *alloc,
				   struct memlog_image **ret,
				   struct memlog_err *err);

#endif
