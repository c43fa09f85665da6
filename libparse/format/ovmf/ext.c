/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ext.c - find and check the extension of the header. */
#include <string.h>

#include "base/bytes.h"
#include "format/edk2.h"
#include "index.h"

#define HEADER	192
#define EXT	0xc0
#define LOCATOR 16
#define ENTRY	32

#define HAS_INDEX  1u
#define HAS_PREFIX 2u

static bool ovmf_ext_read(struct ml_source *source, uint64_t off, void *buf,
			  size_t len)
{
	return ml_source_fill(source, 0, off, buf, len) == len;
}

/* The bytes that were in the middle of being written do not count yet. */
static bool ovmf_ext_settle(const struct ovmf *o, struct ovmf_ext *ret)
{
	uint64_t ahead = (ret->total % o->size + o->size - o->tail) % o->size;
	uint64_t used = (o->tail + o->size - o->head) % o->size;

	if (ret->total < ahead || ret->total - ahead < used)
		return false;
	ret->total -= ahead;
	return true;
}

static bool ovmf_ext_geometry(const struct ovmf *o, const uint8_t *p,
			      uint64_t at, struct ovmf_ext *ret)
{
	uint64_t n = ml_le32(p + 0x38), end;

	ret->index = ml_le32(p + 0x30);
	if (!(ml_le32(p + 4) & HAS_INDEX))
		return true;
	end = ret->index + n * ENTRY;
	if (ml_le32(p + 0x34) != ENTRY || !ml_is_pow2(n) || n < 2 ||
	    ret->index % 64 || ret->index < HEADER ||
	    (end > at &&
	     (ret->index < at + EXT || end > o->header_size - LOCATOR)))
		return false;
	ret->n = (uint32_t)n;
	return true;
}

static enum memlog_status ovmf_ext_find(struct ml_source *source,
					struct ovmf_ext *ret)
{
	const struct ovmf *o = ml_ovmf_const(source->log);
	uint8_t locator[LOCATOR], p[EXT];
	uint64_t at;

	if (o->family != OVMF_C || o->state > OVMF_WRAPPED ||
	    o->header_size < HEADER + EXT + LOCATOR ||
	    !ovmf_ext_read(source, o->header_size - LOCATOR, locator,
			   LOCATOR) ||
	    memcmp(locator + 8, "memlogx1", 8))
		return MEMLOG_NOT_MINE;
	at = ml_le64(locator);
	if (at % 64 || at < HEADER || at > o->header_size - LOCATOR - EXT ||
	    !ovmf_ext_read(source, at, p, EXT) || ml_le32(p) < EXT)
		return MEMLOG_CORRUPT;
	ret->hz = ml_le64(p + 0x08);
	ret->total = ml_le64(p + 0x10);
	ret->dropped = ml_le32(p + 0x18);
	ret->dropped_bytes = ml_le32(p + 0x1c);
	ret->boots = ml_le32(p + 0x20);
	ret->resumes = ml_le32(p + 0x24);
	ret->start = ml_le64(p + 0x28);
	ret->count = ml_le64(p + 0x40);
	ret->dated = ml_edk2_date(p + 0x58, &ret->date);
	ret->date_clock = ml_le64(p + 0x68);
	if (!ret->hz)
		ret->hz = ml_ovmf_clock_rate(p + 0x70, EXT - 0x70);
	if (!ovmf_ext_settle(o, ret) || !ovmf_ext_geometry(o, p, at, ret))
		return MEMLOG_CORRUPT;
	ret->prefixed = ml_le32(p + 4) & HAS_PREFIX;
	ret->unprefixed = !ret->prefixed;
	return MEMLOG_OK;
}

enum memlog_status ml_ovmf_ext_load(struct ml_source *source,
				    struct ovmf_ext *ret)
{
	uint64_t missing = source->missing;
	enum memlog_status s;

	*ret = (struct ovmf_ext){ 0 };
	s = ovmf_ext_find(source, ret);
	source->missing = missing;
	return s;
}
