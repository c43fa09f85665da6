/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file.c - the file, trace.dat of version 6: what describes the events, then
 * where the pages of each CPU are, then these. All numbers are little endian.
 */
#include "tracedat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* Options: of how time is to be shown; and the end of them. */
enum { FILE_END = 0, FILE_CLOCK = 4 };

/* With the first one trace-cmd shows seconds, with the other one numbers as they are. It
 * is in the file twice: after the places of the CPUs, for all readers, and as the option
 * that says so, from which newer ones read it even if the option is empty. */
static const char file_mono[] = "[mono]";
static const char file_cycles[] = "[x86-tsc]";

static const char file_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static const char file_event[] = "# compressed entry header\n"
				 "\ttype_len    :    5 bits\n"
				 "\ttime_delta  :   27 bits\n"
				 "\tarray       :   32 bits\n"
				 "\n"
				 "\tpadding     : type == 29\n"
				 "\ttime_extend : type == 30\n"
				 "\ttime_stamp  : type == 31\n"
				 "\tdata max type_len  == 28\n";

static const char file_common[] =
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;"
	"\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n";

/* What is written, or only counted. */
struct file {
	struct ml_out *out; /* NULL: count */
	uint64_t len;
};

static void file_bytes(struct file *f, const void *p, size_t len)
{
	if (f->out)
		ml_out_write(f->out, p, len);
	f->len += len;
}

static void file_number(struct file *f, uint64_t v, size_t bytes)
{
	uint8_t b[8];
	size_t i;

	for (i = 0; i < bytes; i++, v >>= 8)
		b[i] = (uint8_t)v;
	file_bytes(f, b, bytes);
}

static void file_str(struct file *f, const char *s)
{
	file_bytes(f, s, strlen(s));
}

static MEMLOG_PRINTF(2, 3) void file_fmt(struct file *f, const char *fmt, ...)
{
	char b[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b, sizeof(b), fmt, ap);
	va_end(ap);
	file_str(f, b);
}

/* ---- events --------------------------------------------------------------- */

static void file_field(struct file *f, const struct dat_field *field, size_t at)
{
	if (field->type == MEMLOG_FIELD_TEXT)
		file_fmt(f,
			 "\tfield:__data_loc char[] %s;\toffset:%zu;\tsize:4;"
			 "\tsigned:1;\n",
			 field->name, at);
	else
		file_fmt(f,
			 "\tfield:%s %s;\toffset:%zu;\tsize:8;\tsigned:%d;\n",
			 field->type == MEMLOG_FIELD_INT ? "s64" : "u64",
			 field->name, at, field->type == MEMLOG_FIELD_INT);
}

static const char *file_conversion(const struct dat_field *field)
{
	switch (field->type) {
	case MEMLOG_FIELD_INT:
		return field->n_values ? "%s" : "%lld";
	case MEMLOG_FIELD_HEX:
		return field->n_values ? "%s" : "0x%llx";
	case MEMLOG_FIELD_UINT:
		return field->n_values ? "%s" : "%llu";
	case MEMLOG_FIELD_TEXT:
		break;
	}
	return "%s";
}

static void file_argument(struct file *f, const struct dat_field *field)
{
	size_t i;

	if (field->type == MEMLOG_FIELD_TEXT) {
		file_fmt(f, ", __get_str(%s)", field->name);
		return;
	}
	if (!field->n_values) {
		file_fmt(f, ", REC->%s", field->name);
		return;
	}
	file_fmt(f, ", __print_symbolic(REC->%s", field->name);
	for (i = 0; i < field->n_values; i++)
		file_fmt(f, ", { %" PRIu64 ", \"%s\" }", field->values[i].value,
			 field->values[i].name);
	file_str(f, ")");
}

/* The kernel's text, with the number that the type has here. */
static void file_kernel_type(struct file *f, const char *format, size_t id)
{
	static const char key[] = "\nID: ";
	const char *at = strstr(format, key), *end;

	if (!at)
		return;
	at += strlen(key);
	file_bytes(f, format, (size_t)(at - format));
	file_fmt(f, "%zu", id);
	end = strchr(at, '\n');
	if (end)
		file_str(f, end);
}

static void file_type(struct file *f, const struct dat_type *t, size_t id)
{
	size_t i;

	if (t->format) {
		file_kernel_type(f, t->format, id);
		return;
	}
	file_fmt(f, "name: %s\nID: %zu\n", t->name, id);
	file_str(f, file_common);
	for (i = 0; i < t->n_fields; i++)
		file_field(f, &t->field[i], DAT_COMMON + DAT_FIELD * i);
	file_str(f, "\nprint fmt: \"");
	for (i = 0; i < t->n_fields; i++)
		file_fmt(f, "%s%s=%s", i ? " " : "", t->field[i].name,
			 file_conversion(&t->field[i]));
	file_str(f, "\"");
	for (i = 0; i < t->n_fields; i++)
		file_argument(f, &t->field[i]);
	file_str(f, "\n");
}

static const char *file_system(const struct dat_events *e, size_t type,
			       const char *system)
{
	return e->types[type]->system[0] ? e->types[type]->system : system;
}

