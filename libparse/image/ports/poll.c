/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* poll.c - read several ports at once, in the order in which something arrives. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/now.h"
#include "ports.h"

enum {
	MS = 1000000,	/* in nanoseconds */
	AGAIN_MS = 50,	/* between attempts to open a port */
	FILE_MS = 10,	/* between looks at a file */
	QUIET_MS = 300, /* without -w: nothing more is there */
};

enum memlog_status ml_ports_create(const char *const *specs, size_t n,
				   const struct memlog_allocator *alloc,
				   struct ml_ports **ret,
				   struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	enum memlog_status s = MEMLOG_OK;
	struct ml_ports *c;
	size_t k;

	if (!n || n > ML_PORTS_MAX)
		return ml_fail(err, MEMLOG_INVALID, "from 1 to %u ports",
			       ML_PORTS_MAX);
	c = ml_calloc(&a, 1, sizeof(*c));
	if (c)
		c->ports = ml_calloc(&a, n, sizeof(*c->ports));
	if (!c || !c->ports) {
		ml_free(&a, c);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %zu ports",
			       n);
	}
	c->alloc = a;
	for (; c->n < n && !s; c->n += !s) {
		s = ml_port_parse(specs[c->n], &a, &c->ports[c->n], err);
		for (k = 0; !s && k < c->n; k++)
			if (!strcmp(c->ports[k].vm, c->ports[c->n].vm))
				break;
		c->ports[c->n].group = k;
	}
	if (!s) {
		*ret = c;
		return MEMLOG_OK;
	}
	if (n > 1)
		ml_prefix(err, s, "%.64s", specs[c->n]);
	ml_ports_destroy(c);
	return s;
}

void ml_ports_destroy(struct ml_ports *c)
{
	struct memlog_allocator a;
	size_t i;

	if (!c)
		return;
	a = c->alloc;
	for (i = 0; i < c->n; i++) {
		ml_port_close(&c->ports[i]);
		ml_free(&a, c->ports[i].path);
	}
	ml_free(&a, c->ports);
	ml_free(&a, c);
}

/* ---- ports that come and go ---------------------------------------------- */

static void poll_opened(struct ml_ports *c, struct ml_port *p)
{
	struct ml_port *vm = &c->ports[p->group];

	p->opened = true;
	p->closed = p->waited = false;
	p->error = p->failed = 0;
	/* one of its ports after the other is the same restart */
	if (vm->gone && vm->wrote) {
		vm->due = true;
		vm->wrote = false;
	}
	vm->gone = false;
}

/* A machine is started again once it writes: one that ends may still accept a
 * connection. */
static void poll_wrote(struct ml_port *vm, size_t n)
{
	vm->wrote |= n > 0;
	vm->again |= n && vm->due;
	vm->due = vm->due && !n;
}

static void poll_closed(struct ml_ports *c, struct ml_port *p)
{
	ml_port_shut(p);
	/* a pipe that nobody wrote to has not been open */
	if (p->link.silent) {
		p->link.again = c->now + (uint64_t)AGAIN_MS * MS;
		p->link.ended = !c->follow;
		return;
	}
	p->closed = true;
	p->opened = false;
	c->failed |= p->failed != 0;
	p->cut = true;
	/* one that ends as soon as it is opened is not tried at full speed */
	p->link.again = ml_max(p->link.again, c->now);
	p->link.ended = !c->follow;
	c->ports[p->group].gone = true;
}

/* May it still come? */
static bool poll_may_come(int sys)
{
	return !sys || sys == ENOENT || sys == ECONNREFUSED || sys == ENXIO ||
	       sys == EAGAIN || sys == EIO || sys == EINTR;
}

static void poll_open(struct ml_ports *c, struct ml_port *p)
{
	int sys;

	p->link.again = c->now + (uint64_t)AGAIN_MS * MS;
	if (ml_port_open(p, &sys)) {
		p->link.quiet = c->now;
		if (!p->link.silent)
			poll_opened(c, p);
		return;
	}
	p->error = sys;
	p->waiting = !p->waited;
	p->waited = true;
}

enum memlog_status ml_ports_start(struct ml_ports *c, bool follow,
				  struct memlog_err *err)
{
	struct ml_port *p;
	size_t i;

	c->follow = follow;
	c->start = c->now = ml_now(CLOCK_MONOTONIC);
	c->wall = ml_now(CLOCK_REALTIME);
	for (i = 0; i < c->n; i++) {
		p = &c->ports[i];
		if (p->listen && !follow)
			return ml_fail(err, MEMLOG_INVALID,
				       "%s: listen is for -w", p->name);
		poll_open(c, p);
		if (p->link.fd >= 0 || (follow && poll_may_come(p->error)))
			continue;
		if (p->error == EADDRINUSE)
			return ml_fail(err, MEMLOG_IO,
				       "%s: exists; remove it, or leave out "
				       "listen to connect to it",
				       p->name);
		return ml_fail_errno(err, MEMLOG_IO, p->error, "%s", p->name);
	}
	return MEMLOG_OK;
}

/* ---- reading ------------------------------------------------------------- */

static bool poll_read(struct ml_ports *c, struct ml_port *p)
{
	if (p->taken < p->n)
		return true;
	c->now = ml_now(CLOCK_MONOTONIC);
	if (!ml_port_read(p, c->now)) {
		poll_closed(c, p);
		return false;
	}
	if (p->n && p->link.silent)
		poll_opened(c, p);
	p->link.silent &= !p->n;
	poll_wrote(&c->ports[p->group], p->n);
	return p->n;
}

