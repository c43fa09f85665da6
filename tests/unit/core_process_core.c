/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_process_core.c - cores of virtual machine monitors: what of them is
 * guest memory, and what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "image/open.h"
#include "libmem.h"
#include "libmkelf.h"

#define MIB (1ull << 20)
#define RW  6u
#define RX  5u
#define RWX 7u

struct piece {
	uint64_t addr, memsz, filesz;
	uint32_t flags;
};

enum files { NO_LIST, LIST, LIST_AND_EMPTY };

/* An ELF core of 64 bits with these segments and an NT_FILE note that names
 * two files: a memfd and a library; and one that names none. Only the headers
 * are written, the rest of the file is a hole. */
static char *make_core(const struct piece *p, size_t n, enum files files)
{
	uint8_t *b = calloc(1, 8192), *h = b + 64, *note = b + 4096;
	static const char names[] = "/memfd:ram (deleted)\0/usr/lib/big.so";
	static char path[64];
	uint64_t off = 8192;
	size_t i;
	int fd;

	mkelf_put_core(b, (uint16_t)(n + 1));
	put32(h, 4);
	put64(h + 8, 4096);
	/* NT_PRPSINFO makes it a process, NT_FILE is what we are after */
	put32(note, 5);
	put32(note + 4, 136);
	put32(note + 8, 3);
	memcpy(note + 12, "CORE", 5);
	i = 20 + 136;
	if (files) {
		put32(note + i, 5);
		put32(note + i + 4, 16 + 48 + sizeof(names));
		put32(note + i + 8, 0x46494c45);
		memcpy(note + i + 12, "CORE", 5);
		put64(note + i + 20, 2);
		put64(note + i + 28, 4096);
		put64(note + i + 36, 0x7f0000000000);
		put64(note + i + 44, 0x7f0000000000 + 64 * MIB);
		put64(note + i + 60, 0x7f1000000000);
		put64(note + i + 68, 0x7f1000000000 + 64 * MIB);
		memcpy(note + i + 84, names, sizeof(names));
		i += 20 + 16 + 48 + sizeof(names);
		i += 3 - (i + 3) % 4;
	}
	if (files == LIST_AND_EMPTY) {
		put32(note + i, 5);
		put32(note + i + 4, 16);
		put32(note + i + 8, 0x46494c45);
		memcpy(note + i + 12, "CORE", 5);
		put64(note + i + 28, 4096);
		i += 36;
	}
	put64(h + 32, i);
	put64(h + 40, i);
	for (i = 0; i < n; i++) {
		h += 56;
		put32(h, 1);
		put32(h + 4, p[i].flags);
		put64(h + 8, off);
		put64(h + 16, p[i].addr);
		put64(h + 32, p[i].filesz);
		put64(h + 40, p[i].memsz);
		off += p[i].filesz;
	}
	snprintf(path, sizeof(path), "/tmp/core-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, b, 8192), 8192);
	assert_int_equal(ftruncate(fd, (off_t)off), 0);
	close(fd);
	free(b);
	return path;
}

/* Opens it; *ret_warning is its first warning, or "". */
static struct memlog_image *open_core(const struct piece *p, size_t n,
				      enum files files,
				      const char **ret_warning)
{
	char *path = make_core(p, n, files);
	struct memlog_image *image;

	assert_int_equal(memlog_image_open_file(path, NULL, &image, NULL), 0);
	unlink(path);
	*ret_warning = memlog_image_warning(image, 0);
	if (!*ret_warning)
		*ret_warning = "";
	return image;
}

static void expect_ranges(struct memlog_image *image,
			  const struct memlog_range *want, size_t n)
{
	struct memlog_range r;
	uint64_t addr = 0;
	size_t i;

	for (i = 0; i < n; i++, addr = r.end) {
		assert_int_equal(memlog_image_next_range(image, MEMLOG_HOST,
							 addr, &r, NULL),
				 0);
		assert_true(r.start == want[i].start && r.end == want[i].end);
	}
	assert_int_equal(memlog_image_next_range(image, MEMLOG_HOST, addr, &r,
						 NULL),
			 MEMLOG_NO_DATA);
}

#define GUEST 0x7f8000000000ull

/* The monitor's code and constants, its heap, code that it made, and, between
 * them and touching some of them, the guest. */
static void test_guest(void **state)
{
	const struct piece p[] = {
		{ 0x550000000000, 32 * MIB, 32 * MIB, RX },
		{ 0x550002000000, 8 * MIB, 8 * MIB, RW },
		{ GUEST, 64 * MIB, 64 * MIB, RW },
		{ GUEST + 64 * MIB, 4096, 4096, 4 },
		{ GUEST + 64 * MIB + 4096, 1024 * MIB, 1024 * MIB, RWX },
	};
	const struct memlog_range want = { GUEST, GUEST + 64 * MIB };
	struct memlog_image *image;
	const char *warning;

	image = open_core(p, 5, NO_LIST, &warning);
	expect_ranges(image, &want, 1);
	assert_string_equal(warning, "");
	memlog_image_close(image);
}

/* Of two segments at one address the first one counts. */
static void test_overlap(void **state)
{
	const struct piece p[] = {
		{ GUEST, 64 * MIB, 64 * MIB, RW },
		{ GUEST, 48 * MIB, 48 * MIB, RW },
	};
	const struct memlog_range want = { GUEST, GUEST + 64 * MIB };
	struct memlog_image *image;
	const char *warning;

	(void)state;
	image = open_core(p, 2, false, &warning);
	expect_ranges(image, &want, 1);
	assert_string_equal(warning, "50331648 bytes of memory are not read, "
				     "as ranges overlap: the first one "
				     "counts");
	assert_true(image->suspect);
	memlog_image_close(image);
}

static void test_left_out(void **state)
{
	const struct piece kernel[] = {
		{ 0x550000000000, 8 * MIB, 8 * MIB, RW },
		{ GUEST, 64 * MIB, 0, RW },
	};
	const struct piece none[] = {
		{ 0x550000000000, 8 * MIB, 8 * MIB, RW },
	};
	struct memlog_image *image;
	const char *warning;
	const struct memlog_range all = { 0x550000000000,
					  0x550000000000 + 8 * MIB };

	/* the kernel's way: a header without bytes */
	image = open_core(kernel, 2, NO_LIST, &warning);
	assert_non_null(strstr(warning, "64 MiB of what looks like guest"));
	assert_non_null(strstr(warning, "dump-guest-core=on"));
	assert_non_null(strstr(warning, "coredump_filter"));
	expect_ranges(image, &all, 1);
	memlog_image_close(image);
	/* gcore's: only the list of files knows; the library does not count */
	image = open_core(none, 1, LIST, &warning);
	assert_non_null(strstr(warning, "64 MiB of what looks like guest"));
	memlog_image_close(image);
	/* the last list counts */
	image = open_core(none, 1, LIST_AND_EMPTY, &warning);
	assert_null(strstr(warning, "MiB"));
	memlog_image_close(image);
	image = open_core(none, 1, NO_LIST, &warning);
	assert_non_null(
		strstr(warning, "this core of a process has no guest memory"));
	memlog_image_close(image);
}

/* A file that is listed and there is not missing. */
static void test_there(void **state)
{
	const struct piece p[] = {
		{ 0x7f0000000000, 64 * MIB, 64 * MIB, RW },
	};
	const struct memlog_range want = { 0x7f0000000000,
					   0x7f0000000000 + 64 * MIB };
	struct memlog_image *image;
	const char *warning;

	image = open_core(p, 1, LIST, &warning);
	assert_string_equal(warning, "");
	expect_ranges(image, &want, 1);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
