/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* annotate.h - the arguments of an event. */
#ifndef ML_RENDER_PERFETTO_ANNOTATE_H
#define ML_RENDER_PERFETTO_ANNOTATE_H

#include "memlog.h"
#include "protobuf.h"

/* A field as an argument, prefix before its name. */
void ml_annotate(struct ml_pb *to, const char *prefix,
		 const struct memlog_field *f);

/* A line of guest text as an argument; its end is left out if it is too long. */
void ml_annotate_text(struct ml_pb *to, const char *name, const uint8_t *text,
		      size_t len);

/* All fields of a record, as far as there is room. */
void ml_annotate_fields(struct ml_pb *to, const char *prefix,
			const struct memlog_record *rec);

/* What is special about an exit or its entry. */
void ml_annotate_mark(struct ml_pb *to, const char *name, const char *what);

#endif
