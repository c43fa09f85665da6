/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packed.c - recognise compressed files by their magic. Sources: RFC 1952, RFC
 * 8878, and the formats of xz, lz4 frames, bzip2 and lzip. */
#include "packed.h"

#include <string.h>

static const struct ml_packed packed[] = {
	{ ML_PACKED_GZIP, "gzip", "gunzip it", "\x1f\x8b\x08", 3 },
	{ ML_PACKED_ZSTD, "zstd", "unzstd it", "\x28\xb5\x2f\xfd", 4 },
	{ ML_PACKED_XZ, "xz", "unxz it",
	  "\xfd"
	  "7zXZ\0",
	  6 },
	{ ML_PACKED_LZ4, "lz4", "unlz4 it", "\x04\x22\x4d\x18", 4 },
	{ ML_PACKED_BZIP2, "bzip2", "bunzip2 it", "BZh", 3 },
	{ ML_PACKED_LZIP, "lzip", "unpack it with lzip -d", "LZIP", 4 },
};

const struct ml_packed *ml_packed_find(const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (len >= packed[i].len &&
		    !memcmp(bytes, packed[i].magic, packed[i].len))
			return &packed[i];
	return NULL;
}
