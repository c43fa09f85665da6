/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * judge.c - is a block of console text the ring, or a copy of one? A page of the ring
 * may be damaged, or be other memory: what is known then is less, and it has to fit
 * closer.
 */
#include "console.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Lines that tell what those of a ring are like. */
#define LINES_ENOUGH 8u

/* The header that an allocator in dom0 puts before a copy is shorter than
 * this. */
#define HEADER_MAX 256

/* At least this many zeros in a row were never written, or are the room before
 * the oldest text; any text may have a few. */
#define GAP 16

/* Rings of more pages are not tried without each of them. */
#define LEAVE_OUT_MAX 8u

/* ---- lines --------------------------------------------------------------- */

struct xen_lines ml_xen_count_lines(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len, *lf = memchr(p, '\n', len);
	struct xen_lines n = { 0, 0 };

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

bool ml_xen_other_lines(struct xen_lines page, struct xen_lines others)
{
	return others.known > LINES_ENOUGH && others.bare <= others.known / 8 &&
	       page.bare > LINES_ENOUGH && page.known <= page.bare / 4;
}

/* ---- pages --------------------------------------------------------------- */

/* A page: text to its end, text and then zeros, text with odd bytes between, only
 * zeros, or other memory. */
enum kind { PAGE_TEXT, PAGE_END, PAGE_ODD, PAGE_ZERO, PAGE_OTHER };

/* Bytes of the page before the zeros at its end. */
static size_t judge_text_len(const uint8_t *p)
{
	size_t n = ML_PAGE;

	while (n && !p[n - 1])
		n--;
	return n;
}

static enum kind judge_kind(const uint8_t *p)
{
	size_t n = judge_text_len(p);
	struct ml_look k = { 0 };

	if (!n)
		return PAGE_ZERO;
	ml_look_at(&k, p, n);
	if (ml_look_odd(&k, ML_LOOK_FEW))
		return PAGE_OTHER;
	if (k.odd > ML_LOOK_FEW)
		return PAGE_ODD;
	return n == ML_PAGE ? PAGE_TEXT : PAGE_END;
}

bool ml_xen_mostly_text(const uint8_t *p, size_t len)
{
	size_t n = len / ML_PAGE, lost = 0, i;

	for (i = 0; i < n; i++)
		lost += judge_kind(p + i * ML_PAGE) == PAGE_OTHER;
	return lost <= n / XEN_PAGES_LOST;
}

/* A ring with lost pages. q: the others, from the one after lost pages on, around the
 * end of the ring; at: which page each is. */
struct broken {
	const uint8_t *p;
	size_t n;
	uint8_t *kind;
	uint8_t *q;
	size_t n_q;
	uint32_t *at;
	size_t runs; /* of lost pages */
	bool doubt;  /* some of which have text */
	size_t left; /* a page that was left out, or n */
};

/* What lines a page has can be told only by the others. */
static void broken_kinds(struct broken *b)
{
	struct xen_lines all = { 0, 0 }, n, others;
	size_t i;

	for (i = 0; i < b->n; i++) {
		b->kind[i] = (uint8_t)judge_kind(b->p + i * ML_PAGE);
		n = ml_xen_count_lines(b->p + i * ML_PAGE, ML_PAGE);
		if (b->kind[i] > PAGE_END)
			continue;
		all.known += n.known;
		all.bare += n.bare;
	}
	for (i = 0; i < b->n; i++) {
		if (b->kind[i] > PAGE_END)
			continue;
		n = ml_xen_count_lines(b->p + i * ML_PAGE, ML_PAGE);
		others.known = all.known - n.known;
		others.bare = all.bare - n.bare;
		if (ml_xen_other_lines(n, others))
			b->kind[i] = PAGE_OTHER;
	}
}

/*
 * A ring that was never full: text from the first lines of a boot on, and zeros after
 * it. If it ends with a page it goes on in the next one, which is lost. Lost pages in
 * the rest have no text.
 */
static bool broken_begun(const struct broken *b, struct xen_ring *r)
{
	size_t end = b->n, lost = 0, in_last, i;

	while (end && b->kind[end - 1] >= PAGE_ZERO)
		end--;
	/* a page alone is a copy of it */
	if (!end || b->kind[0] > PAGE_END ||
	    !memmem(b->p, XEN_BANNER_MAX, "Xen version ", 12))
		return false;
	in_last = judge_text_len(b->p + (end - 1) * ML_PAGE);
	if (in_last == ML_PAGE && (end == 1 || end == b->n))
		return false;
	r->used = (end - 1) * ML_PAGE + in_last;
	if (in_last == ML_PAGE)
		r->used += ML_PAGE;
	for (i = 0; i < b->n; i++)
		if (i + 1 < end)
			lost += b->kind[i] == PAGE_END ||
				b->kind[i] >= PAGE_ZERO;
		else
			lost += b->kind[i] == PAGE_OTHER;
	if (in_last == ML_PAGE)
		lost += b->kind[end] == PAGE_ZERO;
	r->start = 0;
	r->wrapped = false;
	return lost <= b->n / XEN_PAGES_LOST;
}

/* Put the pages with text together. False: too many are lost, or none is. */
static bool broken_join(struct broken *b)
{
	size_t first = 0, i, k;

	for (i = 0; i < b->n; i++) {
		bool lost = b->kind[i], next = b->kind[(i + 1) % b->n];

		if (lost && !next) {
			b->runs++;
			first = (i + 1) % b->n;
		}
	}
	for (i = 0; i < b->n; i++) {
		k = (first + i) % b->n;
		if (b->kind[k]) {
			b->doubt |= b->kind[k] < PAGE_ZERO;
			continue;
		}
		memcpy(b->q + b->n_q * ML_PAGE, b->p + k * ML_PAGE, ML_PAGE);
		b->at[b->n_q++] = (uint32_t)k;
	}
	return b->n_q < b->n && b->n - b->n_q <= b->n / XEN_PAGES_LOST;
}

/* Does text go on in mid-line from byte a to byte z, which may be far apart? */
static bool broken_goes_on(const uint8_t *a, const uint8_t *z, size_t len)
{
	return *a != '\n' && *z != '[' && !ml_xen_prefix(z, len);
}

/* Is the seam at this offset what a page looks like that is not the ring's: in the
 * line that goes on in it, or from it? */
static bool broken_at_edge(const struct broken *b, size_t off)
{
	const uint8_t *page = b->p + off / ML_PAGE * ML_PAGE;
	const uint8_t *lf = memchr(page, '\n', ML_PAGE);

	return !lf || page + off % ML_PAGE <= lf + 1 ||
	       !memchr(page + off % ML_PAGE, '\n', ML_PAGE - off % ML_PAGE);
}

/*
 * A ring that was full. Where old text meets new may be in a lost page: then what is
 * left has no other such place, and goes on in mid-line on either side of the page, as
 * it does from the end of the ring to its start. A copy has that place in the first
 * line of its first page.
 */
static bool broken_wrapped(struct broken *b, struct xen_ring *r)
{
	size_t len = b->n * ML_PAGE, n;
	struct xen_seam seam;

	if (!broken_join(b))
		return false;
	n = b->n_q * ML_PAGE;
	ml_xen_find_seam(b->q, n, false, &seam);
	r->wrapped = true;
	r->used = len;
	if (seam.fits == XEN_SEAM_ONE) {
		r->start = (uint64_t)b->at[seam.at / ML_PAGE] * ML_PAGE +
			   seam.at % ML_PAGE;
		return !broken_at_edge(b, (size_t)r->start) ||
		       (b->left == b->n && (b->kind[0] || r->start >= ML_PAGE));
	}
	if (b->left < b->n)
		return false;
	r->start = (uint64_t)b->at[0] * ML_PAGE;
	return b->runs == 1 && !b->doubt && seam.fits == XEN_SEAM_NONE &&
	       broken_goes_on(b->q + n - 1, b->q, n) &&
	       (b->kind[0] || b->kind[b->n - 1] ||
		broken_goes_on(b->p + len - 1, b->p, len));
}

/* Pages of text, with more places than one where old meets new: without one of them
 * there is one place. */
static bool broken_left_out(struct broken *b, struct xen_ring *r)
{
	struct xen_seam seam;
	size_t i, k;

	if (b->n > LEAVE_OUT_MAX)
		return false;
	for (i = 0; i < b->n; i++)
		if (b->kind[i] != PAGE_TEXT)
			return false;
	ml_xen_find_seam(b->p, b->n * ML_PAGE, true, &seam);
	if (seam.fits != XEN_SEAM_MANY)
		return false;
	for (b->left = 0; b->left < b->n; b->left++) {
		for (k = 0; k < b->n; k++)
			b->kind[k] = k == b->left ? PAGE_OTHER : PAGE_TEXT;
		b->n_q = b->runs = 0;
		if (broken_wrapped(b, r)) {
			r->other = b->left + 1;
			return true;
		}
	}
	return false;
}

enum memlog_status ml_xen_order_broken(const struct memlog_allocator *alloc,
				       const uint8_t *p, size_t len,
				       struct xen_ring *ring,
				       struct memlog_err *err)
{
	struct broken b = { .p = p, .n = len / ML_PAGE, .left = len / ML_PAGE };
	struct xen_ring r = *ring;
	bool found;

	if (!b.n)
		return MEMLOG_NOT_MINE;
	b.q = ml_calloc(alloc, b.n, ML_PAGE + sizeof(*b.at) + 1);
	if (!b.q)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a ring");
	b.at = (uint32_t *)(void *)(b.q + b.n * ML_PAGE);
	b.kind = (uint8_t *)(b.at + b.n);
	broken_kinds(&b);
	found = broken_begun(&b, &r) || broken_wrapped(&b, &r) ||
		broken_left_out(&b, &r);
	ml_free(alloc, b.q);
	if (!found)
		return MEMLOG_NOT_MINE;
	r.broken = true;
	*ring = r;
	return MEMLOG_OK;
}

/* ---- the whole ring ------------------------------------------------------ */

/* The longest run of zeros, not wrapping. */
static size_t judge_longest_gap(const uint8_t *p, size_t len, size_t *ret_at)
{
	size_t best = 0, i, n;

	for (i = 0; i < len; i += n + 1) {
		const uint8_t *z = memchr(p + i, 0, len - i);

		if (!z)
			break;
		i = (size_t)(z - p);
		for (n = 1; i + n < len && !p[i + n]; n++)
			;
		if (n > best) {
			best = n;
			*ret_at = i;
		}
	}
	return best;
}

/* Zeros at the start and at the end of len bytes. */
static size_t judge_zeros_before(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && !p[n])
		n++;
	return n >= GAP ? n : 0;
}

