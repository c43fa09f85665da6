/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pipe must give what the same bytes in a file give: the same logs with the
 * same text, whatever the pieces in which it comes.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libmem.h"
#include "libmkelf.h"

/* ---- an input ---- */

struct input {
	uint8_t *bytes;
	size_t len;
	size_t piece; /* bytes a write */
	int fd;
};

static void *writer(void *arg)
{
	struct input *in = arg;
	size_t at, n;
	ssize_t got;

	for (at = 0; at < in->len; at += (size_t)got) {
		n = in->len - at < in->piece ? in->len - at : in->piece;
		got = write(in->fd, in->bytes + at, n);
		if (got <= 0)
			break;
	}
	close(in->fd);
	return NULL;
}

static enum memlog_status stream_keep(struct input *in, size_t piece,
				      bool whole, uint64_t keep,
				      const char *formats,
				      struct memlog_image **ret, int *spool,
				      struct memlog_err *err)
{
	struct memlog_open_opts o = { .size = sizeof(o), .keep = keep };
	enum memlog_status s;
	pthread_t thread;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	in->fd = fds[1];
	in->piece = piece;
	assert_int_equal(pthread_create(&thread, NULL, writer, in), 0);
	s = memlog_stream_open(fds[0], "-", &o, formats, whole, ret, spool,
			       err);
	close(fds[0]);
	pthread_join(thread, NULL);
	return s;
}

static enum memlog_status stream(struct input *in, size_t piece, bool whole,
				 struct memlog_image **ret, int *spool,
				 struct memlog_err *err)
{
	return stream_keep(in, piece, whole, 0, NULL, ret, spool, err);
}

/* All that an image has to say, as one string. */
static char *tell(struct memlog_image *image)
{
	const struct memlog_log *log;
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct memlog_err err;
	char *out = NULL;
	size_t len = 0, i;
	FILE *f = open_memstream(&out, &len);

	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, &err), 0);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		fprintf(f, "%s %s %d:%llx %llx %x %d %s\n", log->format,
			log->variant, log->extents->space,
			(unsigned long long)log->extents->addr,
			(unsigned long long)log->used, log->flags, log->state,
			log->reason);
		if (memlog_decoder_open(image, log, NULL, &d, &err))
			continue;
		while (!memlog_decoder_next(d, &rec, &err))
			fwrite(rec->text, 1, rec->text_len, f);
		fprintf(f, "missing %llu\n",
			(unsigned long long)memlog_decoder_missing(d));
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	fclose(f);
	return out;
}

static char *tell_file(const struct input *in)
{
	char path[] = "/tmp/memlog-test.XXXXXX";
	int fd = mkstemp(path);
	struct memlog_image *image;
	struct memlog_err err;
	char *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, in->bytes, in->len), in->len);
	close(fd);
	if (memlog_image_open_file(path, NULL, &image, &err))
		fail_msg("%s", err.text);
	out = tell(image);
	unlink(path);
	return out;
}

static void same(struct input *in)
{
	static const size_t pieces[] = { 1 << 20, 65536, 4097, 333 };
	struct memlog_image *image;
	struct memlog_err err;
	char *file = tell_file(in), *pipe;
	size_t i;
	int spool;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (stream(in, pieces[i], false, &image, &spool, &err))
			fail_msg("%s", err.text);
		assert_int_equal(spool, -1);
		pipe = tell(image);
		assert_string_equal(pipe, file);
		free(pipe);
	}
	free(file);
}

/* ---- what is in it ---- */

/* A log of total bytes whose ring wrapped. */
static void plant(uint8_t *p, size_t total, char mark)
{
	size_t size = total - 192, i;

	memset(p, 0, 192);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, 192);
	put64(p + 0x18, size);
	put64(p + 0x20, 1);
	put64(p + 0x28, 101);
	put64(p + 0x30, 100);
	put64(p + 0x38, 1);
	for (i = 0; i < size; i++)
		p[192 + i] = (uint8_t)(i % 60 == 59 ? '\n' : mark + i % 20);
}

static void make_raw(struct input *in)
{
	size_t i;

	in->len = 12 << 20;
	in->bytes = malloc(in->len);
	for (i = 0; i < in->len; i++)
		in->bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	plant(in->bytes + 0x820000, 0x10000, 'A');
	plant(in->bytes + 0x3ff000, 0x20000, 'a');
	plant(in->bytes + in->len - 0x1000, 0x1000, '0');
}

static void raw(void **state)
{
	struct input in = { 0 };

	make_raw(&in);
	same(&in);
	free(in.bytes);
}

/* Three loads; offsets that are not page-aligned, as QEMU writes them; the
 * middle one comes last in the file. */
static void make_elf(struct input *in)
{
	static const uint64_t addr[] = { 0, 0x800000, 0x400000 };
	const size_t first = 0x2b8, each = 0x400000;
	uint8_t *p;
	size_t i;

	in->len = first + 3 * each + 11;
	p = in->bytes = calloc(1, in->len);
	mkelf_put_core(p, 3);
	for (i = 0; i < 3; i++)
		mkelf_put_phdr(p, i,
			       (struct mkelf_phdr){
				       1, first + i * each, .paddr = addr[i],
				       .filesz = each, .memsz = each });
	plant(p + first + each + 0x20000, 0x10000, 'A'); /* 0x820000 */
	plant(p + first + 0x3000, 0x8000, 'a');
	/* across two loads that meet in memory, and in the file's order */
	plant(p + first + 2 * each + 0x3f0000, 0x8000, '0');
}

static void elf(void **state)
{
	struct input in = { 0 };

	make_elf(&in);
	same(&in);
	free(in.bytes);
}

