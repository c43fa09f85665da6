/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* read.c - read the memory of a process without faulting pages in. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "process.h"

/* The most iovecs of one process_vm_readv: IOV_MAX of Linux. */
#define IOVS 1024

/* The most bytes of a file that next_data returns at once. */
#define FILE_STEP (4ull << 20)

/* A page that is being migrated shows as swapped for a moment. */
#define MOVED_TRIES   3
#define MOVED_WAIT_NS 500000

/* ---- the three ways to get bytes ---------------------------------------- */

/* Read from the file of an area; short if the file ends. */
static enum memlog_status from_file(const struct ml_area *a, uint64_t addr,
				    uint8_t *buf, size_t len, size_t *ret,
				    struct memlog_err *err)
{
	ssize_t n;

	*ret = 0;
	while (*ret < len) {
		n = pread(a->fd, buf + *ret, len - *ret,
			  (off_t)(a->off + (addr - a->start) + *ret));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read the file of guest "
					     "memory");
		if (!n)
			break;
		*ret += (size_t)n;
	}
	return MEMLOG_OK;
}

/* Read from /proc/PID/mem, if process_vm_readv is unavailable. */
static enum memlog_status from_mem(struct ml_process *p, uint64_t addr,
				   uint8_t *buf, size_t len, size_t *ret)
{
	ssize_t n;

	*ret = 0;
	do {
		n = pread(p->mem, buf, len, (off_t)addr);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		*ret = (size_t)n;
	return MEMLOG_OK;
}

/* Read pages that are present; short if one of them has gone since. */
static enum memlog_status from_pages(struct ml_process *p, uint64_t addr,
				     uint8_t *buf, size_t len, size_t *ret)
{
	struct iovec local = { buf, len };
	struct iovec remote = { (void *)(uintptr_t)addr, len };
	ssize_t n;

	*ret = 0;
	if (p->no_readv)
		return from_mem(p, addr, buf, len, ret);
	n = process_vm_readv(p->pid, &local, 1, &remote, 1, 0);
	if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
		p->no_readv = true;
		return from_mem(p, addr, buf, len, ret);
	}
	if (n > 0)
		*ret = (size_t)n;
	return MEMLOG_OK;
}

/* The states of the pages from addr on, after a short wait for pages that are
 * being migrated. */
static enum memlog_status settled_state(struct ml_process *p, uint64_t addr,
					size_t count, uint8_t *state,
					struct memlog_err *err)
{
	struct timespec ts = { 0, MOVED_WAIT_NS };
	enum memlog_status s;
	int tries;

	for (tries = 0;; tries++) {
		s = ml_pages_state(p, addr, count, state, err);
		if (s || tries == MOVED_TRIES ||
		    !memchr(state, ML_PAGE_SWAPPED, count))
			return s;
		nanosleep(&ts, NULL);
	}
}

/* ---- read --------------------------------------------------------------- */

/* Read from pages that are all in the same state. */
static enum memlog_status read_run(struct ml_process *p,
				   const struct ml_area *a,
				   enum ml_page_state state, uint64_t addr,
				   uint8_t *buf, size_t len, size_t *ret,
				   struct memlog_err *err)
{
	*ret = 0;
	switch (state) {
	case ML_PAGE_PRESENT:
		return from_pages(p, addr, buf, len, ret);
	case ML_PAGE_ABSENT:
		if (a->kind == ML_AREA_COW)
			return from_file(a, addr, buf, len, ret, err);
		if (a->kind == ML_AREA_ANON) {
			memset(buf, 0, len);
			*ret = len;
		}
		return MEMLOG_OK;
	case ML_PAGE_SWAPPED:
		break;
	}
	return MEMLOG_OK;
}

static enum memlog_status read_area(struct ml_process *p,
				    const struct ml_area *a, uint64_t addr,
				    uint8_t *buf, size_t len, size_t *ret,
				    struct memlog_err *err)
{
	uint8_t state[ML_PAGES_BATCH];
	enum memlog_status s;
	size_t n, i, k, got, part, skip;

