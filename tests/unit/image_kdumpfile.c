/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libkdumpfile reads the same kdump and ELF files, page by page: those of
 * mkimage and those that QEMU made. It is known to crash on some files, so it
 * runs in a process of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef HAVE_KDUMPFILE
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <memlog.h>

#include "libmkkdump.h"

/* What a child says with its exit code. */
enum { SAME, CANNOT, DIFFERENT, OURS_FAILS };

static int compare(kdump_ctx_t *ctx, struct memlog_image *image)
{
	static uint8_t ours[4096], theirs[4096];
	struct memlog_range r;
	uint64_t addr = 0, pages = 0, hole;
	size_t got, n;

	while (!memlog_image_next_range(image, MEMLOG_PHYS, addr, &r, NULL)) {
		for (addr = r.start; addr < r.end; addr += sizeof(ours)) {
			if (memlog_image_read(image, MEMLOG_PHYS, addr, ours,
					      sizeof(ours), &got, NULL) ||
			    got != sizeof(ours))
				return OURS_FAILS;
			n = sizeof(theirs);
			if (kdump_read(ctx, KDUMP_MACHPHYSADDR, addr, theirs,
				       &n) != KDUMP_OK) {
				fprintf(stderr, "# 0x%llx: %s\n",
					(unsigned long long)addr,
					kdump_get_err(ctx));
				return DIFFERENT;
			}
			if (memcmp(ours, theirs, sizeof(ours)))
				return DIFFERENT;
			pages++;
		}
		/* a hole is one to both */
		hole = r.end;
		n = 1;
		if (kdump_read(ctx, KDUMP_MACHPHYSADDR, hole, theirs, &n) ==
		    KDUMP_OK)
			return DIFFERENT;
		addr = r.end;
	}
	return pages ? SAME : OURS_FAILS;
}

static int look(const char *path)
{
	struct memlog_image *image;
	kdump_ctx_t *ctx = kdump_new();
	int fd = open(path, O_RDONLY);

	if (memlog_image_open(path, NULL, &image, NULL))
		return OURS_FAILS;
	if (!ctx || fd < 0 || kdump_open_fd(ctx, fd) != KDUMP_OK) {
		fprintf(stderr, "# %s\n", ctx ? kdump_get_err(ctx) : "?");
		return CANNOT;
	}
	return compare(ctx, image);
}

static void agree(const char *path, const char *name)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child)
		_exit(look(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != SAME)
		fail_msg("%s: %s", name,
			 !WIFEXITED(status)	       ? "died" :
			 WEXITSTATUS(status) == CANNOT ? "it cannot open it" :
			 WEXITSTATUS(status) == DIFFERENT ?
							 "pages differ" :
							 "we cannot read it");
}

static void run(const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if (system(cmd))
		fail_msg("failed: %s", cmd);
}

static char dir[] = "/tmp/memlog-kdumpfile-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	run("rm -rf %s", dir);
	return 0;
}

static void test_made(void **state)
{
	static const char *const names[] = {
		"kdump-zlib",
		"kdump-snappy",
		"kdump-zstd",
		"kdump-32",
	};
	const char *b = getenv("B");
	char path[256];
	size_t i;

	(void)state;
	if (!b)
		skip();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		run("%s/mkimage fixtures/gen/recipes/%s.rec %s", b, names[i],
		    path);
		agree(path, names[i]);
		unlink(path);
	}
}

static void test_qemu(void **state)
{
	static const char *const names[] = {
		"ovmf-c01-elf64.elf",
		"ovmf-c04b-wrap1-q11.kdump-raw-zlib",
		"ovmf-c08b-ia32x64-pei.kdump-raw-zlib",
	};
	char path[256];
	size_t i;

	(void)state;
	/* in a tarball of its own */
	if (access("fixtures/vmcores/ovmf-c01-elf64.elf.zst", R_OK))
		skip();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/dump", dir);
		run("zstd -dqf --long=31 -o %s fixtures/vmcores/%s.zst", path,
		    names[i]);
		agree(path, names[i]);
		unlink(path);
	}
}
/* ---- machines, page sizes, versions and codecs -------------------------- */

static size_t pack(uint32_t flag, const uint8_t *in, size_t len, uint8_t *out,
		   size_t cap)
{
	uLongf n = cap;
	size_t m = cap;

	switch (flag) {
	case 1:
		return compress2(out, &n, in, len, 6) == Z_OK ? n : 0;
	case 4:
		return snappy_compress((const char *)in, len, (char *)out,
				       &m) == SNAPPY_OK ?
			       m :
			       0;
	default:
		m = ZSTD_compress(out, cap, in, len, 3);
		return ZSTD_isError(m) ? 0 : m;
	}
}

static void try_machine(const char *path, const struct mkkdump *like,
			uint32_t flag)
{
	static const uint64_t pfns[] = { 0, 1, 5, 0x20, 0x21, 0x400 };
	struct mkkdump m = *like;
	struct mkpage pages[6];
	uint8_t *bytes = malloc(6 * m.block), *file;
	char name[80];
	size_t i, k, len;
	FILE *f;

	assert_non_null(bytes);
	for (i = 0; i < 6; i++) {
		for (k = 0; k < m.block; k++)
			bytes[i * m.block + k] =
				(uint8_t)(i == 3 ? 0 : k / 64 * (i + 3) + i);
		pages[i] = (struct mkpage){ .pfn = pfns[i],
					    .bytes = bytes + i * m.block,
					    .flag = flag };
	}
	m.max_pfn = 0x401;
	m.compress = pack;
	file = mkkdump(&m, pages, 6, &len);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	snprintf(name, sizeof(name), "%s, pages of %u, version %u, codec %u",
		 m.machine, m.block, m.version, flag);
	agree(path, name);
	free(file);
	free(bytes);
}

/* Version 3 without VMCOREINFO is nothing that libkdumpfile opens. */
static void test_matrix(void **state)
{
	static const struct mkkdump machines[] = {
		{ .machine = "x86_64" },
		{ .machine = "aarch64" },
		{ .machine = "ppc64", .big_endian = true },
		{ .machine = "ppc64le" },
		{ .machine = "s390x", .big_endian = true },
		{ .machine = "i686", .is32 = true },
		{ .machine = "armv7l",
		  .is32 = true,
		  .aligned = true,
		  .vmcoreinfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\n" },
	};
	static const uint32_t versions[] = { 1, 2, 4, 5, 6 };
	static const uint32_t flags[] = { 0, 1, 4, 0x20 };
	struct mkkdump m;
	char path[256];
	size_t i, v, f, b;

	(void)state;
	snprintf(path, sizeof(path), "%s/matrix", dir);
	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		for (b = 0; b < 2; b++)
			for (v = 0; v < 5; v++)
				for (f = 0; f < 4; f++) {
					m = machines[i];
					m.block = b ? 65536 : 4096;
					m.version = versions[v];
					/* libkdumpfile 0.5.1 reads it as if it
					 * was packed; golden/kdump.bats */
					if (m.aligned && m.version > 5)
						continue;
					try_machine(path, &m, flags[f]);
				}
	unlink(path);
}
#else
static int setup(void **state)
{
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return 0;
}

static void test_made(void **state)
{
	(void)state;
	skip(); /* built without libkdumpfile */
}

static void test_qemu(void **state)
{
	(void)state;
	skip();
}

static void test_matrix(void **state)
{
	(void)state;
	skip();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_qemu),
		cmocka_unit_test(test_matrix),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
