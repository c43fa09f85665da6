/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved guests, by the corpus; see image_elf.c. */
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_bytes(data, size, NULL, LOOK_QUICK);
	return 0;
}
