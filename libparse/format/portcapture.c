/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portcapture.c - records from the lines of a capture of debug ports. */
#include "portcapture.h"

#include <string.h>

#include "base/bytes.h"
#include "image/bytes/portmark.h"

#define CLOCK "capture-start"

enum { NOTICE = 5, INFO = 6, NS = 1000000000 };

const char *ml_port_reason(void)
{
	return "times count from the start of the capture";
}

/* The machine of a line, a new one if it is not known yet. */
static struct ml_port_vm *capture_vm(struct ml_port_records *c,
				     const struct ml_port_line *l)
{
	struct ml_port_vm *vm;
	size_t i;

	for (i = 0; i < c->n_vms; i++) {
		vm = &c->vms[i];
		if (vm->len == l->vm_len &&
		    (!vm->len || !memcmp(vm->name, l->vm, vm->len)))
			return vm;
	}
	vm = &c->vms[c->n_vms];
	if (c->n_vms < ML_PORT_VMS) {
		c->n_vms++;
		vm->len = l->vm_len;
		if (vm->len)
			memcpy(vm->name, l->vm, vm->len);
	}
	return vm;
}

void ml_port_count(struct ml_port_records *c, const uint8_t *line, size_t len)
{
	struct ml_port_line l;

	if (ml_port_line(line, len, &l) && l.kind == ML_PORT_AGAIN)
		capture_vm(c, &l)->n++;
}

static void capture_text(struct memlog_record *rec, const char *name,
			 const void *text, size_t len)
{
	rec->fields[rec->n_fields++] = (struct memlog_field){
		.name = name,
		.type = MEMLOG_FIELD_TEXT,
		.text = text,
		.text_len = len,
	};
}

static void capture_number(struct memlog_record *rec, const char *name,
			   enum memlog_field_type type, uint64_t value)
{
	rec->fields[rec->n_fields++] =
		(struct memlog_field){ .name = name, .type = type, .u = value };
}

/* When it came, by the host's clocks. */
static void capture_times(struct ml_port_records *c, struct memlog_record *rec,
			  const struct ml_port_line *l)
{
	uint64_t monotonic, wall;

	capture_text(rec, "clock", CLOCK, strlen(CLOCK));
	if (l->kind == ML_PORT_BEGAN) {
		c->has_start = l->monotonic_ns >= l->ns && l->wall_ns >= l->ns;
		c->monotonic_ns = l->monotonic_ns - l->ns;
		c->wall_ns = l->wall_ns - l->ns;
	}
	if (!c->has_start || !ml_add(c->monotonic_ns, l->ns, &monotonic) ||
	    !ml_add(c->wall_ns, l->ns, &wall))
		return;
	capture_number(rec, "monotonic", MEMLOG_FIELD_UINT, monotonic);
	ml_port_date(wall, c->date);
	capture_text(rec, "date", c->date, strlen(c->date));
}

static void capture_mark(struct memlog_record *rec, uint32_t code,
			 const char *component)
{
	rec->has_level = true;
	rec->level = INFO;
	rec->component = component;
	capture_number(rec, "code", MEMLOG_FIELD_HEX, code);
}

/* What the line is of. */
static void capture_content(struct memlog_record *rec,
			    const struct ml_port_line *l)
{
	struct ml_port_mark m = { .port = 0 };

	switch (l->kind) {
	case ML_PORT_MARK:
		capture_mark(rec, l->code, l->component);
		break;
	case ML_PORT_TEXT:
		/* a monitor's log has ports of its own */
		if (!l->has_port &&
		    ml_port_mark_find(rec->message, rec->message_len, &m))
			capture_mark(rec, m.code, m.component);
		break;
	case ML_PORT_BEGAN:
	case ML_PORT_AGAIN:
	case ML_PORT_NOTE:
		rec->has_level = true;
		rec->level = NOTICE;
		rec->component = "capture";
		break;
	}
	if (l->has_port || m.port)
		capture_number(rec, "port", MEMLOG_FIELD_HEX,
			       l->has_port ? l->port : m.port);
	if (l->vm_len)
		capture_text(rec, "vm", l->vm, l->vm_len);
	if (l->goes_on)
		capture_number(rec, "same_line", MEMLOG_FIELD_UINT, 1);
}

void ml_port_record(struct ml_port_records *c, struct memlog_record *rec,
		    bool inside)
{
	struct ml_port_vm *vm;
	struct ml_port_line l;

	rec->n_fields = 0;
	if (inside || !ml_port_line(rec->text, rec->text_len, &l)) {
		ml_record_message(rec, 0);
		return;
	}
	rec->has_time = true;
	rec->time = l.ns;
	rec->time_hz = NS;
	ml_record_message(rec, l.at);
	capture_content(rec, &l);
	capture_times(c, rec, &l);
	vm = capture_vm(c, &l);
	vm->passed += l.kind == ML_PORT_AGAIN;
	rec->has_boot = true;
	rec->boot =
		-(int32_t)ml_min(vm->n - ml_min(vm->n, vm->passed), INT32_MAX);
	if (rec->boot)
		rec->flags |= MEMLOG_REC_STALE;
}
