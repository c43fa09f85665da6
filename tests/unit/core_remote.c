/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_remote.c - files that are far away, over a transport that knows its bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/file.h"
#include "image/bytes/remote.h"

#define MIB   (1u << 20)
#define WIRES 256u /* as many pieces are kept */

/* Requests that are open, by ticket; their bytes come with finish, as late as they may.
 * fail: one in so many fails. ends: where the file ends by now. bad: cannot be read. */
struct wire {
	struct ml_remote_request *open[WIRES];
	size_t n_open, most_open;
	uint64_t requests, bytes, ends;
	size_t largest;
	unsigned int fail;
	struct memlog_range bad;
	bool at_start, closed;
};

static uint8_t byte_at(uint64_t off)
{
	return (uint8_t)(off * 2654435761u >> 13 ^ off >> 20);
}

static bool wire_fails(const struct wire *w)
{
	return w->fail && w->requests % w->fail == w->fail - 1;
}

static enum memlog_status wire_start(void *self, struct ml_remote_request *r,
				     struct memlog_err *err)
{
	struct wire *w = self;
	size_t i, k;

	assert_true(r->len > 0);
	w->requests++;
	if (w->at_start && wire_fails(w))
		return ml_fail(err, MEMLOG_IO, "no");
	w->bytes += r->len;
	w->largest = ml_max(w->largest, r->len);
	/* no two open requests share bytes */
	for (i = 0; i < WIRES; i++)
		assert_true(!w->open[i] ||
			    w->open[i]->buf + w->open[i]->len <= r->buf ||
			    r->buf + r->len <= w->open[i]->buf);
	for (k = 0; w->open[k]; k++)
		assert_true(k + 1 < WIRES);
	w->open[k] = r;
	r->ticket = (int64_t)k;
	w->most_open = ml_max(w->most_open, ++w->n_open);
	return MEMLOG_OK;
}

static enum memlog_status wire_finish(void *self, struct ml_remote_request *r,
				      struct memlog_err *err)
{
	struct wire *w = self;
	size_t i;

	assert_ptr_equal(w->open[r->ticket], r);
	w->open[r->ticket] = NULL;
	w->n_open--;
	if (!w->at_start && w->fail && (uint64_t)rand() % w->fail == 0)
		return ml_fail(err, MEMLOG_IO, "no");
	if (r->off < w->bad.end && r->off + r->len > w->bad.start)
		return ml_fail(err, MEMLOG_IO, "bad");
	for (i = 0; i < r->len && r->off + i < w->ends; i++)
		r->buf[i] = byte_at(r->off + i);
	r->got = i;
	return MEMLOG_OK;
}

static void wire_close(void *self)
{
	struct wire *w = self;

	assert_int_equal(w->n_open, 0);
	assert_false(w->closed);
	w->closed = true;
}

static const struct ml_remote_ops wire_ops = {
	.start = wire_start,
	.finish = wire_finish,
	.close = wire_close,
};

/* The wire of the file that look() reads. */
static struct wire *wired;

static void wire_open(struct wire *w, uint64_t size, uint64_t most,
		      struct ml_file *ret)
{
	memset(w, 0, sizeof(*w));
	wired = w;
	w->ends = size;
	assert_int_equal(ml_remote_open(&wire_ops, w, size, most, "far", NULL,
					ret, NULL),
			 MEMLOG_OK);
	assert_true(ml_file_is_slow(ret));
}

static void wire_done(struct wire *w, struct ml_file *file)
{
	uint64_t requests, bytes;

	assert_true(ml_remote_count(file, &requests, &bytes));
	if (!w->at_start)
		assert_int_equal(requests, w->requests);
	assert_int_equal(bytes, w->bytes);
	ml_file_close(file);
	assert_true(w->closed);
}

static void check_bytes(uint64_t off, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != byte_at(off + i))
			fail_msg("byte %zu of %zu at %llu", i, len,
				 (unsigned long long)off);
}

