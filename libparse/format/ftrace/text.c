/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.c - from an event of ftrace to a record: its line as the kernel's file trace
 * has it, as far as that is known, and its fields. */
#include "text.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/sized.h"
#include "kallsyms.h"

enum { IP = FTRACE_ENTRY, PARENT = IP + 8, TEXT = IP + 8, CALLERS = IP + 8 };

/* Instead of an address in a trampoline of ftrace, since 6.10. */
#define TRAMPOLINE UINT64_C(0x7fffffff)

static enum memlog_status text_starved(const struct ftrace_text *t,
				       struct memlog_err *err)
{
	return t->kernel.starved ?
		       ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for what events are called") :
		       MEMLOG_OK;
}

enum memlog_status ml_ftrace_text_init(struct ftrace_text *t,
				       struct ml_source *source,
				       const struct ml_decoder_opts *opts,
				       struct memlog_err *err)
{
	const struct ftrace *f = ml_ftrace_const(source->log);
	enum memlog_status s = MEMLOG_OK;

	t->alloc = t->kernel.alloc = opts->alloc;
	t->plain = f->plain;
	ml_sized_in(&t->symbols, sizeof(t->symbols), opts->user->symbols);
	/* the payload in hexadecimal, and what is before it */
	t->hex_size = 2 * f->page_size;
	t->size = 2 * f->page_size + ML_PAGE;
	t->hex = ml_calloc(&t->alloc, 1, t->hex_size);
	t->line = ml_calloc(&t->alloc, 1, t->size);
	if (!t->hex || !t->line)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for an event of %u bytes",
			       f->page_size);
	s = ml_ftrace_modules_init(&t->modules, source, &t->alloc, err);
	if (s || !f->kernel.events)
		return s;
	t->kernel.source = source;
	t->kernel.info = &f->kernel;
	ml_ftrace_kernel_open(&t->kernel);
	if (f->kernel.kallsyms.names) {
		t->own = ml_ftrace_kallsyms_open(&t->kernel,
						 &f->kernel.kallsyms);
		ml_sized_in(&t->symbols, sizeof(t->symbols), t->own);
	}
	if (opts->user->printer) {
		ml_sized_in(&t->printer, sizeof(t->printer),
			    opts->user->printer);
		t->print = t->printer.create(&t->alloc, ml_ftrace_name, t);
		t->kernel.starved |= !t->print;
	}
	s = ml_ftrace_types_init(&t->types, &t->kernel, err);
	if (!s)
		s = ml_ftrace_tasks_init(&t->tasks, &t->kernel, err);
	return s ? s : text_starved(t, err);
}

void ml_ftrace_text_fini(struct ftrace_text *t)
{
	if (t->print)
		t->printer.destroy(t->print);
	ml_ftrace_types_fini(&t->types, &t->alloc);
	ml_ftrace_tasks_fini(&t->tasks, &t->alloc);
	ml_ftrace_modules_fini(&t->modules, &t->alloc);
	ml_ftrace_kallsyms_close(t->own);
	ml_ftrace_kernel_close(&t->kernel);
	ml_free(&t->alloc, t->hex);
	ml_free(&t->alloc, t->line);
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
		ml_ftrace_put_fmt(t, "CPU:%d [LOST %" PRIu64 " EVENTS]", cpu,
				  lost);
	else
		ml_ftrace_put_fmt(t, "CPU:%d [LOST EVENTS]", cpu);
	text_end_line(t, 0, rec);
}

static void text_add_entry(struct memlog_record *rec,
			   const struct ftrace_entry *e)
{
	ml_record_field(rec, "common_type", MEMLOG_FIELD_UINT, e->type);
	ml_record_field(rec, "common_flags", MEMLOG_FIELD_HEX, e->flags);
	ml_record_field(rec, "common_preempt_count", MEMLOG_FIELD_UINT,
			e->preempt);
	ml_record_field(rec, "common_pid", MEMLOG_FIELD_INT,
			(uint64_t)(int64_t)e->pid);
}

/* ---- events ------------------------------------------------------------- */

