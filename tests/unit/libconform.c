/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libconform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/bytes/file.h"
#include "image/image.h"
#include "image/open.h"

#define GUARD 0xa5
#define SLACK 16 /* bytes after a buffer that must not change */

struct reader {
	const struct memlog_reader_ops *ops;
	void *self;
	const struct conform_piece *p;
	size_t n;
};

/* ---- the model ---------------------------------------------------------- */

static const struct conform_piece *piece_at(const struct reader *r,
					    uint64_t addr)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (addr >= r->p[i].addr && addr - r->p[i].addr < r->p[i].len)
			return &r->p[i];
	return NULL;
}

/* How many bytes stand at addr without a gap, at most max. */
static uint64_t run(const struct reader *r, uint64_t addr, uint64_t max)
{
	const struct conform_piece *p;
	uint64_t sum = 0, part;

	while (sum < max && (p = piece_at(r, addr + sum))) {
		part = p->len - (addr + sum - p->addr);
		sum += part < max - sum ? part : max - sum;
		if (addr + sum < addr)
			break;
	}
	return sum;
}

static void expect_bytes(const struct reader *r, uint64_t addr,
			 const uint8_t *got, size_t len)
{
	const struct conform_piece *p;
	size_t part, i;

	while (len) {
		p = piece_at(r, addr);
		assert_non_null(p);
		part = p->len - (addr - p->addr) < len ?
			       (size_t)(p->len - (addr - p->addr)) :
			       len;
		if (p->bytes && memcmp(got, p->bytes + (addr - p->addr), part))
			fail_msg("bytes differ within %zu at 0x%llx", part,
				 (unsigned long long)addr);
		for (i = 0; !p->bytes && i < part; i++)
			assert_int_equal(got[i], 0);
		addr += part;
		got += part;
		len -= part;
	}
}

/* ---- the checks --------------------------------------------------------- */

static void check_read(const struct reader *r, uint64_t addr, size_t len)
{
	uint64_t want = run(r, addr, len);
	uint8_t *buf = malloc(len + SLACK);
	struct memlog_err err = { 0 };
	enum memlog_status s;
	size_t got = 12345, i;

	assert_non_null(buf);
	memset(buf, GUARD, len + SLACK);
	s = r->ops->read(r->self, addr, buf, len, &got, addr & 1 ? NULL : &err);
	if (!len || want)
		assert_int_equal(s, MEMLOG_OK);
	else
		assert_int_equal(s, MEMLOG_NO_DATA);
	if (got != want)
		fail_msg("read of %zu at 0x%llx: %zu bytes instead of %zu", len,
			 (unsigned long long)addr, got, (size_t)want);
	expect_bytes(r, addr, buf, got);
	for (i = got; i < len + SLACK; i++)
		assert_int_equal(buf[i], GUARD);
	free(buf);
}

static void check_map(const struct reader *r, uint64_t addr, size_t len)
{
	uint64_t want = run(r, addr, len);
	const uint8_t *p = NULL;
	enum memlog_status s;
	size_t got = 0;

	if (!r->ops->map || !len)
		return;
	s = r->ops->map(r->self, addr, len, &p, &got, NULL);
	if (s == MEMLOG_UNSUPPORTED)
		return;
	assert_int_equal(s, want ? MEMLOG_OK : MEMLOG_NO_DATA);
	if (!want)
		return;
	assert_in_range(got, 1, want);
	expect_bytes(r, addr, p, got);
}

static void check_range(const struct reader *r, uint64_t addr)
{
	struct memlog_range got = { 0 };
	uint64_t start = UINT64_MAX, len;
	enum memlog_status s;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->p[i].len && r->p[i].addr + r->p[i].len > addr) {
			start = r->p[i].addr > addr ? r->p[i].addr : addr;
			break;
		}
	s = r->ops->next_range(r->self, addr, &got, NULL);
	if (i == r->n) {
		assert_int_equal(s, MEMLOG_NO_DATA);
		return;
	}
	assert_int_equal(s, MEMLOG_OK);
	assert_true(got.start == start);
	len = run(r, start, UINT64_MAX - start);
	assert_true(got.end == start + len);
}

static void check_alias(const struct reader *r, uint64_t addr)
{
	const struct conform_piece *p = piece_at(r, addr);
	enum memlog_space space = MEMLOG_SPACES;
	enum memlog_status s;
	uint64_t there = 0;

	if (!r->ops->alias) {
		assert_false(p && p->alias);
		return;
	}
	s = r->ops->alias(r->self, addr, &space, &there);
	if (!p || !p->alias) {
		assert_int_equal(s, MEMLOG_NO_DATA);
		return;
	}
	assert_int_equal(s, MEMLOG_OK);
	assert_int_equal(space, p->alias_space);
	assert_true(there == p->alias_addr + (addr - p->addr));
}

