/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libbtf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

enum { KIND_INT = 1, KIND_PTR, KIND_ARRAY, KIND_STRUCT, KIND_UNION, KIND_ENUM };
enum { KIND_FUNC = 12, KIND_PROTO, KIND_VAR, KIND_SECTION, KIND_FLOAT };
enum { KIND_DECL_TAG = 17, KIND_TYPE_TAG, KIND_ENUM64, KINDS };

struct writer {
	uint8_t types[BTF_ROOM / 2];
	char strings[BTF_ROOM / 2];
	uint32_t len, n, strings_len;
};

static uint32_t put_string(struct writer *w, const char *s)
{
	uint32_t at = w->strings_len;

	if (!*s)
		return 0;
	strcpy(w->strings + at, s);
	w->strings_len += (uint32_t)strlen(s) + 1;
	assert_true(w->strings_len < sizeof(w->strings));
	return at;
}

static void put_word(struct writer *w, uint32_t v)
{
	assert_true(w->len + 4 <= sizeof(w->types));
	put32(w->types + w->len, v);
	w->len += 4;
}

/* Returns its number. */
static uint32_t put_type(struct writer *w, const char *name, uint32_t kind,
			 uint32_t n, uint32_t size)
{
	put_word(w, put_string(w, name));
	put_word(w, kind << 24 | n);
	put_word(w, size);
	return ++w->n;
}

static void put_member(struct writer *w, const char *name, uint32_t type,
		       uint32_t off)
{
	put_word(w, put_string(w, name));
	put_word(w, type);
	put_word(w, off * 8);
}

/* One of each other kind. */
static void put_others(struct writer *w)
{
	static const struct {
		uint32_t kind, n, words;
	} other[] = {
		{ KIND_PTR, 0, 0 },	 { KIND_ARRAY, 0, 3 },
		{ KIND_ENUM, 3, 6 },	 { KIND_FUNC, 0, 0 },
		{ KIND_PROTO, 2, 4 },	 { KIND_VAR, 0, 1 },
		{ KIND_SECTION, 2, 6 },	 { KIND_FLOAT, 0, 0 },
		{ KIND_DECL_TAG, 0, 1 }, { KIND_TYPE_TAG, 0, 0 },
		{ KIND_ENUM64, 2, 6 },	 { KIND_STRUCT, 0, 0 },
	};
	uint32_t i, k;

	for (i = 0; i < sizeof(other) / sizeof(*other); i++) {
		put_type(w, "other", other[i].kind, other[i].n, 8);
		for (k = 0; k < other[i].words; k++)
			put_word(w, 0x04000001);
	}
}

static void put_struct(struct writer *w, const struct btf_member *m, size_t n)
{
	uint32_t inner, size = m[n - 1].off + 8;
	size_t i;

	/* a declaration has the same name */
	put_type(w, m->type, 7, 0, 0);
	inner = w->n + 2;
	put_type(w, m->type, KIND_STRUCT, (uint32_t)n, size);
	for (i = 0; i < n; i++)
		if (m[i].member[0] == '.')
			put_member(w, "", inner++, m[i].off - 8);
		else
			put_member(w, m[i].member, 1, m[i].off);
	for (i = 0; i < n; i++)
		if (m[i].member[0] == '.') {
			put_type(w, "", KIND_UNION, 2, 16);
			put_member(w, "same_place", 1, 8);
			put_member(w, m[i].member + 1, 1, 8);
		}
}

static void put_layout_types(struct writer *w)
{
	put_type(w, "new", 20, 3, 0);
	put_word(w, 0);
	put_word(w, 0);
	put_word(w, 0);
	put_word(w, 0);
	put_type(w, "newer", 21, 0, 0);
	put_word(w, 0);
}

void btf_make(struct btf_text *ret, const struct btf_member *member, size_t n,
	      bool layout)
{
	struct writer *w = test_calloc(1, sizeof(*w));
	uint32_t header = layout ? 32 : 24, kinds = 22;
	uint8_t *p = ret->bytes;
	size_t i, from = 0;

	w->strings_len = 1;
	put_type(w, "int", KIND_INT, 0, 4);
	put_word(w, 32);
	put_others(w);
	if (layout)
		put_layout_types(w);
	for (i = 1; i <= n; i++)
		if (i == n || strcmp(member[i].type, member[from].type)) {
			put_struct(w, member + from, i - from);
			from = i;
		}
	put_others(w);
	memset(p, 0, BTF_ROOM);
	put16(p, 0xeb9f);
	p[2] = 1;
	put32(p + 4, header);
	put32(p + 12, w->len);
	put32(p + 16, w->len);
	put32(p + 20, w->strings_len);
	memcpy(p + header, w->types, w->len);
	memcpy(p + header + w->len, w->strings, w->strings_len);
	ret->types = header;
	ret->n_types = w->n;
	ret->strings = header + w->len;
	ret->len = header + w->len + w->strings_len;
	if (layout) {
		put32(p + 24, (uint32_t)ret->len - header);
		put32(p + 28, 4 * kinds);
		/* 4 bytes for each of its elements, and 4 once */
		p[ret->len + 4 * 20] = 4;
		p[ret->len + 4 * 20 + 1] = 4;
		p[ret->len + 4 * 21] = 4;
		ret->len += 4 * kinds;
	}
	test_free(w);
}