static size_t judge_zeros_after(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && !p[len - 1 - n])
		n++;
	return n >= GAP ? n : 0;
}

bool ml_xen_order(const uint8_t *p, size_t len, struct xen_ring *ring)
{
	size_t before = judge_zeros_before(p, len),
	       after = judge_zeros_after(p, len);
	size_t at = 0, gap;
	struct xen_seam seam;

	/* never full: text, and room after it; room before it too if the static
	 * ring had wrapped before this one was allocated */
	ring->wrapped = ring->doubt = false;
	ring->start = before;
	ring->used = before + after < len ? len - before - after : 0;
	if (before || after)
		return ring->used > 0;
	ring->wrapped = true;
	gap = judge_longest_gap(p, len, &at);
	if (gap >= GAP) {
		ring->start = at + gap;
		ring->used = len - gap;
		return true;
	}
	ml_xen_find_seam(p, len, true, &seam);
	ring->used = len;
	ring->start = seam.at;
	ring->doubt = seam.fits != XEN_SEAM_ONE;
	return (!ring->doubt || seam.timed) && !seam.edge;
}

/*
 * dom0's memory is full of copies: pipes, files, the output of `xl dmesg`. A
 * ring that was never full starts with the first lines of a boot and ends
 * anywhere, while a copy fills its pages; one that was full has a place where
 * new text meets old.
 */
static bool judge_alive(const uint8_t *p, size_t len, const struct xen_ring *r)
{
	struct xen_look look;

	ml_xen_look(p, len, &look);
	if (r->wrapped)
		return look.total == len;
	if (r->used % ML_PAGE == 0)
		return false;
	if (r->start)
		return look.allocated == len && len > XEN_RING_MIN &&
		       r->start >= HEADER_MAX;
	return memmem(p, ml_min(r->used, XEN_BANNER_MAX), "Xen version ", 12) !=
	       NULL;
}

bool ml_xen_order_whole(const uint8_t *p, size_t len, struct xen_ring *ring)
{
	struct ml_look k = { 0 };

	if (!ml_xen_order(p, len, ring) || !judge_alive(p, len, ring))
		return false;
	if (ring->wrapped)
		ml_look_at(&k, p, len);
	else
		ml_look_at(&k, p + ring->start, (size_t)ring->used);
	ring->broken = k.odd > ML_LOOK_FEW;
	return true;
}
