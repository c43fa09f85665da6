/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * calls.c - a zone of ftrace: calls of functions, as the addresses of the function and
 * of its caller, each as long as a register, and 8 bytes that have the number of the
 * call and, in the lowest of them, the CPU.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "ramoops.h"

enum { LONG = 24, SHORT = 16, CPU_BITS = 8 };

/* One at off of the text, which may go on at the start of the zone's data. */
static bool calls_read(struct ml_source *source, uint64_t off, uint8_t *b,
		       size_t n)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	uint64_t first = r->size - r->start, part = 0;

	if (off < first) {
		part = ml_min(n, first - off);
		if (ml_source_fill(source, 0, RAMOOPS_HEADER + r->start + off,
				   b, part) < part)
			return false;
	}
	if (part == n)
		return true;
	off = off < first ? 0 : off - first;
	return ml_source_fill(source, 0, RAMOOPS_HEADER + off, b + part,
			      n - part) == n - part;
}

/* The last one is whole. Addresses of a 64-bit kernel begin with ones. */
void ml_ramoops_calls_open(struct ramoops_calls *c, struct ml_source *source)
{
	const struct ramoops *r = ml_ramoops_const(source->log);
	uint64_t missing = source->missing;

	c->each = LONG;
	if (r->size >= LONG &&
	    calls_read(source, r->size - LONG, c->bytes, LONG) &&
	    (c->bytes[7] != 0xff || c->bytes[15] != 0xff))
		c->each = SHORT;
	source->missing = missing;
	c->at = r->size % c->each;
	c->left = r->size / c->each;
}

enum memlog_status ml_ramoops_call(struct ramoops_calls *c,
				   struct ml_source *source,
				   struct memlog_record *rec)
{
	uint64_t to, from, number;
	int at, n;

	for (; c->left; c->left--, c->at += c->each) {
		if (calls_read(source, c->at, c->bytes, c->each))
			break;
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
	}
	if (!c->left)
		return MEMLOG_NO_DATA;
	c->left--;
	c->at += c->each;
	to = c->each == LONG ? ml_le64(c->bytes) : ml_le32(c->bytes);
	from = c->each == LONG ? ml_le64(c->bytes + 8) : ml_le32(c->bytes + 4);
	number = ml_le64(c->bytes + c->each - 8);
	rec->cpu = (int32_t)(number & ((1u << CPU_BITS) - 1));
	number >>= CPU_BITS;
	at = snprintf(c->line, sizeof(c->line),
		      "#%" PRIu64 " CPU %" PRId32 ": ", number, rec->cpu);
	n = snprintf(c->line + at, sizeof(c->line) - (size_t)at,
		     "0x%" PRIx64 " from 0x%" PRIx64 "\n", to, from);
	ml_record_field(rec, "number", MEMLOG_FIELD_UINT, number);
	ml_record_field(rec, "function", MEMLOG_FIELD_HEX, to);
	ml_record_field(rec, "caller", MEMLOG_FIELD_HEX, from);
	rec->text = (const uint8_t *)c->line;
	rec->text_len = (size_t)(at + n);
	ml_record_message(rec, (size_t)at);
	rec->raw = c->bytes;
	rec->raw_len = c->each;
	return MEMLOG_OK;
}
