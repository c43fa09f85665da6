/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.c - the pages of a CPU in reading order.
 *
 * What is live goes from the reader's page over the head to the page that is being
 * written, which may be the reader's. The rest of the ring was read, or was never used.
 */
#include "base/bytes.h"
#include "ftrace.h"

struct pages {
	struct memlog_logs *logs;
	struct ml_log *log;
	struct memlog_image *image;
	const struct ftrace_pages *p;
	struct memlog_extent run; /* that is to be added */
	struct memlog_err *err;
};

bool ml_ftrace_page_head(struct memlog_image *image, enum memlog_space space,
			 uint64_t addr, uint32_t size, uint64_t *ret_time,
			 uint32_t *ret_used)
{
	uint8_t b[FTRACE_PAGE_HEADER];
	size_t got;

	*ret_time = *ret_used = 0;
	if (addr == FTRACE_NOWHERE ||
	    ml_image_fill(image, space, addr, b, sizeof(b), &got, NULL) ||
	    got != sizeof(b))
		return false;
	*ret_time = ml_le64(b);
	*ret_used = (uint32_t)ml_min(ml_le64(b + 8) & FTRACE_COMMIT,
				     size - FTRACE_PAGE_HEADER);
	return true;
}

static enum memlog_status pages_flush(struct pages *s)
{
	enum memlog_status ret = MEMLOG_OK;

	if (s->run.len)
		ret = ml_log_add_extent(s->logs, s->log, &s->run, s->err);
	s->run.len = 0;
	return ret;
}

/* Count a page; false: there is nothing to add. */
static bool pages_count(struct pages *s, uint64_t addr, uint32_t role)
{
	uint64_t room = s->p->size - FTRACE_PAGE_HEADER, time;
	struct ml_log *log = s->log;
	uint32_t used;
	bool there = ml_ftrace_page_head(s->image, s->run.space, addr,
					 s->p->size, &time, &used);

	if (!used && role == FTRACE_ROLE_READ)
		return false;
	log->text += room;
	if (!there) {
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
		log->absent += room;
	}
	/* no extent has it */
	if (addr == FTRACE_NOWHERE) {
		ml_ftrace(log)->lost += room;
		return false;
	}
	if (used && role != FTRACE_ROLE_READ) {
		log->pub.used += used;
		log->pub.flags &= ~MEMLOG_LOG_EMPTY;
	}
	return true;
}

/* Add a page; those that follow each other are one extent. */
static enum memlog_status pages_take(struct pages *s, uint32_t place,
				     uint32_t role)
{
	uint64_t addr = s->p->addr[place];
	enum memlog_status ret = MEMLOG_OK;

	if (!pages_count(s, addr, role))
		return MEMLOG_OK;
	if (s->p->guessed)
		role |= FTRACE_ROLE_GUESSED;
	if (s->run.role != role || s->run.addr + s->run.len != addr)
		ret = pages_flush(s);
	if (!s->run.len)
		s->run.addr = addr;
	s->run.role = role;
	s->run.len += s->p->size;
	return ret;
}

static uint32_t pages_after(const struct ftrace_pages *p, uint32_t place)
{
	return place + 1 < p->n ? place + 1 : 1;
}

/* From one place to another one, both included, round and round the ring. */
static enum memlog_status pages_put(struct pages *s, uint32_t from, uint32_t to,
				    uint32_t role)
{
	enum memlog_status ret;

	for (;;) {
		ret = pages_take(s, from, role);
		if (ret || from == to)
			return ret;
		from = pages_after(s->p, from);
	}
}

static enum memlog_status pages_put_all(struct pages *s)
{
	const struct ftrace_pages *p = s->p;
	uint32_t last = p->n - 1, prev = p->head > 1 ? p->head - 1 : last;
	enum memlog_status ret = MEMLOG_OK;

	if (p->guessed)
		return pages_put(s, 0, last, FTRACE_ROLE_PAGE);
	/* the writer is still on the page that the reader took */
	if (!p->commit)
		ret = pages_put(s, p->head, prev, FTRACE_ROLE_READ);
	else if (pages_after(p, p->commit) != p->head)
		ret = pages_put(s, pages_after(p, p->commit), prev,
				FTRACE_ROLE_READ);
	if (!ret)
		ret = pages_take(s, 0, FTRACE_ROLE_READER);
	if (!ret && p->commit)
		ret = pages_put(s, p->head, p->commit, FTRACE_ROLE_PAGE);
	return ret;
}

enum memlog_status ml_ftrace_pages_add(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       const struct ftrace_pages *p,
				       struct memlog_err *err)
{
	struct pages s = { .logs = logs,
			   .log = log,
			   .image = image,
			   .p = p,
			   .run = { .space = log->extents[0].space,
				    .cpu = p->cpu },
			   .err = err };
	enum memlog_status ret = pages_put_all(&s);

	return ret ? ret : pages_flush(&s);
}