/* The starts of pages, with zeros where there are none. */
static void check_peek(const struct reader *r, uint64_t addr, size_t count)
{
	uint8_t buf[70 * MEMLOG_PEEK + SLACK], *at;
	uint64_t page, have;
	size_t i, k;

	if (!r->ops->peek || addr + (uint64_t)count * 4096 < addr)
		return;
	memset(buf, GUARD, sizeof(buf));
	assert_int_equal(r->ops->peek(r->self, addr, count, buf, NULL),
			 MEMLOG_OK);
	for (i = 0; i < count; i++) {
		page = addr + i * 4096;
		at = buf + i * MEMLOG_PEEK;
		have = run(r, page, MEMLOG_PEEK);
		expect_bytes(r, page, at, have);
		for (k = have; k < MEMLOG_PEEK; k++)
			assert_int_equal(at[k], 0);
	}
	for (k = 0; k < SLACK; k++)
		assert_int_equal(buf[count * MEMLOG_PEEK + k], GUARD);
}

/* Has a lower piece the same bytes? */
static bool is_repeated(const struct reader *r, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (r->p[i].bytes == r->p[index].bytes &&
		    r->p[i].len >= r->p[index].len)
			return true;
	return false;
}

/* Ranges of data increase, and what they leave out is zero or was given
 * before. */
static void check_data(const struct reader *r)
{
	struct memlog_range d;
	uint64_t addr = 0, at, i;
	const struct conform_piece *p;
	enum memlog_status s;

	if (!r->ops->next_data)
		return;
	do {
		s = r->ops->next_data(r->self, addr, &d, NULL);
		if (s)
			d.start = d.end = UINT64_MAX;
		assert_true(d.start >= addr);
		assert_true(s || d.end > d.start);
		for (i = 0; i < r->n; i++) {
			p = &r->p[i];
			at = p->addr > addr ? p->addr : addr;
			for (; p->bytes && !is_repeated(r, i) && at < d.start &&
			       at < p->addr + p->len;
			     at++)
				assert_int_equal(p->bytes[at - p->addr], 0);
		}
		if (!s)
			assert_true(run(r, d.start, d.end - d.start) ==
				    d.end - d.start);
		addr = d.end;
	} while (!s);
	assert_int_equal(s, MEMLOG_NO_DATA);
}

/* large: with reads that go far beyond a page, too. */
static void check_at(const struct reader *r, uint64_t addr, bool large)
{
	static const size_t lens[] = {
		0, 1, 2, 7, 16, 64, 511, 4097, 70000, 300000,
	};
	size_t i, n = sizeof(lens) / sizeof(lens[0]) - (large ? 0 : 2);

	for (i = 0; i < n; i++) {
		check_read(r, addr, lens[i]);
		check_map(r, addr, lens[i]);
	}
	check_peek(r, addr, 1);
	check_peek(r, addr, 70);
	check_range(r, addr);
	check_alias(r, addr);
}

void conform_reader(const struct memlog_reader_ops *ops, void *self,
		    const struct conform_piece *pieces, size_t n)
{
	static const int64_t around[] = {
		-4097, -4096, -17, -1, 0, 1, 2, 17, 2048, 4095, 4096, 4097,
	};
	struct reader r = { ops, self, pieces, n };
	uint64_t seed = 1;
	size_t i, k;

	assert_true(ops->size >= offsetof(struct memlog_reader_ops, next_data));
	assert_non_null(ops->read);
	assert_non_null(ops->next_range);
	for (i = 0; i < n; i++)
		for (k = 0; k < sizeof(around) / sizeof(around[0]); k++) {
			check_at(&r, pieces[i].addr + (uint64_t)around[k],
				 around[k] == -17);
			check_at(&r,
				 pieces[i].addr + pieces[i].len +
					 (uint64_t)around[k],
				 false);
		}
	for (k = 0; k < 20; k++)
		check_at(&r, UINT64_MAX - k * 257, true);
	check_at(&r, 0, true);
	check_at(&r, 1ull << 63, false);
	/* hither and thither: no answer may depend on the one before */
	for (k = 0; n && k < 200; k++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		i = (seed >> 33) % n;
		if (pieces[i].len)
			check_read(&r,
				   pieces[i].addr +
					   (seed >> 20) % pieces[i].len,
				   (seed >> 40) % 10000);
	}
	check_data(&r);
}

void conform_image(struct memlog_image *image, enum memlog_space space,
		   const struct conform_piece *pieces, size_t n)
{
	assert_true(memlog_image_has_space(image, space));
	conform_reader(image->spaces[space].ops, image->spaces[space].self,
		       pieces, n);
}

/* ---- damaged images ----------------------------------------------------- */

