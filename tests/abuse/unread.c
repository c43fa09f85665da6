/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unread.c - reading fails at any one place that a search or a decoder reads. Whatever the
 * format does there, the caller gets the error. The logs are the corpora of the fuzzers.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "liblook.h"

#define CORPUS "fuzz/corpus"
#define BASE   0x820000u
#define BLOCK  64u /* bytes that fail together */

static const char why[] = "the disk cannot be read";

/* Memory from BASE on. read: which blocks were. */
struct disk {
	uint8_t *p;
	size_t len;
	bool *read;
	size_t bad; /* a block; SIZE_MAX: none */
	enum memlog_status fails;
	bool says; /* the reader has words for it */
};

static enum memlog_status disk_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct disk *d = self;
	size_t at, n, i;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (addr < BASE || addr - BASE >= d->len)
		return MEMLOG_NO_DATA;
	at = (size_t)(addr - BASE);
	n = d->len - at < len ? d->len - at : len;
	if (d->bad == at / BLOCK) {
		if (err && d->says)
			strcpy(err->text, why);
		return d->fails;
	}
	if (d->bad != SIZE_MAX && d->bad * BLOCK > at &&
	    d->bad * BLOCK - at < n)
		n = d->bad * BLOCK - at;
	for (i = at / BLOCK; i <= (at + n - 1) / BLOCK; i++)
		d->read[i] = true;
	memcpy(buf, d->p + at, n);
	*ret = n;
	return MEMLOG_OK;
}

static enum memlog_status disk_next(void *self, uint64_t addr,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	struct disk *d = self;

	(void)err;
	if (!d->len || addr >= BASE + d->len)
		return MEMLOG_NO_DATA;
	ret->start = addr > BASE ? addr : BASE;
	ret->end = BASE + d->len;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops disk_ops = {
	.size = sizeof(disk_ops),
	.page_size = 4096,
	.read = disk_read,
	.next_range = disk_next,
};

static void disk_load(struct disk *d, const char *path)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	d->p = calloc(1, 16u << 20);
	assert_non_null(d->p);
	d->len = fread(d->p, 1, 16u << 20, f);
	fclose(f);
	d->read = calloc(d->len / BLOCK + 1, sizeof(*d->read));
	assert_non_null(d->read);
	d->bad = SIZE_MAX;
}

/* How decoding ends. */
static enum memlog_status decode(struct memlog_image *image,
				 const struct memlog_log *log,
				 struct memlog_err *err)
{
	const struct memlog_record *rec;
	struct memlog_decoder *decoder;
	enum memlog_status s;

	s = memlog_decoder_open(image, log, NULL, &decoder, err);
	if (s)
		return s;
	while (!(s = memlog_decoder_next(decoder, &rec, err)))
		;
	memlog_decoder_close(decoder);
	return s;
}

static unsigned int failures, runs;

/* Reading block i fails from now on. */
static void disk_break(struct disk *d, size_t i)
{
	static const enum memlog_status fails[] = { MEMLOG_IO, MEMLOG_NO_MEMORY,
						    MEMLOG_STOP };

	d->bad = i;
	d->fails = fails[runs % 3];
	d->says = runs % 2;
	runs++;
}

/* It was repaired; this came of it. */
static void disk_repair(struct disk *d, enum memlog_status s,
			const struct memlog_err *err, const char *path)
{
	bool ok = s == d->fails;

	if (d->says)
		ok &= !strcmp(err->text, why) || s == MEMLOG_NO_MEMORY;
	else
		ok &= err->text[0] != '\0';
	if (!ok && failures++ < 20)
		fprintf(stderr, "# %s: block %zu: %s for %s, %s\n", path,
			d->bad, memlog_status_name(s),
			memlog_status_name(d->fails), err->text);
	d->bad = SIZE_MAX;
}

