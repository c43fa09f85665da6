/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps of Xen machines, by the corpus: notes, the domain's p2m tree, the page
 * tables, the hypervisor's console.
 */
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_bytes(data, size, NULL, look_chosen(data, size, LOOK_ALL));
	return 0;
}
