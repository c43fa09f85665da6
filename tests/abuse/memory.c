/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - how much memory every reader takes: at most 32 MiB, and 32 bytes for each
 * header, record, range or run of the image; to unpack a file also its window.
 *
 * Images with millions of headers are made up while they are read; the others are the
 * corpora of the fuzzers, which have every format.
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "image/ext/cloudhv.h"
#include "image/open.h"
#include "libmeasure.h"
#include "libwindow.h"

#define MIB    (UINT64_C(1) << 20)
#define BASE   (32 * MIB)
#define EACH   32u
#define CORPUS "fuzz/corpus"

static unsigned int failed;

static void row(const char *name, uint64_t records, uint64_t may,
		const struct measured *r)
{
	uint64_t most = BASE + EACH * records + may;
	bool ok = r->ok && r->heap <= most;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ok &= r->rss <= most;
#endif
	failed += !ok;
	printf("# %-24s %9" PRIu64 " %8.1f %8.1f %8.1f%s\n", name, records,
	       (double)r->heap / MIB, (double)r->rss / MIB, (double)most / MIB,
	       ok ? "" : "  <-- FAILED");
}

/* ---- the test -------------------------------------------------------------------- */

/* Is the file that is flattened what was written to it? */
static void check_flat(struct memlog_image *image, const struct made *made)
{
	uint64_t at = 0, step = 16 * made->n / 1000 + 7;
	uint8_t b[32];
	size_t got, i;

	for (; at + sizeof(b) <= 16 * made->n; at += step) {
		LOOK_CHECK(!image->file.ops->read(image->file.self, at, b,
						  sizeof(b), &got, NULL));
		for (i = 0; i < got; i++)
			LOOK_CHECK(b[i] == made_flat_byte(made, at + i));
	}
}

/* Is each page where the table says? */
static void check_elf(struct memlog_image *image, const struct made *made)
{
	uint64_t i, step = made->n / 1000 + 1;
	uint8_t b[16];
	size_t got;

	for (i = 0; i < made->n; i += step) {
		LOOK_CHECK(!memlog_image_read(image, MEMLOG_PHYS, 64 * i, b,
					      sizeof(b), &got, NULL));
		LOOK_CHECK(got == sizeof(b) &&
			   b[0] == (uint8_t)(128 + 56 * made->n + 32 * i));
	}
}

static void made_up(void **state)
{
	const struct {
		struct made made;
		bool scan, pipe;
		void (*check)(struct memlog_image *image,
			      const struct made *made);
	} t[] = {
		{ made_elf(1 << 22), false, false, check_elf },
		{ made_elf(1 << 16), true, false, check_elf },
		{ made_elf_mixed(1 << 20), false, false, NULL },
		{ made_elf_same(1 << 20), false, false, NULL },
		{ made_elf_notes(1 << 20), true, false, NULL },
		{ made_elf_note(UINT64_C(1) << 30), true, false, NULL },
		{ made_elf_note(3 << 20), true, false, NULL },
		{ made_elf_small_notes(1 << 20), true, false, NULL },
		{ made_lime(1 << 22), false, false, NULL },
		{ made_lime(1 << 16), true, false, NULL },
		{ made_avml((1 << 22) + 1), false, false, NULL },
		{ made_flat(1 << 24), false, false, check_flat },
		{ made_dumpcore(1 << 21), false, false, NULL },
		{ made_windows(1 << 22), false, false, NULL },
		{ made_elf(70000), false, true, NULL },
		{ made_elf(1 << 20), false, true, NULL },
	};
	struct subject u = { 0 };
	struct measured r;
	size_t i;
	char name[64];

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		u.made = &t[i].made;
		u.scan = t[i].scan;
		u.pipe = t[i].pipe;
		u.check = t[i].check;
		r = measure(&u);
		snprintf(name, sizeof(name), "%s%s", t[i].made.name,
			 t[i].pipe ? ", a pipe" : "");
		row(name, t[i].made.n, 0, &r);
	}
	assert_int_equal(failed, 0);
}

/* One more than there may be: refused before anything is allocated for them. */
static void too_many(void **state)
{
	const struct made t[] = { made_elf((1 << 22) + 1),
				  made_elf(0x80000000u) };
	struct subject u = { .status = MEMLOG_LIMIT };
	struct measured r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		u.made = &t[i];
		r = measure(&u);
		row("elf, too many", 0, 0, &r);
	}
	assert_int_equal(failed, 0);
}

/* The files of one corpus that is an image: which of them takes the most? */
static void corpus(const char *name)
{
	struct subject u = { .scan = true, .any = true };
	struct measured r, most = { .ok = true };
	char dir[300], path[600];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), CORPUS "/%s", name);
	d = opendir(dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		u.path = path;
		r = measure(&u);
		most.ok &= r.ok;
		most.heap = r.heap > most.heap ? r.heap : most.heap;
		most.rss = r.rss > most.rss ? r.rss : most.rss;
	}
	closedir(d);
	/* a file of it may ask for the largest window */
	row(name, 0, strcmp(name, "image_packed") ? 0 : 128 * MIB, &most);
}

