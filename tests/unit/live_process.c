/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_process.c - memory of running processes: every kind of mapping, and
 * nothing in it moves because we look. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/process/process.h"
#include "libconform.h"
#include "libholder.h"

#define MIB  (1u << 20)
#define SIZE (16 * MIB)
#define FULL (2 * MIB) /* written, from SIZE / 4 on */
#define AT   (SIZE / 4)

/* What the holder puts into each mapping at AT. */
static uint8_t *pattern(char *path, size_t size)
{
	uint8_t *p = malloc(FULL);
	size_t i;
	int fd;

	for (i = 0; i < FULL; i++)
		p[i] = (uint8_t)(i * 31 + i / 4096);
	snprintf(path, size, "/tmp/live-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, FULL), FULL);
	close(fd);
	return p;
}

/* A file of SIZE bytes, of which FULL / 2 at AT + FULL are there. */
static uint8_t *sparse_file(char *path, size_t size)
{
	uint8_t *p = calloc(1, SIZE);
	size_t i;
	int fd;

	snprintf(path, size, "/tmp/live-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (i = 0; i < FULL / 2; i++)
		p[AT + FULL + i] = (uint8_t)(i * 17 + i / 4096);
	assert_int_equal(pwrite(fd, p + AT + FULL, FULL / 2, AT + FULL),
			 FULL / 2);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	close(fd);
	return p;
}

struct fixture {
	struct holder h;
	char data[64], file[64];
	uint8_t *content; /* of the mapping */
	struct conform_piece piece;
};

static void setup(struct fixture *f, const char *kind)
{
	uint8_t *put = pattern(f->data, sizeof(f->data));

	f->content = sparse_file(f->file, sizeof(f->file));
	if (strcmp(kind, "file") && strcmp(kind, "cow"))
		memset(f->content, 0, SIZE);
	memcpy(f->content + AT, put, FULL);
	free(put);
	holder_start(&f->h);
	f->piece = (struct conform_piece){
		.addr = holder_map(&f->h, kind, SIZE, f->file),
		.len = SIZE,
		.bytes = f->content,
	};
	holder_tell(&f->h, "put 0 %u %s", AT, f->data);
}

static void teardown(struct fixture *f)
{
	unlink(f->data);
	unlink(f->file);
	free(f->content);
}

static void sweep(struct ml_process *p, const struct conform_piece *piece)
{
	static uint8_t buf[MEMLOG_PEEK * (SIZE / 4096)];
	struct memlog_range r;
	uint64_t addr;
	size_t i;

	for (addr = 0; !ml_process_ops.next_data(p, addr, &r, NULL);
	     addr = r.end)
		assert_true(r.start >= addr && r.end > r.start);
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(ml_process_ops.peek(p, piece->addr, SIZE / 4096, buf,
					     NULL),
			 MEMLOG_OK);
	for (i = 0; i < SIZE / 4096; i++)
		assert_memory_equal(buf + i * MEMLOG_PEEK,
				    piece->bytes + i * 4096, MEMLOG_PEEK);
}

/* smaps tells clean pages from dirty ones, and the kernel writes dirty ones of a
 * file back when it likes to: do that first. */
static void write_back(const char *path)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

static void kind(const char *name, bool no_readv, bool no_scan)
{
	struct ml_process *p;
	struct memlog_err err;
	struct fixture f;
	char *before, *after, resident[64];

	setup(&f, name);
	snprintf(resident, sizeof(resident), "%s",
		 holder_tell(&f.h, "incore 0"));
	write_back(f.file);
	before = holder_smaps(&f.h, f.piece.addr);
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, &err), MEMLOG_OK);
	p->no_readv = no_readv;
	p->no_scan = no_scan;
	sweep(p, &f.piece);
	conform_reader(&ml_process_ops, p, &f.piece, 1);
	after = holder_smaps(&f.h, f.piece.addr);
	assert_string_equal(before, after);
	/* nor did a hole of the file fill up */
	if (strcmp(name, "file") && strcmp(name, "cow"))
		assert_string_equal(resident, holder_tell(&f.h, "incore 0"));
	ml_process_close(p);
	holder_stop(&f.h);
	free(before);
	free(after);
	teardown(&f);
}

