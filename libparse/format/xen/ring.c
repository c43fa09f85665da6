/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ring.c - find the size of a ring and the start of its text. */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Other memory has a byte that is not text among so many. */
#define TEXT_BEGUN 512u

/* Lines that tell what those of a ring are like. */
#define LINES_ENOUGH 8u

/* All len bytes at addr, or fewer if some are missing. */
static size_t xen_ring_read_all(struct memlog_image *image,
				enum memlog_space space, uint64_t addr,
				uint8_t *buf, size_t len)
{
	size_t n;

	ml_image_fill(image, space, addr, buf, len, &n, NULL);
	return n;
}

/* Is the block at addr console text from its first byte to its last? */
static bool all_text(struct memlog_image *image, enum memlog_space space,
		     uint64_t addr, uint64_t len)
{
	uint8_t buf[ML_PAGE];
	unsigned int lines = 0;
	struct xen_look look;
	uint64_t at;

	for (at = 0; at < len; at += sizeof(buf)) {
		if (xen_ring_read_all(image, space, addr + at, buf,
				      sizeof(buf)) < sizeof(buf))
			return false;
		ml_xen_look(buf, sizeof(buf), &look);
		if (look.text < sizeof(buf))
			return false;
		lines += look.lines;
	}
	return lines > 0;
}

/* The ring size given in the text of a block, 0 if there is none. */
static uint64_t says_size(struct memlog_image *image,
			  const struct memlog_extent *e)
{
	uint8_t buf[XEN_RING_MIN];
	struct xen_look look;

	ml_xen_look(buf,
		    xen_ring_read_all(image, e->space, e->addr, buf,
				      sizeof(buf)),
		    &look);
	return look.allocated;
}

/*
 * The ring around a block that was found. The ring may say how large it is.
 * Otherwise a full ring is as large as text continues in blocks aligned to
 * their size, and one with room has the minimum size.
 */
static void find_size(struct memlog_image *image, struct memlog_extent *e)
{
	uint64_t size = XEN_RING_MIN, base, says = says_size(image, e);

	if (says > size && says <= ML_XEN_RING_MAX) {
		e->addr -= e->addr % says;
		e->len = says;
		return;
	}
	if (!all_text(image, e->space, e->addr, size))
		return;
	while (size < ML_XEN_RING_MAX) {
		base = e->addr - e->addr % (2 * size);
		if (!all_text(image, e->space,
			      base == e->addr ? base + size : base, size))
			break;
		e->addr = base;
		size *= 2;
	}
	e->len = size;
}

/* Both counters run freely, and hold 32 bits. */
static void by_counters(struct xen_ring *r, bool full)
{
	uint32_t unread = r->producer - r->consumer;

	r->wrapped = r->producer > r->size || r->consumer > r->producer || full;
	r->used = r->wrapped ? r->size : r->producer;
	r->start = r->wrapped ? r->producer % r->size : 0;
	r->hidden = r->used - ml_min(unread, r->used);
}

/* If the counters say that the ring was never full, is that true? They may have
 * overflowed, and a ring that was enlarged has no text before the old one's. */
static bool is_full(const uint8_t *p, const struct xen_ring *r)
{
	struct xen_look look;

	if (r->producer >= r->size)
		return true;
	ml_xen_look(p + r->producer, (size_t)(r->size - r->producer), &look);
	return look.text == r->size - r->producer && look.lines;
}

/* The never-written start of a ring, which is not text: the static ring had
 * wrapped before this one was allocated. It ends where so much text begins that
 * it is no accident; an odd byte in the text is part of it. */
static void skip_junk(const uint8_t *p, struct xen_ring *r)
{
	uint64_t n = 0, last = 0;

	if (r->wrapped || !r->counters)
		return;
	for (; n < r->used && n < XEN_RING_MIN && n < last + TEXT_BEGUN; n++)
		if (!ml_xen_is_text(p[n]))
			last = n + 1;
	if (last >= ML_PAGE) {
		r->start = last;
		r->used -= last;
		r->hidden = r->hidden > last ? r->hidden - last : 0;
	}
}

static void xen_ring_publish(struct ml_log *log, const struct xen_ring *r)
{
	log->pub.capacity = r->size;
	log->pub.used = r->used;
	if (r->wrapped)
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
	if (r->start && !r->wrapped)
		log->pub.flags |= MEMLOG_LOG_LOST_HEAD;
	if (!r->used)
		log->pub.flags |= MEMLOG_LOG_EMPTY;
}

/* The header that an allocator in dom0 puts before a copy is shorter than
 * this. */
#define HEADER_MAX 256

