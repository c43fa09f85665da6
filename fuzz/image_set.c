/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump in two files: the first four bytes are the length of the first. */
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .window = LOOK_WINDOW };
	struct memlog_image *image;
	struct look_memory m;
	char names[80], paths[2][LOOK_PATH];
	size_t first;
	int a, b;

	if (size < 4)
		return 0;
	first = (size_t)ml_min(ml_le32(data), size - 4);
	a = look_memfd(data + 4, first, paths[0]);
	b = look_memfd(data + 4 + first, size - 4 - first, paths[1]);
	snprintf(names, sizeof(names), "%s,%s", paths[0], paths[1]);
	look_memory_init(&m, 256u << 20);
	opts.allocator = &m.alloc;
	if (!memlog_image_open(names, &opts, &image, NULL)) {
		look_image(image, look_chosen(data, size, LOOK_QUICK));
		memlog_image_close(image);
	}
	look_memory_end(&m, LOOK_WINDOW);
	close(a);
	close(b);
	return 0;
}