/* A read is right, or fails. */
static enum memlog_status look(struct ml_file *file, uint64_t off, size_t len,
			       uint8_t *buf)
{
	uint64_t want = off < file->size ? ml_min(len, file->size - off) : 0;
	struct memlog_err err;
	enum memlog_status s;
	size_t got = 77;

	memset(buf, 0xee, len);
	s = file->ops->read(file->self, off, buf, len, &got, &err);
	if (!len)
		assert_int_equal(s, MEMLOG_OK);
	else if (!want)
		assert_int_equal(s, MEMLOG_NO_DATA);
	else if (s)
		assert_int_equal(s, MEMLOG_IO);
	/* fewer bytes only where what follows cannot be read */
	if (!s && got < want)
		assert_true(got &&
			    (wired->fail || off + got == wired->bad.start));
	assert_true(got <= want);
	check_bytes(off, buf, got);
	return s;
}

static size_t any_size(void)
{
	static const size_t sizes[] = {
		1, 64, 4096, 16384, 70000, MIB, 6 * MIB
	};
	size_t k = (size_t)rand() % (sizeof(sizes) / sizeof(sizes[0]));

	return (size_t)rand() % sizes[k] + (rand() % 2 ? 1 : 0);
}

/* Reads of all sizes at all places, in runs up and down, of files of all sizes. */
static void any_reads(void **state)
{
	static const uint64_t sizes[] = { 1,	 4095,	      16384,
					  16385, 5 * MIB + 3, 97 * MIB };
	uint8_t *buf = malloc(6 * MIB + 1);
	unsigned int round, i;
	struct ml_file file;
	struct wire w;
	size_t len;
	uint64_t off = 0;

	(void)state;
	srand(7);
	for (round = 0; round < 24; round++) {
		wire_open(&w, sizes[round % 6],
			  round & 1 ? 64 << 10 : UINT64_MAX, &file);
		w.fail = round < 6 ? 0 : 5;
		w.at_start = round >= 18;
		for (i = 0; i < 150; i++) {
			len = any_size();
			switch (rand() % 4) {
			case 0:
				off = (uint64_t)rand() % (file.size + 10);
				break;
			case 1:
				off -= ml_min(off, len);
				break;
			default:
				off += (size_t)rand() % 3000;
				break;
			}
			if (look(&file, off, len, buf) == MEMLOG_OK)
				off += rand() % 2 ? len : 0;
			else
				assert_true(w.fail || off >= file.size);
		}
		assert_true(w.largest <=
			    (round & 1 ? 64 << 10 : 8 * MIB + 16384));
		wire_done(&w, &file);
	}
	free(buf);
}

/* From one end to the other: each byte once, in few requests, several at a time. */
static void sequences(void **state)
{
	const uint64_t size = 64 * MIB;
	uint8_t *buf = malloc(MIB);
	struct ml_file file;
	struct wire w;
	uint64_t off;

	(void)state;
	wire_open(&w, size, UINT64_MAX, &file);
	for (off = 0; off < size; off += MIB)
		look(&file, off, MIB, buf);
	assert_int_equal(w.bytes, size);
	assert_true(w.requests <= 24 && w.most_open >= 2);
	wire_done(&w, &file);

	wire_open(&w, size, UINT64_MAX, &file);
	for (off = size; off; off -= MIB)
		look(&file, off - MIB, MIB, buf);
	assert_int_equal(w.bytes, size);
	assert_true(w.requests <= 24 && w.most_open >= 2);
	wire_done(&w, &file);

	/* in pieces of a page the requests grow */
	wire_open(&w, size, UINT64_MAX, &file);
	for (off = 0; off < size; off += 4096)
		look(&file, off, 4096, buf);
	assert_int_equal(w.bytes, size);
	assert_true(w.requests <= 12 && w.most_open >= 2);
	wire_done(&w, &file);

	/* of a server that allows only small ones, many at a time */
	wire_open(&w, size, 256 << 10, &file);
	for (off = 0; off < size; off += MIB)
		look(&file, off, MIB, buf);
	assert_int_equal(w.bytes, size);
	assert_true(w.requests <= 256 && w.most_open >= 12);
	wire_done(&w, &file);
	free(buf);
}

