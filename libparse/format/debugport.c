/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debugport.c - progress codes that a guest wrote to a debug port, in what a virtual
 * machine monitor logged (image/vmmlog.c), or in a capture of the port;
 * docs/facts/debugport.md. Lines without one, such as the output of firmware, are text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/portmark.h"
#include "lines.h"
#include "portcapture.h"
#include "portmachine.h"

enum { INFO = 6, HZ = 1000000 };

/* monitor_at: where the monitor's own line starts, with has_monitor; split: where what
 * comes before that ends, 0: nothing does. */
struct debugport_line {
	bool is_mark;
	struct ml_port_mark mark;
	struct ml_port_said said;
	size_t split;
};

struct debugport {
	struct ml_lines lines;
	bool inside; /* the next record goes on in the line */
	struct memlog_record rest;
	struct ml_port_said rest_of; /* what was before it in the line */
	struct ml_port_machines *machines;
	struct ml_port_whose whose; /* of the current record */
	bool is_capture;
	struct ml_port_records capture;
	uint8_t line[2 * ML_MAX_LINE];
};

static const char *debugport_reason(uint8_t of)
{
	return of == ML_PORTS_OF_CAPTURE ?
		       ml_port_reason() :
	       of == ML_PORTS_OF_TIMER ?
		       "times count from the request to start the machine" :
		       "times count from the creation of the machine";
}

static enum memlog_status debugport_probe(const struct ml_probe *p,
					  struct ml_log *log,
					  struct ml_found *ret,
					  struct memlog_err *err)
{
	uint64_t len = ml_le64(p->bytes + ML_PORTS_LEN_AT);

	if (memcmp(p->bytes, ML_PORTS_MAGIC, ML_PORTS_LEN_AT) || !len ||
	    len > ML_PORTS_TEXT)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "no text of a virtual machine monitor");
	log->pub.capacity = log->pub.used = len;
	log->pub.flags = MEMLOG_LOG_PLAIN;
	log->pub.state = MEMLOG_STATE_CURRENT;
	snprintf(log->pub.reason, sizeof(log->pub.reason), "%s",
		 debugport_reason(p->bytes[ML_PORTS_OF_AT]));
	ret->extent.len = ML_PORTS_HEADER + len;
	return MEMLOG_OK;
}

/* The image of such a text has nothing else; a header in the memory of a guest is one
 * that was put there. */
static enum memlog_status debugport_expand(struct memlog_logs *logs,
					   struct ml_log *log,
					   struct memlog_image *image,
					   struct memlog_err *err)
{
	const struct memlog_extent *e = log->extents;
	struct memlog_range r;

	if ((e->addr &&
	     !memlog_image_next_range(image, e->space, 0, &r, NULL) &&
	     r.start < e->addr) ||
	    (!memlog_image_next_range(image, e->space, e->addr + e->len, &r,
				      NULL) &&
	     r.end - (e->addr + e->len) >= ML_PAGE))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "there is other memory around it");
	return MEMLOG_OK;
}

/* ---- lines -------------------------------------------------------------- */

/* What a journal puts before a line. */
static void debugport_process(const struct memlog_record *rec, size_t len,
			      struct debugport_line *ret)
{
	struct ml_port_said *said = &ret->said;
	size_t end = 0;
	bool monitor;

	said->has_process =
		ml_port_process(rec->text, len, &end, &said->process, &monitor);
	if (!said->has_process)
		return;
	said->of_monitor = monitor ||
			   ((ret->is_mark || said->has_monitor) && end == len);
	/* it is of the monitor's line */
	if (end == ret->split)
		ret->split = 0;
}

static void debugport_parse(const struct memlog_record *rec, bool inside,
			    struct debugport_line *ret)
{
	struct ml_port_said *said = &ret->said;
	size_t len = rec->text_len, at;