	*ret = 0;
	if (a->kind == ML_AREA_FILE)
		return from_file(a, addr, buf, len, ret, err);
	while (*ret < len) {
		skip = (addr + *ret) % p->page;
		n = (skip + (len - *ret) + p->page - 1) / p->page;
		n = ml_min(n, ML_PAGES_BATCH);
		s = settled_state(p, addr + *ret, n, state, err);
		if (s)
			return s;
		for (i = 0; i < n; i = k) {
			for (k = i + 1; k < n && state[k] == state[i];)
				k++;
			part = ml_min((k - i) * p->page - skip, len - *ret);
			skip = 0;
			s = read_run(p, a, state[i], addr + *ret, buf + *ret,
				     part, &got, err);
			*ret += got;
			if (s || got < part)
				return s;
		}
	}
	return MEMLOG_OK;
}

static enum memlog_status process_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	struct ml_process *p = self;
	const struct ml_area *a;
	enum memlog_status s;
	size_t part, got;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	while (*ret < len && (a = ml_process_area(p, addr + *ret))) {
		part = ml_min(len - *ret, a->end - (addr + *ret));
		s = read_area(p, a, addr + *ret, (uint8_t *)buf + *ret, part,
			      &got, err);
		*ret += got;
		if (s)
			return s;
		if (got < part)
			break;
	}
	s = ml_process_alive(p, err);
	if (s)
		return s;
	if (!*ret)
		return ml_fail_at(err, MEMLOG_NO_DATA, addr,
				  "no guest memory at host:0x%llx",
				  (unsigned long long)addr);
	return MEMLOG_OK;
}

/* ---- peek --------------------------------------------------------------- */

/* The starts of present pages, to be read by one system call. */
struct gather {
	struct iovec local[IOVS], remote[IOVS];
	size_t n;
};

static void process_read_flush(struct ml_process *p, struct gather *g)
{
	size_t done = 0, got;
	ssize_t n;

	while (done < g->n) {
		n = p->no_readv ?
			    -1 :
			    process_vm_readv(p->pid, g->local + done,
					     g->n - done, g->remote + done,
					     g->n - done, 0);
		if (n < 0 &&
		    (p->no_readv || errno == ENOSYS || errno == EPERM)) {
			p->no_readv = true;
			from_mem(p, (uintptr_t)g->remote[done].iov_base,
				 g->local[done].iov_base, MEMLOG_PEEK, &got);
			n = MEMLOG_PEEK;
		}
		/* a page that is gone ends the call: skip it */
		done += n < 0 ? 1 : (size_t)n / MEMLOG_PEEK;
		if (n >= 0 && (size_t)n / MEMLOG_PEEK == 0)
			done++;
	}
	g->n = 0;
}

static void process_read_add(struct ml_process *p, struct gather *g,
			     uint64_t addr, uint8_t *buf)
{
	g->local[g->n] = (struct iovec){ buf, MEMLOG_PEEK };
	g->remote[g->n] =
		(struct iovec){ (void *)(uintptr_t)addr, MEMLOG_PEEK };
	if (++g->n == IOVS)
		process_read_flush(p, g);
}

static enum memlog_status peek_private(struct ml_process *p,
				       const struct ml_area *a, uint64_t addr,
				       size_t count, uint8_t *buf,
				       struct memlog_err *err)
{
	uint8_t state[ML_PAGES_BATCH];
	struct gather g = { .n = 0 };
	size_t per = ml_max((uint64_t)ML_PAGES_BATCH * p->page / ML_PAGE, 1);
	size_t done, n, i, got;
	uint64_t at, first;
	enum memlog_status s;

	per -= p->page / ML_PAGE; /* addr may be within a page */
	for (done = 0; done < count; done += n) {
		n = ml_min(per, count - done);
		first = addr + done * (uint64_t)ML_PAGE;
		at = (first % p->page + n * (uint64_t)ML_PAGE + p->page - 1) /
		     p->page;
		s = settled_state(p, first, at, state, err);
		if (s)
			return s;
		for (i = 0; i < n; i++) {
			uint8_t *to = buf + (done + i) * MEMLOG_PEEK;

			at = first + i * (uint64_t)ML_PAGE;
			switch (state[(first % p->page + i * ML_PAGE) /
				      p->page]) {
			case ML_PAGE_PRESENT:
				process_read_add(p, &g, at, to);
				break;
			case ML_PAGE_ABSENT:
				if (a->kind == ML_AREA_COW &&
				    from_file(a, at, to, MEMLOG_PEEK, &got,
					      NULL))
					memset(to, 0, MEMLOG_PEEK);
				break;
			}
		}
		process_read_flush(p, &g);
	}
	return MEMLOG_OK;
}