/* By its print format; false: that cannot be done. */
static bool text_by_format(struct ftrace_text *t, struct ftrace_type *type,
			   const uint8_t *payload, size_t len,
			   struct memlog_record *rec)
{
	const char *s;
	size_t n;

	if (!t->print || !type->format || !type->whole || len < type->len)
		return false;
	if (!type->added)
		type->printable =
			!t->printer.add(t->print, type->system, type->format);
	type->added = true;
	if (!type->printable ||
	    t->printer.print(t->print, type->id, payload, len, &s, &n))
		return false;
	ml_ftrace_put(t, s, n);
	rec->system = type->system;
	rec->kernel_format = type->format;
	rec->event = payload;
	rec->event_len = len;
	return true;
}

/* The kernel prints these in its own way; who shows them by their format can. */
static void text_by_own(struct ftrace_text *t, const uint8_t *payload,
			size_t len, uint16_t id, struct memlog_record *rec)
{
	struct ftrace_type *type =
		ml_ftrace_types_find(&t->types, &t->kernel, id);
	size_t line = t->len;

	if (type)
		text_by_format(t, type, payload, len, rec);
	t->len = line;
}

static void text_function(struct ftrace_text *t, const uint8_t *p,
			  struct memlog_record *rec)
{
	rec->component = "function";
	ml_ftrace_put_name(t, ml_le64(p + IP));
	if (ml_le64(p + PARENT)) {
		ml_ftrace_put(t, " <-", 3);
		ml_ftrace_put_name(t, ml_le64(p + PARENT));
	}
	ml_ftrace_add_address(t, "ip", "ip_name", ml_le64(p + IP), rec);
	ml_ftrace_add_address(t, "parent_ip", "parent_ip_name",
			      ml_le64(p + PARENT), rec);
}

static void text_print(struct ftrace_text *t, const uint8_t *p, size_t len,
		       struct memlog_record *rec)
{
	size_t n = strnlen((const char *)p + TEXT, len - TEXT);

	rec->component = "print";
	ml_ftrace_put_name(t, ml_le64(p + IP));
	ml_ftrace_put(t, ": ", 2);
	ml_ftrace_put(t, p + TEXT, n);
	ml_ftrace_add_address(t, "ip", "ip_name", ml_le64(p + IP), rec);
	ml_record_field_text(rec, "buf", (const char *)p + TEXT, n);
}

/* Of a stack what its format would say; readers of trace.dat know it. */
static const char text_stack_format[] =
	"name: kernel_stack\nID: 4\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;"
	"\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->size\n";

static void text_stack(struct ftrace_text *t, const uint8_t *p, size_t len,
		       struct memlog_record *rec)
{
	size_t n = ml_min(ml_le32(p + IP), (len - CALLERS) / 8), i;
	uint64_t addr;

	rec->component = "kernel_stack";
	ml_ftrace_put_fmt(t, "<stack trace>");
	for (i = 0; i < n && ml_le64(p + CALLERS + 8 * i) != UINT64_MAX; i++) {
		addr = ml_le64(p + CALLERS + 8 * i);
		ml_ftrace_put(t, "\n => ", 5);
		if (addr == TRAMPOLINE)
			ml_ftrace_put_fmt(t, "[FTRACE TRAMPOLINE]");
		else
			ml_ftrace_put_name(t, addr);
	}
	ml_record_field(rec, "size", MEMLOG_FIELD_UINT, ml_le32(p + IP));
	ml_ftrace_add_hex(t, rec, "caller", p + CALLERS, 8 * n);
	rec->system = "ftrace";
	rec->kernel_format = text_stack_format;
	rec->event = p;
	rec->event_len = CALLERS + 8 * i;
}

/* Nothing is known of its fields. */
static void text_unknown(struct ftrace_text *t, const uint8_t *p, size_t len,
			 struct memlog_record *rec)
{
	ml_ftrace_add_hex(t, rec, "payload", p, len);
	ml_ftrace_put(t, t->hex, t->hex_len);
}

