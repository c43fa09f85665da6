/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * btf.c - read structs out of BTF: a header, types one after the other, and strings. A
 * type is a name, a word with its kind and how many elements follow, and a size or
 * another type. How long types of a kind are is known, or given by a table that newer
 * kernels have; types after one of an unknown kind are not seen.
 *
 * Layouts are in docs/facts/ftrace.md. A library for it trusts the kernel; these bytes
 * are hostile, and only members of a few structs are needed.
 */
#include "btf.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

enum {
	HEADER = 24,
	HEADER_LAYOUT = 32, /* that of kernels with the table */
	TYPE = 12,
	MEMBER = 12,
	LAYOUT = 4, /* bytes once, bytes for each element, flags */
	KIND_STRUCT = 4,
	KIND_UNION = 5,
	KINDS = 20,
	DEPTH = 8, /* of structs without a name in others */
};

#define MAGIC 0xeb9fu

/* A member's offset in bits has 24 if the struct has bit fields. */
#define BIT_FIELDS (1u << 31)
#define VLEN	   0xffffffu

/* Bytes after a type, once and for each element. */
static const struct {
	uint8_t once, each;
} btf_kinds[KINDS] = {
	[1] = { 4, 0 },	  /* int */
	[2] = { 0, 0 },	  /* pointer */
	[3] = { 12, 0 },  /* array */
	[4] = { 0, 12 },  /* struct */
	[5] = { 0, 12 },  /* union */
	[6] = { 0, 8 },	  /* enum */
	[13] = { 0, 8 },  /* prototype of a function */
	[14] = { 4, 0 },  /* variable */
	[15] = { 0, 12 }, /* section */
	[17] = { 4, 0 },  /* tag of a declaration */
	[19] = { 0, 12 }, /* enum of 64 bits */
};

struct btf {
	struct memlog_symbols pub;
	struct memlog_allocator alloc;
	uint8_t *bytes;
	const uint8_t *types, *layout;
	const char *strings;
	uint32_t types_len, layout_len, strings_len;
	uint32_t *at; /* where type i + 1 is in types */
	uint32_t n;
};

static uint32_t btf_kind(const uint8_t *p)
{
	return ml_le32(p + 4) >> 24 & 0x7f;
}

/* Bytes of the type at p, left at most; 0: unknown, or it does not end. */
static size_t btf_len(const struct btf *b, const uint8_t *p, size_t left)
{
	uint64_t once, each, len;
	uint32_t kind;

	if (left < TYPE)
		return 0;
	kind = btf_kind(p);
	if (!kind)
		return 0;
	if (kind < KINDS) {
		once = btf_kinds[kind].once;
		each = btf_kinds[kind].each;
	} else if (kind < b->layout_len / LAYOUT) {
		once = b->layout[kind * LAYOUT];
		each = b->layout[kind * LAYOUT + 1];
	} else {
		return 0;
	}
	len = TYPE + once + each * (ml_le32(p + 4) & VLEN);
	return len > left ? 0 : (size_t)len;
}

/* A string that ends; "": there is none. */
static const char *btf_string(const struct btf *b, uint32_t off)
{
	return off < b->strings_len ? b->strings + off : "";
}

/* Set n, and at unless it is NULL. */
static void btf_index(struct btf *b)
{
	size_t pos = 0, len;

	for (b->n = 0; b->n < ML_BTF_TYPES; b->n++, pos += len) {
		len = btf_len(b, b->types + pos, b->types_len - pos);
		if (!len)
			break;
		if (b->at)
			b->at[b->n] = (uint32_t)pos;
	}
}

/* ---- structs ------------------------------------------------------------ */

static bool btf_is_struct(const uint8_t *p)
{
	return btf_kind(p) == KIND_STRUCT || btf_kind(p) == KIND_UNION;
}

/* The offset of a member, also of structs and unions without a name in it. */
static bool btf_member(const struct btf *b, const uint8_t *p, const char *name,
		       unsigned int depth, uint32_t *budget, uint64_t *ret)
{
	uint32_t n = ml_le32(p + 4) & VLEN, i, bits, type;
	bool fields = ml_le32(p + 4) & BIT_FIELDS;
	const uint8_t *m, *inner;
	const char *s;

	for (i = 0; i < n && *budget; i++) {
		--*budget;
		m = p + TYPE + (size_t)i * MEMBER;
		s = btf_string(b, ml_le32(m));
		bits = fields ? ml_le32(m + 8) & 0xffffff : ml_le32(m + 8);
		*ret = bits / 8;
		if (*s && !strcmp(s, name))
			return true;
		type = ml_le32(m + 4);
		if (*s || !type || type > b->n || depth == DEPTH)
			continue;
		inner = b->types + b->at[type - 1];
		if (btf_is_struct(inner) &&
		    btf_member(b, inner, name, depth + 1, budget, ret)) {
			*ret += bits / 8;
			return true;
		}
	}
	return false;
}