static void test_anon(void **state)
{
	kind("anon", false, false);
}

static void test_anon_old(void **state)
{
	kind("anon", false, true);
	kind("anon", true, true);
}

static void test_memfd(void **state)
{
	kind("memfd", false, false);
}

static void test_shared_anon(void **state)
{
	kind("shared", false, false);
}

static void test_file(void **state)
{
	kind("file", false, false);
}

static void test_cow(void **state)
{
	kind("cow", false, false);
	kind("cow", false, true);
}

/* The end of the file below a private mapping is cut off: pages beyond the cut are absent, and
 * those before it as they were. */
static void test_cow_cut(void **state)
{
	enum { CUT = AT + FULL / 2, PAGES = SIZE / 4096 };
	static uint8_t peek[MEMLOG_PEEK * PAGES], none[MEMLOG_PEEK];
	struct ml_process *p;
	struct fixture f;
	size_t i, got;
	uint8_t byte;

	(void)state;
	setup(&f, "cow");
	assert_int_equal(truncate(f.file, CUT), 0);
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, NULL), MEMLOG_OK);
	memset(peek, 0xff, sizeof(peek));
	assert_int_equal(ml_process_ops.peek(p, f.piece.addr, PAGES, peek,
					     NULL),
			 MEMLOG_OK);
	for (i = 0; i < PAGES; i++)
		assert_memory_equal(peek + i * MEMLOG_PEEK,
				    i * 4096 < CUT ? f.content + i * 4096 :
						     none,
				    MEMLOG_PEEK);
	assert_int_equal(ml_process_ops.read(p, f.piece.addr + SIZE - 4096,
					     &byte, 1, &got, NULL),
			 MEMLOG_NO_DATA);
	ml_process_close(p);
	holder_stop(&f.h);
	teardown(&f);
}

/* Memory that is mapped later is read once it was looked for. */
static void test_renew(void **state)
{
	static const char *const kinds[] = { "memfd", "anon" };
	struct memlog_range r;
	struct ml_process *p;
	struct fixture f;
	uint64_t at[2];
	uint8_t byte;
	size_t i, got;

	setup(&f, "anon");
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, NULL), MEMLOG_OK);
	assert_false(ml_process_renew(p));
	for (i = 0; i < 2; i++) {
		at[i] = holder_map(&f.h, kinds[i], SIZE, "");
		holder_tell(&f.h, "put %zu %u %s", i + 1, AT, f.data);
		assert_int_equal(ml_process_ops.read(p, at[i] + AT, &byte, 1,
						     &got, NULL),
				 MEMLOG_NO_DATA);
		assert_true(ml_process_renew(p));
		assert_false(ml_process_renew(p));
		assert_int_equal(p->n_areas, i + 2);
		assert_int_equal(ml_process_ops.next_range(p, at[i], &r, NULL),
				 MEMLOG_OK);
		assert_true(r.start == at[i]);
		f.piece.addr = at[i];
		sweep(p, &f.piece);
	}
	holder_stop(&f.h);
	assert_false(ml_process_renew(p));
	assert_int_equal(ml_process_alive(p, NULL), MEMLOG_IO);
	ml_process_close(p);
	teardown(&f);
}