/* As the kernel prints a system call: its name, and the arguments. */
static bool text_syscall(struct ftrace_text *t, const struct ftrace_type *type,
			 const uint8_t *p, size_t len)
{
	const struct ftrace_field *f;
	bool enter = !strncmp(type->name, "sys_enter_", 10);
	uint32_t i;

	if (strcmp(type->system, "syscalls") || len < type->len ||
	    (!enter && strncmp(type->name, "sys_exit_", 9)))
		return false;
	for (i = 1; i < type->n_fields; i++)
		if (type->field[i].size != 8)
			return false;
	if (!enter && type->n_fields != 2)
		return false;
	ml_ftrace_put_fmt(t, "sys_%s%s", type->name + (enter ? 10 : 9),
			  enter ? "(" : " -> 0x");
	for (i = 1; i < type->n_fields; i++) {
		f = &type->field[i];
		if (enter)
			ml_ftrace_put_fmt(t, "%s%s: ", i > 1 ? ", " : "",
					  f->name);
		ml_ftrace_put_fmt(t, "%llx",
				  (unsigned long long)ml_le64(p + f->off));
	}
	if (enter)
		ml_ftrace_put(t, ")", 1);
	return true;
}

static void text_typed(struct ftrace_text *t, const uint8_t *payload,
		       size_t len, uint16_t id, struct memlog_record *rec)
{
	struct ftrace_type *type =
		ml_ftrace_types_find(&t->types, &t->kernel, id);
	bool printed;

	if (!type) {
		ml_ftrace_put_fmt(t, "%u: ", id);
		text_unknown(t, payload + FTRACE_ENTRY, len - FTRACE_ENTRY,
			     rec);
		return;
	}
	rec->component = type->name;
	if (!type->whole) {
		ml_ftrace_put_fmt(t, "%s: ", type->name);
		text_unknown(t, payload + FTRACE_ENTRY, len - FTRACE_ENTRY,
			     rec);
		return;
	}
	if (ml_ftrace_bprint(t, type, payload, len, rec))
		return;
	printed = text_syscall(t, type, payload, len);
	if (!printed) {
		ml_ftrace_put_fmt(t, "%s: ", type->name);
		printed = text_by_format(t, type, payload, len, rec);
	}
	ml_ftrace_fields(t, type, payload, len, printed, rec);
}

enum memlog_status ml_ftrace_text_event(struct ftrace_text *t,
					const uint8_t *payload, size_t len,
					bool ns, struct memlog_record *rec,
					struct memlog_err *err)
{
	struct ftrace_entry e = { 0 };
	const char *comm;
	size_t prefix;

	t->len = t->hex_len = 0;
	if (len < FTRACE_ENTRY) {
		ml_ftrace_put_fmt(t, "[%03d] ", rec->cpu);
		text_unknown(t, payload, len, rec);
		text_end_line(t, 0, rec);
		return MEMLOG_OK;
	}
	e.type = ml_le16(payload);
	e.flags = payload[2];
	e.preempt = payload[3];
	e.plain = t->plain;
	e.pid = (int32_t)ml_le32(payload + 4);
	comm = ml_ftrace_tasks_find(&t->tasks, e.pid);
	prefix = t->len = ml_ftrace_prefix(&e, comm, rec->cpu, rec->time, ns,
					   t->line, t->size);
	text_add_entry(rec, &e);
	if (e.type == FTRACE_TYPE_FUNCTION && len >= PARENT + 8)
		text_function(t, payload, rec);
	else if (e.type == FTRACE_TYPE_PRINT && len >= TEXT)
		text_print(t, payload, len, rec);
	else if (e.type == FTRACE_TYPE_STACK && len >= CALLERS)
		text_stack(t, payload, len, rec);
	else
		text_typed(t, payload, len, e.type, rec);
	if (e.type == FTRACE_TYPE_FUNCTION || e.type == FTRACE_TYPE_PRINT)
		text_by_own(t, payload, len, e.type, rec);
	if (comm)
		ml_record_field_text(rec, "common_comm", comm, strlen(comm));
	text_end_line(t, prefix, rec);
	return text_starved(t, err);
}