	*ret = (struct debugport_line){ .is_mark = false };
	if (inside)
		return;
	ret->is_mark = ml_port_mark_find(rec->text, len, &ret->mark);
	if (ret->is_mark)
		len = ret->mark.at;
	said->is_mark = ret->is_mark && ret->mark.has_time;
	said->us = ret->mark.us;
	said->boot_timer = ret->mark.boot_timer;
	said->has_monitor = ml_port_monitor_line(rec->text, len, ret->is_mark,
						 &at, &said->monitor);
	if (said->has_monitor)
		len = at;
	if (said->has_monitor && ret->is_mark)
		ret->split = at;
	debugport_process(rec, len, ret);
}

/* Read all lines once, for the numbers of boots. */
static enum memlog_status debugport_count(struct debugport *d,
					  struct ml_source *source,
					  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct memlog_record rec;
	struct debugport_line line;
	bool inside = false;

	while (!s) {
		rec = (struct memlog_record){ .flags = 0 };
		if (ml_lines_next(&d->lines, source, &rec, NULL))
			break;
		if (d->is_capture && !inside) {
			ml_port_count(&d->capture, rec.text, rec.text_len);
		} else if (!d->is_capture) {
			debugport_parse(&rec, inside, &line);
			s = ml_port_machines_line(d->machines, &line.said, NULL,
						  err);
		}
		inside = rec.flags & MEMLOG_REC_CONTINUES;
	}
	return s || d->is_capture ? s :
				    ml_port_machines_settle(d->machines, err);
}

static void debugport_close(void *state, struct ml_source *source)
{
	struct debugport *d = state;

	(void)source;
	ml_port_machines_destroy(d->machines);
	d->machines = NULL;
}

static enum memlog_status debugport_open(void *state, struct ml_source *source,
					 const struct ml_decoder_opts *opts,
					 struct memlog_err *err)
{
	uint64_t missing = source->missing, gap;
	enum memlog_status s = MEMLOG_OK;
	struct debugport *d = state;
	uint8_t of = 0;
	size_t got;

	(void)ml_source_read(source, 0, ML_PORTS_OF_AT, &of, sizeof(of), &got,
			     &gap, NULL);
	d->is_capture = of == ML_PORTS_OF_CAPTURE;
	if (!d->is_capture)
		s = ml_port_machines_create(&opts->alloc, &d->machines, err);
	ml_lines_add(&d->lines, 0, ML_PORTS_HEADER, source->log->pub.used, 0);
	if (!s)
		s = debugport_count(d, source, err);
	/* back to the start */
	source->missing = missing;
	memset(&d->lines, 0, sizeof(d->lines));
	ml_lines_add(&d->lines, 0, ML_PORTS_HEADER, source->log->pub.used, 0);
	if (s)
		debugport_close(d, source);
	return s;
}

/* ---- records ------------------------------------------------------------ */

/* The time in the text, as it should have been written: it does not get longer. */
static void debugport_put_right(struct debugport *d, struct memlog_record *rec,
				const struct ml_port_mark *m)
{
	size_t end = m->digits_at + m->digits, n;
	char digits[32];

	if (!m->has_time || !m->digits)
		return;
	n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64 ".%06" PRIu64,
			     m->us / HZ, m->us % HZ);
	if (n > m->digits || rec->text_len > sizeof(d->line))
		return;
	memcpy(d->line, rec->text, m->digits_at);
	memcpy(d->line + m->digits_at, digits, n);
	memcpy(d->line + m->digits_at + n, rec->text + end,
	       rec->text_len - end);
	rec->text = d->line;
	rec->text_len -= m->digits - n;
}

