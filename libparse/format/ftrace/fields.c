/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields.c - the fields of an event whose type is known. */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "text.h"

/* What a field is, by the name of its type. */
enum kind {
	KIND_NUMBER,
	KIND_POINTER,
	KIND_TEXT,	/* an array of char */
	KIND_BYTES,	/* any other array, or a struct */
	KIND_LOC_TEXT,	/* a number says where the text is */
	KIND_LOC_BYTES, /* the same for anything else */
};

/* after the field, not at the start of the event */
#define RELATIVE "__rel_loc "
#define ABSOLUTE "__data_loc "

static bool fields_are_text(const char *type)
{
	return !strncmp(type, "char[", 5) ||
	       !strncmp(type, "const char[", 11) || !strcmp(type, "string");
}

static enum kind fields_kind(const struct ftrace_field *f)
{
	const char *type = f->type;
	bool loc = !strncmp(type, ABSOLUTE, strlen(ABSOLUTE)) ||
		   !strncmp(type, RELATIVE, strlen(RELATIVE));

	if (loc)
		return fields_are_text(strchr(type, ' ') + 1) ? KIND_LOC_TEXT :
								KIND_LOC_BYTES;
	if (fields_are_text(type))
		return KIND_TEXT;
	if (strchr(type, '[') ||
	    (f->size != 1 && f->size != 2 && f->size != 4 && f->size != 8))
		return KIND_BYTES;
	return strchr(type, '*') ? KIND_POINTER : KIND_NUMBER;
}

static uint64_t fields_number(const struct ftrace_field *f, const uint8_t *p)
{
	switch (f->size) {
	case 1:
		return f->is_signed ? (uint64_t)(int8_t)*p : *p;
	case 2:
		return f->is_signed ? (uint64_t)(int16_t)ml_le16(p) :
				      ml_le16(p);
	case 4:
		return f->is_signed ? (uint64_t)(int32_t)ml_le32(p) :
				      ml_le32(p);
	}
	return ml_le64(p);
}

static void fields_put_number(struct ftrace_text *t,
			      const struct ftrace_field *f, const uint8_t *p,
			      bool pointer, struct memlog_record *rec)
{
	uint64_t v = fields_number(f, p);

	ml_record_field(rec, f->name,
			pointer	     ? MEMLOG_FIELD_HEX :
			f->is_signed ? MEMLOG_FIELD_INT :
				       MEMLOG_FIELD_UINT,
			v);
	if (pointer)
		ml_ftrace_put_fmt(t, "0x%" PRIx64, v);
	else if (f->is_signed)
		ml_ftrace_put_fmt(t, "%" PRId64, (int64_t)v);
	else
		ml_ftrace_put_fmt(t, "%" PRIu64, v);
}

static void fields_put_bytes(struct ftrace_text *t,
			     const struct ftrace_field *f, const uint8_t *p,
			     size_t len, bool text, struct memlog_record *rec)
{
	size_t from = t->hex_len;

	if (text) {
		len = strnlen((const char *)p, len);
		ml_record_field_text(rec, f->name, (const char *)p, len);
		from = t->len;
		ml_ftrace_put(t, p, len);
		/* it stays one line */
		for (; from < t->len; from++)
			if (t->line[from] == '\n')
				t->line[from] = ' ';
	} else {
		ml_ftrace_add_hex(t, rec, f->name, p, len);
		ml_ftrace_put(t, t->hex + from, t->hex_len - from);
	}
}

/* The low half is where, the high half how much. */
static bool fields_locate(const struct ftrace_field *f, const uint8_t *payload,
			  size_t len, size_t *ret_at, size_t *ret_len)
{
	uint32_t v = ml_le32(payload + f->off);

	*ret_at = v & 0xffff;
	*ret_len = v >> 16;
	if (!strncmp(f->type, RELATIVE, strlen(RELATIVE)))
		*ret_at += f->off + 4;
	return *ret_at <= len && *ret_len <= len - *ret_at;
}

static void fields_put(struct ftrace_text *t, const struct ftrace_field *f,
		       const uint8_t *payload, size_t len,
		       struct memlog_record *rec)
{
	enum kind kind = fields_kind(f);
	size_t at = f->off, n = f->size;

	if (at > len || n > len - at)
		return;
	/* its length is that of the event */
	if (!n)
		n = len - at;
	if (kind == KIND_LOC_TEXT || kind == KIND_LOC_BYTES) {
		if (f->size != 4 || !fields_locate(f, payload, len, &at, &n))
			return;
	}
	ml_ftrace_put_fmt(t, "%s%s=", rec->n_fields > 4 ? " " : "", f->name);
	if (kind == KIND_NUMBER || kind == KIND_POINTER)
		fields_put_number(t, f, payload + at, kind == KIND_POINTER,
				  rec);
	else
		fields_put_bytes(t, f, payload + at, n,
				 kind == KIND_TEXT || kind == KIND_LOC_TEXT,
				 rec);
}

void ml_ftrace_fields(struct ftrace_text *t, const struct ftrace_type *type,
		      const uint8_t *payload, size_t len, bool printed,
		      struct memlog_record *rec)
{
	size_t line = t->len;
	uint32_t i;

	for (i = 0; i < type->n_fields; i++)
		fields_put(t, &type->field[i], payload, len, rec);
	if (printed)
		t->len = line;
}
