/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rings.c - ordinary ring buffers of Linux: the input is memory of a kernel, as mkring raw=1
 * writes it (fixtures/gen); VMCOREINFO is that of mkring.
 */
#include <string.h>

#include "../fixtures/gen/mkring.h"
#include "image/image.h"
#include "memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char info[] = MKRING_INFO;
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .formats = "ftrace" };
	struct fuzz_memory in = { .base = MKRING_BASE, .p = data, .len = size };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct look_memory m;

	look_memory_init(&m, 256u << 20);
	image = fuzz_memory_image(&in, &m);
	ml_image_add_note(image, "VMCOREINFO", 0, "", info, info, strlen(info));
	if (!memlog_scan(image, &opts, &logs, NULL, NULL)) {
		/* each of up to 65 buffers may look at the kernel, none at the
		 * pages of another */
		LOOK_CHECK(in.read <= 512 * (uint64_t)(size + (64u << 10)));
		if (memlog_logs_count(logs))
			look_image(image, look_chosen(data, size, LOOK_ALL));
		memlog_logs_destroy(logs);
	}
	memlog_image_close(image);
	LOOK_CHECK(!m.now && !m.blocks);
	return 0;
}
