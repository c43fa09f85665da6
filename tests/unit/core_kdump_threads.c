/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of kdump-compressed files that threads expand ahead of a search. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"
#include "libkdump.h"

enum { N = 12288, STEP = 64 };

/* A file of N pages: holes, zeros, damage, several codecs. */
static struct mkpage pages[N];
static uint8_t *bytes, *file;
static size_t file_len;

/* What one thread sees of each STEP pages, and of each one. */
static uint8_t one[2 * N * MEMLOG_PEEK], all[2 * N * MEMLOG_PEEK];
static enum memlog_status want[2 * N], got[2 * N];

/* Threads of this process. */
static unsigned int tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* As a search of an image that may have several files. */
static void begin(struct memlog_image *whole, struct memlog_image *image,
		  unsigned int threads)
{
	image->whole = whole;
	image->threads = threads;
}

/* What a search with some threads sees of each page, up to the first one of a piece
 * that cannot be read. It reads upwards in windows, and these downwards. The threads are
 * there until it ends. */
static void peeks(struct memlog_image *image, unsigned int threads,
		  size_t piece, size_t window, uint64_t n_pages, uint8_t *out,
		  enum memlog_status *ret)
{
	const struct ml_space *sp = &image->spaces[MEMLOG_PHYS];
	unsigned int before = tasks();
	uint64_t pfn, end;

	begin(image, image, threads);
	for (end = n_pages; end; end -= window) {
		image->sweep_end = end * 4096;
		for (pfn = end - window; pfn < end; pfn += piece)
			ret[pfn / piece] =
				sp->ops->peek(sp->self, pfn * 4096, piece,
					      out + pfn * MEMLOG_PEEK, NULL);
	}
	assert_int_equal(tasks(), before + threads - 1);
	if (image->rest)
		image->rest(image->rest_arg, true);
	assert_int_equal(tasks(), before);
	begin(NULL, image, 0);
}

/* The same, but after each page up to far are left out, by chance: those that another file
 * of a set has. */
static void leave_out(struct memlog_image *image, unsigned int threads,
		      uint64_t n_pages, uint64_t far, const uint8_t *starts,
		      const enum memlog_status *status)
{
	const struct ml_space *sp = &image->spaces[MEMLOG_PHYS];
	uint8_t start[MEMLOG_PEEK];
	uint64_t pfn, chance = threads;
	enum memlog_status s;

	begin(image, image, threads);
	image->sweep_end = n_pages * 4096;
	for (pfn = 0; pfn < n_pages; pfn += 1 + (chance >> 33) % far) {
		s = sp->ops->peek(sp->self, pfn * 4096, 1, start, NULL);
		assert_int_equal(s, status[pfn]);
		if (!s)
			assert_memory_equal(start, starts + pfn * MEMLOG_PEEK,
					    MEMLOG_PEEK);
		chance = chance * 6364136223846793005u + 1442695040888963407u;
	}
	if (image->rest)
		image->rest(image->rest_arg, true);
	begin(NULL, image, 0);
}

/* Two files of a set: no more threads than one would have, and as many for the second
 * once all of the first was asked for. */
static void share(struct memlog_image *a, struct memlog_image *b,
		  uint64_t n_pages)
{
	struct memlog_image *const part[] = { a, b };
	unsigned int before = tasks(), i;
	uint8_t start[64 * MEMLOG_PEEK];
	const struct ml_space *sp;
	uint64_t pfn;

	for (i = 0; i < 2; i++) {
		begin(a, part[i], 3);
		part[i]->sweep_end = n_pages * 4096;
	}
	for (pfn = 0; pfn < n_pages; pfn += 64)
		for (i = 0; i < 2; i++) {
			sp = &part[i]->spaces[MEMLOG_PHYS];
			sp->ops->peek(sp->self, pfn * 4096, 64, start, NULL);
			assert_in_range(tasks(), before, before + 2);
		}
	assert_true(tasks() == before + 2);
	a->rest(a->rest_arg, true);
	assert_int_equal(tasks(), before);
	/* one after the other */
	for (i = 0; i < 2; i++) {
		sp = &part[i]->spaces[MEMLOG_PHYS];
		for (pfn = 0; pfn < n_pages; pfn += 64)
			sp->ops->peek(sp->self, pfn * 4096, 64, start, NULL);
		assert_int_equal(tasks(), before + 2);
		assert_non_null(a->rest);
	}
	a->rest(a->rest_arg, true);
	assert_int_equal(tasks(), before);
	for (i = 0; i < 2; i++)
		begin(NULL, part[i], 0);
}

