/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bprint.c - text that the kernel wrote with trace_printk(): the event has where its format is,
 * and the arguments, or where the text is.
 *
 * Arguments follow each other, those of 8 bytes and of 4 aligned to 4, those of 2 to 2.
 * Strings are in place, with a NUL, and so is what the kernel prints of what a pointer
 * leads to.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "text.h"

enum {
	WIDTH_MAX = 256, /* wider is only more blanks, or zeros */
	PRECISION_MAX = 32767,
};

struct bprint {
	struct ftrace_text *t;
	const char *f; /* what is left of the format */
	const uint8_t *p;
	size_t at, len;
	bool left, zero, plus, space, alternate;
	int width, precision; /* precision -1: none */
	unsigned int size;
};

static const struct ftrace_field *bprint_field(const struct ftrace_type *type,
					       const char *name, size_t len)
{
	const struct ftrace_field *f;
	uint32_t i;

	for (i = 0; i < type->n_fields; i++) {
		f = &type->field[i];
		if (!strcmp(f->name, name) && f->off <= len &&
		    f->size <= len - f->off)
			return f;
	}
	return NULL;
}

/* Where the format is, or the text, *ret_args NULL; false: the event is neither. */
static bool bprint_find(const struct ftrace_type *type, const uint8_t *payload,
			size_t len, uint64_t *ret,
			const struct ftrace_field **ret_args)
{
	bool puts = !strcmp(type->name, "bputs");
	const struct ftrace_field *f;

	if (strcmp(type->system, "ftrace") || !type->whole ||
	    (!puts && strcmp(type->name, "bprint")))
		return false;
	f = bprint_field(type, puts ? "str" : "fmt", len);
	*ret_args = puts ? NULL : bprint_field(type, "buf", len);
	if (!f || f->size != 8 || (!puts && !*ret_args))
		return false;
	*ret = ml_le64(payload + f->off);
	return true;
}

/* ---- arguments ----------------------------------------------------------- */

static bool bprint_number(struct bprint *b, unsigned int size, uint64_t *ret)
{
	size_t align = ml_min(size, 4);
	size_t at = (b->at + align - 1) & -align;
	uint8_t v[8] = { 0 };

	if (at > b->len || size > b->len - at)
		return false;
	memcpy(v, b->p + at, size);
	b->at = at + size;
	*ret = ml_le64(v);
	return true;
}

static bool bprint_text(struct bprint *b, const char **ret, size_t *ret_len)
{
	size_t left = b->len - b->at;

	*ret = (const char *)b->p + b->at;
	*ret_len = strnlen(*ret, left);
	if (*ret_len == left)
		return false;
	b->at += *ret_len + 1;
	return true;
}

/* ---- conversions --------------------------------------------------------- */

static void bprint_pad(struct bprint *b, size_t len, bool left)
{
	size_t n;

	for (n = len; b->left == left && n < (size_t)b->width; n++)
		ml_ftrace_put(b->t, " ", 1);
}

static bool bprint_put_text(struct bprint *b)
{
	const char *s;
	size_t n;

	if (!bprint_text(b, &s, &n))
		return false;
	if (b->precision >= 0)
		n = (size_t)ml_min(n, (uint64_t)b->precision);
	bprint_pad(b, n, false);
	ml_ftrace_put(b->t, s, n);
	bprint_pad(b, n, true);
	return true;
}

static bool bprint_put_char(struct bprint *b)
{
	uint64_t v;
	char c;

	if (!bprint_number(b, 1, &v))
		return false;
	c = (char)v;
	bprint_pad(b, 1, false);
	ml_ftrace_put(b->t, &c, 1);
	bprint_pad(b, 1, true);
	return true;
}

/* 0 with "0x" before it, which C does not print. */
static void bprint_put_zero(struct bprint *b, char how, int digits)
{
	if (b->zero && !b->left && digits < b->width - 2)
		digits = b->width - 2;
	bprint_pad(b, (size_t)digits + 2, false);
	ml_ftrace_put_fmt(b->t, "0%c%0*d", how, digits, 0);
	bprint_pad(b, (size_t)digits + 2, true);
}

/* As C prints numbers, but that 0 always has a digit, and a precision does not end padding
 * with zeros. */
static bool bprint_put_number(struct bprint *b, char how)
{
	bool is_signed = how == 'd' || how == 'i';
	char fmt[16], *to = fmt;
	unsigned int unused = 64 - 8 * b->size;
	int digits = b->precision < 1	      ? 1 :
		     b->precision < WIDTH_MAX ? b->precision :
						WIDTH_MAX;
	uint64_t v;

	if (!bprint_number(b, b->size, &v))
		return false;
	if (is_signed)
		v = (uint64_t)((int64_t)(v << unused) >> unused);
	if (!v && b->alternate && (how == 'x' || how == 'X')) {
		bprint_put_zero(b, how, digits);
		return true;
	}
	*to++ = '%';
	if (b->left)
		*to++ = '-';
	if (b->zero)
		*to++ = '0';
	if (b->plus)
		*to++ = '+';
	if (b->space)
		*to++ = ' ';
	if (b->alternate)
		*to++ = '#';
	strcpy(to, "*.*ll");
	to += 5;
	*to++ = how;
	*to = '\0';
	if (b->precision < 0 || (b->zero && !b->left && b->width > digits))
		digits = -1;
	ml_ftrace_put_fmt(b->t, fmt, b->width, digits, (unsigned long long)v);
	return true;
}

