/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_writer.c - write JSON objects member by member. */
#include "json_writer.h"

#include <inttypes.h>
#include <string.h>

static void key_of(struct ml_json *j, const char *key, const char *more)
{
	if (j->comma)
		ml_out_char(j->out, ',');
	j->comma = true;
	if (key) {
		ml_out_char(j->out, '"');
		ml_escape_json(j->out, (const uint8_t *)key, strlen(key));
		ml_out_str(j->out, more);
		ml_out_str(j->out, "\":");
	}
}

void ml_json_begin(struct ml_json *j, struct ml_out *out, bool seq,
		   const char *type, const char *image,
		   const struct memlog_log *log)
{
	j->out = out;
	j->comma = false;
	ml_out_str(out, seq ? "\x1e{" : "{");
	ml_json_str(j, "type", type);
	ml_json_text(j, "image", image);
	if (!log)
		return;
	ml_json_str(j, "format", log->format);
	if (log->n_extents) {
		ml_json_str(j, "space",
			    memlog_space_name(log->extents[0].space));
		ml_json_hex(j, "addr", log->extents[0].addr);
	}
}

void ml_json_end(struct ml_json *j)
{
	ml_out_str(j->out, "}\n");
}

void ml_json_open(struct ml_json *j, const char *key, char kind)
{
	key_of(j, key, "");
	ml_out_char(j->out, kind);
	j->comma = false;
}

void ml_json_close(struct ml_json *j, char kind)
{
	ml_out_char(j->out, kind);
	j->comma = true;
}

void ml_json_str(struct ml_json *j, const char *key, const char *s)
{
	key_of(j, key, "");
	ml_out_char(j->out, '"');
	ml_escape_json(j->out, (const uint8_t *)s, strlen(s));
	ml_out_char(j->out, '"');
}

void ml_json_bytes(struct ml_json *j, const char *key, const void *p,
		   size_t len)
{
	bool text = ml_utf8_valid(p, len);

	key_of(j, key, text ? "" : "_b64");
	ml_out_char(j->out, '"');
	if (text)
		ml_escape_json(j->out, p, len);
	else
		ml_base64(j->out, p, len);
	ml_out_char(j->out, '"');
}

void ml_json_lines(struct ml_json *j, const char *key, const uint8_t *p,
		   size_t len)
{
	const uint8_t *cr, *from = p, *end = p + len;

	if (!ml_utf8_valid(p, len)) {
		ml_json_bytes(j, key, p, len);
		return;
	}
	key_of(j, key, "");
	ml_out_char(j->out, '"');
	for (; (cr = memchr(p, '\r', (size_t)(end - p))); p = cr + 1)
		if (cr + 1 < end && cr[1] == '\n') {
			ml_escape_json(j->out, from, (size_t)(cr - from));
			from = cr + 1;
		}
	ml_escape_json(j->out, from, (size_t)(end - from));
	ml_out_char(j->out, '"');
}

void ml_json_text(struct ml_json *j, const char *key, const char *s)
{
	ml_json_bytes(j, key, s, strlen(s));
}

void ml_json_u64(struct ml_json *j, const char *key, uint64_t v)
{
	key_of(j, key, "");
	ml_out_char(j->out, '"');
	ml_out_u64(j->out, v);
	ml_out_char(j->out, '"');
}

void ml_json_i64(struct ml_json *j, const char *key, int64_t v)
{
	key_of(j, key, "");
	ml_out_fmt(j->out, "\"%" PRId64 "\"", v);
}

void ml_json_hex(struct ml_json *j, const char *key, uint64_t v)
{
	key_of(j, key, "");
	ml_out_str(j->out, "\"0x");
	ml_out_hex(j->out, v);
	ml_out_char(j->out, '"');
}

void ml_json_int(struct ml_json *j, const char *key, long long v)
{
	key_of(j, key, "");
	ml_out_fmt(j->out, "%lld", v);
}

void ml_json_seconds(struct ml_json *j, const char *key, uint64_t ns)
{
	uint64_t us = ns / 1000;

	/* not %f, which writes the decimal point of the locale */
	key_of(j, key, "");
	ml_out_fmt(j->out, "%" PRIu64 ".%06" PRIu64, us / 1000000,
		   us % 1000000);
}

void ml_json_null(struct ml_json *j, const char *key)
{
	key_of(j, key, "");
	ml_out_str(j->out, "null");
}

void ml_json_bool(struct ml_json *j, const char *key, bool v)
{
	key_of(j, key, "");
	ml_out_str(j->out, v ? "true" : "false");
}
