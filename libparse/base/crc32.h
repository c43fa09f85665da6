/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crc32.h - CRC-32, the checksum of EFI's tables, of Ethernet and of zip. */
#ifndef ML_BASE_CRC32_H
#define ML_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of a few hundred bytes: it has no tables. */
uint32_t ml_crc32(const uint8_t *p, size_t len);

#endif
