/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bytes.h - checked access to untrusted bytes.
 *
 * Never cast a struct onto guest bytes: load fields with these. Never add or
 * multiply guest values without ml_add and ml_mul.
 */
#ifndef ML_BASE_BYTES_H
#define ML_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* *ret = a + b; false on overflow, *ret is then undefined. */
static inline bool ml_add(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

/* a + b, or UINT64_MAX where that overflows. */
static inline uint64_t ml_sum(uint64_t a, uint64_t b)
{
	uint64_t ret;

	return ml_add(a, b, &ret) ? ret : UINT64_MAX;
}

/* *ret = a * b; false on overflow, *ret is then undefined. */
static inline bool ml_mul(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}

static inline uint64_t ml_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t ml_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Is v a power of two? 0 is not. */
static inline bool ml_is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* Are all n bytes zero? */
static inline bool ml_is_zero(const uint8_t *p, size_t n)
{
	return !n || (!p[0] && !memcmp(p, p + 1, n - 1));
}

/* Unaligned loads; the caller has checked that the bytes exist. */
static inline uint16_t ml_le16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t ml_le32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

/* Is each of the four bytes of a word 0x07 to 0x7f, as in ASCII text? The subtraction sets the
 * highest bit of the first byte that is less. */
static inline bool ml_is_ascii(uint32_t word)
{
	return !((word | (word - 0x07070707u)) & 0x80808080u);
}

static inline uint64_t ml_le64(const void *p)
{
	const uint8_t *b = p;

	return (uint64_t)ml_le32(b) | (uint64_t)ml_le32(b + 4) << 32;
}

/* Stores; the caller has checked that there is room. */
static inline void ml_put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void ml_put_le32(uint8_t *p, uint32_t v)
{
	ml_put_le16(p, (uint16_t)v);
	ml_put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline void ml_put_le64(uint8_t *p, uint64_t v)
{
	ml_put_le32(p, (uint32_t)v);
	ml_put_le32(p + 4, (uint32_t)(v >> 32));
}

/* The one's complement of the one's complement sum of little endian words, as in
 * IP headers; len is below 64 KiB. */
static inline uint16_t ml_ip_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	while (len--)
		sum += (uint32_t)p[len] << (len % 2 * 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static inline uint16_t ml_be16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t ml_be32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | (uint32_t)b[3];
}

static inline uint64_t ml_be64(const void *p)
{
	const uint8_t *b = p;

	return (uint64_t)ml_be32(b) << 32 | (uint64_t)ml_be32(b + 4);
}

/*
 * A cursor over len bytes at p. Loads past the end fail: they return 0, do not
 * move the cursor and set failed, which stays set, so a whole header can be
 * loaded first and checked once.
 */
struct ml_cursor {
	const uint8_t *p;
	size_t len, pos;
	bool big_endian;
	bool failed;
};

static inline void ml_cursor_init(struct ml_cursor *c, const void *p,
				  size_t len, bool big_endian)
{
	c->p = p;
	c->len = len;
	c->pos = 0;
	c->big_endian = big_endian;
	c->failed = false;
}

/* Borrow the next len bytes, or NULL. */
static inline const uint8_t *ml_cursor_take(struct ml_cursor *c, size_t len)
{
	const uint8_t *p;

	if (c->failed || len > c->len - c->pos) {
		c->failed = true;
		return NULL;
	}
	p = c->p + c->pos;
	c->pos += len;
	return p;
}

/* Move to an offset from the start. */
static inline void ml_cursor_seek(struct ml_cursor *c, size_t pos)
{
	if (pos > c->len)
		c->failed = true;
	else if (!c->failed)
		c->pos = pos;
}

static inline uint8_t ml_cursor_u8(struct ml_cursor *c)
{
	const uint8_t *p = ml_cursor_take(c, 1);

	return p ? *p : 0;
}

static inline uint16_t ml_cursor_u16(struct ml_cursor *c)
{
	const uint8_t *p = ml_cursor_take(c, 2);

	return !p ? 0 : c->big_endian ? ml_be16(p) : ml_le16(p);
}

static inline uint32_t ml_cursor_u32(struct ml_cursor *c)
{
	const uint8_t *p = ml_cursor_take(c, 4);

	return !p ? 0 : c->big_endian ? ml_be32(p) : ml_le32(p);
}

static inline uint64_t ml_cursor_u64(struct ml_cursor *c)
{
	const uint8_t *p = ml_cursor_take(c, 8);

	return !p ? 0 : c->big_endian ? ml_be64(p) : ml_le64(p);
}

#endif
