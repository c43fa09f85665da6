/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory the readers of large images take, opened and searched: their
 * files are sparse, and as large as those of a machine of some GiB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"
#include "libmem.h"
#include "libmkkdump.h"

#define MOST (32u << 20)
#define SIZE (8ull << 30)

static char path[32];
static int fd = -1;

/* A file in memory: what is not written to takes none. */
static int another(char name[32])
{
	fd = memfd_create("image", MFD_CLOEXEC);
	snprintf(name, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	return another(path) < 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(fd);
}

static void at(uint64_t off, const void *p, size_t len)
{
	assert_int_equal(pwrite(fd, p, len, (off_t)off), (ssize_t)len);
}

/* An empty file of that size. */
static void anew(uint64_t size)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

/* Open and search the image, and look at what that took. */
static void measure(const char *name, const char *format,
		    enum memlog_space space, uint64_t least)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_scan_opts scan = { .size = sizeof(scan) };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .force_raw = !strcmp(format, "raw") };
	struct conform_memory mem;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err = { 0 };

	conform_memory_init(&mem);
	o.allocator = &mem.alloc;
	if (memlog_image_open_file(name, &o, &image, &err))
		fail_msg("%s", err.text);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_string_equal(info.format, format);
	assert_int_equal(info.space, space);
	assert_true(info.present >= least);
	assert_int_equal(memlog_scan(image, &scan, &logs, NULL, &err), 0);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	printf("# %s, %llu MiB: %llu KiB\n", format,
	       (unsigned long long)info.present >> 20,
	       (unsigned long long)mem.most >> 10);
	assert_in_range(mem.most, 1, MOST);
	assert_true(mem.now == 0);
}

/* ELF with one load, after a note that says whose it is. */
static void make_elf(uint64_t vaddr, const char *owner, uint32_t type,
		     size_t desc)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	uint8_t b[4096] = { 0 }, *n = b + 512, *h = b + 64;

	memcpy(b, ident, sizeof(ident));
	put16(b + 16, 4);
	put16(b + 18, 62);
	put32(b + 20, 1);
	put64(b + 32, 64);
	put16(b + 52, 64);
	put16(b + 54, 56);
	put16(b + 56, 2);
	put32(h, 4);
	put64(h + 8, 512);
	put64(h + 32, 20 + desc);
	put64(h + 40, 20 + desc);
	put32(n, 5);
	put32(n + 4, (uint32_t)desc);
	put32(n + 8, type);
	memcpy(n + 12, owner, 5);
	h += 56;
	put32(h, 1);
	put32(h + 4, 6);
	put64(h + 8, 4096);
	put64(h + 16, vaddr);
	put64(h + 24, vaddr ? 0 : 0x100000);
	put64(h + 32, SIZE);
	put64(h + 40, SIZE);
	anew(4096 + SIZE);
	at(0, b, sizeof(b));
}

static void test_elf(void **state)
{
	(void)state;
	make_elf(0, "QEMU", 0, 432);
	measure(path, "elf", MEMLOG_PHYS, SIZE);
}

/* Console text of Xen at an address that is a multiple of 64 MiB: a ring that says that it
 * has as much, and one that has. */
static void test_xen_console(void **state)
{
	static const char line[] = "(XEN) a line of the console of Xen.....\n";
	static const char says[] =
		"(XEN) Xen version 4.17\n"
		"(XEN) Allocated console ring of 65536 KiB.\n";
	const uint64_t off = 4096 + (64u << 20) - 0x100000;
	static char text[40 * 4096];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(text); i += 40)
		memcpy(text + i, line, 40);
	make_elf(0, "QEMU", 0, 432);
	at(off, says, sizeof(says) - 1);
	measure(path, "elf", MEMLOG_PHYS, SIZE);
	for (i = 0; i < (64u << 20); i += sizeof(text))
		at(off + i, text, sizeof(text));
	measure(path, "elf", MEMLOG_PHYS, SIZE);
}

