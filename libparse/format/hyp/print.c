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

struct hyp_conversion {
	bool zero, alt, is_long;
	unsigned int width;
	char kind;
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

/* The conversion after a percent sign; moves past it. */
static struct hyp_conversion print_conversion(const char **s)
{
	struct hyp_conversion c = { 0 };

	for (; **s && strchr("-+ #0", **s); (*s)++) {
		c.zero |= **s == '0';
		c.alt |= **s == '#';
	}
	for (; **s >= '0' && **s <= '9'; (*s)++)
		c.width = (unsigned int)ml_min(
			c.width * 10 + (unsigned int)(**s - '0'), 64);
	for (; **s && strchr("hlzjt", **s); (*s)++)
		c.is_long |= **s != 'h';
	c.kind = **s;
	*s += **s != 0;
	return c;
}

static void print_number(struct hyp_text *t, struct hyp_conversion c,
			 uint64_t v)
{
	const char *pre = c.alt ? "0x" : "";
	int w = (int)c.width;
	char b[96];

	if (!c.is_long)
		v = c.kind == 'd' || c.kind == 'i' ? (uint64_t)(int32_t)v :
						     (uint32_t)v;
	if (c.kind == 'd' || c.kind == 'i')
		snprintf(b, sizeof(b), c.zero ? "%0*lld" : "%*lld", w,
			 (long long)v);
	else if (c.kind == 'x' || c.kind == 'p')
		snprintf(b, sizeof(b), c.zero ? "%s%0*llx" : "%s%*llx", pre, w,
			 (unsigned long long)v);
	else if (c.kind == 'X')
		snprintf(b, sizeof(b), c.zero ? "%s%0*llX" : "%s%*llX", pre, w,
			 (unsigned long long)v);
	else
		snprintf(b, sizeof(b), c.zero ? "%0*llu" : "%*llu", w,
			 (unsigned long long)v);
	print_put(t, b, strlen(b));
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

	while (*s && *s != '"') {
		s += strcspn(s, "%\"");
		if (*s != '%')
			break;
		if (*++s == '%') {
			s++;
			continue;
		}
		c = print_conversion(&s);
		arg = print_argument(&args, &arg_len);
		f = print_field(type, arg, arg_len);
		if (f && c.kind && strchr("xXp", c.kind))
			type->field[f - type->field].is_hex = true;
	}
}

size_t ml_hyp_print(const struct hyp_type *type, const uint8_t *payload,
		    size_t len, const char (*reasons)[HYP_REASON + 1], size_t n,
		    char *ret, size_t size)
{
	struct hyp_text t = { .p = ret, .size = size };
	const char *args, *s = print_start(type, &args), *arg;
	const struct hyp_field *f;
	struct hyp_conversion c;
	uint64_t v = 0;
	size_t arg_len;

	while (*s && *s != '"') {
		size_t plain = strcspn(s, "%\"");

		print_put(&t, s, plain);
		s += plain;
		if (*s != '%')
			break;
		if (*++s == '%') {
			print_put(&t, s++, 1);
			continue;
		}
		c = print_conversion(&s);
		arg = print_argument(&args, &arg_len);
		f = print_field(type, arg, arg_len);
		if (!f || !ml_hyp_value(f, payload, len, &v))
			print_put(&t, "?", 1);
		else if (c.kind != 's')
			print_number(&t, c, v);
		else if (n) /* the last one is for all that are unknown */
			print_put(&t, reasons[ml_min(v, n - 1)],
				  strlen(reasons[ml_min(v, n - 1)]));
	}
	return t.len;
}

size_t ml_hyp_printf(const char *format, const uint64_t *arg, size_t n,
		     char *ret, size_t size)
{
	struct hyp_text t = { .p = ret, .size = size };
	const char *s = format;
	struct hyp_conversion c;
	size_t plain, i = 0;
	char b;

	while (*s) {
		plain = strcspn(s, "%");
		print_put(&t, s, plain);
		s += plain;
		if (*s != '%')
			break;
		if (*++s == '%') {
			print_put(&t, s++, 1);
			continue;
		}
		c = print_conversion(&s);
		if (i == n) {
			print_put(&t, "?", 1);
			continue;
		}
		b = (char)arg[i];
		if (c.kind == 's' || c.kind == 'p') /* an address */
			c = (struct hyp_conversion){ .alt = true,
						     .is_long = true,
						     .kind = 'x' };
		if (c.kind == 'c')
			print_put(&t, &b, 1);
		else
			print_number(&t, c, arg[i]);
		i++;
	}
	return t.len;
}
