/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cons.c - the console page of a Xen guest: the last output of the guest, its
 * boot loader or its firmware, in a ring shared with the backend.
 *
 * in[1024], out[2048], then in_cons, in_prod, out_cons, out_prod; the indices
 * run freely. There is no magic: the counters, the text between them and the
 * empty rest of the page have to be consistent. Source: Xen's public header
 * io/console.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "format/lines.h"
#include "format/linuxfault.h"
#include "console.h"

enum {
	IN_SIZE = 1024,
	OUT = IN_SIZE,
	OUT_SIZE = 2048,
	IN_CONS = 3072,
	IN_PROD = 3076,
	OUT_CONS = 3080,
	OUT_PROD = 3084,
	REST = 3104
};

/* Less text than this is not enough to accept a page without a magic. */
#define TEXT_MIN 16

struct xencons {
	uint32_t cons, prod;
};

_Static_assert(sizeof(struct xencons) <= ML_LOG_PRIV, "priv is too small");

struct xencons_decoder {
	struct ml_lines lines;
};

static bool xencons_counters(const uint8_t *page, struct xencons *ret)
{
	uint32_t in = ml_le32(page + IN_PROD) - ml_le32(page + IN_CONS);

	ret->cons = ml_le32(page + OUT_CONS);
	ret->prod = ml_le32(page + OUT_PROD);
	return in <= IN_SIZE && ret->prod - ret->cons <= OUT_SIZE;
}

/* Text up to the producer, zeros after it if the ring was never full; only a
 * few flags after the counters. */
static bool xencons_fits(const uint8_t *page, const struct xencons *x)
{
	uint32_t used = (uint32_t)ml_min(x->prod, OUT_SIZE), i, lines = 0;

	if (used < TEXT_MIN)
		return false;
	for (i = 0; i < used; i++) {
		if (!ml_xen_is_text(page[OUT + i]) && page[OUT + i])
			return false;
		lines += page[OUT + i] == '\n';
	}
	for (; i < OUT_SIZE; i++)
		if (page[OUT + i])
			return false;
	for (i = REST; i < ML_PAGE; i++)
		if (page[i])
			return false;
	return lines > 0;
}

static bool xencons_screen(uint64_t addr, const uint8_t *page, size_t len,
			   bool eager)
{
	struct xencons x;
	size_t i;

	if (!eager || addr % ML_PAGE)
		return false;
	if (len >= ML_PAGE)
		return xencons_counters(page, &x) && x.prod &&
		       xencons_fits(page, &x);
	/* a few bytes: typed input, or nothing */
	for (i = 0; i < len; i++)
		if (page[i] && !ml_xen_is_text(page[i]))
			return false;
	return true;
}

static bool xencons_expected(const struct memlog_image *image)
{
	return image->xen || image->xen_guest;
}

/* The pages of an HVM or PVH guest that it shares with its backends; the last one is the
 * console's. Xen's builder puts them there. Source: libxenguest's xg_dom_x86.c. */
#define SPECIAL	    0xfeff8000u
#define SPECIAL_END 0xff000000u

/* That of a PV guest is after its kernel and initial disk, and in the memory of a machine the
 * guests are anywhere. */
static size_t xencons_likely(struct memlog_image *image, struct ml_likely *ret,
			     size_t max)
{
	if (!image->xen_guest || !max)
		return 0;
	*ret = (struct ml_likely){ .space = MEMLOG_PHYS,
				   .range = { SPECIAL, SPECIAL_END } };
	return 1;
}

static enum memlog_status xencons_probe(const struct ml_probe *p,
					struct ml_log *log,
					struct ml_found *ret,
					struct memlog_err *err)
{
	struct xencons x;

	if (!xencons_counters(p->bytes, &x))
		return ml_fail(err, MEMLOG_NOT_MINE, "the counters do not fit");
	if (!xencons_fits(p->bytes, &x))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the page does not fit its counters");
	memcpy(log->priv, &x, sizeof(x));
	log->pub.capacity = OUT_SIZE;
	log->pub.used = ml_min(x.prod, OUT_SIZE);
	log->pub.flags |= MEMLOG_LOG_GUESSED;
	if (x.prod > OUT_SIZE)
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
	log->pub.state = MEMLOG_STATE_CURRENT;
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "its backend has %u byte%s still to read", x.prod - x.cons,
		 ml_s(x.prod - x.cons));
	ret->extent.len = ML_PAGE;
	return MEMLOG_OK;
}

static enum memlog_status xencons_open(void *state, struct ml_source *source,
				       const struct ml_decoder_opts *opts,
				       struct memlog_err *err)
{
	struct xencons_decoder *d = state;
	struct xencons x;
	uint64_t used;

	memcpy(&x, source->log->priv, sizeof(x));
	used = ml_min(x.prod, OUT_SIZE);
	ml_lines_add_ring(&d->lines, OUT, OUT_SIZE, x.prod - used, used,
			  MEMLOG_REC_GUESSED);
	if (x.prod > OUT_SIZE)
		d->lines.first_flags = MEMLOG_REC_TRUNCATED_HEAD;
	return MEMLOG_OK;
}

static enum memlog_status xencons_next(void *state, struct ml_source *source,
				       struct memlog_record *rec,
				       struct memlog_err *err)
{
	struct xencons_decoder *d = state;

	return ml_lines_next(&d->lines, source, rec, err);
}

const struct ml_format ml_format_xencons = {
	.name = "xencons",
	.title = "Xen guest's console page",
	.probe = xencons_probe,
	.probe_min = ML_PAGE,
	.probe_len = ML_PAGE,
	.open = xencons_open,
	.next = xencons_next,
	.state_size = sizeof(struct xencons_decoder),
	.find.screen = xencons_screen,
	.find.screen_eager = true,
	.find.expected = xencons_expected,
	.find.perhaps = true,
	.find.likely = xencons_likely,
	.say.fault = ml_linux_fault,
	.say.absent = "only guests of Xen have a console page, and one without "
		      "a line of text is not recognized",
};
