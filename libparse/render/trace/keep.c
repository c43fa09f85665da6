/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keep.c - what a slice begins with, kept until it ends. */
#include "keep.h"

#include <string.h>

#include "base/bytes.h"
#include "render/escape.h"

void ml_keep_short(const void *bytes, size_t len, size_t max, char *ret,
		   size_t size)
{
	const char *p = bytes;
	size_t n = ml_min(len, max), i;

	if (n < len) {
		/* at a space, if that leaves most of it */
		for (i = n; i > n / 2 && p[i] != ' '; i--)
			;
		n = i > n / 2 ? i : n - ml_utf8_cut(bytes, n);
	}
	ml_escape_cut(bytes, n, ret, size - sizeof("\xe2\x80\xa6") + 1);
	if (n < len)
		strcat(ret, "\xe2\x80\xa6");
}

void ml_keep_field(struct ml_keep *keep, const struct memlog_field *field)
{
	struct memlog_field *f = keep->fields;

	while (f < keep->fields + keep->n && strcmp(f->name, field->name))
		f++;
	if (f == keep->fields + MEMLOG_RECORD_FIELDS)
		return;
	keep->n += f == keep->fields + keep->n;
	*f = *field;
	if (f->type != MEMLOG_FIELD_TEXT)
		return;
	f->text_len = ml_min(f->text_len, sizeof(keep->text) - keep->used);
	if (f->text_len)
		memcpy(keep->text + keep->used, f->text, f->text_len);
	f->text = keep->text + keep->used;
	keep->used += f->text_len;
}
