/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* buffer.c - from the struct array_buffer of an ordinary ring buffer to all of its CPUs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "collect.h"
#include "image/vmcoreinfo.h"
#include "view.h"

/* The kernel's table of clocks: a function, a name, int: time stamps are in ns. */
enum { CLOCK_ENTRY = 24, CLOCK_IN_NS = 16, CLOCKS = 32 };

/* The first release that counts in an event how often migration is disabled. */
#define COUNTS_MIGRATION (5u << 16 | 15)

#define NO_OFFSET UINT16_MAX

struct buffer {
	struct ftrace_view v;
	struct ftrace_ring ring;
	struct memlog_logs *logs;
	struct ml_log *log;
	struct memlog_image *image;
	uint32_t n;	    /* CPUs */
	uint32_t n_damaged; /* of these, and what cannot be one */
	uint32_t damaged;   /* the first */
	bool full;	    /* one has too many pages */
	struct memlog_err *err;
};

/* The buffer that the log begins with. */
static bool buffer_find(struct buffer *b, struct ftrace_holder *ret)
{
	struct ftrace_holder *h =
		ml_calloc(&b->image->alloc, FTRACE_HOLDERS, sizeof(*h));
	bool found = false;
	uint64_t phys;
	size_t n, i;

	b->v.kernel.starved |= !h;
	n = h ? ml_ftrace_holders(&b->v, h) : 0;
	for (i = 0; i < n && !found; i++) {
		found = ml_ftrace_walk(&b->v.kernel, h[i].va, &phys) &&
			phys == b->log->extents[0].addr;
		if (found)
			*ret = h[i];
	}
	ml_free(&b->image->alloc, h);
	return found;
}

static void buffer_name(struct ml_log *log, const struct ftrace_holder *h)
{
	const char *top = h->name[0] ? "instance " : "global";
	const char *end = h->snapshot ? " (snapshot)" : "";
	char *to = log->pub.variant;
	size_t size = sizeof(log->pub.variant);
	size_t room = size - strlen(top) - strlen(end) - 1;

	snprintf(to, size, "%s%.*s%s", top, (int)room, h->name, end);
}

static bool buffer_number(struct buffer *b, uint64_t va, uint32_t *ret)
{
	uint8_t p[4];

	if (!ml_ftrace_kernel_read(&b->v.kernel, va, p, sizeof(p)))
		return false;
	*ret = ml_le32(p);
	return true;
}

/* What its time stamps are. */
static void buffer_clock(struct buffer *b, uint64_t array)
{
	struct ftrace *f = ml_ftrace(b->log);
	uint32_t id, ns;
	uint64_t va;

	if (b->v.off[RING_ARRAY_CLOCK] == FTRACE_NONE ||
	    !buffer_number(b, array + b->v.off[RING_ARRAY_CLOCK], &id) ||
	    id >= CLOCKS)
		return;
	f->clock = (int32_t)id;
	if (ml_ftrace_view_symbol(&b->v, "trace_clocks", &va) &&
	    buffer_number(b, va + id * CLOCK_ENTRY + CLOCK_IN_NS, &ns)) {
		f->clock = -1;
		f->cycles = !ns;
	}
}

static uint16_t buffer_offset(const struct buffer *b,
			      enum ftrace_ring_member member)
{
	return (uint16_t)ml_min(b->v.off[member], NO_OFFSET);
}

/* ---- a CPU ---------------------------------------------------------------- */

static enum memlog_status buffer_put(struct buffer *b, uint32_t cpu,
				     uint32_t role, uint64_t addr, uint64_t len)
{
	struct memlog_extent e = { .space = MEMLOG_PHYS,
				   .addr = addr,
				   .len = len,
				   .cpu = (int32_t)cpu,
				   .role = role };

	return ml_log_add_extent(b->logs, b->log, &e, b->err);
}

/* Pages that follow each other are one extent. */
static enum memlog_status buffer_put_nodes(struct buffer *b, uint32_t cpu,
					   const struct ftrace_links *l)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i, from = 0;

	for (i = 1; i <= l->n_nodes && !s; i++) {
		if (i < l->n_nodes && l->node[i] == l->node[i - 1] + ML_PAGE)
			continue;
		s = buffer_put(b, cpu, FTRACE_ROLE_NODES, l->node[from],
			       (i - from) * ML_PAGE);
		from = i;
	}
	return s;
}

static enum memlog_status buffer_put_pages(struct buffer *b, uint32_t cpu,
					   const struct ftrace_links *l)
{
	struct ftrace_pages p = { .addr = l->addr,
				  .n = (uint32_t)l->n,
				  .head = 1,
				  .commit = l->commit,
				  .size = b->ring.page_size,
				  .cpu = (int32_t)cpu,
				  .guessed = l->guessed };
	uint64_t room = b->ring.page_size - FTRACE_PAGE_HEADER;
	struct ml_log *log = b->log;

	log->pub.capacity += (l->n + l->gone) * room;
	if (l->gone) {
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
		log->text += l->gone * room;
		log->absent += l->gone * room;
		ml_ftrace(log)->lost += l->gone * room;
	}
	if (l->n == 1) /* of the ring nothing is known */
		p.guessed = true;
	return ml_ftrace_pages_add(b->logs, log, b->image, &p, b->err);
}

static void buffer_damaged(struct buffer *b, uint32_t cpu)
{
	b->log->pub.flags |= MEMLOG_LOG_DAMAGED;
	if (!b->n_damaged++)
		b->damaged = cpu;
}

