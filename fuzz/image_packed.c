/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files compressed as a whole, by the corpus. */
#include "liblook.h"

/* Seconds go by while a bomb of more is unpacked. */
#define SIZE_MAX_PACKED 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > SIZE_MAX_PACKED)
		return 0;
	look_bytes(data, size, NULL, LOOK_QUICK);
	return 0;
}
