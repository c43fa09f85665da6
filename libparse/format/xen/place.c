/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.c - find a ring that can start at any byte: the static array of a hypervisor
 * that allocates none, or has not yet. Other variables are right before it and after it.
 *
 * Copies of a ring can be anywhere, too. What is taken is as long as the array to the
 * byte: text with a place in it where new meets old, or a boot's first lines and
 * then zeros.
 */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* So many bytes of the variables beside the ring may look like text. */
#define BESIDE 64u

/* What a linker aligns an array to, at least. */
#define LINKED 32u

/* On either side of a page: the ring, what is beside it, and one byte more. */
#define SIDE   (XEN_RING_MIN + BESIDE + 1)
#define WINDOW (SIDE + ML_PAGE + SIDE)

/* Pieces of text in one page that are looked at. */
#define PIECES 16u

/* The longest line of Xen; those of guests are shorter. */
#define LINE_MAX 1024

/* A boot begins with more lines than this. */
#define FIRST_LINES 3u

/* Text around a page; base: its address. [start, end) of it is text. */
struct place {
	const uint8_t *p;
	uint64_t base;
	size_t start, end;
	bool whole; /* it is as long as a ring, which is not aligned */
	struct xen_ring *ring;
};

/* What is beside the ring may have any byte above ASCII; in it they are in words. */
static bool place_is_plain(uint8_t c)
{
	return c < 0x80 && ml_xen_is_text(c);
}

/* Does text go on after a few odd bytes, so far that it is no accident? step: 1, or -1
 * for backwards. Returns how many bytes there are before it, 0 if it does not. */
static size_t place_over(const uint8_t *p, size_t left, ptrdiff_t step)
{
	size_t odd = 0, n = 0;

	while (odd < left && odd <= ML_LOOK_FEW &&
	       !place_is_plain(p[(ptrdiff_t)odd * step]))
		odd++;
	while (odd + n < left && n < BESIDE &&
	       place_is_plain(p[(ptrdiff_t)(odd + n) * step]))
		n++;
	return odd <= ML_LOOK_FEW && n == BESIDE ? odd + n : 0;
}

static void place_around(struct place *pl, size_t at)
{
	size_t n;

	pl->start = pl->end = at;
	do {
		while (pl->start && place_is_plain(pl->p[pl->start - 1]))
			pl->start--;
		n = pl->start ?
			    place_over(pl->p + pl->start - 1, pl->start, -1) :
			    0;
		pl->start -= n;
	} while (n);
	do {
		while (pl->end < WINDOW && place_is_plain(pl->p[pl->end]))
			pl->end++;
		n = pl->end < WINDOW ?
			    place_over(pl->p + pl->end, WINDOW - pl->end, 1) :
			    0;
		pl->end += n;
	} while (n);
}

/* ---- a ring that was full ------------------------------------------------ */

