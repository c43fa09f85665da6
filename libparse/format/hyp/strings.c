/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * strings.c - the event that prints a string: the hypervisor writes its number and
 * arguments, the kernel has a table of all strings. If that is not in the dump,
 * number and arguments are printed.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "data.h"
#include "words.h"

enum {
	ID = 2,
	ARGS = 8, /* of mainline; Android's follow the number at once */
	ARGS_ANDROID = 3,
	ARGS_MAX = 16,
};

bool ml_hyp_is_printk(const char *name)
{
	return !strcmp(name, "hyp_printk") || !strcmp(name, "__hyp_printk");
}

enum memlog_status ml_hyp_strings_load(struct hyp_words *w,
				       const struct memlog_allocator *alloc,
				       struct ml_source *source,
				       struct memlog_err *err)
{
	const struct ml_log *log = source->log;
	uint64_t missing = source->missing;
	size_t i, len;

	for (i = 0; i < log->pub.n_extents; i++)
		if (log->extents[i].role == HYP_ROLE_STRINGS)
			break;
	if (i == log->pub.n_extents)
		return MEMLOG_OK;
	len = (size_t)log->extents[i].len;
	w->strings = ml_calloc(alloc, len / HYP_STRING, HYP_STRING);
	if (!w->strings)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for strings");
	w->n_strings =
		ml_hyp_extent_read(source, i, w->strings, len) / HYP_STRING;
	for (i = 0; i < w->n_strings; i++)
		w->strings[i][HYP_STRING - 1] = 0;
	source->missing = missing;
	return MEMLOG_OK;
}

/* The number and the arguments of an event; returns how many there are. */
static size_t strings_args(const struct hyp_words *w,
			   const struct ml_rb_event *e, uint32_t *ret_id,
			   uint64_t *ret)
{
	size_t at = w->android ? ARGS_ANDROID : ARGS, n = 0;

	*ret_id = e->payload_len <= ID	  ? 0 :
		  w->android		  ? e->payload[ID] :
		  e->payload_len < ID + 2 ? 0 :
					    ml_le16(e->payload + ID);
	for (; n < ARGS_MAX && at + 8 <= e->payload_len; at += 8)
		ret[n++] = ml_le64(e->payload + at);
	return n;
}

size_t ml_hyp_strings_print(const struct hyp_words *w,
			    const struct ml_rb_event *e, char *ret, size_t size)
{
	uint64_t arg[ARGS_MAX];
	uint32_t id;
	size_t n = strings_args(w, e, &id, arg), len, i;

	if (id < w->n_strings) {
		len = ml_hyp_printf(w->strings[id], arg, n, ret, size);
		/* the line has an end already */
		return len - (len && ret[len - 1] == '\n');
	}
	if (w->n_strings)
		return (size_t)snprintf(ret, size,
					"Unknown hyp_string_fmt ID %u", id);
	len = (size_t)snprintf(ret, size, "fmt_id=%u", id);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(ret + len, size - len, " 0x%llx",
					(unsigned long long)arg[i]);
	return len;
}

void ml_hyp_strings_fields(const struct hyp_words *w,
			   const struct ml_rb_event *e,
			   struct memlog_record *rec)
{
	static const char *const names[ARGS_MAX] = {
		"arg0",	 "arg1",  "arg2",  "arg3",  "arg4",  "arg5",
		"arg6",	 "arg7",  "arg8",  "arg9",  "arg10", "arg11",
		"arg12", "arg13", "arg14", "arg15",
	};
	uint64_t arg[ARGS_MAX];
	uint32_t id;
	size_t n = strings_args(w, e, &id, arg), i;

	ml_record_field(rec, "fmt_id", MEMLOG_FIELD_UINT, id);
	for (i = 0; i < n; i++)
		ml_record_field(rec, names[i], MEMLOG_FIELD_HEX, arg[i]);
}

void ml_hyp_strings_field(const struct hyp_words *w,
			  const struct ml_rb_event *e,
			  struct memlog_record *rec)
{
	uint64_t arg[ARGS_MAX];
	const uint8_t *p;
	uint32_t id;
	size_t n;

	strings_args(w, e, &id, arg);
	p = rec->message ? memchr(rec->message, ' ', rec->message_len) : NULL;
	if (!p || id >= w->n_strings)
		return;
	/* after the name of the event, without the line's end */
	p++;
	n = (size_t)(rec->message + rec->message_len - p);
	ml_record_field_text(rec, "string", (const char *)p,
			     n - (n && p[n - 1] == '\n'));
}
