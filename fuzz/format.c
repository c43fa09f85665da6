/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.c - a log format: the input is memory from 0x820000 on, a log starts
 * in its first byte. It is built once for each corpus format_*; acrn_log is the
 * format acrn-log.
 */
#include <string.h>

#include "memory.h"

#define BASE 0x820000u

/* The format's name; one that no format has would fuzz nothing. */
static const char *format_name(void)
{
	static char harness[] = FUZZ_NAME;
	const char *want = harness + strlen("format_"), *name, *title;
	size_t i;

	for (i = 0; harness[i]; i++)
		if (harness[i] == '_')
			harness[i] = '-';
	for (i = 0; memlog_format_get(i, &name, &title); i++)
		if (!strcmp(name, want))
			return want;
	LOOK_CHECK(!"a format of that name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_scan_opts opts = {
		.size = sizeof(opts),
		.formats = format_name(),
	};
	struct fuzz_memory in = { .base = BASE, .p = data, .len = size };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err = { 0 };
	struct look_memory m;

	look_memory_init(&m, 64u << 20);
	image = fuzz_memory_image(&in, &m);
	if (!memlog_scan_at(image, MEMLOG_PHYS, BASE, &opts, &logs, &err)) {
		LOOK_CHECK(memlog_logs_count(logs));
		memlog_logs_destroy(logs);
		look_image(image, look_chosen(data, size, LOOK_ALL));
	}
	memlog_image_close(image);
	look_memory_end(&m, 0);
	return 0;
}