/* A search that ends soon has not requested much more than it looked at; what is read
 * again is there. */
static void little(void **state)
{
	uint8_t *buf = malloc(MIB);
	struct ml_file file;
	struct wire w;
	unsigned int i;

	(void)state;
	wire_open(&w, 512ull * MIB, UINT64_MAX, &file);
	for (i = 1; i <= 8; i++)
		look(&file, 512ull * MIB - i * (MIB / 2), MIB / 2, buf);
	assert_int_equal(w.requests, 8);
	assert_int_equal(w.bytes, 4 * MIB);
	for (i = 1; i <= 8; i++)
		look(&file, 512ull * MIB - i * (MIB / 2), 100, buf);
	assert_int_equal(w.requests, 8);
	wire_done(&w, &file);

	/* what is far apart costs a request each, with what is around it, or the start of
	 * memory */
	wire_open(&w, 512ull * MIB, UINT64_MAX, &file);
	for (i = 0; i < 20; i++)
		look(&file, i * 20ull * MIB, 8, buf);
	assert_int_equal(w.requests, 20);
	assert_int_equal(w.bytes, 704 * 1024 + 19 * 131072);
	for (i = 0; i < 20; i++)
		look(&file, i * 20ull * MIB + 100000, 8, buf);
	assert_int_equal(w.requests, 20);
	/* what is at the end of the file is read together */
	look(&file, 512ull * MIB - 8, 8, buf);
	look(&file, 512ull * MIB - 600000, 8, buf);
	assert_int_equal(w.requests, 21);
	wire_done(&w, &file);
	free(buf);
}

/* The end is read in one piece, also where a request for that much has failed, or is more than
 * the server allows. */
static void ends(void **state)
{
	uint8_t *buf = malloc(MIB);
	struct ml_file file;
	uint64_t most, size;
	struct wire w;

	(void)state;
	for (most = 640 << 10; most <= 768 << 10; most += 4096)
		for (size = 10 * MIB; size < 10 * MIB + 16384; size += 1009) {
			wire_open(&w, size, most, &file);
			look(&file, size - 50, 50, buf);
			look(&file, size - 10000, 50, buf);
			wire_done(&w, &file);
		}
	wire_open(&w, 10 * MIB + 100, UINT64_MAX, &file);
	w.bad = (struct memlog_range){ 600 << 10, 604 << 10 };
	look(&file, 0, 8, buf);
	w.bad.end = 0;
	look(&file, file.size - 50, 50, buf);
	wire_done(&w, &file);
	free(buf);
}

/* A sweep is not split around small pieces that were read before. */
static void read_over(void **state)
{
	uint8_t *buf = malloc(8 * MIB);
	struct ml_file file;
	uint64_t off;
	struct wire w;

	(void)state;
	wire_open(&w, 64ull * MIB, UINT64_MAX, &file);
	for (off = 2 * MIB; off < 64 * MIB; off += 4 * MIB)
		look(&file, off, 8, buf);
	assert_int_equal(w.requests, 16);
	for (off = 0; off < 64 * MIB; off += 8 * MIB)
		look(&file, off, 8 * MIB, buf);
	assert_true(w.requests <= 16 + 9);
	wire_done(&w, &file);
	free(buf);
}

/* A file that became shorter is an error, not zeros; what is left of it is read. */
static void shorter(void **state)
{
	struct ml_file file;
	uint8_t buf[4096];
	struct wire w;

	(void)state;
	wire_open(&w, 4 * MIB, UINT64_MAX, &file);
	w.ends = MIB;
	assert_int_equal(look(&file, 2 * MIB, sizeof(buf), buf), MEMLOG_IO);
	assert_int_equal(look(&file, 0, sizeof(buf), buf), MEMLOG_OK);
	wire_done(&w, &file);
}

/* Of what cannot be read only the pages that have it are lost, however much is asked for at
 * once, and it costs few requests to find them. */
