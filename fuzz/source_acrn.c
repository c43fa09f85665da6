/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acrn: what the devices of a Service VM give. The input starts with the lengths
 * of two logs, 16 bits each; what follows them is a trace. The directory of the
 * devices is made once and has links to files that have no other name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEVICES 3

static char image_name[] = "acrn:/tmp/memlog-fuzz-acrn.XXXXXX";
static char *const directory = image_name + 5;
static char links[DEVICES][64];
static int fds[DEVICES];

static void remove_directory(void)
{
	size_t i;

	for (i = 0; i < DEVICES; i++)
		unlink(links[i]);
	rmdir(directory);
}

static void make_directory(void)
{
	static const char *const names[DEVICES] = {
		"acrn_hvlog_cur_0",
		"acrn_hvlog_last_0",
		"acrn_trace_0",
	};
	char to[32];
	size_t i;

	LOOK_CHECK(mkdtemp(directory));
	for (i = 0; i < DEVICES; i++) {
		fds[i] = memfd_create(names[i], 0);
		LOOK_CHECK(fds[i] >= 0);
		snprintf(to, sizeof(to), "/proc/self/fd/%d", fds[i]);
		snprintf(links[i], sizeof(links[i]), "%s/%s", directory,
			 names[i]);
		LOOK_CHECK(!symlink(to, links[i]));
	}
	atexit(remove_directory);
}

static void fill(int fd, const uint8_t *p, size_t len)
{
	LOOK_CHECK(!ftruncate(fd, 0));
	LOOK_CHECK(pwrite(fd, p, len, 0) == (ssize_t)len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	struct memlog_image *image;
	struct look_memory m;
	size_t i, n;

	if (size < 4)
		return 0;
	if (!links[0][0])
		make_directory();
	n = 4;
	for (i = 0; i < DEVICES; i++) {
		size_t len = i < 2 ? ml_le16(data + 2 * i) : size;

		len = (size_t)ml_min(len, size - n);
		fill(fds[i], data + n, len);
		n += len;
	}
	look_memory_init(&m, 256u << 20);
	opts.allocator = &m.alloc;
	if (!memlog_image_open(image_name, &opts, &image, NULL)) {
		look_image(image, look_chosen(data, size, LOOK_QUICK));
		memlog_image_close(image);
	}
	look_memory_end(&m, 0);
	return 0;
}
