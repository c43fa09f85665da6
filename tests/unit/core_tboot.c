/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of tboot: a model of its writer, and logs that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "libmem.h"
#include "libtell.h"

#define AREA   0x8000u
#define AT     0x60000u
#define TEXT   61u
#define CHUNKS 10u

/* ---- what tboot does ------------------------------------------------------ */

struct writer {
	uint8_t area[AREA];
	uint32_t pos, n, over; /* over: how often it started over */
	char text[1 << 20];    /* since then */
	size_t len;
};

/* A number in groups of 7 bits. */
static uint8_t *number(uint8_t *p, uint32_t v)
{
	int shift;

	for (shift = 28; shift; shift -= 7)
		if (v >> shift)
			*p++ = (uint8_t)(v >> shift | 0x80);
	*p++ = v & 0x7f;
	return p;
}

/* Pack len bytes: what was before, up to 4096 bytes back. Returns how many came
 * out, at most 2 * len + 1. */
static size_t pack(const uint8_t *in, size_t len, uint8_t *out, uint8_t marker)
{
	uint8_t *p = out;
	size_t i, k, n, best, back;

	*p++ = marker;
	for (i = 0; i < len; i += best ? best : 1) {
		for (k = 1, best = back = 0; k <= i && k <= 4096;
		     k += 1 + k / 8) {
			for (n = 0; i + n < len && in[i + n] == in[i + n - k];)
				n++;
			if (n > best && n > 6) {
				best = n;
				back = k;
			}
		}
		if (best) {
			*p++ = marker;
			p = number(p, (uint32_t)best);
			p = number(p, (uint32_t)back);
			continue;
		}
		*p++ = in[i];
		if (in[i] == marker)
			*p++ = 0;
	}
	return (size_t)(p - out);
}

static void writer_init(struct writer *w)
{
	memset(w, 0, sizeof(*w));
	memcpy(w->area,
	       "\x26\x25\x19\xc0\x30\x6b\xb4\x4d"
	       "\x4c\x84\xa3\xe9\x53\xb8\x81\x74",
	       16);
	put16(w->area + 16, AREA - 62);
}

static uint32_t packed_end(const struct writer *w)
{
	uint32_t i, end = 0;

	for (i = 0; i < w->n; i++)
		end += ml_le16(w->area + 40 + 2 * i);
	return end;
}

static void writer_make_room(struct writer *w, size_t len)
{
	uint32_t from = packed_end(w);
	uint8_t *out = malloc(2 * AREA + 1);
	size_t n = AREA;

	assert_non_null(out);
	if (w->n < CHUNKS)
		n = pack(w->area + TEXT + from, w->pos - from, out, '~');
	if (from + n + len + 1 > AREA - 62) {
		memset(w->area + 18, 0, TEXT - 18);
		w->pos = w->n = 0;
		w->len = 0;
		w->over++;
	} else {
		memcpy(w->area + TEXT + from, out, n);
		put16(w->area + 40 + 2 * w->n++, (uint16_t)n);
		w->area[60] = (uint8_t)w->n;
		w->pos = from + (uint32_t)n;
		if (w->n < CHUNKS)
			put16(w->area + 20 + 2 * w->n, (uint16_t)w->pos);
	}
	free(out);
}

static void writer_write(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	if (w->pos + len + 1 > AREA - 62)
		writer_make_room(w, len);
	memcpy(w->area + TEXT + w->pos, text, len + 1);
	w->pos += (uint32_t)len;
	put16(w->area + 18, (uint16_t)w->pos);
	memcpy(w->text + w->len, text, len);
	w->len += len;
}

/* ---- what is found -------------------------------------------------------- */

/* Damaged bytes of the log that was read last, and the flags of its first line. */
static uint64_t tell_damaged;
static uint32_t tell_first;

static void line(FILE *f, const struct memlog_record *rec)
{
	if (!ftell(f))
		tell_first = rec->flags;
	fwrite(rec->raw, 1, rec->raw_len, f);
}

