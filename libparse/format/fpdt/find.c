/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* find.c - the tables of boot times, and what leads to them. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "fpdt.h"

/* The ACPI table, whose copy in the firmware's image has no sum. */
static bool fpdt_find_points(const struct ml_probe *p, struct ml_found *ret)
{
	uint32_t len = ml_le32(p->bytes + 4), at;
	uint8_t sum = 0;

	if (memcmp(p->bytes, "FPDT", 4) || len < ACPI || len > p->len)
		return false;
	for (at = 0; at < len; at++)
		sum = (uint8_t)(sum + p->bytes[at]);
	for (at = ACPI; !sum && at + POINTER <= len; at += p->bytes[at + 2]) {
		if (p->bytes[at + 2] < RECORD)
			break;
		if (ml_le16(p->bytes + at) == TYPE_BOOT &&
		    p->bytes[at + 2] == POINTER && ml_le64(p->bytes + at + 8)) {
			ml_found_at(ret, len, ml_le64(p->bytes + at + 8), 1);
			return true;
		}
	}
	return false;
}

bool ml_fpdt_is_event(const uint8_t *p)
{
	uint16_t type = ml_le16(p);
	uint8_t len = p[2];

	switch (type) {
	case TYPE_EVENT:
	case TYPE_STRING:
		return len >= GUID_EVENT;
	case TYPE_TWO:
		return len >= TWO_EVENT;
	case TYPE_WORD:
	case TYPE_WORD_STRING:
		return len >= WORD_EVENT;
	}
	return len >= RECORD && type > TYPE_WORD_STRING;
}

/* Drivers have an empty table of their own in their images, with no records and no
 * times. */
static bool fpdt_find_is_boot(const struct ml_probe *p, uint32_t len)
{
	const uint8_t *r = p->bytes + HEADER;

	if (memcmp(p->bytes, "FBPT", 4) || len < HEADER + BASIC ||
	    len > ML_FPDT_MAX || p->len < HEADER + BASIC ||
	    ml_le16(r) != TYPE_BASIC || r[2] != BASIC)
		return false;
	if (len == HEADER + BASIC)
		return p->hint || r[BASIC_FIRST] ||
		       memcmp(r + BASIC_FIRST, r + BASIC_FIRST + 1,
			      BASIC - BASIC_FIRST - 1);
	return p->len >= HEADER + BASIC + RECORD && ml_fpdt_is_event(r + BASIC);
}

static bool fpdt_find_is_resume(const struct ml_probe *p, uint32_t len)
{
	const uint8_t *r = p->bytes + HEADER;

	return !memcmp(p->bytes, "S3PT", 4) && len >= HEADER + RESUME &&
	       len <= ML_PAGE && p->len >= HEADER + RESUME && !ml_le16(r) &&
	       r[2] == RESUME && ml_le32(r + RECORD);
}

bool ml_fpdt_glance(const uint8_t *p, size_t len)
{
	const struct ml_probe probe = { .bytes = p, .len = len };
	uint32_t n = len >= HEADER ? ml_le32(p + 4) : 0;

	return len < MEMLOG_PEEK || !memcmp(p, "FPDT", 4) ||
	       fpdt_find_is_boot(&probe, n) || fpdt_find_is_resume(&probe, n);
}

enum memlog_status ml_fpdt_probe(const struct ml_probe *p, struct ml_log *log,
				 struct ml_found *ret, struct memlog_err *err)
{
	uint32_t len = ml_le32(p->bytes + 4);
	bool boot = fpdt_find_is_boot(p, len);

	if (!p->hint && fpdt_find_points(p, ret))
		return MEMLOG_OK;
	if (!boot && !fpdt_find_is_resume(p, len))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "no times of a boot or a resume");
	log->pub.flags = MEMLOG_LOG_TELLS_ALL;
	log->pub.capacity = log->pub.used = len - HEADER;
	*(uint8_t *)log->priv = boot ? VARIANT_BOOT : VARIANT_RESUME;
	snprintf(log->pub.variant, sizeof(log->pub.variant),
		 boot ? "boot" : "resume");
	ret->extent.len = len;
	return MEMLOG_OK;
}

/* One is that of this boot; of several it is not known which. */
void ml_fpdt_relate(struct ml_log *const *logs, size_t n,
		    struct memlog_image *image, bool some)
{
	size_t i, k, same;

	for (i = 0; i < n; i++) {
		for (k = same = 0; k < n; k++)
			same += *logs[k]->priv == *logs[i]->priv;
		if (same == 1 && !some)
			logs[i]->pub.state = MEMLOG_STATE_CURRENT;
		else if (same > 1)
			snprintf(logs[i]->pub.reason,
				 sizeof(logs[i]->pub.reason),
				 "one of %zu tables", same);
	}
}
