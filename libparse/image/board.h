/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* board.h - where the boards of QEMU put the guest's memory. */
#ifndef ML_IMAGE_BOARD_H
#define ML_IMAGE_BOARD_H

#include "image/bytes/loads.h"

/*
 * size bytes of memory, which stand in a row in a file, as one or two loads:
 * what lies below the hole that ends at 4 GiB, and what lies above. base is
 * added to all addresses; INVALID when it is too high. *ret is how many there
 * are.
 */
enum memlog_status ml_board_loads(enum memlog_map map, uint64_t base,
				  uint64_t size, struct ml_load loads[2],
				  size_t *ret, struct memlog_err *err);

/* The board whose machine type has this name in QEMU ("pc-q35-7.2"); false for
 * one that is not known. */
bool ml_board_of(const char *machine, enum memlog_map *ret);

#endif