static unsigned int descriptors(void)
{
	unsigned int n = 0;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Who has given up opening files keeps those that are open. */
static void test_renew_keeps(void **state)
{
	const struct ml_area *a;
	struct ml_process *p;
	struct fixture f;
	uint8_t buf[4096];
	unsigned int open_fds, i;
	uint64_t at;
	size_t got;
	int none;

	setup(&f, "memfd");
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, NULL), MEMLOG_OK);
	none = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(none >= 0 && dup2(none, p->dir) == p->dir);
	close(none);
	open_fds = descriptors();
	for (i = 0; i < 3; i++) {
		at = holder_map(&f.h, i == 1 ? "memfd" : "anon", SIZE, "");
		assert_true(ml_process_renew(p));
		assert_int_equal(descriptors(), open_fds);
		a = ml_process_area(p, f.piece.addr);
		assert_non_null(a);
		assert_int_equal(a->kind, ML_AREA_FILE);
		sweep(p, &f.piece);
		/* a page that the process does not have */
		assert_int_equal(ml_process_ops.read(p, a->end - 4096, buf,
						     4096, &got, NULL),
				 MEMLOG_OK);
		a = ml_process_area(p, at);
		assert_non_null(a);
		assert_int_equal(a->kind,
				 i == 1 ? ML_AREA_MAPPED : ML_AREA_ANON);
	}
	ml_process_close(p);
	holder_stop(&f.h);
	teardown(&f);
}

/* Of a file that cannot be opened, present pages are still there, and what is
 * not present is not known. */
static void test_only_mapped(void **state)
{
	struct ml_process *p;
	struct fixture f;
	uint8_t buf[4096];
	size_t got;

	setup(&f, "memfd");
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, NULL), MEMLOG_OK);
	assert_int_equal(p->n_areas, 1);
	assert_int_equal(p->areas[0].kind, ML_AREA_FILE);
	p->areas[0].kind = ML_AREA_MAPPED;
	assert_true(p->pagemap >= 0);
	assert_int_equal(ml_process_ops.read(p, f.piece.addr + AT, buf, 4096,
					     &got, NULL),
			 MEMLOG_OK);
	assert_int_equal(got, 4096);
	assert_memory_equal(buf, f.content + AT, 4096);
	assert_int_equal(ml_process_ops.read(p, f.piece.addr, buf, 4096, &got,
					     NULL),
			 MEMLOG_NO_DATA);
	ml_process_close(p);
	holder_stop(&f.h);
	teardown(&f);
}

/* A page map that cannot be read, without the ioctl: an error, not memory without pages. */
static void test_unreadable_map(void **state)
{
	struct memlog_range r;
	struct memlog_err err = { 0 };
	struct ml_process *p;
	struct fixture f;
	int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	setup(&f, "anon");
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, NULL), MEMLOG_OK);
	assert_true(dir >= 0 && dup2(dir, p->pagemap) == p->pagemap);
	close(dir);
	p->no_scan = true;
	assert_int_equal(ml_process_ops.next_data(p, f.piece.addr, &r, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "page map"));
	ml_process_close(p);
	holder_stop(&f.h);
	teardown(&f);
}

static void test_ended(void **state)
{
	struct ml_process *p;
	struct memlog_range r;
	struct memlog_err err = { 0 };
	uint8_t buf[MEMLOG_PEEK * 4];
	struct fixture f;
	size_t got;

	setup(&f, "anon");
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, NULL), MEMLOG_OK);
	assert_int_equal(ml_process_ops.read(p, f.piece.addr, buf, 64, &got,
					     NULL),
			 MEMLOG_OK);
	holder_kill(&f.h);
	assert_int_equal(ml_process_ops.read(p, f.piece.addr, buf, 64, &got,
					     &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "has ended"));
	assert_int_equal(ml_process_ops.peek(p, f.piece.addr, 4, buf, &err),
			 MEMLOG_IO);
	assert_int_equal(ml_process_ops.next_data(p, 0, &r, &err), MEMLOG_IO);
	ml_process_close(p);
	assert_int_equal(ml_process_open(f.h.pid, NULL, &p, &err), MEMLOG_IO);
	assert_non_null(strstr(err.text, "no process"));
	teardown(&f);
}

