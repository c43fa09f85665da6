/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* types.c - the types of events that a kernel has: names, fields, print formats. */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* a list: next, previous */
enum { LIST_NEXT = 0, LIST_PREV = 8 };

/* after the size of a field: bit 0, it is signed */
enum { FIELD_FLAGS = 4, FIELD_MAX = 128 };

static int types_by_id(const void *a, const void *b)
{
	const struct ftrace_type *x = a, *y = b;

	return (int)x->id - (int)y->id;
}

static bool types_pointer(struct ftrace_kernel *k, uint64_t va, uint64_t *ret)
{
	uint8_t b[8];

	if (!ml_ftrace_kernel_read(k, va, b, sizeof(b)))
		return false;
	*ret = ml_le64(b);
	return true;
}

static bool types_number(struct ftrace_kernel *k, uint64_t va, uint32_t *ret)
{
	uint8_t b[4];

	if (!ml_ftrace_kernel_read(k, va, b, sizeof(b)))
		return false;
	*ret = ml_le32(b);
	return true;
}

/* The newest is first in the list. Those of modules are, and may not be readable: go
 * backwards, as far as the pointers of neighbours prove each other. */
enum memlog_status ml_ftrace_types_init(struct ftrace_types *t,
					struct ftrace_kernel *k,
					struct memlog_err *err)
{
	const uint32_t *off = k->info->off;
	uint64_t head = k->info->events, at, last = head, next;
	enum memlog_status s;
	uint32_t id;

	if (!head || !types_pointer(k, head + LIST_PREV, &at))
		return MEMLOG_OK;
	while (at != head && t->n < ML_FTRACE_TYPES) {
		if (!types_pointer(k, at + LIST_NEXT, &next) || next != last ||
		    !types_number(k,
				  at + off[FTRACE_CALL_EVENT] +
					  off[FTRACE_EVENT_TYPE],
				  &id))
			break;
		s = ml_grow(&k->alloc, &t->type, t->n, &t->cap,
			    sizeof(*t->type), err);
		if (s)
			return s;
		memset(&t->type[t->n], 0, sizeof(*t->type));
		t->type[t->n].id = (uint16_t)id;
		t->type[t->n].call = at;
		t->n += id && id <= UINT16_MAX;
		last = at;
		if (!types_pointer(k, at + LIST_PREV, &at))
			break;
	}
	t->whole = at == head;
	if (t->n)
		qsort(t->type, t->n, sizeof(*t->type), types_by_id);
	return MEMLOG_OK;
}

void ml_ftrace_types_fini(struct ftrace_types *t,
			  const struct memlog_allocator *alloc)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		ml_free(alloc, t->type[i].field);
		ml_free(alloc, t->type[i].format);
	}
	ml_free(alloc, t->type);
}

/* A pointer to a string of one line at va. */
static bool types_string(struct ftrace_kernel *k, uint64_t va, char *ret,
			 size_t size)
{
	uint64_t at;

	return types_pointer(k, va, &at) && at &&
	       ml_ftrace_kernel_name(k, at, ret, size) && ret[0];
}

static bool types_field(struct ftrace_kernel *k, uint64_t va,
			struct ftrace_field *ret)
{
	const uint32_t *off = k->info->off;
	uint32_t flags;

	if (!types_string(k, va + off[FTRACE_FIELD_NAME], ret->name,
			  sizeof(ret->name)) ||
	    !types_string(k, va + off[FTRACE_FIELD_TYPE], ret->type,
			  sizeof(ret->type)) ||
	    !types_number(k, va + off[FTRACE_FIELD_OFFSET], &ret->off) ||
	    !types_number(k, va + off[FTRACE_FIELD_SIZE], &ret->size) ||
	    !types_number(k, va + off[FTRACE_FIELD_SIZE] + FIELD_FLAGS, &flags))
		return false;
	ret->is_signed = flags & 1;
	return ret->off < ML_FTRACE_PAGE && ret->size < ML_FTRACE_PAGE;
}

/* The list of fields has the last one first. True: all of them are loaded. */
static bool types_list(struct ftrace_kernel *k, struct ftrace_type *t,
		       struct ftrace_field *to, uint64_t head)
{
	struct ftrace_field *f;
	uint64_t at, end;

	if (!types_pointer(k, head + LIST_PREV, &at))
		return false;
	for (; at != head && t->n_fields < FIELD_MAX; t->n_fields++) {
		f = &to[t->n_fields];
		if (!types_field(k, at, f) ||
		    !types_pointer(k, at + LIST_PREV, &at))
			return false;
		end = (uint64_t)f->off + f->size;
		t->len = (uint32_t)ml_max(t->len, end);
	}
	return at == head;
}

/* The fields of a system call's arguments are with what the kernel knows of the call:
 * its name is first there. From 6.12 on data has been in one of two places. */
static bool types_syscall(struct ftrace_kernel *k, const struct ftrace_type *t,
			  uint64_t *ret)
{
	uint32_t off = k->info->off[FTRACE_CALL_DATA];
	static const uint16_t offs[] = { 80, 88 };
	char name[ML_FTRACE_NAME];
	uint64_t data;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!types_pointer(k, t->call + (off ? off : offs[i]), &data) ||
		    !types_string(k, data, name, sizeof(name)) ||
		    strncmp(name, "sys_", 4))
			continue;
		*ret = data + k->info->off[FTRACE_SYSCALL_FIELDS];
		return true;
	}
	return false;
}

/* A list's head is one that both neighbours point to. Kernels without perf have it in
 * the second place. */