/* Lines of Xen's console, and of a hypervisor that has allocated no ring. */
static bool place_is_console(const uint8_t *p, size_t len)
{
	struct xen_lines n = ml_xen_count_lines(p, len);
	const uint8_t *end = p + len, *lf;
	struct xen_look look;

	ml_xen_look(p, len, &look);
	for (; (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1)
		if (lf - p > LINE_MAX)
			return false;
	return end - p <= LINE_MAX && look.lines && !look.allocated &&
	       n.bare <= n.known;
}

/* The array at at, if that is one. */
static bool place_full_at(struct place *pl, size_t at)
{
	const uint8_t *p = pl->p + at;
	struct xen_seam seam;
	struct xen_ring *r = pl->ring;
	uint64_t addr = pl->base + at;

	/* one that was allocated, or a part of it */
	if (addr % XEN_RING_MIN == 0)
		return false;
	ml_xen_find_seam(p, XEN_RING_MIN, true, &seam);
	if (seam.edge || !place_is_console(p, XEN_RING_MIN))
		return false;
	/* a file's page may begin and end in mid-line; and so may anything that
	 * is not as long as the array */
	if (seam.fits != XEN_SEAM_ONE && !seam.timed &&
	    (addr % ML_PAGE == 0 ||
	     (addr % LINKED && pl->end - pl->start != XEN_RING_MIN)))
		return false;
	r->start = seam.at;
	r->used = XEN_RING_MIN;
	r->wrapped = true;
	r->doubt = seam.fits != XEN_SEAM_ONE;
	pl->start = at;
	return true;
}

/* The text is as long as the array, or longer by a few bytes beside it. */
static bool place_full(struct place *pl)
{
	size_t more = pl->end - pl->start - XEN_RING_MIN, first = pl->start;
	size_t linked = (size_t)(-(pl->base + first) % LINKED);

	if (more > BESIDE)
		return false;
	pl->whole = (pl->base + first + more) % XEN_RING_MIN > more &&
		    place_is_console(pl->p + first, XEN_RING_MIN);
	if (linked > more)
		return place_full_at(pl, first) ||
		       (more && place_full_at(pl, first + more));
	return place_full_at(pl, first + linked) ||
	       (linked + LINKED <= more &&
		place_full_at(pl, first + linked + LINKED));
}

/* ---- a ring that never was ----------------------------------------------- */

static const uint8_t *place_find(const uint8_t *from, const uint8_t *end,
				 const char *what)
{
	return memmem(from, (size_t)(end - from), what, strlen(what));
}

/* Where a boot begins whose version is at version: with letters made of characters, or
 * in that line. Text of others may be right before it. */
static size_t place_banner(const struct place *pl, size_t version)
{
	const uint8_t *line = pl->p + version, *p, *from, *next;
	size_t max = ml_min(version - pl->start, XEN_BANNER_MAX);

	from = pl->p + version - max;
	p = place_find(from, pl->p + version, " __  __ ");
	if (p)
		return (size_t)(p - pl->p) -
		       (p - from >= 5 && !memcmp(p - 5, "(XEN)", 5) ? 5 : 0);
	while (line > from && line[-1] != '\n')
		line--;
	for (p = NULL; (next = place_find(line, pl->p + version, "(XEN) "));
	     line = next + 1)
		p = next;
	if (p)
		return (size_t)(p - pl->p);
	return version - (version > pl->start && pl->p[version - 1] == ' ');
}

static size_t place_lines(const uint8_t *p, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

/*
 * Text from a boot's first line on, and zeros to the end of the array. A copy of a part
 * of it fills its page or its buffer.
 */
static bool place_begun(struct place *pl)
{
	const uint8_t *p = pl->p, *v = place_find(p + pl->start, p + pl->end,
						  "Xen version ");
	struct xen_look look;
	size_t at, used;

	if (!v)
		return false;
	at = place_banner(pl, (size_t)(v - p));
	used = pl->end - at;
	if (used >= XEN_RING_MIN || at + XEN_RING_MIN > WINDOW ||
	    used % ML_PAGE == 0 || (pl->base + pl->end) % ML_PAGE == 0 ||
	    (pl->base + at) % XEN_RING_MIN == 0 ||
	    place_lines(p + at, used) < FIRST_LINES ||
	    !ml_is_zero(p + pl->end, XEN_RING_MIN - used))
		return false;
	/* the end of a longer text */
	if (at - pl->start >= BESIDE && p[at - 1] == '\n')
		return false;
	ml_xen_look(p + at, used, &look);
	if (look.allocated)
		return false;
	*pl->ring = (struct xen_ring){ .size = XEN_RING_MIN, .used = used };
	pl->start = at;
	return true;
}

/* ---- the whole ----------------------------------------------------------- */

/* The next text in the page from offset at on that may be a ring's; all of the page may
 * be in one line. */
static bool place_next(const uint8_t *page, size_t *at)
{
	const uint8_t *from = page + *at, *end = page + ML_PAGE, *a, *b;

	if (*at >= ML_PAGE)
		return false;
	a = place_find(from, end, "(XEN) ");
	b = place_find(from, a ? a : end, "Xen version ");
	a = b ? b : a;
	if (a)
		*at = (size_t)(a - page);
	return a || (!*at && ml_xen_is_text(*page));
}

static bool place_in(struct place *pl, size_t page)
{
	size_t at = 0, n;
	bool found = false;

	for (n = 0; n < PIECES && !found && place_next(pl->p + page, &at);
	     n++) {
		place_around(pl, page + at);
		pl->whole = false;
		found = pl->end - pl->start >= XEN_RING_MIN ? place_full(pl) :
							      place_begun(pl);
		at = pl->end - page;
	}
	return found;
}

size_t ml_xen_read_all(struct memlog_image *image, enum memlog_space space,
		       uint64_t addr, uint8_t *buf, size_t len)
{
	size_t whole = 0, at, n, step;

	for (at = 0; at < len; at += step) {
		step = ml_min(len - at, ML_PAGE - (addr + at) % ML_PAGE);
		if (ml_image_fill(image, space, addr + at, buf + at, step, &n,
				  NULL))
			n = 0;
		memset(buf + at + n, 0, step - n);
		if (whole == at)
			whole += n;
	}
	return whole;
}

enum memlog_status ml_xen_find_place(const struct memlog_allocator *alloc,
				     struct memlog_image *image,
				     struct memlog_extent *e,
				     struct xen_ring *ring,
				     struct memlog_err *err)
{
	uint64_t page = e->addr - e->addr % ML_PAGE;
	struct xen_ring r = { .size = XEN_RING_MIN };
	size_t before = (size_t)ml_min(page, SIDE);
	struct place pl = { .base = page - before, .ring = &r };
	uint8_t *buf = ml_calloc(alloc, WINDOW, 1);
	bool found;

	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a ring");
	pl.p = buf;
	/* zeros where there is no memory */
	ml_xen_read_all(image, e->space, pl.base, buf,
			ml_min(WINDOW, UINT64_MAX - pl.base));
	found = place_in(&pl, before);
	ml_free(alloc, buf);
	if (!found)
		return ml_fail(err, pl.whole ? MEMLOG_CORRUPT : MEMLOG_NOT_MINE,
			       "text as long as a ring, and no sign of one");
	r.how = ring->how;
	r.loose = true;
	*ring = r;
	e->addr = pl.base + pl.start;
	e->len = XEN_RING_MIN;
	return MEMLOG_OK;
}
