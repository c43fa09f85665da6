/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err.c - fill in struct memlog_err, and add context on the way up. */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void err_fill(struct memlog_err *err, enum memlog_status status,
		     const char *fmt, va_list ap)
{
	memset(err, 0, sizeof(*err));
	err->status = status;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

enum memlog_status(ml_fail)(struct memlog_err *err, enum memlog_status status,
			    const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		err_fill(err, status, fmt, ap);
		va_end(ap);
	}
	return status;
}

enum memlog_status(ml_fail_errno)(struct memlog_err *err,
				  enum memlog_status status, int sys,
				  const char *fmt, ...)
{
	char words[96];
	va_list ap;
	size_t n;

	if (!err)
		return status;
	va_start(ap, fmt);
	err_fill(err, status, fmt, ap);
	va_end(ap);
	err->sys = sys;
	/* GNU strerror_r may return its own string instead of filling words */
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, "%s%s", n ? ": " : "",
		 strerror_r(sys, words, sizeof(words)));
	return status;
}

enum memlog_status(ml_fail_at)(struct memlog_err *err,
			       enum memlog_status status, uint64_t addr,
			       const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return status;
	va_start(ap, fmt);
	err_fill(err, status, fmt, ap);
	va_end(ap);
	err->has_addr = true;
	err->addr = addr;
	return status;
}

enum memlog_status(ml_prefix)(struct memlog_err *err, enum memlog_status status,
			      const char *fmt, ...)
{
	char text[2 * sizeof(err->text)];
	va_list ap;
	size_t n;

	if (!err)
		return status;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(text);
	snprintf(text + n, sizeof(text) - n, ": %s", err->text);
	memcpy(err->text, text, sizeof(err->text));
	err->text[sizeof(err->text) - 1] = '\0';
	err->status = status;
	return status;
}

const char *memlog_status_name(enum memlog_status status)
{
	static const char *const names[] = {
		[MEMLOG_OK] = "ok",
		[MEMLOG_NOT_MINE] = "not recognised",
		[MEMLOG_NO_DATA] = "no data",
		[MEMLOG_CORRUPT] = "damaged",
		[MEMLOG_LIMIT] = "limit reached",
		[MEMLOG_UNSUPPORTED] = "not supported",
		[MEMLOG_INVALID] = "invalid argument",
		[MEMLOG_NO_MEMORY] = "out of memory",
		[MEMLOG_IO] = "input/output error",
		[MEMLOG_STOP] = "stopped",
	};

	if ((unsigned int)status >= sizeof(names) / sizeof(names[0]))
		return "unknown status";
	return names[status];
}

#ifndef MEMLOG_VERSION
#define MEMLOG_VERSION "0.1.0"
#endif

const char *memlog_version(void)
{
	return MEMLOG_VERSION;
}
