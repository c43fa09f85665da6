/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rings.c - ordinary ring buffers of Linux: the input is memory of a kernel, as mkring raw=1
 * writes it (fixtures/gen), whose VMCOREINFO is fixed.
 */
#include <string.h>

#include "image/image.h"
#include "liblook.h"

#define BASE UINT64_C(0x40000000)

static const char info[] = "OSRELEASE=6.12.0-mkring\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(_stext)=ffff800080000000\n"
			   "SYMBOL(swapper_pg_dir)=ffff800080000000\n"
			   "NUMBER(kimage_voffset)=0xffff800040000000\n"
			   "NUMBER(VA_BITS)=48\n"
			   "NUMBER(PHYS_OFFSET)=0x40000000\n"
			   "SYMBOL(kallsyms_names)=ffff800080001000\n"
			   "SYMBOL(kallsyms_num_syms)=ffff8000800011f8\n"
			   "SYMBOL(kallsyms_token_table)=ffff800080001200\n"
			   "SYMBOL(kallsyms_token_index)=ffff800080001400\n"
			   "SYMBOL(kallsyms_offsets)=ffff800080001600\n";

struct input {
	const uint8_t *p;
	size_t len;
	uint64_t read;
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
	in->read += *ret;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .formats = "ftrace" };
	struct input in = { .p = data, .len = size };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct look_memory m;

	look_memory_init(&m, 256u << 20);
	LOOK_CHECK(!memlog_image_wrap(&input_ops, &in, MEMLOG_PHYS, "fuzz",
				      &m.alloc, &image, NULL));
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
