/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* header.c - parse the seven versions of the header. */
#include <stdio.h>
#include <string.h>

#include "advlogger.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "format/edk2.h"

/* Bytes of the header, by version. */
static const uint8_t adv_header_len[ADV_VERSIONS] = {
	32, 48, 72, 80, 80, 80, 88
};

/* Offsets; those of flags differ in version 0, which has nothing after them. */
enum {
	AT_OFFSET = 12,
	AT_CURSOR = 20,
	AT_DISCARDED = 24,
	AT_SIZE = 28,
	AT_FLAGS = 32,
	AT_FLAGS_0 = 29,
	AT_HZ = 40,
	AT_TICKS = 48,
	AT_DATE = 56,
	AT_NEXT = 80,
};

/* The header has addresses of the machine: they tell where it is. */
static bool adv_header_addresses(const uint8_t *p, struct advlogger *a)
{
	uint64_t buffer = ml_le64(p + 8), current = ml_le64(p + 16);

	if (buffer < a->header || current < buffer ||
	    current - buffer > a->size || buffer % ADV_ALIGN)
		return false;
	a->has_base = true;
	a->base = buffer - a->header;
	a->cursor = current - buffer + a->header;
	return true;
}

static bool adv_header_offsets(const uint8_t *p, struct advlogger *a)
{
	a->cursor = ml_le32(p + AT_CURSOR);
	return !ml_le32(p + 8) && ml_le32(p + AT_OFFSET) == a->header &&
	       !ml_le32(p + 16) && a->cursor >= a->header &&
	       a->cursor - a->header <= a->size;
}

/* Version 0 has no version: its size is there, which makes whole pages. */
static bool adv_header_geometry(const uint8_t *p, struct advlogger *a)
{
	if (memcmp(p, "ALOG", 4))
		return false;
	a->version = ml_le16(p + 4);
	if (a->version >= ADV_VERSIONS || ml_le16(p + 6))
		a->version = 0;
	a->header = adv_header_len[a->version];
	a->size = ml_le32(p + (a->version ? AT_SIZE : 4));
	if (a->size < ADV_ALM2 || a->size + a->header > ML_ADVLOGGER_MAX ||
	    (!a->version && (a->size + a->header) % ML_PAGE))
		return false;
	return a->version < 5 ? adv_header_addresses(p, a) :
				adv_header_offsets(p, a);
}

/* What follows makes it certain: a first message, or a size that makes whole pages. There
 * are n bytes; what is not there may be. */
static bool adv_header_certain(const uint8_t *p, size_t n,
			       const struct advlogger *a)
{
	if (a->cursor > a->header && n >= a->header + 4u &&
	    ml_advlogger_signed(p + a->header, n - a->header))
		return true;
	return a->version ? (a->size + a->header) % ML_PAGE == 0 :
			    n < a->header + 4u;
}

bool ml_advlogger_glance(const uint8_t *p, size_t len)
{
	struct advlogger a = { .version = 0 };

	if (len < ADV_PROBE_MIN)
		return true;
	return adv_header_geometry(p, &a) &&
	       (len < a.header + 4u || adv_header_certain(p, len, &a));
}

/* The rest of the header, which decides nothing. */
static void adv_header_load(const uint8_t *p, size_t len, struct advlogger *a)
{
	a->discarded = ml_le32(p + AT_DISCARDED);
	a->permanent = p[a->version ? AT_FLAGS : AT_FLAGS_0];
	if (a->version >= 1) {
		a->runtime = p[AT_FLAGS + 1];
		a->hz = ml_le64(p + AT_HZ);
	}
	if (a->version >= 2) {
		a->ticks = ml_le64(p + AT_TICKS);
		a->dated = a->ticks && ml_edk2_date(p + AT_DATE, &a->date);
	}
	if (a->version >= 6)
		a->next = ml_le64(p + AT_NEXT);
	memcpy(a->first, p + a->header,
	       ml_min(len - a->header,
		      ml_min(sizeof(a->first), a->cursor - a->header)));
}

enum memlog_status ml_advlogger_probe(const struct ml_probe *probe,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err)
{
	struct memlog_log *pub = &log->pub;
	struct advlogger a = { .version = 0 };

	if (!adv_header_geometry(probe->bytes, &a))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not a header of AdvancedLogger");
	if (probe->len < a.header)
		return ml_fail(err, MEMLOG_NOT_MINE, "the header is truncated");
	if (!probe->at && !adv_header_certain(probe->bytes, probe->len, &a))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "a header of AdvancedLogger without messages");
	adv_header_load(probe->bytes, probe->len, &a);
	ret->extent.len = a.header + a.size;
	pub->capacity = a.size;
	pub->used = a.cursor - a.header;
	pub->flags = MEMLOG_LOG_PLAIN | (pub->used ? 0 : MEMLOG_LOG_EMPTY);
	snprintf(pub->variant, sizeof(pub->variant), "%s, V%u",
		 a.permanent ? "main" : "early", (unsigned int)a.version);
	if (a.discarded)
		snprintf(pub->reason, sizeof(pub->reason),
			 "it was full: %lu byte%s of messages were discarded",
			 (unsigned long)a.discarded, ml_s(a.discarded));
	memcpy(log->priv, &a, sizeof(a));
	return MEMLOG_OK;
}

/* New messages come after the old ones. If it may have wrapped since, they are in their
 * place. */
bool ml_advlogger_narrow(struct ml_log *before, const struct ml_log *after,
			 bool *ret_lost)
{
	const struct advlogger *a = ml_advlogger_const(before),
			       *b = ml_advlogger_const(after);

	if (a->version != b->version || a->header != b->header ||
	    a->size != b->size || b->cursor < a->cursor)
		return false;
	*ret_lost = a->wrapped;
	return true;
}

void ml_advlogger_position(struct ml_source *source, struct ml_position *ret)
{
	const struct advlogger *a = ml_advlogger_const(source->log);

	*ret = (struct ml_position){ .end = a->cursor,
				     .modulus = a->size,
				     .by_text = true };
}