static enum memlog_status process_peek(void *self, uint64_t addr, size_t count,
				       uint8_t *buf, struct memlog_err *err)
{
	struct ml_process *p = self;
	const struct ml_area *a;
	enum memlog_status s = MEMLOG_OK;
	size_t i, n, got;

	memset(buf, 0, count * MEMLOG_PEEK);
	for (i = 0; i < count && !s; i += n) {
		uint64_t at = addr + i * (uint64_t)ML_PAGE;
		uint8_t *to = buf + i * MEMLOG_PEEK;

		a = ml_process_area(p, at);
		n = a ? ml_min(count - i, (a->end - at) / ML_PAGE) : 0;
		if (a && n && at % ML_PAGE == 0 && a->kind != ML_AREA_FILE) {
			s = peek_private(p, a, at, n, to, err);
			continue;
		}
		/* one by one: shared, or not at a page boundary */
		n = 1;
		if (!a)
			continue;
		if (a->kind == ML_AREA_FILE && a->end - at >= MEMLOG_PEEK)
			s = from_file(a, at, to, MEMLOG_PEEK, &got, err);
		else if (process_read(p, at, to, MEMLOG_PEEK, &got, NULL))
			memset(to, 0, MEMLOG_PEEK);
	}
	return s ? s : ml_process_alive(p, err);
}

/* ---- ranges ------------------------------------------------------------- */

static enum memlog_status process_next_range(void *self, uint64_t addr,
					     struct memlog_range *ret,
					     struct memlog_err *err)
{
	struct ml_process *p = self;

	(void)err;
	return ml_ranges_next(p->ranges, p->n_ranges, addr, ret);
}

/* The first data in the file of an area from addr on, at most FILE_STEP bytes.
 * SEEK_HOLE is not used to find its end, as it would count page by page; a hole
 * in the range reads as zeros. */
static enum memlog_status next_in_file(const struct ml_area *a, uint64_t addr,
				       struct memlog_range *ret)
{
	uint64_t bias = a->off - a->start; /* modulo 2^64 */
	struct stat st;
	off_t data;

	data = lseek(a->fd, (off_t)(addr + bias), SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return MEMLOG_NO_DATA;
	/* the file system does not support SEEK_DATA */
	if (data < 0)
		data = (off_t)(addr + bias);
	ret->start = (uint64_t)data - bias;
	ret->end = ml_min(ret->start + FILE_STEP, a->end);
	if (!fstat(a->fd, &st))
		ret->end = ml_min(ret->end, (uint64_t)st.st_size - bias);
	return ret->start < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status next_in_area(struct ml_process *p,
				       const struct ml_area *a, uint64_t addr,
				       struct memlog_range *ret,
				       struct memlog_err *err)
{
	struct memlog_range other;
	enum memlog_status s;

	addr = ml_max(addr, a->start);
	if (a->kind == ML_AREA_FILE)
		return next_in_file(a, addr, ret);
	s = ml_pages_next(p, addr, a->end, ret, err);
	if (a->kind != ML_AREA_COW || (s && s != MEMLOG_NO_DATA))
		return s;
	/* return the one that begins first: the next call finds the other */
	if (next_in_file(a, addr, &other))
		return s;
	if (s || other.start < ret->start)
		*ret = other;
	return MEMLOG_OK;
}

static enum memlog_status process_next_data(void *self, uint64_t addr,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct ml_process *p = self;
	enum memlog_status s = ml_process_alive(p, err);
	size_t i;

	for (i = 0; i < p->n_areas && !s; i++) {
		if (p->areas[i].end <= addr)
			continue;
		s = next_in_area(p, &p->areas[i], addr, ret, err);
		if (s != MEMLOG_NO_DATA)
			return s;
		s = MEMLOG_OK;
	}
	return s ? s : MEMLOG_NO_DATA;
}

static void process_close(void *self)
{
	ml_process_close(self);
}

const struct memlog_reader_ops ml_process_ops = {
	.size = sizeof(ml_process_ops),
	.flags = MEMLOG_READER_LIVE | MEMLOG_READER_SLOW | MEMLOG_READER_PEEK,
	.page_size = 4096,
	.read = process_read,
	.next_range = process_next_range,
	.peek = process_peek,
	.close = process_close,
	.next_data = process_next_data,
};
