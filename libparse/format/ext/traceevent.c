/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traceevent.c - print events of Linux with libtraceevent, which knows the language
 * of their print formats.
 *
 * The formats and the events are bytes of an image, and libtraceevent trusts both.
 * Of formats it gets those that printfmt.c has checked; of an event a copy with
 * zeros after it for all that 16 bits can reach.
 */
#include "memlog.h"

#ifdef HAVE_TRACEEVENT

#include <string.h>
#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "printfmt.h"

enum {
	EVENT_MAX = ML_FTRACE_PAGE,
	REACH = 2 << 16, /* an offset and a length */
};

struct traceevent {
	struct memlog_allocator alloc;
	struct tep_handle *tep;
	struct trace_seq seq;
	memlog_name_fn *name;
	void *arg;
	size_t used; /* bytes of event that may not be zero */
	uint8_t event[EVENT_MAX + REACH];
};

/* ---- formats ------------------------------------------------------------ */

static enum memlog_status traceevent_add(void *state, const char *system,
					 const char *format)
{
	struct traceevent *t = state;

	if (!ml_printfmt_is_safe(format))
		return MEMLOG_UNSUPPORTED;
	return tep_parse_event(t->tep, format, strlen(format), system) ?
		       MEMLOG_UNSUPPORTED :
		       MEMLOG_OK;
}

/* ---- events ------------------------------------------------------------- */

static enum memlog_status traceevent_print(void *state, uint16_t type,
					   const void *payload, size_t len,
					   const char **ret, size_t *ret_len)
{
	struct traceevent *t = state;
	struct tep_event *event = tep_find_event(t->tep, type);
	struct tep_record record = { .data = t->event, .size = (int)len };

	if (!event || event->flags & TEP_EVENT_FL_FAILED || len > EVENT_MAX)
		return MEMLOG_UNSUPPORTED;
	memcpy(t->event, payload, len);
	if (len < t->used)
		memset(t->event + len, 0, t->used - len);
	t->used = len;
	trace_seq_reset(&t->seq);
	tep_print_event(t->tep, &t->seq, &record, "%s", TEP_PRINT_INFO);
	if (t->seq.state != TRACE_SEQ__GOOD)
		return MEMLOG_UNSUPPORTED;
	*ret = t->seq.buffer;
	*ret_len = t->seq.len;
	return MEMLOG_OK;
}

static char *traceevent_name(void *arg, unsigned long long *addr, char **module)
{
	struct traceevent *t = arg;
	const char *name;
	uint64_t offset;

	*module = NULL;
	if (!t->name || t->name(t->arg, *addr, &name, &offset))
		return NULL;
	*addr -= offset;
	return (char *)(uintptr_t)name;
}

/* ---- open and close ----------------------------------------------------- */

static void traceevent_destroy(void *state)
{
	struct traceevent *t = state;

	if (!t)
		return;
	if (t->tep)
		tep_free(t->tep);
	trace_seq_destroy(&t->seq);
	ml_free(&t->alloc, t);
}

static void *traceevent_create(const struct memlog_allocator *allocator,
			       memlog_name_fn *name, void *arg)
{
	struct memlog_allocator a = ml_allocator(allocator);
	struct traceevent *t = ml_calloc(&a, 1, sizeof(*t));

	if (!t)
		return NULL;
	t->alloc = a;
	t->name = name;
	t->arg = arg;
	trace_seq_init(&t->seq);
	t->tep = tep_alloc();
	if (!t->tep || t->seq.state != TRACE_SEQ__GOOD) {
		traceevent_destroy(t);
		return NULL;
	}
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_file_bigendian(t->tep, TEP_LITTLE_ENDIAN);
	tep_set_long_size(t->tep, 8);
	if (name)
		tep_set_function_resolver(t->tep, traceevent_name, t);
	return t;
}

static const struct memlog_event_printer traceevent_printer = {
	.size = sizeof(traceevent_printer),
	.create = traceevent_create,
	.add = traceevent_add,
	.print = traceevent_print,
	.destroy = traceevent_destroy,
};

const struct memlog_event_printer *memlog_event_printer(void)
{
	return &traceevent_printer;
}

#else

const struct memlog_event_printer *memlog_event_printer(void)
{
	return NULL;
}

#endif
