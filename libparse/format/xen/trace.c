/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace.c - find the trace buffers of the Xen hypervisor.
 *
 * t_info is a page of frame numbers: u16 pages of each CPU's buffer, a u16 for
 * each CPU that says where its list of frames starts, in 4-byte words from the
 * start, then these lists. The first page of a buffer starts with u32 cons, u32
 * prod. Found by the symbol t_info, or by what Xen printed on its console when
 * it allocated them: "xentrace: pN mfn X offset O" for every CPU. Listed, not
 * decoded. Source: Xen's common/trace.c and public/trace.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "image/xen/xen.h"
#include "console.h"

enum { ROLE_BUFFER, ROLE_INFO };

/* One CPU's line of the console. */
struct said {
	uint32_t cpu, mfn, offset;
};

static enum memlog_status xentrace_probe(const struct ml_probe *p,
					 struct ml_log *log,
					 struct ml_found *ret,
					 struct memlog_err *err)
{
	uint16_t pages = ml_le16(p->bytes), first = ml_le16(p->bytes + 2);

	if (!p->hint && !p->at)
		return ml_fail(err, MEMLOG_NOT_MINE, "nothing leads here");
	if (!pages || !first || first * 4u >= ML_XENTRACE_INFO)
		return ml_fail(err, MEMLOG_NOT_MINE, "no list of buffers");
	log->pub.flags |= MEMLOG_LOG_NOT_A_LOG;
	log->pub.state = MEMLOG_STATE_CURRENT;
	ret->extent.len = ML_PAGE;
	ret->extent.role = ROLE_INFO;
	return MEMLOG_OK;
}

static bool read_at(struct memlog_image *image, const struct memlog_extent *e,
		    uint64_t off, void *buf, size_t len)
{
	uint64_t addr;
	size_t got;

	return ml_add(e->addr, off, &addr) &&
	       !memlog_image_read(image, e->space, addr, buf, len, &got,
				  NULL) &&
	       got == len;
}

/* Where nothing but --at leads here, and the image has no Xen: is there a page
 * of the list, and in the first one's header counters of a buffer of size
 * bytes? */
static bool xentrace_has_page(struct memlog_image *image,
			      const struct memlog_extent *page, bool first,
			      uint64_t size)
{
	uint32_t cons, prod;
	uint8_t b[8];

	if (!read_at(image, page, 0, b, 8))
		return false;
	cons = ml_le32(b);
	prod = ml_le32(b + 4);
	return !first || (cons < 2 * size && prod < 2 * size &&
			  (prod + 2 * size - cons) % (2 * size) <= size);
}

/* The buffer of one CPU: its pages, and the bytes in it. */
static enum memlog_status
xentrace_add_cpu(struct memlog_logs *logs, struct ml_log *log,
		 struct memlog_image *image, uint32_t cpu, uint32_t offset,
		 uint32_t pages, struct memlog_err *err)
{
	struct memlog_extent info = log->extents[0], e = {
		.space = info.space,
		.len = ML_PAGE,
		.cpu = (int32_t)cpu,
		.role = ROLE_BUFFER,
	};
	uint64_t size = (uint64_t)pages * ML_PAGE - 8;
	enum memlog_status s;
	uint8_t b[8];
	uint32_t i;

	for (i = 0; i < pages; i++) {
		if (!read_at(image, &info, 4 * ((uint64_t)offset + i), b, 4))
			break;
		if (!ml_le32(b))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "a list of frames that breaks off");
		e.addr = (uint64_t)ml_le32(b) * ML_PAGE;
		if (!image->xen && !xentrace_has_page(image, &e, !i, size))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "a list of frames that have no buffer");
		if (!i && read_at(image, &e, 0, b, 8))
			log->pub.used += ml_min(
				(ml_le32(b + 4) + 2 * size - ml_le32(b)) %
					(2 * size),
				size);
		s = ml_log_add_extent(logs, log, &e, err);
		if (s)
			return s;
	}
	log->pub.capacity += size;
	return MEMLOG_OK;
}

static enum memlog_status xentrace_expand(struct memlog_logs *logs,
					  struct ml_log *log,
					  struct memlog_image *image,
					  struct memlog_err *err)
{
	struct memlog_extent info = log->extents[0];
	uint32_t cpus = 0, first, at, pages;
	enum memlog_status s = MEMLOG_OK;
	uint8_t b[4];

	if (!read_at(image, &info, 0, b, 4))
		return MEMLOG_NOT_MINE;
	pages = ml_le16(b);
	first = ml_le16(b + 2);
	/* on a running machine it may have changed since */
	if (!pages)
		return ml_fail(err, MEMLOG_NOT_MINE, "a list of no pages");
	/* the offsets end where the first list starts */
	while (!s && cpus < ML_XENTRACE_CPUS && 2 + 2 * cpus + 2 <= 4 * first &&
	       read_at(image, &info, 2 + 2 * cpus, b, 2)) {
		at = ml_le16(b);
		/* an absent CPU has no list */
		if (at < first)
			break;
		s = xentrace_add_cpu(logs, log, image, cpus++, at, pages, err);
	}
	if (!s && log->pub.n_extents == 1)
		return ml_fail(err, MEMLOG_NOT_MINE, "a list of no buffers");
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "buffers of %u CPU%s, %u page%s each", cpus, ml_s(cpus), pages,
		 ml_s(pages));
	return s;
}

static bool xentrace_place(struct memlog_image *image, uint64_t mach,
			   struct ml_likely *ret)
{
	*ret = (struct ml_likely){
		.space = image->xen->space,
		.range = { mach, mach + ML_PAGE },
		.exact = true,
	};
	return mach % ML_PAGE == 0 && mach < UINT64_MAX - ML_PAGE;
}

