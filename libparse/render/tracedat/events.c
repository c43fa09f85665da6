/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events.c - records as events, and what types of events there are.
 *
 * A type is a name and a list of fields, each of 8 bytes: a number, or where its
 * text is among what follows the fields. A field of text called NAME_name after a
 * number called NAME is not part of the event: it names the number's value, and
 * the type has a list of them. Fields of the header that all events of Linux have
 * become that of the event.
 */
#include "tracedat.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* What a record becomes. fields: its own, or all. */
struct events_record {
	char name[DAT_NAME];
	const struct memlog_field *fields;
	size_t n;
	struct memlog_field all[MEMLOG_RECORD_FIELDS];
};

void ml_dat_events_init(struct dat_events *e,
			const struct memlog_allocator *alloc)
{
	/* alloc may be that of *e */
	*e = (struct dat_events){ .alloc = *alloc };
}

void ml_dat_events_fini(struct dat_events *e)
{
	size_t i, k;

	for (i = 0; i < e->n_types; i++) {
		for (k = 0; k < e->types[i]->n_fields; k++)
			ml_free(&e->alloc, e->types[i]->field[k].values);
		ml_free(&e->alloc, e->types[i]->format);
		ml_free(&e->alloc, e->types[i]);
	}
	ml_free(&e->alloc, e->types);
	ml_free(&e->alloc, e->tasks);
	ml_free(&e->alloc, e->symbols);
	ml_dat_events_init(e, &e->alloc);
}

void ml_dat_name(char ret[DAT_NAME], const char *s)
{
	size_t n = 0;
	char c;

	if (*s >= '0' && *s <= '9')
		ret[n++] = '_';
	for (; *s && n < DAT_NAME - 1; s++) {
		c = *s;
		ret[n++] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
					   (c >= '0' && c <= '9') ?
				   c :
				   '_';
	}
	if (!n)
		ret[n++] = '_';
	ret[n] = '\0';
}

/* ---- types ---------------------------------------------------------------- */

bool ml_dat_is_name(const struct memlog_field *number,
		    const struct memlog_field *f)
{
	size_t n = strlen(number->name);

	return f->type == MEMLOG_FIELD_TEXT &&
	       number->type != MEMLOG_FIELD_TEXT &&
	       !strncmp(f->name, number->name, n) &&
	       !strcmp(f->name + n, "_name");
}

static bool events_is_common(const char *name)
{
	return !strncmp(name, "common_", 7);
}

bool ml_dat_common(const struct memlog_record *rec, const char *name,
		   uint64_t *ret)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields; i++)
		if (!strcmp(rec->fields[i].name, name) &&
		    rec->fields[i].type != MEMLOG_FIELD_TEXT) {
			*ret = rec->fields[i].u;
			return true;
		}
	return false;
}

/* Goes through the fields of an event, without the header's and names of
 * values. */
static const struct memlog_field *events_next(const struct events_record *r,
					      size_t *i)
{
	while (*i < r->n) {
		const struct memlog_field *f = &r->fields[(*i)++];

		if (!events_is_common(f->name) &&
		    (f == r->fields || !ml_dat_is_name(f - 1, f)))
			return f;
	}
	return NULL;
}

static bool events_is_type(const struct dat_type *t,
			   const struct events_record *r)
{
	const struct memlog_field *f;
	char name[DAT_NAME];
	size_t i = 0, n = 0;

	if (t->format || strcmp(t->name, r->name))
		return false;
	for (; (f = events_next(r, &i)); n++) {
		if (n == t->n_fields || t->field[n].type != f->type)
			return false;
		ml_dat_name(name, f->name);
		if (strcmp(t->field[n].name, name))
			return false;
	}
	return n == t->n_fields;
}

static enum memlog_status events_add_type(struct dat_events *e,
					  const struct events_record *r,
					  struct memlog_err *err)
{
	const struct memlog_field *f;
	enum memlog_status s;
	struct dat_type *t;
	size_t i = 0;

