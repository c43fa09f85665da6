/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * likely.c - where the rings of ACRN's log are likely: in the memory that the Service
 * VM's kernel reserves with hvlog=SIZE@ADDRESS. ACRN's documentation and
 * configurations have a few addresses; another one is in the kernel's command line.
 *
 * The first ring of each half of that memory is at its start, and all others are
 * found from one of them.
 */
#include <string.h>

#include "acrn.h"
#include "base/bytes.h"
#include "base/number.h"

#define MIB (UINT64_C(1) << 20)

/* Up to v1.0, on a NUC, and since v2.0; all of 2 MiB. */
static const struct memlog_range likely_known[] = {
	{ 0xe00000, 0xe00000 + 2 * MIB },
	{ 0x1fe00000, 0x1fe00000 + 2 * MIB },
	{ 0x6de00000, 0x6de00000 + 2 * MIB },
};

/* Boot loaders put the command line where the real mode of a PC has memory. */
#define LIKELY_LOW 0xa0000u

/* Bytes of the option that are looked at. */
enum { LIKELY_OPTION = 64 };

/* A ring of the log at addr, if one starts there. */
static size_t likely_ring(struct memlog_image *image, uint64_t addr,
			  struct ml_likely *ret, size_t max)
{
	uint8_t head[ML_SBUF_HEADER];
	enum memlog_status s;
	struct ml_sbuf h;

	if (!max || ml_sbuf_read(image, MEMLOG_PHYS, addr, head,
				 sizeof(head)) != sizeof(head))
		return 0;
	s = ml_sbuf_parse(head, sizeof(head), &h, NULL);
	if ((s && s != MEMLOG_CORRUPT) || ml_sbuf_kind(&h) != ML_SBUF_LOG)
		return 0;
	*ret = (struct ml_likely){ .space = MEMLOG_PHYS,
				   .range = { addr, addr + 1 },
				   .exact = true };
	return 1;
}

/* One of them is enough. */
static size_t likely_region(struct memlog_image *image, struct memlog_range r,
			    struct ml_likely *ret, size_t max)
{
	return likely_ring(image, r.start, ret, max) ||
	       likely_ring(image, r.start + (r.end - r.start) / 2, ret, max);
}

size_t ml_acrn_likely(struct memlog_image *image, struct ml_likely *ret,
		      size_t max)
{
	size_t n = 0, i;

	for (i = 0; i < sizeof(likely_known) / sizeof(likely_known[0]); i++)
		n += likely_region(image, likely_known[i], ret + n, max - n);
	return n;
}

/* SIZE@ADDRESS in up to len bytes. */
static bool likely_option(const uint8_t *p, size_t len,
			  struct memlog_range *ret)
{
	char text[LIKELY_OPTION];
	const char *s = text;
	uint64_t size;

	len = ml_min(len, sizeof(text) - 1);
	memcpy(text, p, len);
	text[len] = '\0';
	return ml_take_number(&s, &size) && *s++ == '@' &&
	       ml_take_number(&s, &ret->start) && size &&
	       ml_add(ret->start, size, &ret->end);
}

/* In the command lines in len bytes. */
static size_t likely_lines(struct memlog_image *image, const uint8_t *p,
			   size_t len, struct ml_likely *ret, size_t max)
{
	static const char word[] = "hvlog=";
	const uint8_t *end = p + len;
	struct memlog_range r;
	size_t n = 0, tries = 0;

	while (n < max && tries++ < ML_LIKELY_PLACES &&
	       (p = memmem(p, (size_t)(end - p), word, sizeof(word) - 1))) {
		p += sizeof(word) - 1;
		if (likely_option(p, (size_t)(end - p), &r))
			n += likely_region(image, r, ret + n, max - n);
	}
	return n;
}

size_t ml_acrn_pointed(struct memlog_image *image, struct ml_likely *ret,
		       size_t max)
{
	struct memlog_range r;
	uint64_t addr;
	size_t n = 0, len, got;
	uint8_t *buf;

	for (addr = 0;
	     n < max &&
	     !memlog_image_next_range(image, MEMLOG_PHYS, addr, &r, NULL) &&
	     r.start < LIKELY_LOW;
	     addr = r.end) {
		len = ml_min(r.end, LIKELY_LOW) - r.start;
		buf = ml_calloc(&image->alloc, len, 1);
		image->starved |= !buf;
		if (!buf)
			break;
		got = ml_sbuf_read(image, MEMLOG_PHYS, r.start, buf, len);
		n += likely_lines(image, buf, got, ret + n, max - n);
		ml_free(&image->alloc, buf);
	}
	return n;
}
