/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * follow.c - find the end of the text, to follow the log.
 *
 * The plain header has only offsets, which wrap. memlog's own firmware counts
 * bytes and boots after it: the last 16 bytes before the text are u64 offset
 * and "memlogx1"; at that offset from the header are, among others, the bytes
 * ever written (+0x10) and the boots (+0x20).
 */
#include <string.h>

#include "base/bytes.h"
#include "ovmf.h"

#define HEADER	192
#define EXT_MIN 0x80
#define LOCATOR 16

static bool ovmf_follow_load(struct ml_source *source, uint64_t off, void *buf,
			     size_t len)
{
	size_t got;

	return !ml_source_read(source, 0, off, buf, len, &got, NULL, NULL) &&
	       got == len;
}

void ml_ovmf_position(struct ml_source *source, struct ml_position *ret)
{
	const struct ovmf *o = ml_ovmf_const(source->log);
	uint8_t locator[LOCATOR], ext[0x28];
	uint64_t at, ahead, missing = source->missing;

	*ret = (struct ml_position){ .end = o->tail, .modulus = o->size };
	if (o->family == OVMF_C && o->state <= OVMF_WRAPPED &&
	    o->header_size >= HEADER + EXT_MIN + LOCATOR &&
	    ovmf_follow_load(source, o->header_size - LOCATOR, locator,
			     LOCATOR) &&
	    !memcmp(locator + 8, "memlogx1", 8)) {
		at = ml_le64(locator);
		if (at >= HEADER && at % 64 == 0 &&
		    at <= o->header_size - LOCATOR - EXT_MIN &&
		    ovmf_follow_load(source, at, ext, sizeof(ext))) {
			ret->end = ml_le64(ext + 0x10);
			/* caught in the middle of a message: not all of it
			 * counts yet */
			ahead = (ret->end % o->size + o->size - o->tail) %
				o->size;
			ret->end -= ml_min(ahead, ret->end);
			ret->modulus = 0;
			ret->boot = ml_le32(ext + 0x20);
		}
	}
	source->missing = missing;
}