	s = ml_grow(&e->alloc, &e->types, e->n_types, &e->cap_types,
		    sizeof(*e->types), err);
	if (s)
		return s;
	t = ml_calloc(&e->alloc, 1, sizeof(*t));
	if (!t)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a type of events");
	memcpy(t->name, r->name, sizeof(t->name));
	while ((f = events_next(r, &i))) {
		t->field[t->n_fields].type = f->type;
		ml_dat_name(t->field[t->n_fields++].name, f->name);
	}
	e->types[e->n_types++] = t;
	return MEMLOG_OK;
}

static enum memlog_status events_type(struct dat_events *e,
				      const struct events_record *r,
				      size_t *ret, struct memlog_err *err)
{
	for (*ret = 0; *ret < e->n_types; (*ret)++)
		if (events_is_type(e->types[*ret], r))
			return MEMLOG_OK;
	if (e->n_types >= ML_TRACEDAT_TYPES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "there are more than %u types of events",
			       ML_TRACEDAT_TYPES);
	return events_add_type(e, r, err);
}

/* ---- names of values ------------------------------------------------------ */

static enum memlog_status events_name(struct dat_events *e, struct dat_field *f,
				      const struct memlog_field *number,
				      const struct memlog_field *name,
				      struct memlog_err *err)
{
	struct dat_value *v;
	enum memlog_status s;
	size_t i, n;

	for (i = 0; i < f->n_values; i++)
		if (f->values[i].value == number->u)
			return MEMLOG_OK;
	/* more than that have no name */
	if (i >= ML_TRACEDAT_VALUES || number->u > INT64_MAX)
		return MEMLOG_OK;
	s = ml_grow(&e->alloc, &f->values, f->n_values, &f->cap_values,
		    sizeof(*f->values), err);
	if (s)
		return s;
	v = &f->values[f->n_values++];
	v->value = number->u;
	n = (size_t)ml_min(name->text_len, DAT_NAME - 1);
	memcpy(v->name, name->text, n);
	v->name[n] = '\0';
	for (i = 0; i < n; i++)
		if (v->name[i] < ' ' || v->name[i] > '~' ||
		    strchr("\"\\%", v->name[i]))
			v->name[i] = '_';
	return MEMLOG_OK;
}

enum memlog_status ml_dat_task(struct dat_events *e, int32_t pid,
			       const char *name, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	for (i = 0; i < e->n_tasks; i++)
		if (e->tasks[i].pid == pid)
			return MEMLOG_OK;
	if (i >= ML_TRACEDAT_TASKS)
		return MEMLOG_OK;
	s = ml_grow(&e->alloc, &e->tasks, e->n_tasks, &e->cap_tasks,
		    sizeof(*e->tasks), err);
	if (s)
		return s;
	e->tasks[e->n_tasks].pid = pid;
	snprintf(e->tasks[e->n_tasks++].name, DAT_NAME, "%s", name);
	return MEMLOG_OK;
}

enum memlog_status ml_dat_comm(struct dat_events *e,
			       const struct memlog_record *rec, int32_t pid,
			       struct memlog_err *err)
{
	const struct memlog_field *f;
	char raw[DAT_NAME / 2], safe[DAT_NAME];
	unsigned int i;

	for (i = 0; i < rec->n_fields; i++) {
		f = &rec->fields[i];
		if (f->type != MEMLOG_FIELD_TEXT ||
		    strcmp(f->name, "common_comm"))
			continue;
		snprintf(raw, sizeof(raw), "%.*s", (int)f->text_len, f->text);
		return ml_dat_task(e, pid,
				   memlog_escape(raw, safe, sizeof(safe)), err);
	}
	return MEMLOG_OK;
}

/* ---- events --------------------------------------------------------------- */

static void events_put(uint8_t *p, uint64_t v, size_t bytes)
{
	for (; bytes--; v >>= 8)
		*p++ = (uint8_t)v;
}

