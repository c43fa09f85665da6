/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump in two files: the first four bytes are the length of the first. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *p, size_t len)
{
	int fd = memfd_create("part", MFD_CLOEXEC);

	LOOK_CHECK(fd >= 0);
	LOOK_CHECK(write(fd, p, len) == (ssize_t)len);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .window = LOOK_WINDOW };
	struct memlog_image *image;
	struct look_memory m;
	char names[80];
	size_t first;
	int a, b;

	if (size < 4)
		return 0;
	first = (size_t)ml_min(ml_le32(data), size - 4);
	a = file_of(data + 4, first);
	b = file_of(data + 4 + first, size - 4 - first);
	snprintf(names, sizeof(names), "/proc/self/fd/%d,/proc/self/fd/%d", a,
		 b);
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