static void bad_pages(void **state)
{
	const uint64_t size = 16 * MIB;
	uint8_t *buf = malloc(MIB);
	unsigned int round, failed;
	struct ml_file file;
	struct wire w;
	uint64_t off;
	size_t got;

	(void)state;
	for (round = 0; round < 8; round++) {
		wire_open(&w, size, round & 1 ? 64 << 10 : UINT64_MAX, &file);
		w.bad.start = (round * 977u + 1) * 4096u % (size - 8192);
		w.bad.end = w.bad.start + (round & 2 ? 4096 : 8192);
		failed = 0;
		for (off = 0; off < size; off += got) {
			if (look(&file, off, MIB, buf) == MEMLOG_OK) {
				assert_true(off < w.bad.start ||
					    off >= w.bad.end);
				got = ml_min(MIB, size - off);
				if (off < w.bad.start)
					got = ml_min(got, w.bad.start - off);
				continue;
			}
			got = 4096;
			failed++;
		}
		assert_int_equal(failed, round & 2 ? 1 : 2);
		assert_true(w.requests <= (round & 1 ? 256 : 16) + 60);
		wire_done(&w, &file);
	}
	/* each once more than it has to be where nothing can be read */
	wire_open(&w, MIB, UINT64_MAX, &file);
	w.bad.end = MIB;
	for (off = 0; off < MIB; off += 4096)
		assert_int_equal(look(&file, off, MIB, buf), MEMLOG_IO);
	assert_true(w.requests <= 256 + 16);
	wire_done(&w, &file);
	free(buf);
}

static void sizes(void **state)
{
	struct ml_file file;
	struct wire w = { .n_open = 0 };

	(void)state;
	assert_int_equal(ml_remote_open(&wire_ops, &w, UINT64_MAX, UINT64_MAX,
					"far", NULL, &file, NULL),
			 MEMLOG_CORRUPT);
	assert_false(w.closed);
}

/* The wire says that all of a file is a hole up to ends. */
static enum memlog_status wire_next_data(void *self, uint64_t off,
					 struct memlog_range *ret,
					 uint64_t *requests,
					 struct memlog_err *err)
{
	const struct wire *w = self;

	(void)requests;
	(void)err;
	*ret = (struct memlog_range){ ml_max(off, w->ends), 8 * MIB };
	return ret->start < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

/* Holes are believed until one has bytes that were read. */
static void holes(void **state)
{
	static const struct ml_remote_ops ops = {
		.start = wire_start,
		.finish = wire_finish,
		.next_data = wire_next_data,
		.close = wire_close,
	};
	struct memlog_range r;
	struct ml_file file;
	uint8_t buf[4096];
	unsigned int round;
	struct wire w;

	(void)state;
	for (round = 0; round < 4; round++) {
		memset(&w, 0, sizeof(w));
		wired = &w;
		assert_int_equal(ml_remote_open(&ops, &w, 8 * MIB, UINT64_MAX,
						"far", NULL, &file, NULL),
				 MEMLOG_OK);
		/* what was read of it: nothing, the start, a page */
		w.ends = round & 1 ? 8192 : 0;
		look(&file, 0, 4096, buf);
		w.ends = round & 2 ? 5 * MIB : 0;
		if (round & 2)
			look(&file, 4 * MIB, 4096, buf);
		w.ends = 8 * MIB;
		assert_int_equal(file.ops->next_data(file.self, 4 * MIB, &r,
						     NULL),
				 round ? MEMLOG_OK : MEMLOG_NO_DATA);
		if (round)
			assert_int_equal(r.start, 4 * MIB);
		assert_int_equal(file.ops->next_data(file.self, MIB, &r, NULL),
				 round ? MEMLOG_OK : MEMLOG_NO_DATA);
		ml_file_close(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_reads), cmocka_unit_test(sequences),
		cmocka_unit_test(little),    cmocka_unit_test(read_over),
		cmocka_unit_test(ends),	     cmocka_unit_test(shorter),
		cmocka_unit_test(sizes),     cmocka_unit_test(bad_pages),
		cmocka_unit_test(holes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