static size_t xentrace_locate(struct memlog_image *image,
			      const struct memlog_symbols *sym,
			      struct ml_likely *ret, size_t max)
{
	uint64_t va, start, mach;
	uint8_t b[8];

	if (!max || !sym->addr || sym->addr(sym->self, "t_info", &va))
		return 0;
	if (sym->addr(sym->self, "xen_phys_start", &start))
		start = 0;
	if (!ml_xen_assume(image, va, start) || !image->xen->is64 ||
	    !ml_xen_mach(image, va, &mach) || !ml_xen_read(image, mach, b, 8))
		return 0;
	return ml_xen_mach(image, ml_le64(b), &mach) &&
	       xentrace_place(image, mach, ret);
}

/* ---- by what the console says ------------------------------------------- */

static bool xentrace_number(const uint8_t **p, const uint8_t *end,
			    unsigned int base, uint32_t *ret)
{
	const uint8_t *s = *p;
	uint64_t v = 0;

	for (; *p < end && *p - s < 9; (*p)++) {
		uint8_t c = **p;
		unsigned int d = c >= '0' && c <= '9' ? c - (uint32_t)'0' :
				 c >= 'a' && c <= 'f' ? c - 'a' + 10u :
							99u;

		if (d >= base)
			break;
		v = v * base + d;
	}
	*ret = (uint32_t)v;
	return *p > s && v <= UINT32_MAX;
}

static bool xentrace_word(const uint8_t **p, const uint8_t *end, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(end - *p) < n || memcmp(*p, w, n))
		return false;
	*p += n;
	return true;
}

/* The lines in len bytes of console text; at most max. */
static size_t parse_lines(const uint8_t *p, size_t len, struct said *ret,
			  size_t max)
{
	const uint8_t *end = p + len;
	struct said s;
	size_t n = 0;

	while (n < max &&
	       (p = memmem(p, (size_t)(end - p), "xentrace: p", 11))) {
		p += 11;
		if (xentrace_number(&p, end, 10, &s.cpu) &&
		    xentrace_word(&p, end, " mfn ") &&
		    xentrace_number(&p, end, 16, &s.mfn) &&
		    xentrace_word(&p, end, " offset ") &&
		    xentrace_number(&p, end, 10, &s.offset))
			ret[n++] = s;
	}
	return n;
}

/* A page that agrees: where each CPU's list is, and its first frame. */
static bool xentrace_agrees(struct memlog_image *image, uint64_t mach,
			    const struct said *said, size_t n)
{
	uint8_t b[4];
	size_t i;

	for (i = 0; i < n; i++)
		if (!ml_xen_read(image, mach + 4ull * said[i].offset, b, 4) ||
		    ml_le32(b) != said[i].mfn ||
		    !ml_xen_read(image, mach + 2 + 2ull * said[i].cpu, b, 2) ||
		    ml_le16(b) != said[i].offset)
			return false;
	return true;
}

static bool xentrace_search(struct memlog_image *image, const struct said *said,
			    size_t n, uint64_t *ret)
{
	uint64_t addr = 0, at, budget = ML_MAX_XENTRACE_PAGES;
	struct memlog_range r;

	while (!memlog_image_next_data(image, image->xen->space, addr, &r,
				       NULL)) {
		at = (ML_PAGE - r.start % ML_PAGE) % ML_PAGE;
		if (!ml_add(r.start, at, &at))
			break;
		for (; at < r.end && budget; at += ML_PAGE, budget--) {
			if (xentrace_agrees(image, at, said, n)) {
				*ret = at;
				return true;
			}
			if (r.end - at <= ML_PAGE)
				break;
		}
		addr = r.end;
	}
	if (!budget)
		ml_image_warn(image,
			      "the console mentions trace buffers, whose "
			      "list is not in the first %u GiB; more was not "
			      "searched for it",
			      ML_MAX_XENTRACE_PAGES / ((1u << 30) / ML_PAGE));
	return false;
}

static size_t xentrace_likely(struct memlog_image *image, struct ml_likely *ret,
			      size_t max)
{
	struct ml_likely ring;
	struct said said[ML_XENTRACE_LINES];
	uint64_t mach, size;
	uint8_t *buf;
	size_t n;

	if (!image->xen || !max || !ml_xen_console_likely(image, &ring, 1))
		return 0;
	size = ring.hint[XEN_HINT_SIZE];
	if (size > ML_XEN_RING_MAX)
		return 0;
	buf = ml_calloc(&image->alloc, (size_t)size, 1);
	image->starved |= !buf;
	if (!buf || !ml_xen_read(image, ring.range.start, buf, (size_t)size)) {
		ml_free(&image->alloc, buf);
		return 0;
	}
	n = parse_lines(buf, (size_t)size, said, ML_XENTRACE_LINES);
	ml_free(&image->alloc, buf);
	return n && xentrace_search(image, said, n, &mach) &&
	       xentrace_place(image, mach, ret);
}

const struct ml_format ml_format_xentrace = {
	.name = "xentrace",
	.title = "Xen trace buffers",
	.probe = xentrace_probe,
	.probe_min = 8,
	.probe_len = 8,
	.find.likely = xentrace_likely,
	.find.locate = xentrace_locate,
	.group.expand = xentrace_expand,
	.group.text = ml_text_of_extent,
	.say.symbols = "t_info",
	.say.absent = "Xen has trace buffers only if xentrace was started or "
		      "tbuf_size= was given; -s xen-syms leads to them",
};