static void test_process_core(void **state)
{
	(void)state;
	make_elf(0x7f8000000000, "CORE", 3, 136);
	measure(path, "elf", MEMLOG_HOST, SIZE);
}

static void test_raw(void **state)
{
	(void)state;
	anew(SIZE);
	measure(path, "raw", MEMLOG_PHYS, SIZE);
}

static void put_head(uint64_t off, const char *magic, uint32_t version,
		     uint64_t start, uint64_t len)
{
	uint8_t h[32] = { 0 };

	memcpy(h, magic, 4);
	put32(h + 4, version);
	put64(h + 8, start);
	put64(h + 16, start + len - 1);
	at(off, h, sizeof(h));
}

static void test_lime(void **state)
{
	(void)state;
	anew(32 + SIZE);
	put_head(0, "EMiL", 1, 0x1000, SIZE);
	measure(path, "lime", MEMLOG_PHYS, SIZE);
}

/* Frames of 64 KiB that are not compressed. */
static void test_avml(void **state)
{
	static const uint8_t head[8] = { 1, 4, 0, 1 };
	uint64_t n = SIZE / 16 >> 16, off = 42, i;

	(void)state;
	anew(off + n * 65544 + 8);
	put_head(0, "AVML", 2, 0x1000, n << 16);
	at(32, "\xff\6\0\0sNaPpY", 10);
	for (i = 0; i < n; i++, off += 65544)
		at(off, head, sizeof(head));
	measure(path, "lime", MEMLOG_PHYS, n << 16);
}

static void test_windows(void **state)
{
	uint8_t h[0x1000] = "PAGEDU64";

	(void)state;
	put64(h + 0x88, 1);
	put64(h + 0x90, SIZE >> 12);
	put64(h + 0x98, 1);
	put64(h + 0xa0, SIZE >> 12);
	put64(h + 0xf98, 1);
	anew(0x2000 + SIZE);
	at(0, h, sizeof(h));
	measure(path, "windows", MEMLOG_PHYS, SIZE);
}

/* kdump with the largest blocks that are taken: some are kept expanded. */
static void test_kdump(void **state)
{
	enum { PAGES = 40 };
	static struct mkpage pages[PAGES];
	struct mkkdump m = { .block = 1 << 20,
			     .max_pfn = 8192,
			     .machine = "x86_64" };
	uint8_t *bytes = calloc(PAGES + 1, m.block), *file, *flat;
	char part[sizeof(path)], list[2 * sizeof(path)];
	size_t i, len, flat_len;
	int whole = fd;

	(void)state;
	assert_non_null(bytes);
	for (i = 0; i < PAGES; i++) {
		/* none like another, nor zeros */
		bytes[i * m.block] = (uint8_t)(i + 1);
		pages[i] = (struct mkpage){ i * 200, bytes + i * m.block, 0,
					    false };
	}
	file = mkkdump(&m, pages, PAGES, &len);
	anew(len);
	at(0, file, len);
	measure(path, "kdump", MEMLOG_PHYS, PAGES << 20);
	flat = mkflat(file, len, 60000, 3, &flat_len);
	free(file);
	anew(flat_len);
	at(0, flat, flat_len);
	free(flat);
	measure(path, "kdump", MEMLOG_PHYS, PAGES << 20);

	m.split = true;
	for (i = 0; i < 2; i++) {
		m.start_pfn = i * 4000;
		m.end_pfn = i ? 8192 : 4000;
		file = mkkdump(&m, pages, PAGES, &len);
		if (i)
			assert_true(another(part) >= 0);
		anew(len);
		at(0, file, len);
		free(file);
	}
	snprintf(list, sizeof(list), "%s,%s", path, part);
	measure(list, "kdump", MEMLOG_PHYS, PAGES << 20);
	close(fd);
	fd = whole;
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_xen_console),
		cmocka_unit_test(test_process_core),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_lime),
		cmocka_unit_test(test_avml),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_kdump),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