static uint64_t types_class(struct ftrace_kernel *k, uint64_t class)
{
	uint32_t off = k->info->off[FTRACE_CLASS_FIELDS];
	static const uint16_t offs[] = { 48, 40 };
	uint64_t head, next, back;
	size_t i;

	for (i = 0; i < 2 && !off; i++) {
		head = class + offs[i];
		if (types_pointer(k, head + LIST_NEXT, &next) &&
		    types_pointer(k, next + LIST_PREV, &back) && back == head)
			return head;
	}
	return class + (off ? off : offs[0]);
}

static void types_fields(struct ftrace_kernel *k, struct ftrace_type *t,
			 uint64_t class)
{
	uint64_t head = types_class(k, class);
	struct ftrace_field *f;

	if (!strncmp(t->name, "sys_enter_", 10) &&
	    !strcmp(t->system, "syscalls") && !types_syscall(k, t, &head))
		return;
	f = ml_calloc(&k->alloc, FIELD_MAX, sizeof(*f));
	t->whole = f && types_list(k, t, f, head);
	t->field = ml_calloc(&k->alloc, t->n_fields + 1, sizeof(*f));
	k->starved |= !f || !t->field;
	if (f && t->field)
		memcpy(t->field, f, t->n_fields * sizeof(*f));
	else
		t->n_fields = 0;
	ml_free(&k->alloc, f);
}

/* Can it be part of a format file? */
static bool types_is_name(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

/* In these files the length of an array comes after the field's name. */
static int types_print_field(char *to, size_t size,
			     const struct ftrace_field *f)
{
	const char *array = strncmp(f->type, "__data_loc", 10) ?
				    strchr(f->type, '[') :
				    NULL;
	int n = array ? (int)(array - f->type) : (int)strlen(f->type);

	return snprintf(
		to, size,
		"\tfield:%.*s %s%s;\toffset:%u;\tsize:%u;\tsigned:%d;\n", n,
		f->type, f->name, array ? array : "", f->off, f->size,
		f->is_signed);
}

static const char types_common[] =
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;"
	"\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";

/* The file as far as the print format. Returns its length; 0: it cannot be. */
static size_t types_head(const struct ftrace_type *t, char *to, size_t size)
{
	size_t n;
	uint32_t i;

	if (!types_is_name(t->name))
		return 0;
	n = (size_t)snprintf(to, size, "name: %s\nID: %u\nformat:\n%s", t->name,
			     t->id, types_common);
	for (i = 0; i < t->n_fields && n < size; i++) {
		if (!types_is_name(t->field[i].name) ||
		    strpbrk(t->field[i].type, ";:\"\n\t"))
			return 0;
		n += (size_t)types_print_field(to + n, size - n, &t->field[i]);
	}
	if (n < size)
		n += (size_t)snprintf(to + n, size - n, "\nprint fmt: ");
	return n < size ? n : 0;
}

/* Write the text of the type's file format. */
static void types_format(struct ftrace_kernel *k, struct ftrace_type *t)
{
	uint64_t va = t->call + k->info->off[FTRACE_CALL_FORMAT];
	size_t size = sizeof(types_common) + 3 * ML_FTRACE_NAME +
		      t->n_fields * (2 * ML_FTRACE_NAME + 64),
	       n;
	char *head = ml_calloc(&k->alloc, 1, size + 1);
	char *buf = ml_calloc(&k->alloc, 1, ML_FTRACE_FORMAT);

	k->starved |= !head || !buf;
	n = head && buf ? types_head(t, head, size) : 0;
	if (n && types_string(k, va, buf, ML_FTRACE_FORMAT)) {
		size = n + strlen(buf) + 2;
		t->format = ml_calloc(&k->alloc, 1, size);
		k->starved |= !t->format;
		if (t->format)
			snprintf(t->format, size, "%s%s\n", head, buf);
	}
	ml_free(&k->alloc, head);
	ml_free(&k->alloc, buf);
}

/* The name may be that of a tracepoint, which begins with a pointer to it. */
static bool types_name(struct ftrace_kernel *k, struct ftrace_type *t)
{
	uint64_t at, name;

	if (!types_pointer(k, t->call + k->info->off[FTRACE_CALL_NAME], &at) ||
	    !types_pointer(k, at, &name))
		return false;
	return ml_ftrace_kernel_name(k, ml_ftrace_is_pointer(name) ? name : at,
				     t->name, sizeof(t->name));
}

/* A type without a name is not used. full: it has only that. */
static void types_load(struct ftrace_kernel *k, struct ftrace_type *t,
		       bool full)
{
	uint64_t class;

	t->loaded = true;
	if (!types_name(k, t)) {
		t->name[0] = 0;
		return;
	}
	if (full || !types_pointer(k, t->call + k->info->off[FTRACE_CALL_CLASS],
				   &class))
		return;
	if (!types_string(k, class + k->info->off[FTRACE_CLASS_SYSTEM],
			  t->system, sizeof(t->system)))
		t->system[0] = 0;
	types_fields(k, t, class);
	types_format(k, t);
}

struct ftrace_type *ml_ftrace_types_find(struct ftrace_types *t,
					 struct ftrace_kernel *k, uint16_t id)
{
	struct ftrace_type key = { .id = id }, *found;

	if (!t->n)
		return NULL;
	found = bsearch(&key, t->type, t->n, sizeof(key), types_by_id);
	if (found && !found->loaded) {
		types_load(k, found, t->bytes >= ML_FTRACE_TEXTS);
		t->bytes += found->n_fields * sizeof(*found->field) +
			    (found->format ? strlen(found->format) : 0);
	}
	return found && found->name[0] ? found : NULL;
}
