/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* print.c - print an event as the kernel does: its print format is C, a string
 * for printf and REC->field for each argument. */
#include "hyp.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

struct hyp_text {
	char *p;
	size_t len, size;
};

/* bytes: of a number, as its length modifier says. */
struct hyp_conversion {
	bool left, plus, space, alt, zero;
	bool has_precision, width_arg, precision_arg;
	unsigned int width, precision, bytes;
	char kind;
};

/* The arguments of a format: named in text, of an event; or n values, all of 64
 * bits, if type is NULL. */
struct hyp_args {
	const struct hyp_type *type;
	const char *text;
	const uint8_t *payload;
	size_t len;
	const uint64_t *value;
	size_t n;
};

static void print_put(struct hyp_text *t, const char *s, size_t len)
{
	len = ml_min(len, t->size - t->len);
	memcpy(t->p + t->len, s, len);
	t->len += len;
}

bool ml_hyp_value(const struct hyp_field *f, const uint8_t *payload, size_t len,
		  uint64_t *ret)
{
	const uint8_t *p = payload + f->off;

	if (f->off > len || f->size > len - f->off)
		return false;
	switch (f->size) {
	case 1:
		*ret = f->is_signed ? (uint64_t)(int8_t)*p : *p;
		return true;
	case 2:
		*ret = f->is_signed ? (uint64_t)(int16_t)ml_le16(p) :
				      ml_le16(p);
		return true;
	case 4:
		*ret = f->is_signed ? (uint64_t)(int32_t)ml_le32(p) :
				      ml_le32(p);
		return true;
	case 8:
		*ret = ml_le64(p);
		return true;
	}
	return false;
}

/* The next argument: from *s up to a comma that no parenthesis encloses. */
static const char *print_argument(const char **s, size_t *ret_len)
{
	const char *start = *s;
	int depth = 0;

	for (; **s && (depth || **s != ','); (*s)++)
		depth += (**s == '(') - (**s == ')');
	*ret_len = (size_t)(*s - start);
	*s += **s == ',';
	return start;
}

/* The field that an argument names, or NULL. */
static const struct hyp_field *print_field(const struct hyp_type *type,
					   const char *arg, size_t len)
{
	const char *name = memmem(arg, len, "REC->", 5);
	size_t n, i;

	if (!name)
		return NULL;
	name += 5;
	len -= (size_t)(name - arg);
	for (i = 0; i < type->n_fields; i++) {
		n = strlen(type->field[i].name);
		if (n <= len && !memcmp(type->field[i].name, name, n) &&
		    (n == len ||
		     !strchr("abcdefghijklmnopqrstuvwxyz_0123456789", name[n])))
			return &type->field[i];
	}
	return NULL;
}

/* The value of the next argument; false: it is not known. */
static bool print_next(struct hyp_args *a, uint64_t *ret)
{
	const struct hyp_field *f;
	const char *arg;
	size_t len;

	if (a->type) {
		arg = print_argument(&a->text, &len);
		f = print_field(a->type, arg, len);
		return f && ml_hyp_value(f, a->payload, a->len, ret);
	}
	if (!a->n)
		return false;
	a->n--;
	*ret = *a->value++;
	return true;
}

static unsigned int print_digits(const char **s)
{
	unsigned int n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		n = (unsigned int)ml_min(n * 10 + (unsigned int)(**s - '0'),
					 ML_HYP_WIDTH);
	return n;
}

/* A width or a precision; sets *ret_arg if it is the next argument. */
static unsigned int print_width(const char **s, bool *ret_arg)
{
	*ret_arg = **s == '*';
	if (!*ret_arg)
		return print_digits(s);
	(*s)++;
	return 0;
}

/* The conversion after a percent sign; moves past it. */
static struct hyp_conversion print_conversion(const char **s)
{
	struct hyp_conversion c = { .bytes = 4 };

