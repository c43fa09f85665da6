/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel.c - events of Linux as the kernel has them, with the text that describes them: so
 * readers print them as the kernel does. Numbers of types are those of the file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "tracedat.h"

bool ml_dat_is_kernel(const struct memlog_record *rec)
{
	return rec->kernel_format && rec->event_len >= DAT_COMMON &&
	       rec->event_len <= DAT_EVENT - 4;
}

static enum memlog_status kernel_add_type(struct dat_events *e,
					  const struct memlog_record *rec,
					  struct memlog_err *err)
{
	enum memlog_status s;
	struct dat_type *t;

	if (e->n_types >= ML_TRACEDAT_TYPES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "there are more than %u types of events",
			       ML_TRACEDAT_TYPES);
	s = ml_grow(&e->alloc, &e->types, e->n_types, &e->cap_types,
		    sizeof(*e->types), err);
	if (s)
		return s;
	t = ml_calloc(&e->alloc, 1, sizeof(*t));
	if (t)
		t->format = ml_strdup(&e->alloc, rec->kernel_format);
	if (!t || !t->format) {
		ml_free(&e->alloc, t);
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a type of events");
	}
	t->seen = rec->kernel_format;
	ml_dat_name(t->system, rec->system ? rec->system : "");
	e->types[e->n_types++] = t;
	return MEMLOG_OK;
}

static enum memlog_status kernel_type(struct dat_events *e,
				      const struct memlog_record *rec,
				      struct memlog_err *err)
{
	size_t i;

	if (e->last < e->n_types &&
	    e->types[e->last]->seen == rec->kernel_format)
		return MEMLOG_OK;
	for (i = 0; i < e->n_types; i++)
		if (e->types[i]->seen == rec->kernel_format)
			break;
	e->last = i;
	return i < e->n_types ? MEMLOG_OK : kernel_add_type(e, rec, err);
}

/* Where the address is, or is to be. */
static size_t kernel_find(const struct dat_events *e, uint64_t addr)
{
	size_t low = 0, high = e->n_symbols, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (e->symbols[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Those beyond ML_TRACEDAT_SYMBOLS have no name. */
static enum memlog_status kernel_symbol(struct dat_events *e, uint64_t addr,
					const struct memlog_field *name,
					struct memlog_err *err)
{
	size_t at = kernel_find(e, addr), i;
	struct dat_symbol *to;
	enum memlog_status s;

	if ((at < e->n_symbols && e->symbols[at].addr == addr) ||
	    e->n_symbols >= ML_TRACEDAT_SYMBOLS)
		return MEMLOG_OK;
	s = ml_grow(&e->alloc, &e->symbols, e->n_symbols, &e->cap_symbols,
		    sizeof(*e->symbols), err);
	if (s)
		return s;
	to = &e->symbols[at];
	memmove(to + 1, to, (e->n_symbols++ - at) * sizeof(*to));
	to->addr = addr;
	snprintf(to->name, sizeof(to->name), "%.*s", (int)name->text_len,
		 name->text);
	for (i = 0; to->name[i]; i++)
		if (to->name[i] <= ' ' || to->name[i] > '~')
			to->name[i] = '_';
	return MEMLOG_OK;
}

/* An address that has no name, above those that have one, would be shown with the name of the
 * next lower one: its name is its number. */
static enum memlog_status kernel_number(struct dat_events *e, uint64_t addr,
					struct memlog_err *err)
{
	struct memlog_field name = { .type = MEMLOG_FIELD_TEXT };
	char text[32];

	if (addr >> 56 != 0xff || !e->n_symbols || addr < e->symbols[0].addr)
		return MEMLOG_OK;
	name.text = text;
	name.text_len =
		(size_t)snprintf(text, sizeof(text), "0x%" PRIx64, addr);
	return kernel_symbol(e, addr, &name, err);
}

/* The callers of a stack: addresses from that place on in the event, and in the message a line
 * for each. */
static enum memlog_status kernel_callers(struct dat_events *e,
					 const struct memlog_record *rec,
					 struct memlog_err *err)
{
	static const char mark[] = "\n => ";
	const char *at = (const char *)rec->message, *next, *end;
	size_t left = rec->message_len, i;
	struct memlog_field name = { .type = MEMLOG_FIELD_TEXT };
	enum memlog_status s = MEMLOG_OK;

	for (i = DAT_CALLERS; !s && i + 8 <= rec->event_len; i += 8) {
		next = memmem(at, left, mark, strlen(mark));
		if (!next)
			break;
		left -= (size_t)(next - at) + strlen(mark);
		at = next + strlen(mark);
		end = memchr(at, '\n', left);
		name.text = at;
		name.text_len = end ? (size_t)(end - at) : left;
		s = kernel_symbol(e, ml_le64(rec->event + i), &name, err);
	}
	return s;
}

enum memlog_status ml_dat_encode_kernel(struct dat_events *e,
					const struct memlog_record *rec,
					size_t *ret, struct memlog_err *err)
{
	enum memlog_status s = kernel_type(e, rec, err);
	size_t len = rec->event_len, type = e->last + DAT_FIRST;
	const struct memlog_field *f;
	unsigned int i;

	if (s)
		return s;
	memcpy(e->buf, rec->event, len);
	e->buf[0] = (uint8_t)type;
	e->buf[1] = (uint8_t)(type >> 8);
	for (; len % 4; len++)
		e->buf[len] = 0;
	*ret = len;
	for (i = 0; !s && i < rec->n_fields; i++) {
		f = &rec->fields[i];
		if (f->type == MEMLOG_FIELD_TEXT)
			continue;
		if (i + 1 == rec->n_fields || !ml_dat_is_name(f, f + 1))
			s = kernel_number(e, f->u, err);
		else if (f->type == MEMLOG_FIELD_HEX)
			s = kernel_symbol(e, f->u, f + 1, err);
	}
	if (!s && rec->message && rec->component &&
	    !strcmp(rec->component, "kernel_stack"))
		s = kernel_callers(e, rec, err);
	return s;
}
