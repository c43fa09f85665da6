/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_devmem.c - /dev/mem: what of /proc/iomem may be read. Files stand in for
 * the two. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/ext/live.h"
#include "libconform.h"

/* A q35 guest with OVMF, from a Linux 6.1 in it. */
static const char guest[] =
	"00000000-00000fff : Reserved\n"
	"00001000-0009ffff : System RAM\n"
	"000a0000-000fffff : Reserved\n"
	"  000f0000-000fffff : System ROM\n"
	"00100000-0080ffff : System RAM\n"
	"00810000-0081ffff : ACPI Non-volatile Storage\n"
	"00820000-0082ffff : Reserved\n"
	"00830000-7e8ecfff : System RAM\n"
	"  01000000-02000fff : Kernel code\n"
	"7e8ed000-7eb6cfff : Reserved\n"
	"7eb6d000-7eb7efff : ACPI Tables\n"
	"7eb7f000-7ebfefff : ACPI Non-volatile Storage\n"
	"7ebff000-7effffff : System RAM\n"
	"7f000000-7fffffff : Reserved\n"
	"  7f800000-7fffffff : 0000:00:02.0\n"
	"80000000-afffffff : PCI Bus 0000:00\n"
	"b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]\n"
	"  b0000000-bfffffff : Reserved\n"
	"fed1c000-fed1ffff : Reserved\n"
	"100000000-17fffffff : System RAM\n";

static void test_iomem(void **state)
{
	static const struct memlog_range all[] = {
		{ 0, 0xa0000 },
		{ 0x100000, 0x7f000000 },
		{ 0x100000000, 0x180000000 },
	};
	static const struct memlog_range kept[] = {
		{ 0, 0x1000 },
		{ 0x810000, 0x830000 },
		{ 0x7e8ed000, 0x7ebff000 },
	};
	struct memlog_allocator a = ml_allocator(NULL);
	struct memlog_range r[16];
	char cut[sizeof(guest)];
	size_t i;

	assert_int_equal(ml_iomem_parse(guest, true, r, 16, &a), 3);
	assert_memory_equal(r, all, sizeof(all));
	assert_int_equal(ml_iomem_parse(guest, false, r, 16, &a), 3);
	assert_memory_equal(r, kept, sizeof(kept));
	for (i = 0; i < sizeof(guest); i++) {
		memcpy(cut, guest, i);
		cut[i] = '\0';
		assert_in_range(ml_iomem_parse(cut, true, r, 16, &a), 0, 3);
	}
	/* what anybody but root sees */
	assert_int_equal(ml_iomem_parse("00000000-00000000 : System RAM\n"
					"00000000-00000000 : Reserved\n",
					true, r, 16, &a),
			 0);
}

static void make(char *path, const char *text, const uint8_t *bytes, size_t len)
{
	int fd;

	strcpy(path, "/tmp/live-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	if (text)
		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	else
		assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void test_reads(void **state)
{
	static uint8_t mem[0x200000];
	const struct conform_piece pieces[] = {
		{ .addr = 0x1000, .len = 0x9f000, .bytes = mem + 0x1000 },
		{ .addr = 0x100000, .len = 0x100000, .bytes = mem + 0x100000 },
	};
	char iomem[32], file[32];
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(mem); i++)
		mem[i] = (uint8_t)(i * 13 + i / 4096);
	make(iomem,
	     "00001000-0009ffff : System RAM\n"
	     "00100000-001fffff : System RAM\n",
	     NULL, 0);
	make(file, NULL, mem, sizeof(mem));
	assert_int_equal(ml_devmem_image(iomem, file, NULL, &image, &err), 0);
	conform_image(image, MEMLOG_PHYS, pieces, 2);
	memlog_image_close(image);
	unlink(file);
	assert_int_equal(ml_devmem_image(iomem, file, NULL, &image, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "this kernel does not have it"));
	make(file, NULL, mem, sizeof(mem));
	assert_int_equal(ml_devmem_image("/nonexistent", file, NULL, &image,
					 &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "does not show where memory is"));
	unlink(iomem);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iomem),
		cmocka_unit_test(test_reads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
