/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * out.h - a buffer in front of a sink, with a sticky error.
 *
 * Writers call ml_out_* without checking, and check once with ml_out_flush().
 * Of lines, each write to the sink ends at the end of one, so that several
 * processes may append to the same file.
 */
#ifndef ML_RENDER_OUT_H
#define ML_RENDER_OUT_H

#include <string.h>

#include "memlog.h"

struct ml_out {
	const struct memlog_sink *sink;
	enum memlog_status status;	      /* first failure; sticky */
	struct memlog_err err;		      /* of that failure */
	const struct memlog_allocator *lines; /* NULL: not lines */
	uint8_t *big; /* size bytes, instead of buf, for a long line */
	size_t len, size;
	uint8_t buf[8192];
};

void ml_out_init(struct ml_out *out, const struct memlog_sink *sink);
/* The same for lines: one that buf cannot hold is kept in memory from alloc. It
 * is freed with ml_out_flush(), or else by the caller with ml_out_fini(). */
void ml_out_init_lines(struct ml_out *out, const struct memlog_sink *sink,
		       const struct memlog_allocator *alloc);
void ml_out_fini(struct ml_out *out);
void ml_out_write_full(struct ml_out *out, const void *p, size_t len);

static inline void ml_out_write(struct ml_out *out, const void *p, size_t len)
{
	if (len > out->size - out->len) {
		ml_out_write_full(out, p, len);
		return;
	}
	if (len) /* p may be NULL if not */
		memcpy((out->big ? out->big : out->buf) + out->len, p, len);
	out->len += len;
}

static inline void ml_out_str(struct ml_out *out, const char *s)
{
	ml_out_write(out, s, strlen(s));
}

static inline void ml_out_char(struct ml_out *out, char c)
{
	ml_out_write(out, &c, 1);
}

/* Decimal, and hexadecimal without a prefix; faster than ml_out_fmt(). */
void ml_out_u64(struct ml_out *out, uint64_t v);
void ml_out_hex(struct ml_out *out, uint64_t v);
/* Formatted text of at most 511 bytes; never of guest bytes. */
void ml_out_fmt(struct ml_out *out, const char *fmt, ...) MEMLOG_PRINTF(2, 3);
/* Write everything to the sink; returns the first failure since init. */
enum memlog_status ml_out_flush(struct ml_out *out, struct memlog_err *err);

#endif
