/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* line.c - write the line of an event, and add fields to its record. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "text.h"

/* No function is larger: a symbol that is further before an address has nothing to do
 * with it. */
#define FUNCTION_LEN (1u << 20)

enum memlog_status ml_ftrace_name(void *arg, uint64_t addr, const char **ret,
				  uint64_t *ret_offset)
{
	const struct ftrace_text *t = arg;
	const struct memlog_symbols *s = &t->symbols;

	if (!s->name || !t->kernel.info ||
	    s->name(s->self, addr - t->kernel.info->then, ret, ret_offset))
		return MEMLOG_NO_DATA;
	return *ret_offset < FUNCTION_LEN ? MEMLOG_OK : MEMLOG_NO_DATA;
}

void ml_ftrace_put(struct ftrace_text *t, const void *p, size_t len)
{
	len = ml_min(len, t->size - 1 - t->len);
	memcpy(t->line + t->len, p, len);
	t->len += len;
}

void ml_ftrace_put_fmt(struct ftrace_text *t, const char *fmt, ...)
{
	size_t room = t->size - 1 - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->line + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && room)
		t->len += ml_min((uint64_t)n, room - 1);
}

void ml_ftrace_put_name(struct ftrace_text *t, uint64_t addr)
{
	const char *name;
	uint64_t off;

	if (!ml_ftrace_name(t, addr, &name, &off)) {
		ml_ftrace_put(t, name, strlen(name));
		return;
	}
	ml_ftrace_put_fmt(t, "0x%" PRIx64, addr);
	name = ml_ftrace_modules_find(&t->modules, addr);
	if (name)
		ml_ftrace_put_fmt(t, " [%s]", name);
}

void ml_ftrace_add_hex(struct ftrace_text *t, struct memlog_record *rec,
		       const char *name, const uint8_t *p, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	char *to = t->hex + t->hex_len;
	size_t i, n = ml_min(len, (t->hex_size - t->hex_len) / 2);

	for (i = 0; i < n; i++) {
		to[2 * i] = digit[p[i] >> 4];
		to[2 * i + 1] = digit[p[i] & 15];
	}
	t->hex_len += 2 * n;
	ml_record_field_text(rec, name, to, 2 * n);
}

void ml_ftrace_add_address(struct ftrace_text *t, const char *name,
			   const char *with_name, uint64_t addr,
			   struct memlog_record *rec)
{
	const char *s;
	uint64_t off;

	ml_record_field(rec, name, MEMLOG_FIELD_HEX, addr);
	if (!ml_ftrace_name(t, addr, &s, &off))
		ml_record_field_text(rec, with_name, s, strlen(s));
}
