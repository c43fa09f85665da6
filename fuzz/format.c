/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.c - a log format: the input is memory from 0x820000 on, a log starts
 * in its first byte. It is built once for each corpus format_*; acrn_log is the
 * format acrn-log.
 */
#include <string.h>

#include "liblook.h"

#define BASE 0x820000u

struct input {
	const uint8_t *p;
	size_t len;
};

static enum memlog_status input_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct input *in = self;

	(void)err;
	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (addr < BASE || addr - BASE >= in->len)
		return MEMLOG_NO_DATA;
	*ret = in->len - (addr - BASE) < len ? in->len - (addr - BASE) : len;
	memcpy(buf, in->p + (addr - BASE), *ret);
	return MEMLOG_OK;
}

static enum memlog_status input_next(void *self, uint64_t addr,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	struct input *in = self;

	(void)err;
	if (!in->len || addr >= BASE + in->len)
		return MEMLOG_NO_DATA;
	ret->start = addr > BASE ? addr : BASE;
	ret->end = BASE + in->len;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops input_ops = {
	.size = sizeof(input_ops),
	.page_size = 4096,
	.read = input_read,
	.next_range = input_next,
};

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
	struct input in = { data, size };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err = { 0 };
	struct look_memory m;

	look_memory_init(&m, 64u << 20);
	LOOK_CHECK(!memlog_image_wrap(&input_ops, &in, MEMLOG_PHYS, "fuzz",
				      &m.alloc, &image, &err));
	if (!memlog_scan_at(image, MEMLOG_PHYS, BASE, &opts, &logs, &err)) {
		LOOK_CHECK(memlog_logs_count(logs));
		memlog_logs_destroy(logs);
		look_image(image, look_chosen(data, size, LOOK_ALL));
	}
	memlog_image_close(image);
	look_memory_end(&m, 0);
	return 0;
}
