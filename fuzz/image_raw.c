/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plain memory: the first byte is the map, the next 8 where it begins, the rest
 * the file. */
#include "base/bytes.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };

	if (size < 9)
		return 0;
	opts.map = (enum memlog_map)(data[0] % (MEMLOG_MAP_VIRT + 1));
	opts.raw_base = ml_le64(data + 1);
	opts.force_raw = data[0] & 0x80;
	look_bytes(data + 9, size - 9, &opts,
		   look_chosen(data, size, LOOK_ALL));
	return 0;
}
