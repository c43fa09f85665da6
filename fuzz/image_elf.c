/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file, as a dump: ELF above all, by its corpus. */
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_bytes(data, size, NULL, LOOK_ALL);
	return 0;
}
