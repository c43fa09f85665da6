/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* words.c - what the events of a log are called, and how they are printed. */
#include "words.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "data.h"
#include "known.h"
#include "names.h"

/* Android's. Some are known only by name: their data is printed as it is. */
static void words_load_list(struct hyp_words *w, struct ml_source *source)
{
	const struct hyp *h = ml_hyp_const(source->log);
	const struct ml_log *log = source->log;
	uint32_t id;
	size_t i;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].role == HYP_ROLE_LIST)
			break;
	for (id = 0; i < log->pub.n_extents && id < h->n_events; id++)
		if (ml_hyp_list_name(source, i, id, &w->types[w->n_types]) &&
		    ml_hyp_known_by_name(h, &w->types[w->n_types]))
			w->n_types++;
}

static void words_load_types(struct hyp_words *w, struct ml_source *source,
			     uint8_t *page)
{
	const struct hyp *h = ml_hyp_const(source->log);
	struct hyp_kernel k = { .source = source, .h = h };
	uint64_t missing = source->missing;
	uint32_t i;

	w->raw = !h->table;
	w->android = h->gen != HYP_MAINLINE;
	if (h->list)
		words_load_list(w, source);
	else if (!h->table)
		w->n_types =
			ml_hyp_names(source, page, w->types, ML_HYP_EVENTS);
	/* which events Android has, or a module, is not certain */
	w->guessed = !h->table && !h->list && w->n_types &&
		     (w->android || !h->backing);
	for (i = 0; h->table && i < h->n_events; i++)
		if (ml_hyp_type_load(&k, i, &w->types[w->n_types]) ||
		    ml_hyp_known_by_name(h, &w->types[w->n_types]))
			w->n_types++;
	source->missing = missing;
}

static void words_add_reason(struct hyp_words *w, const char *name)
{
	snprintf(w->reasons[w->n_reasons++], HYP_REASON + 1, "%.*s", HYP_REASON,
		 name);
}

/* Until 7.1 there was no "sys". */
static void words_known_reasons(struct hyp_words *w, const struct hyp *h)
{
	static const char *const names[] = {
		"smc",	     "hvc",	   "sys",
		"psci",	     "host_abort", "guest_exit",
		"eret_host", "eret_guest", "unknown",
	};
	uint64_t flags = h->hint[HYP_HINT_FLAGS];
	bool sys = flags & HYP_HAS_SYS ||
		   (!(flags & HYP_HAS_PSCI) && h->release != (7u << 16 | 1));
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (i != 2 || sys)
			words_add_reason(w, names[i]);
}

static bool words_is_reason(const uint8_t *p)
{
	size_t n = 0;

	while (n < HYP_REASON && (p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z')))
		n++;
	return n && n < HYP_REASON && !p[n];
}

/* The kernel's own, up to the one that stands for all others. */
static void words_load_reasons(struct hyp_words *w, struct ml_source *source)
{
	uint8_t b[HYP_REASON * HYP_REASONS] = { 0 }, *p = b;
	const struct ml_log *log = source->log;
	size_t i, got = 0;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].role == HYP_ROLE_REASONS)
			got = ml_hyp_extent_read(source, i, b, sizeof(b));
	for (; p < b + got && words_is_reason(p); p += HYP_REASON) {
		words_add_reason(w, (const char *)p);
		if (!strcmp((const char *)p, "unknown"))
			return;
	}
	w->n_reasons = 0;
	words_known_reasons(w, ml_hyp_const(log));
}

enum memlog_status ml_hyp_words_open(struct hyp_words *w,
				     const struct memlog_allocator *alloc,
				     struct ml_source *source, uint8_t *page,
				     struct memlog_err *err)
{
	size_t i;

	w->types = ml_calloc(alloc, ML_HYP_EVENTS, sizeof(*w->types));
	if (!w->types)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the names of events");
	words_load_types(w, source, page);
	for (i = 0; i < w->n_types; i++)
		ml_hyp_mark_hex(&w->types[i]);
	words_load_reasons(w, source);
	return ml_hyp_strings_load(w, alloc, source, err);
}

/* ---- an event ----------------------------------------------------------- */