/*
 * dom0's memory is full of copies: pipes, files, the output of `xl dmesg`. A
 * ring that was never full starts with the first lines of a boot and ends
 * anywhere, while a copy fills its pages; one that was full has a place where
 * new text meets old.
 */
static bool looks_alive(const uint8_t *p, size_t len, const struct xen_ring *r,
			bool ordered)
{
	struct xen_look look;

	if (!ordered)
		return false;
	ml_xen_look(p, len, &look);
	if (r->wrapped)
		return look.total == len;
	if (r->used % ML_PAGE == 0)
		return false;
	if (r->start)
		return look.allocated == len && len > XEN_RING_MIN &&
		       r->start >= HEADER_MAX;
	return memmem(p, ml_min(r->used, 1024), "Xen version ", 12) != NULL;
}

/* A guess has to survive a close look, unless the user gave the address. */
static enum memlog_status xen_ring_judge(const uint8_t *p, size_t len,
					 struct xen_ring *r,
					 struct memlog_err *err)
{
	bool ordered = ml_xen_order(p, len, r);

	if (r->how != XEN_BY_SHAPE || r->named ||
	    looks_alive(p, len, r, ordered))
		return MEMLOG_OK;
	return ml_fail(err, MEMLOG_NOT_MINE,
		       "lines of Xen's, but no ring that "
		       "is being written: a copy of one");
}

/* The used part of a ring. */
static size_t xen_ring_parts(const struct xen_ring *r,
			     struct memlog_range ret[2])
{
	ret[0] = (struct memlog_range){ 0, r->size };
	if (r->used == r->size)
		return 1;
	return ml_ring_parts(0, r->size, r->start % r->size,
			     (r->start + r->used) % r->size, ret);
}

/* Without counters, what is missing would look unused. */
size_t ml_xen_console_text(const struct ml_log *log, size_t extent,
			   struct memlog_image *image,
			   struct memlog_range ret[2])
{
	const struct xen_ring *r = ml_xen_ring_const(log);

	if (r->counters)
		return xen_ring_parts(r, ret);
	ret[0] = (struct memlog_range){ 0, r->size };
	return 1;
}

/* Lines of the pages so far. */
struct lines_seen {
	uint32_t known, bare;
};

_Static_assert(sizeof(struct lines_seen) <= ML_PAGE_PRIV,
	       "more than a page keeps");

/* Count the whole lines of a page: Xen's and a guest's have a prefix, dom0's end
 * with CR LF, or start with a time if they come from its early console. */
static struct lines_seen xen_ring_lines(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len, *lf = memchr(p, '\n', len);
	struct lines_seen n = { 0, 0 };

	while (lf && lf + 1 < end) {
		p = lf + 1;
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf || lf == p)
			continue;
		if (lf[-1] == '\r' || *p == '[' ||
		    ml_xen_prefix(p, (size_t)(lf - p)))
			n.known++;
		else
			n.bare++;
	}
	return n;
}

bool ml_xen_console_own(struct ml_page *page)
{
	const struct xen_ring *r = ml_xen_ring_const(page->log);
	struct lines_seen *all = (struct lines_seen *)(void *)page->priv, n;
	struct ml_page used;
	bool text;

	used = *page;
	used.n_parts = xen_ring_parts(r, used.part);
	text = ml_page_is_text(&used);
	page->look = used.look;
	if (!text)
		return false;
	if (!page->look.text)
		return ml_look_zero(page->bytes, page->len);
	n = xen_ring_lines(page->bytes, page->len);
	if (all->known > LINES_ENOUGH && all->bare <= all->known / 8 &&
	    n.bare > LINES_ENOUGH && n.known <= n.bare / 4)
		return false;
	all->known += n.known;
	all->bare += n.bare;
	return true;
}

enum memlog_status ml_xen_console_expand(struct memlog_logs *logs,
					 struct ml_log *log,
					 struct memlog_image *image,
					 struct memlog_err *err)
{
	struct memlog_extent *e = &log->extents[0];
	struct xen_ring *r = ml_xen_ring(log);
	enum memlog_status s = MEMLOG_OK;
	uint8_t *buf;

	if (r->how == XEN_BY_SHAPE && e->addr % XEN_RING_MIN == 0) {
		find_size(image, e);
		r->size = e->len;
	}
	buf = ml_calloc(&logs->alloc, (size_t)r->size, 1);
	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a ring");
	xen_ring_read_all(image, e->space, e->addr, buf, (size_t)r->size);
	if (r->counters) {
		by_counters(r, is_full(buf, r));
		skip_junk(buf, r);
	} else {
		s = xen_ring_judge(buf, (size_t)r->size, r, err);
	}
	if (!s)
		xen_ring_publish(log, r);
	ml_free(&logs->alloc, buf);
	return s;
}