/* Files are always ready. */
static bool poll_read_files(struct ml_ports *c)
{
	struct ml_port *p;
	bool any = false;
	size_t i;

	for (i = 0; i < c->n; i++) {
		p = &c->ports[i];
		if (p->link.fd < 0 || p->link.stream || p->link.ended)
			continue;
		if (poll_read(c, p))
			any = true;
		else if (!c->follow)
			p->link.ended = true;
		else if (ml_port_replaced(p))
			poll_closed(c, p);
	}
	return any;
}

static void poll_reopen(struct ml_ports *c)
{
	size_t i;

	for (i = 0; c->follow && i < c->n; i++)
		if (c->ports[i].link.fd < 0 && c->now >= c->ports[i].link.again)
			poll_open(c, &c->ports[i]);
}

static void poll_streams(struct ml_ports *c, int ms)
{
	struct pollfd fds[ML_PORTS_MAX];
	struct ml_port_link *l;
	size_t i;

	for (i = 0; i < c->n; i++) {
		l = &c->ports[i].link;
		/* a negative one is left out */
		fds[i] = (struct pollfd){
			.fd = l->fd < 0 ? l->listener :
			      l->stream ? l->fd :
					  -1,
			.events = POLLIN,
		};
	}
	if (poll(fds, c->n, ms) <= 0)
		return;
	for (i = 0; i < c->n; i++) {
		l = &c->ports[i].link;
		if (!fds[i].revents)
			continue;
		if (l->fd >= 0)
			(void)poll_read(c, &c->ports[i]);
		else
			l->again = 0;
	}
}

static bool poll_ended(struct ml_ports *c)
{
	struct ml_port_link *l;
	size_t i;

	for (i = 0; i < c->n; i++) {
		l = &c->ports[i].link;
		if (l->stream && c->now - l->quiet >= (uint64_t)QUIET_MS * MS)
			l->ended = true;
		if (!l->ended)
			return false;
	}
	return true;
}

/* How long nothing needs to be looked at. */
static int poll_pause(const struct ml_ports *c, int ms)
{
	const struct ml_port *p;
	size_t i;

	for (i = 0; i < c->n; i++) {
		p = &c->ports[i];
		if (p->link.fd < 0 || p->len)
			ms = ms < AGAIN_MS ? ms : AGAIN_MS;
		if ((p->link.fd >= 0 && !p->link.stream) || p->held ||
		    p->delays != p->said_delays)
			ms = ms < FILE_MS ? ms : FILE_MS;
	}
	return ms;
}

bool ml_ports_wait(struct ml_ports *c, int ms)
{
	if (c->finished)
		return false;
	poll_reopen(c);
	if (!poll_read_files(c))
		poll_streams(c, poll_pause(c, ms));
	else
		poll_streams(c, 0);
	c->now = ml_now(CLOCK_MONOTONIC);
	if (!c->follow && poll_ended(c))
		c->finished = true;
	return true;
}

void ml_ports_finish(struct ml_ports *c)
{
	c->finished = true;
}

/* ---- lines --------------------------------------------------------------- */

/* What the capture itself says. */
static bool poll_own(struct ml_ports *c)
{
	size_t i;

	if (!c->began) {
		c->began = true;
		ml_port_say(c, ML_PORT_BEGAN, NULL);
		return true;
	}
	for (i = 0; i < c->n; i++) {
		if (!c->ports[i].again)
			continue;
		c->ports[i].again = false;
		c->restarts++;
		ml_port_say(c, ML_PORT_AGAIN, &c->ports[i]);
		return true;
	}
	return false;
}

static bool poll_line(struct ml_ports *c)
{
	struct ml_port *p;
	size_t i;

	if (poll_own(c))
		return true;
	for (i = 0; i < c->n; i++)
		if (ml_port_take(c, &c->ports[i]))
			return true;
	for (i = 0; i < c->n; i++) {
		p = &c->ports[i];
		if (ml_port_flush(c, p, !p->cut && !c->finished))
			return true;
		if (p->cut)
			p->goes_on = p->has_last = false;
		p->cut = false;
	}
	return false;
}

bool ml_ports_next(struct ml_ports *c, const uint8_t **ret, size_t *ret_len)
{
	if (!poll_line(c))
		return false;
	*ret = (const uint8_t *)c->text;
	*ret_len = c->len;
	return true;
}

const char *ml_ports_news(struct ml_ports *c)
{
	const char *what = NULL;
	struct ml_port *p = NULL;
	bool failed = false;
	char words[96];
	size_t i;

	for (i = 0; i < c->n && !what; i++) {
		p = &c->ports[i];
		failed = p->closed && p->failed;
		/* once, and not at each attempt */
		if (p->reported && (p->opened || failed))
			what = NULL;
		else if (p->opened)
			what = "opened";
		else if (failed)
			what = c->follow ?
				       "opened again, as it cannot be read: " :
				       NULL;
		else if (p->closed)
			what = c->follow ? "closed; waiting until it is back" :
					   NULL;
		else if (p->waiting)
			what = p->listen ? "waiting for a connection" :
					   "not there yet; waiting for it";
		p->reported |= failed;
		p->opened = p->closed = p->waiting = false;
	}
	if (!what)
		return NULL;
	snprintf(c->news, sizeof(c->news), "%s%s%s: %s%s", p->vm,
		 p->vm[0] ? " " : "", p->name, what,
		 failed ? strerror_r(p->failed, words, sizeof(words)) : "");
	return c->news;
}
