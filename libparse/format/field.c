/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* field.c - the fields of a record. */
#include "format.h"

static void record_field(struct memlog_record *rec,
			 const struct memlog_field *field)
{
	if (rec->n_fields < MEMLOG_RECORD_FIELDS)
		rec->fields[rec->n_fields++] = *field;
}

void ml_record_field(struct memlog_record *rec, const char *name,
		     enum memlog_field_type type, uint64_t value)
{
	const struct memlog_field f = { .name = name,
					.type = type,
					.u = value };

	record_field(rec, &f);
}

void ml_record_field_text(struct memlog_record *rec, const char *name,
			  const char *text, size_t len)
{
	const struct memlog_field f = { .name = name,
					.type = MEMLOG_FIELD_TEXT,
					.text = text,
					.text_len = len };

	record_field(rec, &f);
}