/* The text of the log, with the flags of its first line; NULL: there is none. */
static char *tell(struct mem *mem, uint32_t *ret_first, size_t *ret_len)
{
	struct tell t = { .formats = "tboot", .line = line };
	struct memlog_image *image = mem_image(mem, MEMLOG_PHYS);
	char *out;

	tell_first = 0;
	out = tell_all(image, &t);
	*ret_first = tell_first;
	*ret_len = t.len;
	tell_damaged = t.damaged;
	memlog_image_close(image);
	assert_true(t.logs <= 1);
	if (t.logs)
		return out;
	free(out);
	return NULL;
}

static void equals(const uint8_t *area, const char *want, size_t want_len,
		   bool cut)
{
	struct mem mem = { .n = 0 };
	uint32_t first;
	size_t len;
	char *got;

	memcpy(mem_add(&mem, AT, AREA), area, AREA);
	got = tell(&mem, &first, &len);
	assert_non_null(got);
	assert_int_equal(len, want_len);
	assert_memory_equal(got, want, len);
	assert_int_equal(!!(first & MEMLOG_REC_TRUNCATED_HEAD), cut);
	free(got);
	mem_free(&mem);
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 16;
}

/* Write until it starts over, twice, and look now and then. Prefix and message are
 * written apart. */
static void model(void **state)
{
	struct writer *w = malloc(sizeof(*w));
	uint32_t x = 1, i, cut = 0, chunks = 0;
	char line[120];

	assert_non_null(w);
	writer_init(w);
	writer_write(w, "TBOOT: *********************** TBOOT "
			"***********************\n");
	for (i = 0; w->over < 3; i++) {
		writer_write(w, "TBOOT: ");
		snprintf(line, sizeof(line), "%u ~ %u %x%x%x the end\n", i,
			 next_random(&x) % 9, next_random(&x), next_random(&x),
			 i % 3 ? 0 : next_random(&x));
		writer_write(w, line);
		if (w->n > chunks)
			chunks = w->n;
		cut += w->over && w->len >= 7 && memcmp(w->text, "TBOOT: ", 7);
		if (i % 97 == 0 || w->len < 200)
			equals(w->area, w->text, w->len,
			       w->over && memcmp(w->text, "TBOOT: ", 7));
	}
	/* all that can happen has */
	assert_in_range(chunks, 3, CHUNKS);
	assert_true(cut);
	free(w);
}

/* The log, after some chunks. */
static void fill(struct writer *w, uint32_t chunks)
{
	char line[80];
	uint32_t i;

	writer_init(w);
	writer_write(w, "TBOOT: *********************** TBOOT "
			"***********************\n");
	for (i = 0; w->n < chunks || w->pos < packed_end(w) + 100; i++) {
		snprintf(line, sizeof(line), "TBOOT: line %u %x\n", i, i * i);
		writer_write(w, line);
	}
}