/* What has to be read back and forth comes as a file. */
static void spooled(void **state)
{
	struct memlog_image *image;
	struct input in = { 0 };
	struct memlog_err err;
	uint8_t *back;
	int spool;

	make_raw(&in);
	assert_int_equal(stream(&in, 65536, true, &image, &spool, &err), 0);
	assert_null(image);
	back = malloc(in.len + 1);
	assert_int_equal(pread(spool, back, in.len + 1, 0), in.len);
	assert_memory_equal(back, in.bytes, in.len);
	close(spool);
	/* from outside, compressed */
	memcpy(in.bytes, "\x28\xb5\x2f\xfd", 4);
	assert_int_equal(stream(&in, 65536, false, &image, &spool, &err), 0);
	assert_null(image);
	assert_true(spool >= 0);
	close(spool);
	/* section headers at the end */
	free(in.bytes);
	make_elf(&in);
	put16(in.bytes + 56, 0xffff);
	put64(in.bytes + 40, 1ull << 40);
	assert_int_equal(stream(&in, 65536, false, &image, &spool, &err), 0);
	assert_true(spool >= 0);
	close(spool);
	free(back);
	free(in.bytes);
}

/* A persistent ring buffer of one CPU, whose events need all of memory. */
static void plant_ring(uint8_t *p)
{
	put32(p, 0x0badfeed);
	put32(p + 4, 24 << 16 | 32);
	put64(p + 8, 0x4000);
	put64(p + 16, 64);
	p += 64;
	put64(p, 0x1000);
	put64(p + 8, 0x2000);
	put64(p + 16, 0x2000);
	put32(p + 24, 4096);
	put32(p + 28, 3);
	put32(p + 36, 1);
	put32(p + 40, 2);
}

/* Is all of it kept? keep: bytes; formats: searched for. */
static bool keeps(struct input *in, size_t piece, uint64_t keep,
		  const char *formats)
{
	struct memlog_image *image;
	struct memlog_err err;
	uint8_t *back;
	int spool;

	assert_int_equal(stream_keep(in, piece, false, keep, formats, &image,
				     &spool, &err),
			 0);
	if (spool < 0) {
		assert_non_null(image);
		memlog_image_close(image);
		return false;
	}
	assert_null(image);
	back = malloc(in->len + 1);
	assert_int_equal(pread(spool, back, in->len + 1, 0), in->len);
	assert_memory_equal(back, in->bytes, in->len);
	free(back);
	close(spool);
	return true;
}

/* A copy is used if something was found that needs it, and all of it is there. */
static void kept(void **state)
{
	static const size_t pieces[] = { 1 << 20, 65536, 333 };
	struct input in = { 0 };
	size_t i, n = 0;

	make_raw(&in);
	/* zeros take no room */
	memset(in.bytes + 0x100000, 0, 0x200000);
	memset(in.bytes + 0x301000, 0, 0x12345);
	memset(in.bytes + in.len - 0x3000, 0, 0x3000);
	assert_false(keeps(&in, 65536, 16 << 20, NULL));
	plant_ring(in.bytes + 0x700000);
	for (i = 0; i < in.len; i += 4096)
		n += in.bytes[i] ||
		     memcmp(in.bytes + i, in.bytes + i + 1, 4095);
	assert_int_equal(n, 0xc00 - 0x200 - 0x12 - 3);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_true(keeps(&in, pieces[i], 16 << 20, NULL));
		assert_true(keeps(&in, pieces[i], n * 4096, NULL));
		assert_false(keeps(&in, pieces[i], n * 4096 - 1, NULL));
	}
	assert_false(keeps(&in, 65536, 0, NULL));
	assert_true(keeps(&in, 65536, 16 << 20, "ovmf,ftrace"));
	assert_false(keeps(&in, 65536, 16 << 20, "ovmf"));
	free(in.bytes);
}

/* More logs than memory is given for: the rest is kept in a file. */
static void spilled(void **state)
{
	struct input in = { 0 };
	size_t i;

	in.len = 40 << 20;
	in.bytes = calloc(1, in.len);
	for (i = 0; i < 20; i++)
		plant(in.bytes + (i << 21), 2 << 20, (char)('A' + i));
	same(&in);
	free(in.bytes);
}

static void odd_inputs(void **state)
{
	struct memlog_image *image;
	struct input in = { 0 };
	struct memlog_err err;
	size_t n;
	int spool;

	in.bytes = calloc(1, 8192);
	for (n = 0; n < 300; n++) {
		memcpy(in.bytes, "\177ELF\2\1\1", 7);
		in.len = n;
		if (stream(&in, 4096, false, &image, &spool, &err))
			assert_non_null(strstr(err.text, "-: "));
		else if (spool >= 0)
			close(spool);
		else
			memlog_image_close(image);
	}
	/* text is not a dump */
	in.len = 6;
	memcpy(in.bytes, "hello\n", 6);
	assert_int_equal(stream(&in, 4096, false, &image, &spool, &err),
			 MEMLOG_NOT_MINE);
	free(in.bytes);
}

/* Every prefix of a dump: never more than was there, and no error that kills
 * what was found. */
static void prefixes(void **state)
{
	struct memlog_image *image;
	struct input in = { 0 };
	struct memlog_err err;
	size_t len;
	int spool;

	make_elf(&in);
	len = in.len;
	for (in.len = 0; in.len < 1000; in.len += 7) {
		if (!stream(&in, 65536, false, &image, &spool, &err)) {
			assert_int_equal(spool, -1);
			free(tell(image));
		}
	}
	for (in.len = 0x2000; in.len < len; in.len += 0x70123)
		same(&in);
	free(in.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw),	      cmocka_unit_test(elf),
		cmocka_unit_test(spooled),    cmocka_unit_test(spilled),
		cmocka_unit_test(odd_inputs), cmocka_unit_test(prefixes),
		cmocka_unit_test(kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
