/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sbuf.c - the header of ACRN's shared buffers, and where more of them are.
 *
 * Layout (all little endian): magic u64, ele_num u32, ele_size u32, head u32,
 * tail u32, flags u32, reserved u32, overrun u32, size u32, 24 bytes of zeros,
 * slots. Source: ACRN's public header acrn_common.h and its documentation of
 * the shared buffer.
 */
#include "sbuf.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

/* Bytes searched at once. */
#define WINDOW (64u << 10)

enum memlog_status ml_sbuf_parse(const uint8_t *p, size_t len,
				 struct ml_sbuf *ret, struct memlog_err *err)
{
	uint64_t magic, size;
	struct ml_cursor c;
	uint32_t reserved;
	bool zero = true;
	int i;

	memset(ret, 0, sizeof(*ret));
	ml_cursor_init(&c, p, len, false);
	magic = ml_cursor_u64(&c);
	ret->ele_num = ml_cursor_u32(&c);
	ret->ele_size = ml_cursor_u32(&c);
	ret->head = ml_cursor_u32(&c);
	ret->tail = ml_cursor_u32(&c);
	ret->flags = ml_cursor_u32(&c);
	reserved = ml_cursor_u32(&c);
	ret->overrun = ml_cursor_u32(&c);
	ret->size = ml_cursor_u32(&c);
	for (i = 0; i < 6; i++)
		zero &= !ml_cursor_u32(&c);
	ret->captured = magic == ML_SBUF_CAPTURED;
	if (c.failed || ((magic | 1) != ML_SBUF_MAGIC && !ret->captured))
		return ml_fail(err, MEMLOG_NOT_MINE, "no shared buffer");
	ret->last = !ret->captured && !(magic & 1);
	if (ret->captured && ret->ele_size != ML_SBUF_TRACE_SLOT)
		return ml_fail(err, MEMLOG_NOT_MINE, "no entries of a trace");
	if (ret->ele_num < 2 || !ret->ele_size || ret->ele_size > ML_PAGE ||
	    !ml_mul(ret->ele_num, ret->ele_size, &size) || size != ret->size ||
	    (size > ML_SBUF_MAX - ML_SBUF_HEADER && !ret->captured))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "%u slot%s of %u byte%s %s not %u byte%s",
			       ret->ele_num, ml_s(ret->ele_num), ret->ele_size,
			       ml_s(ret->ele_size), ml_are(ret->ele_num),
			       ret->size, ml_s(ret->size));
	ret->bad_offsets = ret->head >= ret->size || ret->tail >= ret->size ||
			   ret->head % ret->ele_size ||
			   ret->tail % ret->ele_size;
	if (ret->bad_offsets)
		return ml_fail(
			err, MEMLOG_CORRUPT,
			"head %u or tail %u is not a slot of %u byte%s in %u",
			ret->head, ret->tail, ret->ele_size,
			ml_s(ret->ele_size), ret->size);
	if (ret->flags > 3 || reserved || !zero)
		return ml_fail(
			err, MEMLOG_CORRUPT,
			"unknown flags 0x%x, or reserved fields are not zero",
			ret->flags);
	return MEMLOG_OK;
}

enum ml_sbuf_kind ml_sbuf_kind(const struct ml_sbuf *h)
{
	if (h->captured)
		return ML_SBUF_TRACE;
	/* one page each, in the memory of ACRN's device model */
	if (h->ele_size == 32 && h->ele_num == 126)
		return ML_SBUF_VM_EVENT;
	if (h->ele_size == 8 && h->ele_num == 504)
		return ML_SBUF_ASYNCIO;
	if (h->ele_size == ML_SBUF_LOG_SLOT)
		return ML_SBUF_LOG;
	if (h->ele_size == ML_SBUF_TRACE_SLOT)
		return ML_SBUF_TRACE;
	return ML_SBUF_OTHER;
}

uint32_t ml_sbuf_unread(const struct ml_sbuf *h)
{
	if (h->bad_offsets)
		return 0;
	return h->tail >= h->head ? h->tail - h->head :
				    h->size - (h->head - h->tail);
}

size_t ml_sbuf_read(struct memlog_image *image, enum memlog_space space,
		    uint64_t addr, void *buf, size_t len)
{
	size_t n;

	ml_image_fill(image, space, addr, buf, len, &n, NULL);
	return n;
}

/* ---- looking at every byte ---------------------------------------------- */

/* Called with a window's bytes; the last keep bytes are passed again. */
typedef enum memlog_status (*window_fn)(void *arg, uint64_t addr,
					const uint8_t *p, size_t len);

static enum memlog_status each_window(struct memlog_image *image,
				      enum memlog_space space,
				      struct memlog_range range, size_t keep,
				      window_fn fn, void *arg,
				      struct memlog_err *err)
{
	struct memlog_range r;
	enum memlog_status s = MEMLOG_OK;
	uint64_t addr = range.start, want;
	uint8_t *buf;
	size_t got;

