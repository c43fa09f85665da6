/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* out.c - buffer output on its way to a sink. */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

void ml_out_init(struct ml_out *out, const struct memlog_sink *sink)
{
	out->sink = sink;
	out->status = MEMLOG_OK;
	memset(&out->err, 0, sizeof(out->err));
	out->lines = NULL;
	out->big = NULL;
	out->len = 0;
	out->size = sizeof(out->buf);
}

void ml_out_init_lines(struct ml_out *out, const struct memlog_sink *sink,
		       const struct memlog_allocator *alloc)
{
	ml_out_init(out, sink);
	out->lines = alloc;
}

void ml_out_fini(struct ml_out *out)
{
	if (out->big)
		ml_free(out->lines, out->big);
	out->big = NULL;
	out->size = sizeof(out->buf);
	out->len = 0;
}

static uint8_t *out_bytes(struct ml_out *out)
{
	return out->big ? out->big : out->buf;
}

static void out_drain(struct ml_out *out, const void *p, size_t len)
{
	if (out->status || !len)
		return;
	out->status = out->sink->write(out->sink->self, p, len, &out->err);
}

/* Write all lines that are complete; all bytes if they are not lines. */
static void out_drain_lines(struct ml_out *out)
{
	uint8_t *p = out_bytes(out), *lf;
	size_t n = out->len;

	if (out->lines) {
		lf = memrchr(p, '\n', out->len);
		n = lf ? (size_t)(lf - p) + 1 : 0;
	}
	out_drain(out, p, n);
	out->len -= n;
	memmove(p, p + n, out->len);
}

/* Make the buffer hold len more bytes of a line. If there is no memory for
 * that, the line is written in pieces. */
static bool out_grow(struct ml_out *out, size_t len)
{
	uint8_t *big = NULL;
	size_t size;

	if (ml_add(out->len, len, &size) && ml_mul(size, 2, &size))
		big = ml_calloc(out->lines, size, 1);
	if (!big)
		return false;
	memcpy(big, out_bytes(out), out->len);
	ml_free(out->lines, out->big);
	out->big = big;
	out->size = size;
	return true;
}

void ml_out_write_full(struct ml_out *out, const void *p, size_t len)
{
	out_drain_lines(out);
	if (len > out->size - out->len &&
	    (!out->lines || out->status || !out_grow(out, len))) {
		out_drain(out, out_bytes(out), out->len);
		out->len = 0;
	}
	if (len > out->size - out->len)
		out_drain(out, p, len);
	else
		ml_out_write(out, p, len);
}

static void out_digits(struct ml_out *out, uint64_t v, unsigned int base)
{
	char text[20], *p = text + sizeof(text);

	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	ml_out_write(out, p, (size_t)(text + sizeof(text) - p));
}

void ml_out_u64(struct ml_out *out, uint64_t v)
{
	out_digits(out, v, 10);
}

void ml_out_hex(struct ml_out *out, uint64_t v)
{
	out_digits(out, v, 16);
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
	out_drain(out, out_bytes(out), out->len);
	ml_out_fini(out);
	if (out->status && err)
		*err = out->err;
	return out->status;
}
