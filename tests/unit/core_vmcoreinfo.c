/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_vmcoreinfo.c - are symbols those of the kernel in the image? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/vmcoreinfo.h"
#include "libmem.h"

#define BASE   UINT64_C(0x40000000)
#define LINKED UINT64_C(0xffff800080000000) /* to BASE, but for the slide */
#define BANNER 0x1000u
#define TEXT \
	"Linux version 5.4.1 (someone) #1 SMP Mon Jun 1 10:00:00 UTC 2026\n"

#define PLACE                               \
	"SYMBOL(_stext)=ffffa00080000000\n" \
	"NUMBER(kimage_voffset)=0xffffa00040000000\n"
#define ID_LINE "BUILD-ID=000102030405060708090a0b0c0d0e0f10111213\n"

struct file {
	uint8_t id[20];
	size_t id_len;
	const char *banner; /* NULL: the file does not have it */
};

static enum memlog_status file_addr(void *self, const char *name, uint64_t *ret)
{
	(void)self;
	if (!strcmp(name, "linux_banner"))
		*ret = LINKED + BANNER;
	else if (!strcmp(name, "_stext"))
		*ret = LINKED;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static enum memlog_status file_build_id(void *self, const void **ret,
					size_t *ret_len)
{
	struct file *f = self;

	*ret = f->id;
	*ret_len = f->id_len;
	return f->id_len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status file_read(void *self, uint64_t addr, void *buf,
				    size_t len)
{
	struct file *f = self;

	assert_int_equal(addr, LINKED + BANNER);
	if (!f->banner)
		return MEMLOG_NO_DATA;
	memset(buf, 0xff, len);
	memcpy(buf, f->banner, strlen(f->banner) + 1);
	return MEMLOG_OK;
}

/* The warning with that file, "" if it is the kernel's; info: VMCOREINFO. */
static void check(struct file *f, const char *info, size_t memory,
		  const char *want)
{
	struct memlog_symbols s = { .size = sizeof(s),
				    .self = f,
				    .addr = file_addr,
				    .build_id = file_build_id,
				    .read = file_read,
				    .file = "vmlinux" };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	const char *line;
	uint8_t *ram = mem_add(&m, BASE, BANNER + memory);

	memcpy(ram + BANNER, TEXT,
	       memory < sizeof(TEXT) ? memory : sizeof(TEXT));
	image = mem_image(&m, MEMLOG_PHYS);
	ml_image_add_note(image, "VMCOREINFO", 0, "", info, info, strlen(info));
	/* the second time it says nothing new */
	if (ml_vmcoreinfo_checked(image, &s))
		assert_ptr_equal(ml_vmcoreinfo_checked(image, &s), &s);
	else
		assert_null(ml_vmcoreinfo_checked(image, &s));
	line = memlog_image_warning(image, 0);
	assert_string_equal(line ? line : "", want);
	assert_null(memlog_image_warning(image, 1));
	memlog_image_close(image);
	mem_free(&m);
}

static void test_build_id(void **state)
{
	struct file f = { .id_len = 20, .banner = "Linux version 4.1\n" };
	uint8_t i;

	(void)state;
	for (i = 0; i < 20; i++)
		f.id[i] = i;
	/* it is enough */
	check(&f, ID_LINE PLACE, 4096, "");
	f.id[19] = 0xff;
	check(&f, ID_LINE PLACE, 4096,
	      "vmlinux is of another kernel and not used: its build ID is "
	      "000102030405060708090a0b0c0d0e0f101112ff, and the kernel in the "
	      "image has 000102030405060708090a0b0c0d0e0f10111213");
	/* of another length, or none */
	f.id_len = 16;
	check(&f, ID_LINE PLACE, 4096, "");
	f.id_len = 0;
	check(&f, ID_LINE PLACE, 4096, "");
	check(&f, "BUILD-ID=00\n" PLACE, 4096, "");
}

static void test_banner(void **state)
{
	static const char differs[] =
		"vmlinux is of another kernel and not used: linux_banner is not "
		"the same; the image is of Linux 5.4.1";
	struct file f = { .id_len = 20, .banner = TEXT };

	(void)state;
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 4096, "");
	f.banner = "Linux version 5.4.1 (someone) #1 SMP Mon Jun 1 10:00:01 "
		   "UTC 2026\n";
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 4096, differs);
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 61, differs);
	/* not in the image, as far as it differs; where it is is not known */
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 50, "");
	check(&f, "OSRELEASE=5.4.1\n", 4096, "");
	/* a file with debug information only */
	f.banner = NULL;
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 4096, "");
}

static void test_none(void **state)
{
	struct memlog_symbols s = { .size = sizeof(s), .addr = file_addr };
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	(void)state;
	mem_add(&m, BASE, 4096);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_null(ml_vmcoreinfo_checked(image, NULL));
	assert_ptr_equal(ml_vmcoreinfo_checked(image, &s), &s);
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_banner),
		cmocka_unit_test(test_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
