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

#include "image/process/maps.h"
#include "image/process/process.h"
#include "image/process/guestram.h"
#include "image/image.h"
#include "libconform.h"
#include "libholder.h"

#define MIB  (1u << 20)
#define SIZE (16 * MIB)
#define FULL (2 * MIB) /* written, from SIZE / 4 on */
#define AT   (SIZE / 4)

/* ---- /proc/PID/maps ----------------------------------------------------- */

/* A monitor with 64 MiB of guest memory, as QEMU 7.2 has it. */
static const char qemu[] =
	"563c594f7000-563c598fe000 r--p 00000000 fe:00 10977653    /usr/bin/qemu\n"
	"563c5a2db000-563c5a684000 rw-p 00de3000 fe:00 10977653    /usr/bin/qemu\n"
	"563c8cba8000-563ccda1f000 rw-p 00000000 00:00 0           [heap]\n"
	"7f0034000000-7f0034021000 rw-p 00000000 00:00 0 \n"
	"7f0034021000-7f0038000000 ---p 00000000 00:00 0 \n"
	"7f003be00000-7f003ee00000 rw-p 00000000 00:00 0 \n"
	"not a mapping at all\n"
	"7f003ee00000-7f003fe00000 rw-p 00000000 00:00 0 \n"
	"7f003fe00000-7f003fe01000 ---p 00000000 00:00 0 \n"
	"7f0048000000-7f0087fff000 rwxp 00000000 00:00 0 \n"
	"7f0090000000-7f0092000000 rw-s 00100000 00:01 1034        /memfd:r (deleted)\n";

static struct ml_maps parse(const char *text)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps maps;

	assert_int_equal(ml_maps_parse(&maps, strdup(text), strlen(text), &a,
				       NULL),
			 MEMLOG_OK);
	return maps;
}

static void test_maps(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps m = parse(qemu);

	assert_int_equal(m.n, 10);
	assert_true(m.m[0].start == 0x563c594f7000);
	assert_true(m.m[0].end == 0x563c598fe000);
	assert_true(m.m[0].read && !m.m[0].write && !m.m[0].exec);
	assert_true(m.m[2].own);
	assert_int_equal(m.f[0].inode, 10977653);
	assert_int_equal(m.f[0].major, 0xfe);
	assert_true(m.m[9].shared);
	assert_true(m.m[9].offset == 0x100000);
	assert_int_equal(m.f[9].path_len, strlen("/memfd:r (deleted)"));
	ml_maps_fini(&m, &a);
}

static void test_maps_cut(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps m;
	char *text;
	size_t len;

	for (len = 0; len < sizeof(qemu); len++) {
		text = malloc(len + 1);
		memcpy(text, qemu, len);
		assert_int_equal(ml_maps_parse(&m, text, len, &a, NULL),
				 MEMLOG_OK);
		ml_maps_fini(&m, &a);
	}
	m = parse("fffffffffffffffff-1 rw-p 0 0:0 0\n2-1 rw-p 0 0:0 0 \n"
		  "5000-6000 rw-p 0 0:0 0 \n1000-2000 rw-p 0 0:0 0 \n");
	assert_int_equal(m.n, 1);
	ml_maps_fini(&m, &a);
}

static void test_guest_ram(void **state)
{
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_maps m = parse(qemu);
	size_t i;

	assert_true(ml_guest_ram(m.m, m.n) == 96 * MIB);
	for (i = 0; i < m.n; i++)
		assert_int_equal(m.m[i].guest, i == 5 || i == 6 || i == 9);
	ml_maps_fini(&m, &a);
	/* a heap of some MiB and some pages */
	m = parse("1000000-2001000 rw-p 00000000 00:00 0 \n"
		  "3000000-4000000 rw-p 00000000 00:00 0 \n");
	assert_true(ml_guest_ram(m.m, m.n) == 16 * MIB);
	assert_true(!m.m[0].guest && m.m[1].guest);
	ml_maps_fini(&m, &a);
	/* nothing large: the largest there is */
	m = parse("1000000-1400000 rw-p 00000000 00:00 0 \n"
		  "2000000-2010000 rw-p 00000000 00:00 0 \n");
	assert_true(ml_guest_ram(m.m, m.n) == 4 * MIB);
	assert_true(m.m[0].guest && !m.m[1].guest);
	ml_maps_fini(&m, &a);
}