/* The order in which pages are asked for, and the number of threads, make no difference. */
static void test_threads(void **state)
{
	static const size_t windows[] = { 2 * N, 256, 2048, STEP };
	struct memlog_image *image = kdump_open(file, file_len, MEMLOG_OK);
	size_t i, k;

	(void)state;
	peeks(image, 1, STEP, 2 * N, 2 * N, one, want);
	for (k = 2; k < 6; k++) {
		memset(all, 0x55, sizeof(all));
		peeks(image, (unsigned int)k, STEP, windows[k - 2], 2 * N, all,
		      got);
		assert_memory_equal(got, want, sizeof(want));
		for (i = 0; i < 2 * N / STEP; i++)
			if (!want[i])
				assert_memory_equal(
					all + i * STEP * MEMLOG_PEEK,
					one + i * STEP * MEMLOG_PEEK,
					STEP * MEMLOG_PEEK);
	}
	memlog_image_close(image);
}

static pthread_t caller;

/* Others stop within a piece for longer than the thread that asks takes for a page. */
static void dawdle(void)
{
	static _Thread_local unsigned int n;

	usleep(pthread_equal(pthread_self(), caller) ? 1 :
	       ++n % 32 == 16			     ? 3000 :
						       0);
}

/* Pages that nobody asks for are left out while they are being expanded. */
static void test_left_out(void **state)
{
	static const uint64_t far[] = { 400, 4000 };
	struct memlog_image *image = kdump_open(file, file_len, MEMLOG_OK);
	unsigned int threads, i;

	(void)state;
	peeks(image, 1, 1, 2 * N, 2 * N, one, want);
	caller = pthread_self();
	kdump_expanding = dawdle;
	for (threads = 2; threads < 8; threads += 2)
		for (i = 0; i < 2; i++)
			leave_out(image, threads, 2 * N, far[i], one, want);
	kdump_expanding = NULL;
	memlog_image_close(image);
}

static void test_sets(void **state)
{
	struct memlog_image *a = kdump_open(file, file_len, MEMLOG_OK);
	struct memlog_image *b = kdump_open(file, file_len, MEMLOG_OK);

	(void)state;
	share(a, b, 2 * N);
	memlog_image_close(a);
	memlog_image_close(b);
}

static bool none;

/* Instead of the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*run)(void *), void *arg)
{
	static int (*create)(pthread_t *, const pthread_attr_t *,
			     void *(*)(void *), void *);
	size_t size = 0;

	if (none)
		return EAGAIN;
	if (!create)
		*(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
	/* as many threads as there may be take little memory */
	assert_true(attr && !pthread_attr_getstacksize(attr, &size));
	assert_true(size <= 1 << 20);
	return create(thread, attr, run, arg);
}

/* No thread can be started, and later one can. */
static void test_none(void **state)
{
	struct memlog_image *image = kdump_open(file, file_len, MEMLOG_OK);

	(void)state;
	peeks(image, 1, 1, 2 * N, 2 * N, one, want);
	leave_out(image, 4, 2 * N, 20, one, want);
	none = true;
	leave_out(image, 4, 2 * N, 20, one, want);
	none = false;
	leave_out(image, 4, 2 * N, 20, one, want);
	memlog_image_close(image);
}

static int make_file(void **state)
{
	static const uint32_t flags[] = { 1, 1, 2, 1, 0, 1, 1, 1 };
	struct mkkdump m = { .block = 4096,
			     .machine = "x86_64",
			     .max_pfn = 2 * N,
			     .compress = kdump_compress };
	uint64_t pfn = 0;
	uint8_t *p;
	size_t i, k;

	(void)state;
	bytes = calloc(N, 4096);
	if (!bytes)
		return -1;
	for (i = 0; i < N; i++) {
		p = bytes + i * 4096;
		for (k = 0; k < 4096; k++)
			p[k] = (uint8_t)(k % 64 == 7 ? i >> 8 :
						       k % 64 * (i + 3) + i);
		pfn += i % 100 == 50 ? 40 : 1;
		pages[i] = (struct mkpage){ pfn, i % 9 == 4 ? NULL : p,
					    flags[i % 8], i % 977 == 5 };
	}
	file = mkkdump(&m, pages, N, &file_len);
	/* pages that do not expand */
	for (i = 8; i < N; i += 1008) {
		uint8_t mark[66] = { 1, 1 };

		memcpy(mark + 2, bytes + i * 4096, 64);
		p = memmem(file, file_len, mark, sizeof(mark));
		if (!p)
			return -1;
		p[0] = 9;
	}
	return 0;
}

static int free_file(void **state)
{
	(void)state;
	free(file);
	free(bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_file, free_file);
}
