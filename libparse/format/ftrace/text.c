/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c - from an event of ftrace to a record: its line as the kernel's file trace
 * has it, as far as that is known, and its fields. */
#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* Types that every kernel has. */
enum {
	TYPE_FUNCTION = 1, /* two addresses: function, caller */
	TYPE_PRINT = 5,	   /* an address, and text */
};

enum { IP = FTRACE_ENTRY, PARENT = IP + 8, TEXT = IP + 8 };

enum memlog_status ml_ftrace_text_init(struct ftrace_text *t,
				       struct ml_source *source,
				       const struct ml_decoder_opts *opts,
				       struct memlog_err *err)
{
	size_t page = ml_ftrace_const(source->log)->page_size;

	t->alloc = opts->alloc;
	/* the payload in hexadecimal, and what is before it */
	t->hex_size = 2 * page + 1;
	t->size = 2 * page + ML_PAGE;
	t->hex = ml_calloc(&t->alloc, 1, t->hex_size);
	t->line = ml_calloc(&t->alloc, 1, t->size);
	if (!t->hex || !t->line)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for an event of %zu bytes", page);
	return MEMLOG_OK;
}

void ml_ftrace_text_fini(struct ftrace_text *t)
{
	ml_free(&t->alloc, t->hex);
	ml_free(&t->alloc, t->line);
}

/* ---- the line ----------------------------------------------------------- */

/* One byte is left for the line end. */
static void text_put_bytes(struct ftrace_text *t, const void *p, size_t len)
{
	len = ml_min(len, t->size - 1 - t->len);
	memcpy(t->line + t->len, p, len);
	t->len += len;
}

static void text_put_fmt(struct ftrace_text *t, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
static void text_put_fmt(struct ftrace_text *t, const char *fmt, ...)
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

static void text_put_name(struct ftrace_text *t, uint64_t addr)
{
	text_put_fmt(t, "0x%" PRIx64, addr);
}

static void text_end_line(struct ftrace_text *t, size_t prefix,
			  struct memlog_record *rec)
{
	if (!t->len || t->line[t->len - 1] != '\n')
		t->line[t->len++] = '\n';
	rec->text = (const uint8_t *)t->line;
	rec->text_len = t->len;
	ml_record_message(rec, prefix);
}

void ml_ftrace_text_lost(struct ftrace_text *t, int32_t cpu, uint64_t lost,
			 struct memlog_record *rec)
{
	t->len = 0;
	if (lost)
		text_put_fmt(t, "CPU:%d [LOST %" PRIu64 " EVENTS]", cpu, lost);
	else
		text_put_fmt(t, "CPU:%d [LOST EVENTS]", cpu);
	text_end_line(t, 0, rec);
}

/* ---- fields ------------------------------------------------------------- */

static struct memlog_field *text_add(struct memlog_record *rec,
				     const char *name,
				     enum memlog_field_type type, uint64_t v)
{
	struct memlog_field *f;

	if (rec->n_fields == MEMLOG_RECORD_FIELDS)
		return NULL;
	f = &rec->fields[rec->n_fields++];
	f->name = name;
	f->type = type;
	f->u = v;
	return f;
}

static void text_add_bytes(struct memlog_record *rec, const char *name,
			   const char *p, size_t len)
{
	struct memlog_field *f = text_add(rec, name, MEMLOG_FIELD_TEXT, 0);

	if (f) {
		f->text = p;
		f->text_len = len;
	}
}

static void text_add_entry(struct memlog_record *rec,
			   const struct ftrace_entry *e)
{
	text_add(rec, "common_type", MEMLOG_FIELD_UINT, e->type);
	text_add(rec, "common_flags", MEMLOG_FIELD_HEX, e->flags);
	text_add(rec, "common_preempt_count", MEMLOG_FIELD_UINT, e->preempt);
	text_add(rec, "common_pid", MEMLOG_FIELD_INT,
		 (uint64_t)(int64_t)e->pid);
}

/* ---- events ------------------------------------------------------------- */

static void text_function(struct ftrace_text *t, const uint8_t *p,
			  struct memlog_record *rec)
{
	rec->component = "function";
	text_put_name(t, ml_le64(p + IP));
	text_put_bytes(t, " <-", 3);
	text_put_name(t, ml_le64(p + PARENT));
	text_add(rec, "ip", MEMLOG_FIELD_HEX, ml_le64(p + IP));
	text_add(rec, "parent_ip", MEMLOG_FIELD_HEX, ml_le64(p + PARENT));
}

static void text_print(struct ftrace_text *t, const uint8_t *p, size_t len,
		       struct memlog_record *rec)
{
	size_t n = strnlen((const char *)p + TEXT, len - TEXT);

	rec->component = "print";
	text_put_name(t, ml_le64(p + IP));
	text_put_bytes(t, ": ", 2);
	text_put_bytes(t, p + TEXT, n);
	text_add(rec, "ip", MEMLOG_FIELD_HEX, ml_le64(p + IP));
	text_add_bytes(rec, "buf", (const char *)p + TEXT, n);
}

/* Nothing is known of its fields. */
static void text_unknown(struct ftrace_text *t, const uint8_t *p, size_t len,
			 struct memlog_record *rec)
{
	size_t i, n = ml_min(len, (t->hex_size - 1) / 2);

	for (i = 0; i < n; i++)
		snprintf(t->hex + 2 * i, 3, "%02x", p[i]);
	text_put_bytes(t, t->hex, 2 * n);
	text_add_bytes(rec, "payload", t->hex, 2 * n);
}

void ml_ftrace_text_event(struct ftrace_text *t, const uint8_t *payload,
			  size_t len, bool ns, struct memlog_record *rec)
{
	struct ftrace_entry e = { 0 };
	size_t prefix;

	t->len = 0;
	if (len < FTRACE_ENTRY) {
		text_put_fmt(t, "[%03d] ", rec->cpu);
		text_unknown(t, payload, len, rec);
		text_end_line(t, 0, rec);
		return;
	}
	e.type = ml_le16(payload);
	e.flags = payload[2];
	e.preempt = payload[3];
	e.pid = (int32_t)ml_le32(payload + 4);
	prefix = t->len = ml_ftrace_prefix(&e, NULL, rec->cpu, rec->time, ns,
					   t->line, t->size);
	text_add_entry(rec, &e);
	if (e.type == TYPE_FUNCTION && len >= PARENT + 8) {
		text_function(t, payload, rec);
	} else if (e.type == TYPE_PRINT && len >= TEXT) {
		text_print(t, payload, len, rec);
	} else {
		text_put_fmt(t, "%u: ", e.type);
		text_unknown(t, payload + FTRACE_ENTRY, len - FTRACE_ENTRY,
			     rec);
	}
	text_end_line(t, prefix, rec);
}