/* A guest's block of 256 MiB and what the kernel happens to put beside it. */
static void test_guest_neighbours(void **state)
{
	static const struct {
		const char *before, *guest, *after;
		bool all; /* cannot be told apart */
	} t[] = {
		{ "", "10000000-20000000", "", false },
		{ "0feff000-10000000", "10000000-20000000", "", false },
		{ "", "10000000-20000000", "20000000-20101000", false },
		{ "0feff000-10000000", "10000000-20000000", "20000000-20101000",
		  false },
		/* together they have a round size */
		{ "0feff000-10000000", "10000000-20000000", "20000000-200ff000",
		  false },
		{ "0f7ff000-0ff00000 rw-p 0 00:00 0\n0ff00000-10000000",
		  "10000000-20000000", "20000000-20101000", true },
		/* not at a multiple of a MiB, with a stack before */
		{ "0feff000-10003000", "10003000-20003000", "", false },
	};
	struct memlog_allocator a = ml_allocator(NULL);
	char text[512];
	size_t i, k, guests;
	struct ml_maps m;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text),
			 "8000000-9000000 rw-p 00000000 00:00 0\n"
			 "%s%s%s rw-p 00000000 00:00 0\n%s%s",
			 t[i].before,
			 *t[i].before ? " rw-p 00000000 00:00 0\n" : "",
			 t[i].guest, t[i].after,
			 *t[i].after ? " rw-p 00000000 00:00 0\n" : "");
		m = parse(text);
		assert_true(m.m[0].guest == false);
		assert_true(ml_guest_ram(m.m, m.n) ==
			    (t[i].all ? 273 : 272) * MIB);
		for (k = guests = 0; k < m.n; k++)
			guests += m.m[k].guest;
		assert_int_equal(guests, t[i].all ? 3 : 2);
		ml_maps_fini(&m, &a);
	}
	/* the stack of a thread has a round size, and a guard before it */
	m = parse("0f7ff000-0f800000 ---p 00000000 00:00 0\n"
		  "0f800000-10000000 rw-p 00000000 00:00 0\n"
		  "10000000-20000000 rw-p 00000000 00:00 0\n"
		  "20000000-20001000 ---p 00000000 00:00 0\n"
		  "20001000-20801000 rw-p 00000000 00:00 0\n");
	assert_true(ml_guest_ram(m.m, m.n) == 256 * MIB);
	assert_true(m.m[2].guest);
	ml_maps_fini(&m, &a);
	/* so has a guest that is all there is */
	m = parse("0f7ff000-0f800000 ---p 00000000 00:00 0\n"
		  "0f800000-10000000 rw-p 00000000 00:00 0\n");
	assert_true(ml_guest_ram(m.m, m.n) == 8 * MIB);
	ml_maps_fini(&m, &a);
	/* two blocks, with a stack between them */
	m = parse("10000000-20000000 rw-p 00000000 00:00 0\n"
		  "20000000-20103000 rw-p 00000000 00:00 0\n"
		  "20103000-24103000 rw-p 00000000 00:00 0\n");
	assert_true(ml_guest_ram(m.m, m.n) == 320 * MIB);
	assert_true(m.m[0].guest && !m.m[1].guest && m.m[2].guest);
	ml_maps_fini(&m, &a);
}

/* ---- processes ---------------------------------------------------------- */

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
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_maps_cut),
		cmocka_unit_test(test_guest_ram),
		cmocka_unit_test(test_guest_neighbours),
		cmocka_unit_test(test_anon),
		cmocka_unit_test(test_anon_old),
		cmocka_unit_test(test_memfd),
		cmocka_unit_test(test_shared_anon),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_cow),
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
