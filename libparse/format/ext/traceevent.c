/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traceevent.c - print events of Linux with libtraceevent, which knows the language
 * of their print formats.
 *
 * The formats and the events are bytes of an image. libtraceevent does not check
 * lengths and offsets in an event: it gets a copy with zeros after it for all that
 * 16 bits can reach. Formats that could read further, divide by what the event says,
 * write without end or nest too deep are refused; the caller then prints fields.
 */
#include "memlog.h"

#ifdef HAVE_TRACEEVENT

#include <string.h>
#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/limits.h"

enum {
	EVENT_MAX = ML_FTRACE_PAGE,
	REACH = 2 << 16, /* an offset and a length */
	DEPTH = 64,	 /* parentheses */
	OPERATORS = 1024,
	CONVERSIONS = 64,
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

/* Calls whose length is what the event says. */
static bool traceevent_is_call(const char *p)
{
	static const char *const names[] = { "__print_hex", "__print_array",
					     "__print_dynamic_array" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(p, names[i], strlen(names[i])))
			return true;
	return false;
}

/* Is the operand at p a number that is not zero, and nothing after it that could
 * belong to it? */
static bool traceevent_is_divisor(const char *p)
{
	size_t n;

	p += strspn(p, " ");
	n = strspn(p, "0123456789");
	if (!n || n > 9 || strspn(p, "0") == n)
		return false;
	p += n;
	p += strspn(p, "UL");
	p += strspn(p, " ");
	return !*p || *p == ')' || *p == ',' || *p == '\n';
}

static bool traceevent_is_index(const char *p)
{
	size_t n = strspn(p, "0123456789");

	return n && n <= 3 && p[n] == ']';
}

/* The end of the string that begins at p; NULL: an event could make its output as
 * wide as it likes. */
static const char *traceevent_quoted(const char *p, unsigned int *conversions)
{
	size_t n;

	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '%') {
			n = strspn(p + 1, "-+ #0123456789.");
			if (p[n + 1] == '*' || n > 8 ||
			    ++*conversions > CONVERSIONS)
				return NULL;
			p += p[n + 1] == '%' ? n + 1 : n;
		}
	}
	return *p ? p : NULL;
}

/* Can libtraceevent be given this print format? */
static bool traceevent_is_safe(const char *p)
{
	unsigned int depth = 0, operators = 0, conversions = 0;

	for (; *p; p++) {
		if (*p == '"') {
			p = traceevent_quoted(p, &conversions);
			if (!p)
				return false;
			continue;
		}
		depth += *p == '(' || *p == '{';
		depth -= depth && (*p == ')' || *p == '}');
		operators += strchr("+-*/%<>=!~&|^?:", *p) != NULL;
		if (depth > DEPTH || operators > OPERATORS ||
		    (*p == '[' && !traceevent_is_index(p + 1)) ||
		    ((*p == '/' || *p == '%') &&
		     !traceevent_is_divisor(p + 1)) ||
		    traceevent_is_call(p))
			return false;
	}
	return true;
}

static enum memlog_status traceevent_add(void *state, const char *system,
					 const char *format)
{
	struct traceevent *t = state;
	const char *print = strstr(format, "\nprint fmt: ");

	if (!print || !traceevent_is_safe(print + strlen("\nprint fmt: ")))
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