/* Is it the first type of its system? */
static bool file_is_first(const struct dat_events *e, size_t type,
			  const char *system)
{
	size_t i;

	for (i = 0; i < type; i++)
		if (!strcmp(file_system(e, i, system),
			    file_system(e, type, system)))
			return false;
	return true;
}

/* All types of a system. */
static void file_types_of(struct file *f, const struct dat_events *e,
			  const char *name, const char *system)
{
	struct file count;
	size_t i, n = 0;

	for (i = 0; i < e->n_types; i++)
		n += !strcmp(file_system(e, i, system), name);
	file_bytes(f, name, strlen(name) + 1);
	file_number(f, n, 4);
	for (i = 0; i < e->n_types; i++) {
		if (strcmp(file_system(e, i, system), name))
			continue;
		count = (struct file){ .out = NULL };
		file_type(&count, e->types[i], i + DAT_FIRST);
		file_number(f, count.len, 8);
		file_type(f, e->types[i], i + DAT_FIRST);
	}
}

static void file_types(struct file *f, const struct dat_events *e,
		       const char *system)
{
	size_t i, n = 0;

	for (i = 0; i < e->n_types; i++)
		n += file_is_first(e, i, system);
	file_number(f, 0, 4); /* events of ftrace itself */
	file_number(f, n, 4);
	for (i = 0; i < e->n_types; i++)
		if (file_is_first(e, i, system))
			file_types_of(f, e, file_system(e, i, system), system);
}

/* Each ends after one byte: readers take an address between two of them for the lower one. */
static void file_symbols(struct file *f, const struct dat_events *e)
{
	uint64_t end;
	size_t i;

	for (i = 0; i < e->n_symbols; i++) {
		file_fmt(f, "%016" PRIx64 " T %s\n", e->symbols[i].addr,
			 e->symbols[i].name);
		end = e->symbols[i].addr + 1;
		if (i + 1 == e->n_symbols || e->symbols[i + 1].addr != end)
			file_fmt(f, "%016" PRIx64 " T ?\n", end);
	}
}

static void file_tasks(struct file *f, const struct dat_events *e)
{
	size_t i;

	for (i = 0; i < e->n_tasks; i++)
		file_fmt(f, "%" PRId32 " %s\n", e->tasks[i].pid,
			 e->tasks[i].name);
}

/* ---- the file ------------------------------------------------------------- */

/* All that comes before the pages. start: where these are, in bytes. */
static void file_head(struct file *f, const struct dat_pages *pages,
		      const struct dat_events *e, const char *system,
		      const char *clock, uint64_t start)
{
	struct file count = { .out = NULL };
	uint64_t size;
	size_t i;

	file_bytes(f, "\x17\x08\x44tracing6", 12);
	file_number(f, 0, 1); /* not big endian */
	file_number(f, 8, 1); /* bytes of long */
	file_number(f, DAT_PAGE, 4);
	file_bytes(f, "header_page", 12);
	file_number(f, sizeof(file_page) - 1, 8);
	file_str(f, file_page);
	file_bytes(f, "header_event", 13);
	file_number(f, sizeof(file_event) - 1, 8);
	file_str(f, file_event);
	file_types(f, e, system);
	file_symbols(&count, e);
	file_number(f, count.len, 4);
	file_symbols(f, e);
	count.len = 0;
	file_number(f, 0, 4); /* formats of printk */
	file_tasks(&count, e);
	file_number(f, count.len, 8);
	file_tasks(f, e);
	file_number(f, pages->n_cpus, 4);
	file_bytes(f, "options  ", 10);
	file_number(f, FILE_CLOCK, 2);
	file_number(f, strlen(clock) + 1, 4);
	file_bytes(f, clock, strlen(clock) + 1);
	file_number(f, FILE_END, 2);
	file_bytes(f, "flyrecord", 10);
	for (i = 0; i < pages->n_cpus; i++) {
		size = pages->cpus[i] ? pages->cpus[i]->pages * DAT_PAGE : 0;
		file_number(f, start, 8);
		file_number(f, size, 8);
		start += size;
	}
	file_number(f, strlen(clock) + 1, 8);
	file_bytes(f, clock, strlen(clock) + 1);
}

enum memlog_status ml_dat_write(struct ml_out *out, struct dat_pages *pages,
				const struct dat_events *events,
				const char *system, bool cycles,
				struct memlog_err *err)
{
	static const uint8_t zeros[64];
	const char *clock = cycles ? file_cycles : file_mono;
	struct file f = { .out = NULL };
	enum memlog_status s = MEMLOG_OK;
	uint64_t start;
	size_t i;

	file_head(&f, pages, events, system, clock, 0);
	start = (f.len + DAT_PAGE - 1) & -(uint64_t)DAT_PAGE;
	f = (struct file){ .out = out };
	file_head(&f, pages, events, system, clock, start);
	while (f.len < start)
		file_bytes(&f, zeros,
			   (size_t)ml_min(sizeof(zeros), start - f.len));
	for (i = 0; i < pages->n_cpus && !s; i++)
		if (pages->cpus[i])
			s = ml_dat_pages_write(pages, pages->cpus[i], out, err);
	return s ? s : ml_out_flush(out, err);
}
