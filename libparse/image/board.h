/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* board.h - where QEMU's machines map RAM of a given size. */
#ifndef ML_IMAGE_BOARD_H
#define ML_IMAGE_BOARD_H

#include "image/bytes/loads.h"

/*
 * Describe size bytes of RAM, contiguous in a file, as *ret loads (1 or 2): the
 * part below the hole that ends at 4 GiB, and the part above. base is added to
 * all addresses; INVALID if it is too high.
 */
enum memlog_status ml_board_loads(enum memlog_map map, uint64_t base,
				  uint64_t size, struct ml_load loads[2],
				  size_t *ret, struct memlog_err *err);

/* The map of a machine type of QEMU ("pc-q35-7.2"). False: unknown. */
bool ml_board_of(const char *machine, enum memlog_map *ret);

#endif