	for (; **s && strchr("-+ #0", **s); (*s)++) {
		c.left |= **s == '-';
		c.plus |= **s == '+';
		c.space |= **s == ' ';
		c.alt |= **s == '#';
		c.zero |= **s == '0';
	}
	c.width = print_width(s, &c.width_arg);
	if (**s == '.') {
		(*s)++;
		c.has_precision = true;
		c.precision = print_width(s, &c.precision_arg);
	}
	for (; **s && strchr("hlLzjt", **s); (*s)++)
		c.bytes = **s != 'h' ? 8 : c.bytes == 2 ? 1 : 2;
	c.kind = **s;
	*s += **s != 0;
	/* what kind of pointer */
	while (c.kind == 'p' &&
	       ((**s >= 'a' && **s <= 'z') || (**s >= 'A' && **s <= 'Z') ||
		(**s >= '0' && **s <= '9')))
		(*s)++;
	return c;
}

/* Set width and precision that are arguments; a negative width is to the left,
 * and a negative precision none. */
static void print_widths(struct hyp_conversion *c, struct hyp_args *a)
{
	uint64_t v = 0;

	if (c->width_arg && print_next(a, &v)) {
		c->left |= (int32_t)v < 0;
		v = (int32_t)v < 0 ? -(uint64_t)(int32_t)v : (uint32_t)v;
		c->width = (unsigned int)ml_min(v, ML_HYP_WIDTH);
	}
	v = UINT32_MAX;
	if (!c->precision_arg)
		return;
	c->has_precision = print_next(a, &v) && (int32_t)v >= 0;
	if (c->has_precision)
		c->precision = (unsigned int)ml_min((uint32_t)v, ML_HYP_WIDTH);
}

static void print_pad(struct hyp_text *t, char c, size_t n)
{
	while (n--)
		print_put(t, &c, 1);
}

/* before: a sign or a prefix; zeros follow it. */
static void print_padded(struct hyp_text *t, const struct hyp_conversion *c,
			 const char *before, size_t zeros, const char *s,
			 size_t len)
{
	size_t n = strlen(before) + zeros + len;
	size_t pad = c->width > n ? c->width - n : 0;

	if (c->zero && !c->left) {
		zeros += pad;
		pad = 0;
	}
	print_pad(t, ' ', c->left ? 0 : pad);
	print_put(t, before, strlen(before));
	print_pad(t, '0', zeros);
	print_put(t, s, len);
	print_pad(t, ' ', c->left ? pad : 0);
}

static void print_string(struct hyp_text *t, struct hyp_conversion c,
			 const char *s, size_t len)
{
	c.zero = false;
	if (c.has_precision)
		len = ml_min(len, c.precision);
	print_padded(t, &c, "", 0, s, len);
}

/* Other than the C library, the kernel writes 0x before zero, too, fills up with
 * zeros if there is a precision, and never leaves out a zero. */
static void print_number(struct hyp_text *t, const struct hyp_conversion *c,
			 uint64_t v)
{
	bool is_signed = c->kind == 'd' || c->kind == 'i';
	unsigned int shift = 64 - 8 * c->bytes;
	const char *before = "";
	size_t len, zeros = 0;
	char b[32];

	v <<= shift;
	if (is_signed && v >> 63) {
		v = -(uint64_t)((int64_t)v >> shift);
		before = "-";
	} else {
		v >>= shift;
		if (is_signed && (c->plus || c->space))
			before = c->plus ? "+" : " ";
	}
	if (c->alt && (c->kind == 'x' || c->kind == 'X'))
		before = c->kind == 'x' ? "0x" : "0X";
	else if (c->alt && c->kind == 'o' && v)
		before = "0";
	len = (size_t)snprintf(b, sizeof(b),
			       c->kind == 'x' ? "%llx" :
			       c->kind == 'X' ? "%llX" :
			       c->kind == 'o' ? "%llo" :
						"%llu",
			       (unsigned long long)v);
	if (c->has_precision && c->precision > len)
		zeros = c->precision - len;
	print_padded(t, c, before, zeros, b, len);
}

