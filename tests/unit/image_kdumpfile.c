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

#include <memlog.h>

/* What a child says with its exit code. */
enum { SAME, CANNOT, DIFFERENT, OURS_FAILS };

static int compare(kdump_ctx_t *ctx, struct memlog_image *image)
{
	static uint8_t ours[4096], theirs[4096];
	struct memlog_range r;
	uint64_t addr = 0, pages = 0;
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
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/dump", dir);
		run("zstd -dqf --long=31 -o %s fixtures/vmcores/%s.zst", path,
		    names[i]);
		agree(path, names[i]);
		unlink(path);
	}
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
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_qemu),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