static void corpora(void **state)
{
	struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(CORPUS);

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (!strncmp(e->d_name, "image_", 6)) {
			corpus(e->d_name);
			n++;
		}
	closedir(d);
	assert_true(n > 10);
	assert_int_equal(failed, 0);
}

/* ---- an extract --------------------------------------------------------------------- */

#define LOGS   64u
#define PAGE   4096u
#define MEMORY (4 * MIB + LOGS * PAGE)

/* The headers of logs of 4 MiB, all over the same memory, of which there is every other
 * byte. */
static enum memlog_status holes_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	uint8_t *p = buf, head[64] = "ovmfmdg1ovmfmdg2";
	uint64_t at;

	(void)self;
	(void)err;
	head[16] = 192;
	head[24] = 0x40; /* and 0x3fff40 more */
	head[25] = 0xff;
	head[26] = 0x3f;
	head[32] = 1;
	head[48] = 0x00;
	head[50] = 0x3f;
	*ret = 0;
	if (addr >= MEMORY || (addr >= LOGS * PAGE && addr % 2))
		return MEMLOG_NO_DATA;
	for (; *ret < len; addr++) {
		if (addr >= LOGS * PAGE && *ret)
			break;
		at = addr % PAGE;
		p[(*ret)++] = addr >= LOGS * PAGE ? 'x' :
			      at < sizeof(head)	  ? head[at] :
			      at % 64		  ? 'x' :
						    '\n';
	}
	return MEMLOG_OK;
}

static enum memlog_status holes_next(void *self, uint64_t addr,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	(void)self;
	(void)err;
	if (addr >= MEMORY)
		return MEMLOG_NO_DATA;
	if (addr < LOGS * PAGE) {
		*ret = (struct memlog_range){ addr, LOGS * PAGE };
		return MEMLOG_OK;
	}
	ret->start = addr + addr % 2;
	ret->end = ret->start + 1;
	return MEMLOG_OK;
}

static enum memlog_status count_write(void *self, const void *buf, size_t len,
				      struct memlog_err *err)
{
	(void)buf;
	(void)err;
	*(uint64_t *)self += len;
	return MEMLOG_OK;
}

static bool extract_run(struct look_memory *m)
{
	const struct memlog_reader_ops ops = { .size = sizeof(ops),
					       .read = holes_read,
					       .next_range = holes_next };
	uint64_t written = 0;
	struct memlog_sink sink = { .size = sizeof(sink),
				    .self = &written,
				    .write = count_write };
	struct memlog_query_host host = { .size = sizeof(host), .sink = &sink };
	struct memlog_query_result result = { .size = sizeof(result) };
	struct memlog_image *image;
	struct memlog_query *q;
	struct memlog_err err = { 0 };
	enum memlog_status s;

	LOOK_CHECK(!memlog_image_wrap(&ops, NULL, MEMLOG_PHYS, "holes",
				      &m->alloc, &image, &err));
	LOOK_CHECK(
		!memlog_query_create(&m->alloc, MEMLOG_HOST_LIBRARY, &q, &err));
	LOOK_CHECK(!memlog_query_option(q, "extract", NULL, &err));
	LOOK_CHECK(!memlog_query_option(q, "all", NULL, &err));
	s = memlog_query_run(q, image, &host, &result, &err);
	memlog_query_destroy(q);
	memlog_image_close(image);
	if (s != MEMLOG_LIMIT || written)
		fprintf(stderr, "# status %s: %s\n", memlog_status_name(s),
			err.text);
	return s == MEMLOG_LIMIT && !written && !m->now;
}

/* A state of Cloud Hypervisor whose memory is an object of as many members as may be, where
 * json-c takes the most, beside what a file that cannot be mapped was copied to. */
static bool state_run(struct look_memory *m)
{
	const size_t most = ML_CLOUDHV_PART, copy = ML_CLOUDHV_COPY - most;
	char *text = malloc(most + 1), *rest = malloc(copy);
	enum memlog_status s, worst = MEMLOG_OK;
	struct ml_cloudhv c;
	unsigned int n, i;
	size_t len;

	LOOK_CHECK(text && rest);
	memset(rest, 1, copy);
	for (n = ML_CLOUDHV_VALUES; n > ML_CLOUDHV_VALUES / 2; n -= 1 << 10) {
		len = (size_t)sprintf(text, "%s",
				      "{\"snapshots\":{\"memory-manager\":"
				      "{\"snapshot_data\":{\"state\":\"{");
		for (i = 0; i < n && len + 64 < most; i++)
			len += (size_t)sprintf(text + len,
					       "%s\\\"%05x\\\":1.500000",
					       i ? "," : "", i);
		len += (size_t)sprintf(text + len, "%s", "}\"}}}}");
		s = ml_cloudhv_parse(&c, text, len, 1 << 20, &m->alloc, NULL);
		ml_cloudhv_fini(&c);
		worst = ml_max(s, worst);
	}
	free(text);
	free(rest);
	return worst == MEMLOG_LIMIT || worst == MEMLOG_UNSUPPORTED;
}