static const struct hyp_type *words_type(const struct hyp_words *w,
					 const struct ml_rb_event *e)
{
	size_t i;

	for (i = 0; e->payload_len >= 2 && i < w->n_types; i++)
		if (w->types[i].id == ml_le16(e->payload))
			return &w->types[i];
	return NULL;
}

/* Are the fields known of events of that length? */
static bool words_is_known(const struct hyp_type *type,
			   const struct ml_rb_event *e)
{
	return type && type->format[0] &&
	       (!type->len || type->len == e->payload_len);
}

/* What is after the number, in hexadecimal. */
static void words_data(struct hyp_words *w, const struct ml_rb_event *e)
{
	size_t i, n = 0;

	w->data[0] = 0;
	for (i = 2; i < e->payload_len && i < HYP_DATA; i++)
		n += (size_t)snprintf(w->data + n, sizeof(w->data) - n, "%02x",
				      e->payload[i]);
}

/* Android's has named fields, if there is no string. */
static bool words_is_printk(const struct hyp_words *w,
			    const struct hyp_type *type)
{
	return (w->n_strings || !w->android) && ml_hyp_is_printk(type->name);
}

size_t ml_hyp_words_print(struct hyp_words *w, const struct ml_rb_event *e,
			  char *ret, size_t size)
{
	const struct hyp_type *type = words_type(w, e);
	size_t n;

	w->data[0] = 0;
	if (words_is_known(type, e)) {
		n = (size_t)snprintf(ret, size, "%s%s", type->name,
				     type->n_fields || w->android ? " " : "");
		if (words_is_printk(w, type))
			return n +
			       ml_hyp_strings_print(w, e, ret + n, size - n);
		return n +
		       ml_hyp_print(type, e->payload, e->payload_len,
				    (const char(*)[HYP_REASON + 1]) w->reasons,
				    w->n_reasons, ret + n, size - n);
	}
	if (w->raw)
		words_data(w, e);
	if (type)
		n = (size_t)snprintf(ret, size, "%s", type->name);
	else
		n = (size_t)snprintf(
			ret, size,
			w->android ? "Unknown event id %d" : "UNKNOWN id=%d",
			e->payload_len >= 2 ? ml_le16(e->payload) : -1);
	if (w->data[0])
		n += (size_t)snprintf(ret + n, size - n, " data=%s", w->data);
	return n;
}

static void words_raw_fields(const struct hyp_words *w,
			     const struct ml_rb_event *e,
			     struct memlog_record *rec)
{
	if (!w->raw || e->payload_len < 2)
		return;
	ml_record_field(rec, "id", MEMLOG_FIELD_UINT, ml_le16(e->payload));
	ml_record_field_text(rec, "data", w->data, strlen(w->data));
}

void ml_hyp_words_fields(const struct hyp_words *w, const struct ml_rb_event *e,
			 struct memlog_record *rec)
{
	const struct hyp_type *type = words_type(w, e);
	const struct hyp_field *f;
	const char *reason;
	uint32_t i;
	uint64_t v;

	rec->component = type ? type->name : NULL;
	if (!words_is_known(type, e)) {
		words_raw_fields(w, e, rec);
		return;
	}
	if (!w->android && words_is_printk(w, type)) {
		ml_hyp_strings_fields(w, e, rec);
		ml_hyp_strings_field(w, e, rec);
		return;
	}
	for (i = 0; i < type->n_fields; i++) {
		f = &type->field[i];
		if (!ml_hyp_value(f, e->payload, e->payload_len, &v))
			continue;
		if (f->is_hex && f->size < 8)
			v &= (UINT64_C(1) << 8 * f->size) - 1;
		ml_record_field(rec, f->name,
				f->is_hex    ? MEMLOG_FIELD_HEX :
				f->is_signed ? MEMLOG_FIELD_INT :
					       MEMLOG_FIELD_UINT,
				v);
		if (strcmp(f->name, ML_HYP_REASON) || !w->n_reasons)
			continue;
		reason = w->reasons[ml_min(v, w->n_reasons - 1)];
		ml_record_field_text(rec, ML_HYP_REASON_NAME, reason,
				     strlen(reason));
	}
	if (words_is_printk(w, type))
		ml_hyp_strings_field(w, e, rec);
}
