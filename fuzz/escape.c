/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes through render/escape.c: what comes out is safe to look at, and
 * what is said of UTF-8 agrees with a second opinion.
 */
#include <string.h>

#include "liblook.h"
#include "render/escape.h"

struct collected {
	uint8_t *p;
	size_t len, cap;
};

static enum memlog_status collect(void *self, const void *buf, size_t len,
				  struct memlog_err *err)
{
	struct collected *c = self;

	(void)err;
	LOOK_CHECK(len <= c->cap - c->len);
	memcpy(c->p + c->len, buf, len);
	c->len += len;
	return MEMLOG_OK;
}

/* No escape is longer than ten bytes for each that went in. */
#define MAX_IN 4096
static uint8_t room[MAX_IN * 10 + 16];

static void finish(struct ml_out *out, struct collected *c)
{
	LOOK_CHECK(!ml_out_flush(out, NULL));
	LOOK_CHECK(look_safe(c->p, c->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct collected c = { room, 0, sizeof(room) };
	struct memlog_sink sink = {
		.size = sizeof(sink),
		.self = &c,
		.write = collect,
	};
	static struct ml_out out;
	static char str[MAX_IN + 1];

	if (size > MAX_IN)
		return 0;
	ml_out_init(&out, &sink);
	ml_escape_text(&out, data, size, true);
	finish(&out, &c);
	/* safe text stays as it is */
	if (look_safe(data, size) && c.len == size)
		LOOK_CHECK(!memcmp(c.p, data, size));

	c.len = 0;
	ml_out_init(&out, &sink);
	ml_escape_text(&out, data, size, false);
	finish(&out, &c);
	LOOK_CHECK(!memchr(c.p, '\n', c.len));

	memcpy(str, data, size);
	str[size] = '\0';
	c.len = 0;
	ml_out_init(&out, &sink);
	ml_escape_str(&out, str);
	finish(&out, &c);
	LOOK_CHECK(!memchr(c.p, '\n', c.len));

	if (look_safe(data, size))
		LOOK_CHECK(ml_utf8_valid(data, size));
	if (ml_utf8_valid(data, size)) {
		c.len = 0;
		ml_out_init(&out, &sink);
		ml_escape_json(&out, data, size);
		finish(&out, &c);
		LOOK_CHECK(!memchr(c.p, '\n', c.len));
	}
	c.len = 0;
	ml_out_init(&out, &sink);
	ml_base64(&out, data, size);
	finish(&out, &c);
	LOOK_CHECK(c.len == (size + 2) / 3 * 4);
	return 0;
}