/* As if what it looks at were in one piece. */
static void one_piece(const char *name, bool (*run)(struct look_memory *m))
{
	struct subject u = { .run = run };
	struct measured r = measure(&u);

	row(name, 0, 0, &r);
	assert_int_equal(failed, 0);
}

static void cloudhv(void **state)
{
	(void)state;
	one_piece("state.json", state_run);
}

static void extract(void **state)
{
	(void)state;
	one_piece("--extract", extract_run);
}

/* ---- packed files ------------------------------------------------------------------ */

static void windows(void **state)
{
	const struct {
		const char *name;
		size_t (*make)(uint8_t *out, uint64_t window, uint64_t len);
		uint64_t window, limit, may;
		enum memlog_status status;
		const char *text;
	} t[] = {
#ifdef HAVE_ZSTD
		{ "zstd, 128 MiB", window_zstd, 128 * MIB, 0, 128 * MIB, 0,
		  NULL },
		{ "zstd, 2 GiB", window_zstd, 2048 * MIB, 0, 0, MEMLOG_LIMIT,
		  "limit of 128 MiB; --limit window=2048M" },
		{ "zstd, 2 GiB, later", window_zstd_late, 2048 * MIB, 0, 0,
		  MEMLOG_LIMIT, "--limit window=2048M" },
		{ "zstd, 160 MiB, allowed", window_zstd, 160 * MIB, 160 * MIB,
		  160 * MIB, 0, NULL },
		{ "zstd, one bit more", window_zstd, 144 * MIB, 0, 0,
		  MEMLOG_LIMIT, "--limit window=144M" },
#endif
#ifdef HAVE_LZMA
		{ "xz, 128 MiB", window_xz, 128 * MIB, 0, 128 * MIB, 0, NULL },
		{ "xz, 192 MiB", window_xz, 192 * MIB, 0, 0, MEMLOG_LIMIT,
		  "limit of 128 MiB; --limit window=192M" },
		{ "xz, 4 GiB", window_xz, 4096 * MIB, 0, 0, MEMLOG_LIMIT,
		  "--limit window=4096M" },
		{ "xz, 4 GiB, later", window_xz_late, 4096 * MIB, 0, 0,
		  MEMLOG_LIMIT, "--limit window=4096M" },
		{ "7z, 128 MiB", window_sevenzip, 128 * MIB, 0, 128 * MIB, 0,
		  NULL },
		{ "7z, packed list", window_sevenzip_packed, 128 * MIB, 0,
		  128 * MIB, 0, NULL },
		{ "7z, 4 GiB", window_sevenzip, 4096 * MIB, 0, 0, MEMLOG_LIMIT,
		  "--limit window=4096M" },
		{ "7z, 4 GiB, packed list", window_sevenzip_packed, 4096 * MIB,
		  0, 0, MEMLOG_LIMIT, "--limit window=4096M" },
		{ "7z, 4 GiB for the list", window_sevenzip_list, 4096 * MIB, 0,
		  0, MEMLOG_LIMIT, "--limit window=4096M" },
		{ "xz, 192 MiB, allowed", window_xz, 192 * MIB, 192 * MIB,
		  192 * MIB, 0, NULL },
#endif
	};
	static uint8_t bytes[1 << 20];
	struct subject u = { 0 };
	struct measured r;
	char path[64];
	size_t i, len;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		/* what is refused may be short */
		len = t[i].make(bytes, t[i].window,
				t[i].may ? t[i].may + 8 * MIB : MIB);
		assert_in_range(len, 1, sizeof(bytes));
		fd = memfd_create("packed", MFD_CLOEXEC);
		assert_true(fd >= 0);
		assert_true(write(fd, bytes, len) == (ssize_t)len);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		u.path = path;
		u.window = t[i].limit;
		u.status = t[i].status;
		u.text = t[i].text;
		r = measure(&u);
		row(t[i].name, 0, t[i].may, &r);
		/* the window was needed */
		if (t[i].may)
			assert_true(r.rss > t[i].may);
		close(fd);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_up), cmocka_unit_test(too_many),
		cmocka_unit_test(corpora), cmocka_unit_test(extract),
		cmocka_unit_test(cloudhv), cmocka_unit_test(windows),
	};

	printf("# %-24s %9s %8s %8s %8s\n", "MiB", "records", "heap", "anon",
	       "at most");
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