static void one_log(struct disk *d, struct memlog_image *image,
		    const struct memlog_log *log, const char *path)
{
	size_t i, n = d->len / BLOCK + 1;
	struct memlog_err err = { .status = MEMLOG_OK };
	bool *read = calloc(n, sizeof(*read));
	enum memlog_status s;

	assert_non_null(read);
	memset(d->read, 0, n * sizeof(*read));
	s = decode(image, log, &err);
	memcpy(read, d->read, n * sizeof(*read));
	for (i = 0; i < n && s == MEMLOG_NO_DATA; i++) {
		if (!read[i])
			continue;
		disk_break(d, i);
		memset(&err, 0, sizeof(err));
		disk_repair(d, decode(image, log, &err), &err, path);
	}
	free(read);
}

/* A search of a running machine, or of one place in it, which ends meanwhile. */
static void one_search(struct disk *d, const char *path, bool at)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "all" };
	struct memlog_reader_ops ops = disk_ops;
	size_t i, n = d->len / BLOCK + 1;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	bool *read = calloc(n, sizeof(*read));
	enum memlog_status s;

	assert_non_null(read);
	ops.flags |= MEMLOG_READER_LIVE;
	memset(d->read, 0, n * sizeof(*read));
	/* first without a failure: what does it read? */
	for (i = SIZE_MAX; i + 1 <= n; i++) {
		if (i != SIZE_MAX && !read[i])
			continue;
		assert_int_equal(memlog_image_wrap(&ops, d, MEMLOG_PHYS, "live",
						   NULL, &image, NULL),
				 0);
		memset(&err, 0, sizeof(err));
		if (i != SIZE_MAX)
			disk_break(d, i);
		d->says = true;
		s = at ? memlog_scan_at(image, MEMLOG_PHYS, BASE, &o, &logs,
					&err) :
			 memlog_scan(image, &o, &logs, NULL, &err);
		if (i == SIZE_MAX)
			memcpy(read, d->read, n * sizeof(*read));
		else
			disk_repair(d, s, &err, path);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
	free(read);
}

static int by_hand(const struct dirent *e)
{
	return e->d_name[0] != '.' && strlen(e->d_name) != 40;
}

static void corpus(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "all" };
	unsigned int before = failures, runs_before = runs;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct dirent **files;
	char dir[280], path[600];
	struct disk d;
	int i, n;
	size_t k;

	snprintf(dir, sizeof(dir), CORPUS "/%s", (const char *)*state);
	n = scandir(dir, &files, by_hand, alphasort);
	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]->d_name);
		free(files[i]);
		disk_load(&d, path);
		assert_int_equal(memlog_image_wrap(&disk_ops, &d, MEMLOG_PHYS,
						   "disk", NULL, &image, NULL),
				 0);
		assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
		if (!memlog_logs_count(logs)) {
			memlog_logs_destroy(logs);
			logs = NULL;
			(void)memlog_scan_at(image, MEMLOG_PHYS, BASE, &o,
					     &logs, NULL);
		}
		one_search(&d, path, false);
		one_search(&d, path, true);
		for (k = 0; k < memlog_logs_count(logs); k++)
			one_log(&d, image, memlog_logs_get(logs, k), path);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		free(d.read);
		free(d.p);
	}
	free(files);
	assert_int_equal(failures, before);
	/* some logs are only listed */
	assert_true(runs > runs_before || !strcmp(*state, "format_xentrace"));
}

static int formats(const struct dirent *e)
{
	return !strncmp(e->d_name, "format_", 7);
}

int main(void)
{
	static struct CMUnitTest tests[64];
	struct dirent **dirs;
	int i, n = scandir(CORPUS, &dirs, formats, alphasort), bad;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (n <= 0 || n > 64)
		return 1;
	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ dirs[i]->d_name, corpus, NULL,
						NULL, dirs[i]->d_name };
	bad = _cmocka_run_group_tests("unread", tests, (size_t)n, NULL, NULL);
	printf("# %u runs\n", runs);
	for (i = 0; i < n; i++)
		free(dirs[i]);
	free(dirs);
	return bad;
}
