/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* annotate.c - the arguments of an event: DebugAnnotation of Perfetto. */
#include "annotate.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "render/escape.h"

/* TrackEvent */
enum { EVENT_ANNOTATION = 4 };
/* DebugAnnotation */
enum {
	ANNOTATION_UINT = 3,
	ANNOTATION_INT = 4,
	ANNOTATION_STRING = 6,
	ANNOTATION_POINTER = 7,
	ANNOTATION_NAME = 10,
};

#define VALUE_MAX_BYTES 100u
/* Of a line; with the arguments that may follow it, a message has room for it. */
#define LINE_MAX_BYTES 4096u

void ml_annotate(struct ml_pb *to, const char *prefix,
		 const struct memlog_field *f)
{
	char raw[VALUE_MAX_BYTES], safe[2 * VALUE_MAX_BYTES];
	struct ml_pb a = { .len = 0 };
	size_t n;

	snprintf(raw, sizeof(raw), "%s%s", prefix, f->name);
	ml_pb_str(&a, ANNOTATION_NAME, memlog_escape(raw, safe, sizeof(safe)));
	switch (f->type) {
	case MEMLOG_FIELD_UINT:
		ml_pb_uint(&a, ANNOTATION_UINT, f->u);
		break;
	case MEMLOG_FIELD_INT:
		ml_pb_uint(&a, ANNOTATION_INT, f->u);
		break;
	case MEMLOG_FIELD_HEX:
		ml_pb_uint(&a, ANNOTATION_POINTER, f->u);
		break;
	case MEMLOG_FIELD_TEXT:
		n = ml_min(f->text_len, sizeof(raw) - 1);
		memcpy(raw, f->text, n);
		raw[n] = '\0';
		ml_pb_str(&a, ANNOTATION_STRING,
			  memlog_escape(raw, safe, sizeof(safe)));
		break;
	}
	ml_pb_bytes(to, EVENT_ANNOTATION, a.buf, a.len);
}

void ml_annotate_mark(struct ml_pb *to, const char *name, const char *what)
{
	const struct memlog_field f = {
		.name = name,
		.type = MEMLOG_FIELD_TEXT,
		.text = what,
		.text_len = strlen(what),
	};

	ml_annotate(to, "", &f);
}

void ml_annotate_text(struct ml_pb *to, const char *name, const uint8_t *text,
		      size_t len)
{
	char safe[LINE_MAX_BYTES];
	struct ml_pb a = { .len = 0 };

	ml_escape_cut(text, len, safe, sizeof(safe));
	ml_pb_str(&a, ANNOTATION_NAME, name);
	ml_pb_str(&a, ANNOTATION_STRING, safe);
	ml_pb_bytes(to, EVENT_ANNOTATION, a.buf, a.len);
}

void ml_annotate_fields(struct ml_pb *to, const char *prefix,
			const struct memlog_record *rec)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields && to->len < ML_PB_MAX / 2; i++)
		ml_annotate(to, prefix, &rec->fields[i]);
}