static void debugport_mark(struct debugport *d, struct memlog_record *rec,
			   const struct ml_port_mark *m)
{
	const char *clock = m->boot_timer ? "start-request" : "vm-creation";

	rec->has_time = m->has_time;
	rec->time = m->us;
	rec->time_hz = HZ;
	rec->has_level = true;
	rec->level = INFO;
	rec->component = m->component;
	debugport_put_right(d, rec, m);
	ml_record_message(rec, m->at);
	ml_record_field(rec, "code", MEMLOG_FIELD_HEX, m->code);
	if (m->port)
		ml_record_field(rec, "port", MEMLOG_FIELD_HEX, m->port);
	if (m->has_cpu)
		ml_record_field(rec, "cpu_us", MEMLOG_FIELD_UINT, m->cpu_us);
	ml_record_field_text(rec, "clock", clock, strlen(clock));
}

/* Text that does not end its line comes before the monitor's line: two records. */
static void debugport_split(struct debugport *d, struct memlog_record *rec,
			    size_t at)
{
	d->rest = *rec;
	d->rest.text += at;
	d->rest.text_len -= at;
	d->rest.raw = d->rest.text;
	d->rest.raw_len = d->rest.text_len;
	rec->text_len = rec->raw_len = at;
	rec->flags &= ~(MEMLOG_REC_CONTINUES | MEMLOG_REC_PARTIAL_TAIL);
	d->rest.flags &= ~(MEMLOG_REC_LOST_BEFORE | MEMLOG_REC_TRUNCATED_HEAD);
	d->rest.lost = 0;
}

static enum memlog_status debugport_next(void *state, struct ml_source *source,
					 struct memlog_record *rec,
					 struct memlog_err *err)
{
	struct debugport *d = state;
	struct debugport_line line;
	bool is_rest = d->rest.text_len;
	enum memlog_status s;

	if (is_rest) {
		*rec = d->rest;
		d->rest.text_len = 0;
	} else {
		s = ml_lines_next(&d->lines, source, rec, err);
		if (s)
			return s;
	}
	if (d->is_capture) {
		ml_port_record(&d->capture, rec, d->inside);
		d->inside = rec->flags & MEMLOG_REC_CONTINUES;
		return MEMLOG_OK;
	}
	debugport_parse(rec, d->inside, &line);
	if (is_rest && !line.said.has_process) {
		line.said.has_process = d->rest_of.has_process;
		line.said.process = d->rest_of.process;
		line.said.of_monitor = d->rest_of.of_monitor;
	}
	if (line.split) {
		debugport_split(d, rec, line.split);
		d->rest_of = line.said;
		line.is_mark = line.said.is_mark = false;
		line.said.has_monitor = false;
	}
	d->inside = rec->flags & MEMLOG_REC_CONTINUES;
	s = ml_port_machines_line(d->machines, &line.said, &d->whose, err);
	if (s)
		return s;
	rec->boot = d->whose.boot;
	if (rec->boot)
		rec->flags |= MEMLOG_REC_STALE;
	if (line.is_mark)
		debugport_mark(d, rec, &line.mark);
	else
		ml_record_message(rec, 0);
	if (d->whose.vm[0])
		ml_record_field_text(rec, "vm", d->whose.vm,
				     strlen(d->whose.vm));
	return MEMLOG_OK;
}

static const struct ml_magic debugport_magics[] = {
	{ ML_PORTS_MAGIC, ML_PORTS_LEN_AT, 0, ML_PAGE, ML_PAGE },
	{ .len = 0 },
};

const struct ml_format ml_format_debugport = {
	.name = "debugport",
	.title = "debug port progress codes",
	.magics = debugport_magics,
	.probe = debugport_probe,
	.probe_min = ML_PORTS_HEADER,
	.probe_len = ML_PORTS_HEADER,
	.open = debugport_open,
	.next = debugport_next,
	.close = debugport_close,
	.state_size = sizeof(struct debugport),
	.group.expand = debugport_expand,
	.group.text = ml_text_of_header,
	.live.header = ML_PORTS_HEADER,
	.say.moment = ml_ports_moment,
	.say.absent = "progress codes are in the log of Cloud Hypervisor or "
		      "Firecracker: give that file",
	.say.boots = true,
};
