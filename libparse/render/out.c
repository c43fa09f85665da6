/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* out.c - buffer output on its way to a sink. */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

void ml_out_init(struct ml_out *out, const struct memlog_sink *sink)
{
	out->sink = sink;
	out->status = MEMLOG_OK;
	memset(&out->err, 0, sizeof(out->err));
	out->len = 0;
}

static void out_drain(struct ml_out *out, const void *p, size_t len)
{
	if (out->status || !len)
		return;
	out->status = out->sink->write(out->sink->self, p, len, &out->err);
}

void ml_out_write(struct ml_out *out, const void *p, size_t len)
{
	if (len > sizeof(out->buf) - out->len) {
		out_drain(out, out->buf, out->len);
		out->len = 0;
	}
	if (len > sizeof(out->buf)) {
		out_drain(out, p, len);
	} else if (len) {
		memcpy(out->buf + out->len, p, len);
		out->len += len;
	}
}

void ml_out_str(struct ml_out *out, const char *s)
{
	ml_out_write(out, s, strlen(s));
}

void ml_out_char(struct ml_out *out, char c)
{
	ml_out_write(out, &c, 1);
}

void ml_out_fmt(struct ml_out *out, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	ml_out_write(out, text,
		     (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

enum memlog_status ml_out_flush(struct ml_out *out, struct memlog_err *err)
{
	out_drain(out, out->buf, out->len);
	out->len = 0;
	if (out->status && err)
		*err = out->err;
	return out->status;
}