/* The next struct of that name from number *i on; NULL: there is none. */
static const uint8_t *btf_find(const struct btf *b, const char *name,
			       uint32_t *i)
{
	const uint8_t *p;

	while (*i < b->n) {
		p = b->types + b->at[(*i)++];
		if (btf_is_struct(p) &&
		    !strcmp(btf_string(b, ml_le32(p)), name))
			return p;
	}
	return NULL;
}

static enum memlog_status btf_member_offset(void *self, const char *type,
					    const char *member, uint64_t *ret)
{
	const struct btf *b = self;
	uint32_t i = 0, budget = ML_BTF_MEMBERS;
	const uint8_t *p;

	while (budget && (p = btf_find(b, type, &i)))
		if (btf_member(b, p, member, 0, &budget, ret))
			return MEMLOG_OK;
	return MEMLOG_NO_DATA;
}

static enum memlog_status btf_type_size(void *self, const char *type,
					uint64_t *ret)
{
	uint32_t i = 0;
	const uint8_t *p = btf_find(self, type, &i);

	if (!p)
		return MEMLOG_NO_DATA;
	*ret = ml_le32(p + 8);
	return MEMLOG_OK;
}

/* ---- open and close ----------------------------------------------------- */

/* The len bytes at off after a header of head bytes. */
static bool btf_part(const struct btf *b, size_t all, uint32_t head,
		     const uint8_t *pair, const uint8_t **ret,
		     uint32_t *ret_len)
{
	uint32_t off = ml_le32(pair), len = ml_le32(pair + 4);

	if (off > all - head || len > all - head - off)
		return false;
	*ret = b->bytes + head + off;
	*ret_len = len;
	return true;
}

static bool btf_parts(struct btf *b, size_t len)
{
	uint32_t head = ml_le32(b->bytes + 4);
	const uint8_t *strings;

	if (ml_le16(b->bytes) != MAGIC || b->bytes[2] != 1 || head < HEADER ||
	    head > len ||
	    !btf_part(b, len, head, b->bytes + 8, &b->types, &b->types_len) ||
	    !btf_part(b, len, head, b->bytes + 16, &strings, &b->strings_len) ||
	    !b->strings_len || strings[b->strings_len - 1])
		return false;
	b->strings = (const char *)strings;
	if (head >= HEADER_LAYOUT &&
	    !btf_part(b, len, head, b->bytes + 24, &b->layout, &b->layout_len))
		b->layout_len = 0;
	return true;
}

static bool btf_load(struct btf *b, size_t len, bool *ret_starved)
{
	if (!btf_parts(b, len))
		return false;
	btf_index(b);
	if (!b->n)
		return false;
	b->at = ml_calloc(&b->alloc, b->n, sizeof(*b->at));
	*ret_starved |= !b->at;
	if (b->at)
		btf_index(b);
	return b->at;
}

struct memlog_symbols *ml_ftrace_btf_open(const struct memlog_allocator *alloc,
					  uint8_t *bytes, size_t len,
					  bool *ret_starved)
{
	struct btf *b = len < HEADER ? NULL : ml_calloc(alloc, 1, sizeof(*b));

	if (!b) {
		*ret_starved |= len >= HEADER;
		ml_free(alloc, bytes);
		return NULL;
	}
	b->alloc = *alloc;
	b->bytes = bytes;
	b->pub = (struct memlog_symbols){
		.size = sizeof(b->pub),
		.self = b,
		.member_offset = btf_member_offset,
		.type_size = btf_type_size,
	};
	if (btf_load(b, len, ret_starved))
		return &b->pub;
	ml_ftrace_btf_close(&b->pub);
	return NULL;
}

void ml_ftrace_btf_close(struct memlog_symbols *symbols)
{
	struct memlog_allocator a;
	struct btf *b;

	if (!symbols)
		return;
	b = symbols->self;
	a = b->alloc;
	ml_free(&a, b->bytes);
	ml_free(&a, b->at);
	ml_free(&a, b);
}
