/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* take.c - make lines of the bytes that came from a port. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/plural.h"
#include "ports.h"

/* Linux writes to port 0x80 as a delay, whatever is in a register, which is most often
 * zero, and several times in a row. */
#define DELAY_NS 10000000u

/* Text without the end of its line, such as a prompt, is a line after that. */
#define TEXT_NS 200000000u

/* The time of a line: none goes back. */
static uint64_t take_time(struct ml_ports *c, uint64_t when)
{
	when = when > c->start ? when - c->start : 0;
	c->last = ml_max(c->last, when);
	return c->last;
}

static void take_line(struct ml_ports *c, const struct ml_port *p,
		      uint64_t when, struct ml_port_line *l,
		      const uint8_t *text, size_t len)
{
	l->ns = take_time(c, when);
	if (p) {
		l->vm = (const uint8_t *)p->vm;
		l->vm_len = strlen(p->vm);
		l->has_port = p->has_port;
		l->port = p->port;
	}
	c->len = ml_port_line_put(l, c->text);
	if (len)
		memcpy(c->text + c->len, text, len);
	c->len += len;
	if (c->text[c->len - 1] != '\n')
		c->text[c->len++] = '\n';
	c->lines++;
}

void ml_port_say(struct ml_ports *c, enum ml_port_kind kind,
		 const struct ml_port *p)
{
	struct ml_port_line l = {
		.kind = kind,
		.wall_ns = c->wall,
		.monotonic_ns = c->start,
	};

	take_line(c, p, c->now, &l, NULL, 0);
}

static void take_mark(struct ml_ports *c, struct ml_port *p, uint8_t code,
		      uint64_t when)
{
	struct ml_port_line l = { .kind = ML_PORT_MARK, .code = code };

	take_line(c, p, when, &l, NULL, 0);
}

/* A zero that was held because it may have been a delay. */
static bool take_held(struct ml_ports *c, struct ml_port *p)
{
	if (!p->held)
		return false;
	p->held = false;
	take_mark(c, p, 0, p->last_when);
	return true;
}

static bool take_any_held(struct ml_ports *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (take_held(c, &c->ports[i]))
			return true;
	return false;
}

/* The same byte as before, and soon after it? */
static bool take_is_delay(const struct ml_port *p, uint8_t byte)
{
	return !p->all && p->has_last && byte == p->last &&
	       p->when - p->last_when <= DELAY_NS;
}

static bool take_post(struct ml_ports *c, struct ml_port *p)
{
	uint8_t byte;

	for (; p->taken < p->n; p->taken++) {
		byte = p->bytes[p->taken];
		if (take_is_delay(p, byte)) {
			p->delays += 1 + p->held;
			p->held = false;
			p->last_when = p->when;
			continue;
		}
		/* before this one */
		if (take_any_held(c))
			return true;
		p->has_last = true;
		p->last = byte;
		p->last_when = p->when;
		p->held = !byte && !p->all;
		if (p->held)
			continue;
		take_mark(c, p, byte, p->when);
		p->taken++;
		return true;
	}
	return false;
}

/* The line that is in p. */
static void take_ready(struct ml_ports *c, struct ml_port *p)
{
	struct ml_port_line l = { .kind = ML_PORT_TEXT, .goes_on = p->goes_on };

	take_line(c, p, p->line_when, &l, p->line, p->len);
	p->goes_on = p->line[p->len - 1] != '\n';
	p->len = 0;
	p->ready = false;
}

static bool take_text_line(struct ml_ports *c, struct ml_port *p)
{
	while (!p->ready && p->taken < p->n) {
		p->line[p->len++] = p->bytes[p->taken++];
		p->line_when = p->when;
		p->ready = p->len == sizeof(p->line) ||
			   p->line[p->len - 1] == '\n';
	}
	if (!p->ready)
		return false;
	if (!take_any_held(c))
		take_ready(c, p);
	return true;
}

bool ml_port_take(struct ml_ports *c, struct ml_port *p)
{
	return p->post ? take_post(c, p) : take_text_line(c, p);
}

/* How many writes were left out since that was written last. */
static bool take_count(struct ml_ports *c, struct ml_port *p)
{
	struct ml_port_line l = { .kind = ML_PORT_NOTE };
	uint64_t n = p->delays - p->said_delays;
	char text[128];
	int len;

	if (!n)
		return false;
	len = snprintf(text, sizeof(text),
		       "%s%s0x%" PRIx32 ": %" PRIu64
		       " write%s of the same byte left out: a delay",
		       p->vm, p->vm[0] ? " " : "", p->port, n, ml_s(n));
	p->said_delays = p->delays;
	take_line(c, NULL, c->now, &l, (uint8_t *)text, (size_t)len);
	return true;
}

bool ml_port_flush(struct ml_ports *c, struct ml_port *p, bool due)
{
	if ((!due || c->now - p->last_when > DELAY_NS) && take_held(c, p))
		return true;
	if (p->len && (p->ready || !due || c->now - p->line_when > TEXT_NS)) {
		take_ready(c, p);
		return true;
	}
	return (!due || c->now - p->last_when > DELAY_NS) && take_count(c, p);
}
