/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/mem: text of /proc/iomem up to the first NUL, memory after it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/ext/live.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As many as are read of it. */
#define RANGES 4096

/* Sorted ranges that do not touch; how many bytes. */
static uint64_t check(const char *text, bool ram, const struct look_memory *m)
{
	static struct memlog_range r[RANGES];
	size_t n = ml_iomem_parse(text, ram, r, RANGES, &m->alloc), i;
	uint64_t all = 0;

	LOOK_CHECK(n <= RANGES);
	for (i = 0; i < n; i++) {
		LOOK_CHECK(r[i].start < r[i].end);
		LOOK_CHECK(!i || r[i - 1].end < r[i].start);
		all += r[i].end - r[i].start;
	}
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	size_t len = strnlen((const char *)data, size);
	struct memlog_image *image;
	char iomem[LOOK_PATH], mem[LOOK_PATH];
	struct look_memory m;
	uint64_t all;
	char *text;
	int a, b;

	text = calloc(len + 1, 1);
	LOOK_CHECK(text);
	memcpy(text, data, len);
	look_memory_init(&m, 256u << 20);
	opts.allocator = &m.alloc;
	all = check(text, true, &m);
	check(text, false, &m);
	/* what the kernel says is large is gone through as such */
	if (all <= 1u << 20) {
		a = look_memfd(text, len, iomem);
		b = look_memfd(data + len, size - len, mem);
		if (!ml_devmem_image(iomem, mem, &opts, &image, NULL)) {
			look_image(image, look_chosen(data, size, LOOK_QUICK));
			memlog_image_close(image);
		}
		close(a);
		close(b);
	}
	free(text);
	LOOK_CHECK(!m.now && !m.blocks);
	return 0;
}