/* What follows %p says what is printed, and whether the kernel has done that already. */
static bool bprint_put_pointer(struct bprint *b)
{
	char how = *b->f;
	const char *name;
	uint64_t v, off;

	b->f += strspn(b->f, "abcdefghijklmnopqrstuvwxyz0123456789"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (how && strchr("abcdfghijklmnopqrtuvwyz0123456789"
			  "ABCDEFGHIJLMNOPQRTUVWXYZ",
			  how)) {
		/* the width of a bitmap is its bits */
		b->width = 0;
		b->precision = -1;
		return bprint_put_text(b);
	}
	if (!bprint_number(b, 8, &v))
		return false;
	if (how != 's' && how != 'S')
		ml_ftrace_put_fmt(b->t, "%016" PRIx64, v);
	else if (how == 's' || ml_ftrace_name(b->t, v, &name, &off))
		ml_ftrace_put_name(b->t, v);
	else
		ml_ftrace_put_fmt(b->t, "%s+0x%" PRIx64, name, off);
	return true;
}

/* ---- the format ---------------------------------------------------------- */

static void bprint_flags(struct bprint *b)
{
	b->left = b->zero = b->plus = b->space = b->alternate = false;
	for (;; b->f++)
		switch (*b->f) {
		case '-':
			b->left = true;
			break;
		case '0':
			b->zero = true;
			break;
		case '+':
			b->plus = true;
			break;
		case ' ':
			b->space = true;
			break;
		case '#':
			b->alternate = true;
			break;
		default:
			return;
		}
}

/* A width or a precision, which may be an argument. */
static bool bprint_size(struct bprint *b, int most, int *ret)
{
	uint64_t v;
	int64_t n;

	if (*b->f == '*') {
		b->f++;
		if (!bprint_number(b, 4, &v))
			return false;
		n = (int32_t)v;
	} else {
		for (n = 0; *b->f >= '0' && *b->f <= '9'; b->f++)
			n = n > most ? n : 10 * n + (*b->f - '0');
	}
	*ret = (int)(n > most ? most : n < -most ? -most : n);
	return true;
}

static void bprint_qualifier(struct bprint *b)
{
	b->size = 4;
	if (*b->f && strchr("lLzZtjq", *b->f)) {
		b->size = 8;
		b->f += 1 + (b->f[0] == 'l' && b->f[1] == 'l');
	} else if (*b->f == 'h') {
		b->size = b->f[1] == 'h' ? 1 : 2;
		b->f += 3 - b->size;
	}
}

/* What follows a percent sign; false: it is unknown, or there is no such argument. */
static bool bprint_conversion(struct bprint *b)
{
	char how;

	bprint_flags(b);
	if (!bprint_size(b, WIDTH_MAX, &b->width))
		return false;
	if (b->width < 0) {
		b->left = true;
		b->width = -b->width;
	}
	b->precision = -1;
	if (*b->f == '.') {
		b->f++;
		if (!bprint_size(b, PRECISION_MAX, &b->precision))
			return false;
	}
	bprint_qualifier(b);
	how = *b->f;
	b->f += how != '\0';
	switch (how) {
	case '%':
		ml_ftrace_put(b->t, "%", 1);
		return true;
	case 'c':
		return bprint_put_char(b);
	case 's':
		return bprint_put_text(b);
	case 'p':
		return bprint_put_pointer(b);
	case 'd':
	case 'i':
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		return bprint_put_number(b, how);
	}
	return false;
}

static bool bprint_all(struct bprint *b)
{
	size_t n;

	for (;;) {
		n = strcspn(b->f, "%");
		ml_ftrace_put(b->t, b->f, n);
		b->f += n;
		if (!*b->f++)
			return true;
		if (!bprint_conversion(b))
			return false;
	}
}

/* The text at an address of the kernel, which stays until another one is asked for; NULL: there
 * is none. */
static const char *bprint_string(struct ftrace_text *t, uint64_t at)
{
	struct ftrace_string *s = &t->string[at / 4 % FTRACE_STRINGS];

	if (!s->known || s->at != at) {
		s->known = true;
		s->at = at;
		s->there = ml_ftrace_kernel_string(&t->kernel, at, s->text,
						   sizeof(s->text));
	}
	return s->there ? s->text : NULL;
}

bool ml_ftrace_bprint(struct ftrace_text *t, const struct ftrace_type *type,
		      const uint8_t *payload, size_t len,
		      struct memlog_record *rec)
{
	const struct ftrace_field *ip, *args;
	size_t start = t->len, from;
	struct bprint b = { .t = t };
	uint64_t at;

	if (!bprint_find(type, payload, len, &at, &args))
		return false;
	ip = bprint_field(type, "ip", len);
	b.f = bprint_string(t, at);
	if (!ip || ip->size != 8 || !b.f)
		return false;
	ml_ftrace_put_name(t, ml_le64(payload + ip->off));
	ml_ftrace_put(t, ": ", 2);
	from = t->len;
	if (args) {
		b.p = payload + args->off;
		b.len = len - args->off;
	}
	if (!args)
		ml_ftrace_put(t, b.f, strlen(b.f));
	else if (!bprint_all(&b)) {
		t->len = start;
		return false;
	}
	ml_ftrace_add_address(t, "ip", "ip_name", ml_le64(payload + ip->off),
			      rec);
	ml_record_field_text(rec, args ? "buf" : "str", t->line + from,
			     t->len - from);
	return true;
}

uint64_t ml_ftrace_bprint_at(const struct ftrace_type *type,
			     const uint8_t *payload, size_t len)
{
	const struct ftrace_field *args;
	uint64_t at;

	return bprint_find(type, payload, len, &at, &args) ? at : 0;
}