/* A limit was reached. */
static void buffer_full(struct buffer *b, uint32_t cpu)
{
	b->log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
	if (!b->full)
		ml_image_warn(b->image,
			      "not all pages of the ring buffer of CPU %u are "
			      "read: at most %u of a CPU are, and %u of all",
			      cpu, ML_FTRACE_PAGES, ML_FTRACE_LOOKED_AT);
	b->full = true;
}

static enum memlog_status buffer_cpu(struct buffer *b, uint32_t cpu,
				     const struct ftrace_ring_cpu *c)
{
	struct ftrace_links l;
	enum memlog_status s;
	uint64_t phys;

	if (!ml_ftrace_walk(&b->v.kernel, c->va, &phys))
		return MEMLOG_OK;
	s = ml_ftrace_links(&b->v, b->logs, &b->ring, c, &l, b->err);
	if (!s && l.damaged)
		buffer_damaged(b, cpu);
	if (!s && l.full)
		buffer_full(b, cpu);
	if (!s && c->overrun)
		b->log->pub.flags |= MEMLOG_LOG_WRAPPED;
	if (!s)
		s = buffer_put(b, cpu, FTRACE_ROLE_CPU, phys,
			       ml_ftrace_ring_cpu_len(&b->v));
	if (!s && l.read)
		s = buffer_put(b, cpu, FTRACE_ROLE_POSITION, l.read, 4);
	if (!s)
		s = buffer_put_pages(b, cpu, &l);
	if (!s)
		s = buffer_put_nodes(b, cpu, &l);
	ml_ftrace_links_close(&b->v, &l);
	return s;
}

static enum memlog_status buffer_cpus(struct buffer *b)
{
	struct ftrace_ring_cpu c;
	enum memlog_status s;
	uint32_t i;

	for (i = 0; i < b->ring.cpus; i++) {
		s = ml_ftrace_ring_cpu(&b->v, &b->ring, i, &c);
		/* where nothing says how many there are */
		if (s == MEMLOG_CORRUPT && !b->ring.known)
			break;
		if (s == MEMLOG_CORRUPT)
			buffer_damaged(b, i);
		if (s)
			continue;
		b->n++;
		s = buffer_cpu(b, i, &c);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

/* ---- the log -------------------------------------------------------------- */

static void buffer_say(struct buffer *b)
{
	struct memlog_log *pub = &b->log->pub;
	const char *release;
	size_t len, n;

	pub->state = MEMLOG_STATE_CURRENT;
	n = (size_t)snprintf(pub->reason, sizeof(pub->reason),
			     "%u CPU%s, pages of %u bytes", b->n,
			     b->n == 1 ? "" : "s", b->ring.page_size);
	if (b->ring.damaged)
		n += (size_t)snprintf(pub->reason + n, sizeof(pub->reason) - n,
				      "; how many there should be is damaged");
	if (b->n_damaged)
		snprintf(pub->reason + n, sizeof(pub->reason) - n,
			 "; what the kernel knows of %u CPU%s is damaged, the "
			 "first is CPU %u",
			 b->n_damaged, b->n_damaged == 1 ? "" : "s",
			 b->damaged);
	release = ml_vmcoreinfo(b->image, "OSRELEASE", &len);
	if (release)
		snprintf(pub->version, sizeof(pub->version), "Linux %.*s",
			 (int)ml_min(len, 100), release);
}

static enum memlog_status buffer_load(struct buffer *b)
{
	struct ftrace *f = ml_ftrace(b->log);
	uint32_t release = ml_vmcoreinfo_release(b->image);
	struct ftrace_holder holder;
	enum memlog_status s;

	if (!ml_ftrace_view_open(&b->v, b->image, b->logs->symbols, f) ||
	    !ml_ftrace_view_types(&b->v, f))
		return ml_fail(b->err, MEMLOG_NOT_MINE, "%s",
			       b->v.missing ? b->v.missing :
					      "the kernel is not known");
	if (!buffer_find(b, &holder))
		return ml_fail(b->err, MEMLOG_NOT_MINE,
			       "the kernel has no ring buffer there");
	if (!ml_ftrace_ring_open(&b->v, &holder, &b->ring))
		return ml_fail(b->err, MEMLOG_NOT_MINE,
			       "the struct of the ring buffer is damaged");
	if (b->ring.damaged)
		b->log->pub.flags |= MEMLOG_LOG_DAMAGED;
	buffer_name(b->log, &holder);
	buffer_clock(b, holder.array);
	f->page_size = b->ring.page_size;
	f->plain = release && release < COUNTS_MIGRATION;
	f->cpu_lost = buffer_offset(b, RING_CPU_LOST);
	f->cpu_overrun = buffer_offset(b, RING_CPU_OVERRUN);
	f->cpu_last = buffer_offset(b, RING_CPU_LAST);
	s = buffer_cpus(b);
	if (!s)
		s = ml_ftrace_collect_view(&b->v, b->logs, b->log, b->err);
	buffer_say(b);
	return s;
}

enum memlog_status ml_ftrace_buffer_expand(struct memlog_logs *logs,
					   struct ml_log *log,
					   struct memlog_image *image,
					   struct memlog_err *err)
{
	struct buffer b = {
		.logs = logs, .log = log, .image = image, .err = err
	};
	enum memlog_status s = buffer_load(&b);

	if (b.v.kernel.starved && s != MEMLOG_NO_MEMORY)
		s = ml_fail(err, MEMLOG_NO_MEMORY,
			    "no memory for what the kernel knows of a ring "
			    "buffer");
	ml_ftrace_view_close(&b.v);
	return s;
}