static void test_names(void **state)
{
	static const char *const bad[] = { "pid:",
					   "pid:x",
					   "pid:1x",
					   "pid:-1",
					   "pid:0",
					   "pid: 1",
					   "pid:99999999999999999999" };
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(memlog_image_open(bad[i], NULL, &image, &err),
				 MEMLOG_INVALID);
	assert_int_equal(memlog_image_open_process(0, NULL, &image, &err),
			 MEMLOG_INVALID);
	assert_int_equal(memlog_image_open_process(-1, NULL, &image, &err),
			 MEMLOG_INVALID);
	/* a kernel thread has no memory; this one is always there */
	assert_int_not_equal(memlog_image_open("pid:2", NULL, &image, &err),
			     MEMLOG_OK);
}

/* Everything is open by then, and nothing has been interpreted. */
struct attaching {
	int calls;
	enum memlog_status answer;
};

static enum memlog_status on_attached(void *arg, struct memlog_err *err)
{
	struct attaching *a = arg;

	a->calls++;
	if (a->answer)
		*err = (struct memlog_err){ .status = a->answer,
					    .text = "refused" };
	return a->answer;
}

static void test_attached(void **state)
{
	struct attaching a = { 0 };
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .attached = on_attached,
					 .attached_arg = &a };
	struct memlog_image *image = NULL;
	struct memlog_err err;
	struct holder h;
	char name[32];

	holder_start(&h);
	holder_map(&h, "memfd", SIZE, NULL);
	snprintf(name, sizeof(name), "pid:%d", (int)h.pid);
	assert_int_equal(memlog_image_open(name, &opts, &image, &err),
			 MEMLOG_OK);
	assert_int_equal(a.calls, 1);
	memlog_image_close(image);
	a.answer = MEMLOG_UNSUPPORTED;
	assert_int_equal(memlog_image_open(name, &opts, &image, &err),
			 MEMLOG_UNSUPPORTED);
	assert_int_equal(a.calls, 2);
	assert_non_null(strstr(err.text, "refused"));
	holder_stop(&h);
	/* not for what cannot be attached to, nor for files */
	assert_int_not_equal(memlog_image_open("pid:2", &opts, &image, &err),
			     MEMLOG_OK);
	assert_int_not_equal(
		memlog_image_open("/dev/null", &opts, &image, &err), MEMLOG_OK);
	assert_int_equal(a.calls, 2);
}

static void test_is_file(void **state)
{
	static const char *const others[] = {
		"pid:1",    "qmp:x",	  "domain:x", "acrn:",
		"port:x",   "/dev/mem",	  "nbd://x",  "nbd+unix:///?socket=x",
		"ssh://x/", "https://x/",
	};
	static const char *const files[] = { "x",	"a,b",	"x:y", "pid",
					     "./pid:1", "/dev", "x@0", "-" };
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(memlog_image_is_file(others[i]));
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_true(memlog_image_is_file(files[i]));
}

/* Root is not advised to become root. */
static void test_denied(void **state)
{
	struct memlog_err err;
	uid_t uid = geteuid();

	(void)state;
	ml_process_denied(getpid(), "the memory", EACCES, &err);
	if (!uid) {
		assert_null(strstr(err.text, "try as root"));
		assert_non_null(strstr(err.text, "CAP_SYS_PTRACE"));
		assert_null(strstr(ml_process_advice(), "try as root"));
		ml_process_denied(INT32_MAX, "the memory", ESRCH, &err);
		assert_null(strstr(err.text, "as root"));
		assert_int_equal(seteuid(65534), 0);
	}
	assert_string_equal(ml_process_advice(), "try as root (sudo)");
	ml_process_denied(INT32_MAX, "the memory", ESRCH, &err);
	assert_non_null(strstr(err.text, "try as root"));
	ml_process_denied(1, "the memory", EACCES, &err);
	assert_non_null(strstr(err.text, "root"));
	assert_int_equal(seteuid(uid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anon),
		cmocka_unit_test(test_anon_old),
		cmocka_unit_test(test_memfd),
		cmocka_unit_test(test_shared_anon),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_cow),
		cmocka_unit_test(test_cow_cut),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_renew_keeps),
		cmocka_unit_test(test_only_mapped),
		cmocka_unit_test(test_unreadable_map),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_attached),
		cmocka_unit_test(test_is_file),
		cmocka_unit_test(test_denied),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
