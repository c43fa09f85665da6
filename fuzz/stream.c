/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file, as it comes through a pipe: gone through once, or spooled. */
#include <sys/mman.h>
#include <unistd.h>

#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	struct memlog_image *image = NULL;
	int fd = memfd_create("stream", MFD_CLOEXEC), spool = -1;
	struct memlog_err err = { 0 };
	struct look_memory m;

	LOOK_CHECK(fd >= 0);
	LOOK_CHECK(write(fd, data, size) == (ssize_t)size);
	LOOK_CHECK(!lseek(fd, 0, SEEK_SET));
	look_memory_init(&m, 256u << 20);
	opts.allocator = &m.alloc;
	if (!memlog_stream_open(fd, "stream", &opts, NULL, false, &image,
				&spool, &err)) {
		LOOK_CHECK(!image == (spool >= 0));
		if (image) {
			look_image(image, look_chosen(data, size, LOOK_QUICK));
			memlog_image_close(image);
		}
		if (spool >= 0)
			close(spool); /* image.c opens it */
	} else {
		LOOK_CHECK(err.text[0] && !image);
	}
	LOOK_CHECK(!m.now && !m.blocks);
	close(fd);
	return 0;
}