	buf = ml_calloc(&image->alloc, WINDOW, 1);
	image->starved |= !buf;
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a window");
	while (!s && addr < range.end) {
		if (memlog_image_next_data(image, space, addr, &r, NULL) ||
		    r.start >= range.end)
			break;
		r.end = ml_min(r.end, range.end);
		for (addr = r.start; !s && addr < r.end;) {
			want = ml_min(r.end - addr, WINDOW);
			got = ml_sbuf_read(image, space, addr, buf, want);
			if (got)
				s = fn(arg, addr, buf, got);
			/* promised but missing: try the next page */
			if (got < want)
				addr += got + ML_PAGE - (addr + got) % ML_PAGE;
			else if (got > keep && addr + got < r.end)
				addr += got - keep;
			else
				addr += got;
		}
		addr = ml_max(addr, r.end);
	}
	ml_free(&image->alloc, buf);
	return s;
}

struct find {
	struct memlog_image *image;
	enum memlog_space space;
	uint32_t ele_size;
	struct ml_sbuf_list *list;
	struct memlog_err *err;
};

static enum memlog_status take(struct find *f, uint64_t addr)
{
	struct ml_sbuf_list *l = f->list;
	uint8_t head[ML_SBUF_HEADER];
	struct ml_sbuf_at *at;
	enum memlog_status s;
	struct ml_sbuf h;

	if (l->n && l->at[l->n - 1].addr >= addr)
		return MEMLOG_OK;
	if (ml_sbuf_read(f->image, f->space, addr, head, sizeof(head)) !=
	    sizeof(head))
		return MEMLOG_OK;
	s = ml_sbuf_parse(head, sizeof(head), &h, NULL);
	if ((s && s != MEMLOG_CORRUPT) || h.ele_size != f->ele_size)
		return MEMLOG_OK;
	if (l->n >= l->max)
		return ml_fail(f->err, MEMLOG_LIMIT, "more than %zu ring%s",
			       l->max, ml_s(l->max));
	s = ml_grow(l->alloc, &l->at, l->n, &l->cap, sizeof(*l->at), f->err);
	if (s)
		return s;
	at = &l->at[l->n++];
	at->addr = addr;
	at->h = h;
	at->cpu = -1;
	return MEMLOG_OK;
}

/* The rarest part of the magic first: its last seven bytes are the same for
 * both marks, and memmem is fast. */
static enum memlog_status find_window(void *arg, uint64_t addr,
				      const uint8_t *p, size_t len)
{
	static const char rest[] = ML_SBUF_BYTES;
	const uint8_t *q = p, *end = p + len;
	enum memlog_status s;

	while ((q = memmem(q, (size_t)(end - q), rest + 1, 7))) {
		if (q > p && (q[-1] | 1) == (uint8_t)rest[0]) {
			s = take(arg, addr + (uint64_t)(q - p) - 1);
			if (s)
				return s;
		}
		q++;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_sbuf_find(struct memlog_image *image,
				enum memlog_space space,
				struct memlog_range range, uint32_t ele_size,
				struct ml_sbuf_list *list,
				struct memlog_err *err)
{
	struct find f = { image, space, ele_size, list, err };

	return each_window(image, space, range, 7, find_window, &f, err);
}

struct pointers {
	const uint64_t *addr;
	uint32_t *count;
	uint64_t *where;
	size_t n;
};

static enum memlog_status count_window(void *arg, uint64_t at, const uint8_t *p,
				       size_t len)
{
	struct pointers *f = arg;
	size_t i = at % 8 ? 8 - at % 8 : 0, lo, hi, mid;
	uint64_t v, low = f->addr[0], span = f->addr[f->n - 1] - low;

	for (; i + 8 <= len; i += 8) {
		v = ml_le64(p + i);
		if (v - low > span)
			continue;
		for (lo = 0, hi = f->n; lo < hi;) {
			mid = lo + (hi - lo) / 2;
			if (f->addr[mid] < v)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo == f->n || f->addr[lo] != v ||
		    f->count[lo] == UINT32_MAX)
			continue;
		if (!f->count[lo]++)
			f->where[lo] = at + i;
	}
	return MEMLOG_OK;
}

enum memlog_status ml_sbuf_count_pointers(struct memlog_image *image,
					  enum memlog_space space,
					  struct memlog_range range,
					  const uint64_t *addr, uint32_t *count,
					  uint64_t *where, size_t n,
					  struct memlog_err *err)
{
	struct pointers f = { addr, count, where, n };

	if (!n)
		return MEMLOG_OK;
	return each_window(image, space, range, 0, count_window, &f, err);
}