/* reasons: n names of values, for %s. */
struct hyp_reasons {
	const char (*name)[HYP_REASON + 1];
	size_t n;
};

static void print_one(struct hyp_text *t, struct hyp_conversion c,
		      struct hyp_args *a, const struct hyp_reasons *reasons)
{
	uint64_t v = 0;
	const char *s;
	char b;

	print_widths(&c, a);
	if (!print_next(a, &v)) {
		print_put(t, "?", 1);
	} else if (c.kind == 'c') {
		b = (char)v;
		print_string(t, c, &b, 1);
	} else if (c.kind == 's' && reasons) {
		/* the last one is for all that are unknown */
		s = reasons->n ? reasons->name[ml_min(v, reasons->n - 1)] : "";
		print_string(t, c, s, strlen(s));
	} else {
		if (c.kind == 's' || c.kind == 'p') /* an address */
			c = (struct hyp_conversion){ .alt = true,
						     .bytes = 8,
						     .kind = 'x' };
		print_number(t, &c, v);
	}
}

/* Up to the end of s, or to a quote, if ends has one besides the percent sign. */
static void print_format(struct hyp_text *t, const char *s, const char *ends,
			 struct hyp_args *a, const struct hyp_reasons *reasons)
{
	struct hyp_conversion c;
	const char *start;
	size_t plain;

	for (;;) {
		plain = strcspn(s, ends);
		print_put(t, s, plain);
		s += plain;
		if (*s != '%')
			return;
		start = s++;
		c = print_conversion(&s);
		if (c.kind == '%')
			print_put(t, "%", 1);
		else if (c.kind && strchr("cdiopsuxX", c.kind))
			print_one(t, c, a, reasons);
		else
			print_put(t, start, (size_t)(s - start));
	}
}

/* Goes to the string of a print format, and sets args to what follows it; some
 * have an empty string before. */
static const char *print_start(const struct hyp_type *type, const char **args)
{
	const char *s = type->format + strspn(type->format, "\"");

	*args = strchr(s, '"');
	*args = *args ? *args + strspn(*args, "\" ,") : "";
	return s;
}

void ml_hyp_mark_hex(struct hyp_type *type)
{
	const char *args, *s = print_start(type, &args), *arg;
	const struct hyp_field *f;
	struct hyp_conversion c;
	size_t arg_len;
	int skip;

	for (;;) {
		s += strcspn(s, "%\"");
		if (*s != '%')
			break;
		s++;
		c = print_conversion(&s);
		if (!c.kind || !strchr("cdiopsuxX", c.kind))
			continue;
		for (skip = c.width_arg + c.precision_arg; skip; skip--)
			print_argument(&args, &arg_len);
		arg = print_argument(&args, &arg_len);
		f = print_field(type, arg, arg_len);
		if (f && strchr("xXp", c.kind))
			type->field[f - type->field].is_hex = true;
	}
}

size_t ml_hyp_print(const struct hyp_type *type, const uint8_t *payload,
		    size_t len, const char (*reasons)[HYP_REASON + 1], size_t n,
		    char *ret, size_t size)
{
	struct hyp_args a = { .type = type, .payload = payload, .len = len };
	struct hyp_text t = { .p = ret, .size = size };
	struct hyp_reasons names = { reasons, n };
	const char *s = print_start(type, &a.text);

	print_format(&t, s, "%\"", &a, &names);
	return t.len;
}

size_t ml_hyp_printf(const char *format, const uint64_t *arg, size_t n,
		     char *ret, size_t size)
{
	struct hyp_args a = { .value = arg, .n = n };
	struct hyp_text t = { .p = ret, .size = size };

	print_format(&t, format, "%", &a, NULL);
	return t.len;
}