static void exercise_range(const struct ml_space *sp,
			   const struct memlog_range *range, uint64_t *budget)
{
	static uint8_t buf[65536];
	enum memlog_space space;
	const uint8_t *p;
	uint64_t addr = range->start, there;
	volatile uint8_t sum = 0;
	size_t got, want, i;

	while (addr < range->end && *budget) {
		want = sizeof(buf);
		if (range->end - addr < want)
			want = (size_t)(range->end - addr);
		got = want + 1;
		sp->ops->read(sp->self, addr, buf, want, &got, NULL);
		assert_in_range(got, 0, want);
		sp->ops->read(sp->self, addr, buf, want < 16 ? want : 16, &got,
			      NULL);
		assert_in_range(got, 0, 16);
		if (sp->ops->map &&
		    !sp->ops->map(sp->self, addr, want, &p, &got, NULL)) {
			assert_in_range(got, 1, want);
			for (i = 0; i < got; i++)
				sum ^= p[i];
		}
		if (sp->ops->alias)
			sp->ops->alias(sp->self, addr, &space, &there);
		*budget -= want < *budget ? want : *budget;
		addr += want;
	}
	(void)sum;
}

static void exercise_space(const struct ml_space *sp, uint64_t limit)
{
	struct memlog_range r;
	uint64_t addr, budget = limit;
	unsigned int turns;

	for (addr = 0, turns = 0; turns < 10000; addr = r.end, turns++) {
		if (sp->ops->next_range(sp->self, addr, &r, NULL))
			break;
		assert_true(r.start >= addr && r.end > r.start);
		exercise_range(sp, &r, &budget);
	}
	if (!sp->ops->next_data)
		return;
	for (addr = 0, turns = 0; turns < 10000; addr = r.end, turns++) {
		if (sp->ops->next_data(sp->self, addr, &r, NULL))
			break;
		assert_true(r.start >= addr && r.end > r.start);
	}
}

void conform_exercise(struct memlog_image *image, uint64_t limit)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_note note = { .size = sizeof(note) };
	size_t i, len = 0;

	memlog_image_info(image, &info, NULL);
	for (i = 0; i < info.n_notes; i++) {
		assert_int_equal(memlog_image_note(image, i, &note), 0);
		len += strlen(note.owner) + strlen(note.title) +
		       strlen(note.text);
	}
	for (i = 0; i < info.n_warnings; i++)
		len += strlen(memlog_image_warning(image, i));
	assert_in_range(len, 0, 1u << 30);
	for (i = 0; i < MEMLOG_SPACES; i++)
		if (image->spaces[i].ops)
			exercise_space(&image->spaces[i], limit);
}

void conform_bytes(const uint8_t *p, size_t len,
		   const struct memlog_open_opts *opts, uint64_t limit)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct memlog_image *image = NULL;
	struct ml_file f;

	assert_non_null(copy);
	memcpy(copy, p, len);
	assert_int_equal(ml_file_memory(copy, len, "m", NULL, &f, NULL), 0);
	if (!ml_image_open_on(&f, opts, &image, NULL))
		conform_exercise(image, limit);
	memlog_image_close(image);
	free(copy);
}

/* ---- files and memory for tests ----------------------------------------- */

struct stingy {
	const uint8_t *p;
	size_t len;
};

static enum memlog_status stingy_read(void *self, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct stingy *s = self;

	(void)err;
	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (off >= s->len)
		return MEMLOG_NO_DATA;
	*ret = len < 7 ? len : 7;
	if (*ret > s->len - off)
		*ret = s->len - off;
	memcpy(buf, s->p + off, *ret);
	return MEMLOG_OK;
}

static enum memlog_status stingy_next_range(void *self, uint64_t off,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct stingy *s = self;

	(void)err;
	if (off >= s->len)
		return MEMLOG_NO_DATA;
	ret->start = off;
	ret->end = s->len;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops stingy_ops = {
	.size = sizeof(stingy_ops),
	.read = stingy_read,
	.next_range = stingy_next_range,
	.close = free,
};

void conform_stingy_file(const uint8_t *p, size_t len, struct ml_file *ret)
{
	struct stingy *s = malloc(sizeof(*s));

	assert_non_null(s);
	s->p = p;
	s->len = len;
	*ret = (struct ml_file){ &stingy_ops, s, len, "stingy", NULL, NULL };
}

static void *count_alloc(void *self, size_t size)
{
	struct conform_memory *m = self;
	size_t *p = malloc(size + 16);

	if (!p)
		return NULL;
	*p = size;
	m->now += size;
	if (m->now > m->most)
		m->most = m->now;
	return (uint8_t *)p + 16;
}

static void count_release(void *self, void *ptr)
{
	struct conform_memory *m = self;
	size_t *p = (size_t *)((uint8_t *)ptr - 16);

	m->now -= *p;
	free(p);
}

void conform_memory_init(struct conform_memory *m)
{
	*m = (struct conform_memory){ { count_alloc, count_release, m }, 0, 0 };
}