/* Every bit of the header, and of the start of the text. */
static void flips(void **state)
{
	struct writer *w = malloc(sizeof(*w));
	struct mem mem = { .n = 0 };
	uint32_t first, found = 0;
	uint8_t *p;
	size_t bit, len;
	char *got;

	assert_non_null(w);
	fill(w, 2);
	p = mem_add(&mem, AT, AREA);
	memcpy(p, w->area, AREA);
	for (bit = 0; bit < 8 * (TEXT + 40); bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		got = tell(&mem, &first, &len);
		assert_true(!got || bit >= 8 * 8);
		found += !!got;
		free(got);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_in_range(found, 8 * 40, 8 * (TEXT + 40));
	mem_free(&mem);
	free(w);
}

/* Memory that ends anywhere: what is there of the text comes first. */
static void prefix(void **state)
{
	struct writer *w = malloc(sizeof(*w));
	struct mem mem = { .n = 0 };
	uint32_t first;
	size_t end, len, same;
	char *got;

	assert_non_null(w);
	fill(w, 2);
	for (end = 1; end < AREA; end += end < 200 ? 1 : 97) {
		memcpy(mem_add(&mem, AT, end), w->area, end);
		got = tell(&mem, &first, &len);
		if (got) {
			for (same = 0;
			     same < len && got[same] == w->text[same];)
				same++;
			/* a chunk that is cut, and what comes later */
			assert_true(same == len ||
				    end > TEXT + ml_le16(w->area + 40));
		}
		free(got);
		mem_free(&mem);
	}
	free(w);
}

/* Chunks that no writer makes; the text after them is there. */
static void damaged(void **state)
{
	enum { WHOLE = 4 };
	static const struct {
		const char *packed;
		size_t len;
		const char *want;
	} t[] = {
		/* the first WHOLE are whole */
		{ "~TBOOT: x", 9, "TBOOT: x" },
		{ "~TBOOT: ~\0", 10, "TBOOT: ~" },
		{ "~TBOOT: ~\x07\x07", 11, "TBOOT: TBOOT: " },
		{ "~TBOOT: ~\x09\x01", 11, "TBOOT:          " },
		/* nothing to copy; too far back; a number that has no end */
		{ "~TBOOT: ~\x07", 10, "TBOOT: " },
		{ "~TBOOT: ~", 9, "TBOOT: " },
		{ "~TBOOT: ~\x07\x08", 11, "TBOOT: " },
		{ "~TBOOT: ~\x07\0", 11, "TBOOT: " },
		{ "~TBOOT: ~\x81\x81\x81\x81\x81\x81\1", 16, "TBOOT: " },
		/* more than a chunk has */
		{ "~TBOOT: ~\x8f\xff\xff\x7f\1", 14, "TBOOT: " },
		{ "~TBOOT: ~\x84\x80\x00\1", 13, "TBOOT: " },
		/* no byte at all */
		{ "~", 1, "" },
	};
	struct mem mem = { .n = 0 };
	uint32_t first;
	char *got, want[64];
	uint8_t *p;
	size_t i, len;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct writer *w = malloc(sizeof(*w));

		assert_non_null(w);
		writer_init(w);
		p = w->area;
		memcpy(p + TEXT, t[i].packed, t[i].len);
		memcpy(p + TEXT + t[i].len, "\nrest\n", 6);
		put16(p + 18, (uint16_t)(t[i].len + 6));
		put16(p + 22, (uint16_t)t[i].len);
		put16(p + 40, (uint16_t)t[i].len);
		p[60] = 1;
		memcpy(mem_add(&mem, AT, AREA), p, AREA);
		got = tell(&mem, &first, &len);
		assert_non_null(got);
		snprintf(want, sizeof(want), "%s\nrest\n", t[i].want);
		assert_string_equal(got, want);
		assert_int_equal(tell_damaged > 0, i >= WHOLE);
		free(got);
		free(w);
		mem_free(&mem);
	}
}

/* Ten chunks of 64 KiB each, the most that can be: bounded, and all of it. */
static void largest(void **state)
{
	static const char chunk[] = "~a\n~\x83\xff\x7e\2";
	struct writer *w = malloc(sizeof(*w));
	struct mem mem = { .n = 0 };
	size_t i, len, n = sizeof(chunk) - 1;
	uint32_t first;
	char *got;

	assert_non_null(w);
	writer_init(w);
	for (i = 0; i < CHUNKS; i++) {
		memcpy(w->area + TEXT + i * n, chunk, n);
		put16(w->area + 20 + 2 * i, (uint16_t)(i * n));
		put16(w->area + 40 + 2 * i, (uint16_t)n);
	}
	w->area[60] = CHUNKS;
	put16(w->area + 18, (uint16_t)(CHUNKS * n));
	memcpy(mem_add(&mem, AT, AREA), w->area, AREA);
	got = tell(&mem, &first, &len);
	assert_non_null(got);
	assert_int_equal(len, CHUNKS * ML_TBOOT_CHUNK);
	for (i = 0; i < len; i++)
		assert_int_equal(got[i], i % 2 ? '\n' : 'a');
	free(got);
	mem_free(&mem);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),   cmocka_unit_test(flips),
		cmocka_unit_test(prefix),  cmocka_unit_test(damaged),
		cmocka_unit_test(largest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
