/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostmap.h - guest physical addresses of memory in a process.
 *
 * Nothing in the process says them. But QEMU maps memory in one block, and its
 * machines have few layouts. One is assumed, and kept if the guest's kernel, which
 * says at which physical address it is, is there.
 */
#ifndef ML_IMAGE_HOSTMAP_H
#define ML_IMAGE_HOSTMAP_H

#include "image.h"

/* What can be assumed: x86, only memory that all machines have at the
 * same place; and arm64. */
enum { ML_HOSTMAP_X86, ML_HOSTMAP_VIRT, ML_HOSTMAPS };

/* Give an image of HOST addresses PHYS addresses of the largest block. NO_DATA: there is
 * none. */
enum memlog_status ml_hostmap_assume(struct memlog_image *image, int which,
				     struct memlog_err *err);

/* Forget them. */
void ml_hostmap_drop(struct memlog_image *image);

#endif