/* Text at *len; the field says where it is. */
static void events_put_text(struct dat_events *e, size_t at,
			    const struct memlog_field *f, size_t *len)
{
	const size_t end =
		DAT_COMMON + DAT_FIELD * MEMLOG_RECORD_FIELDS + DAT_TEXT;
	char raw[DAT_TEXT / 2], *to = (char *)e->buf + *len;
	size_t n = (size_t)ml_min(f->text_len, sizeof(raw) - 1);

	memcpy(raw, f->text, n);
	while (n && (raw[n - 1] == '\n' || raw[n - 1] == '\r'))
		n--;
	raw[n] = '\0';
	memlog_escape(raw, to, *len < end ? end - *len : 1);
	n = strlen(to) + 1;
	events_put(e->buf + at, *len, 2);
	events_put(e->buf + at + 2, n, 2);
	*len += n;
}

/* A message: its component, its fields and its text. */
static void events_message(const struct memlog_record *rec,
			   struct events_record *r)
{
	struct memlog_field *f = r->all;
	size_t n = ml_min(rec->n_fields, MEMLOG_RECORD_FIELDS - 2);

	ml_dat_name(r->name, "text");
	if (rec->component)
		*f++ = (struct memlog_field){
			.name = "component",
			.type = MEMLOG_FIELD_TEXT,
			.text = rec->component,
			.text_len = strlen(rec->component),
		};
	memcpy(f, rec->fields, n * sizeof(*f));
	f += n;
	*f++ = (struct memlog_field){
		.name = "text",
		.type = MEMLOG_FIELD_TEXT,
		.text = (const char *)(rec->message ? rec->message : rec->text),
		.text_len = rec->message ? rec->message_len : rec->text_len,
	};
	r->fields = r->all;
	r->n = (size_t)(f - r->all);
}

static void events_record(const struct memlog_record *rec, bool is_event,
			  struct events_record *r)
{
	uint64_t type = 0;
	bool has_type = ml_dat_common(rec, "common_type", &type);
	char name[DAT_NAME];

	if (!is_event && !has_type) {
		events_message(rec, r);
		return;
	}
	snprintf(name, sizeof(name), has_type ? "type_%u" : "event",
		 (unsigned int)type);
	ml_dat_name(r->name, rec->component ? rec->component : name);
	r->fields = rec->fields;
	r->n = ml_min(rec->n_fields, MEMLOG_RECORD_FIELDS);
}

enum memlog_status ml_dat_encode(struct dat_events *e,
				 const struct memlog_record *rec, bool is_event,
				 int32_t pid, size_t *ret,
				 struct memlog_err *err)
{
	size_t type, i = 0, n = 0, len, at = DAT_COMMON;
	const struct memlog_field *f;
	struct events_record r;
	struct dat_type *t;
	enum memlog_status s;
	uint64_t v;

	events_record(rec, is_event, &r);
	s = events_type(e, &r, &type, err);
	if (s)
		return s;
	t = e->types[type];
	len = DAT_COMMON + DAT_FIELD * (size_t)t->n_fields;
	memset(e->buf, 0, len);
	events_put(e->buf, type + DAT_FIRST, 2);
	if (ml_dat_common(rec, "common_flags", &v))
		events_put(e->buf + 2, v, 1);
	if (ml_dat_common(rec, "common_preempt_count", &v))
		events_put(e->buf + 3, v, 1);
	events_put(e->buf + 4, (uint32_t)pid, 4);
	for (; !s && (f = events_next(&r, &i)); n++, at += DAT_FIELD) {
		if (f->type == MEMLOG_FIELD_TEXT)
			events_put_text(e, at, f, &len);
		else
			events_put(e->buf + at, f->u, 8);
		if (i < r.n && ml_dat_is_name(f, f + 1))
			s = events_name(e, &t->field[n], f, f + 1, err);
	}
	for (; len % 4; len++)
		e->buf[len] = 0;
	*ret = len;
	return s;
}
