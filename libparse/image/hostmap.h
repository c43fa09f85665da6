/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostmap.h - guest physical addresses of memory in a process.
 *
 * Nothing in the process says them. But QEMU maps memory in one block, and its
 * machines have few layouts. One is assumed, and kept if the guest's kernel, which
 * says at which physical address it is, is there, or the ACPI tables are where
 * the pointer to them says.
 */
#ifndef ML_IMAGE_HOSTMAP_H
#define ML_IMAGE_HOSTMAP_H

#include "image.h"

/* What can be assumed: x86, only memory that all machines have at the same place;
 * what the machine pc has in addition, if nothing was found in that; and arm64. */
enum { ML_HOSTMAP_X86, ML_HOSTMAP_PC, ML_HOSTMAP_VIRT, ML_HOSTMAPS };

/* Give an image of HOST addresses PHYS addresses of the largest block. NO_DATA: there is
 * none, or the layout is not possible for its size. */
enum memlog_status ml_hostmap_assume(struct memlog_image *image, int which,
				     struct memlog_err *err);

/* Forget them. */
void ml_hostmap_drop(struct memlog_image *image);

#endif
