/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* field.c - the fields of a record. */
#include "format.h"

/* Of a record with more than there is room for, the last says how many are left out. */
static const char field_left_out[] = "fields_left_out";

static void record_field(struct memlog_record *rec,
			 const struct memlog_field *field)
{
	struct memlog_field *last = &rec->fields[MEMLOG_RECORD_FIELDS - 1];

	if (rec->n_fields < MEMLOG_RECORD_FIELDS) {
		rec->fields[rec->n_fields++] = *field;
		return;
	}
	if (last->name != field_left_out)
		*last = (struct memlog_field){ .name = field_left_out,
					       .type = MEMLOG_FIELD_UINT,
					       .u = 1 };
	last->u++;
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
