/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec.c - the user's name for a port, and what else he says of it. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/number.h"
#include "ports.h"

enum { POST = 0x80, PORT_MAX = 0xffff };

#define OPTIONS "kind=post, kind=text, port=N, name=NAME, listen, all"

/* Options start after the first comma that is not followed by another one; two are one
 * comma of the path. Returns where, "" without any. */
static const char *spec_path(const char *spec, char *path)
{
	for (; *spec; *path++ = *spec++) {
		if (*spec != ',')
			continue;
		if (spec[1] != ',')
			break;
		spec++;
	}
	*path = '\0';
	return *spec ? spec + 1 : spec;
}

static bool spec_is(const char *p, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(p, word, n);
}

static enum memlog_status spec_port(const char *p, size_t n,
				    struct ml_port *ret, struct memlog_err *err)
{
	char text[12];
	const char *s = text;
	uint64_t v;

	snprintf(text, sizeof(text), "%.*s", (int)n, p);
	if (n >= sizeof(text) || !ml_take_number(&s, &v) || *s || v > PORT_MAX)
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.*s\" is not a port such as 0x402",
			       (int)(n < 32 ? n : 32), p);
	ret->has_port = true;
	ret->port = (uint32_t)v;
	return MEMLOG_OK;
}

static enum memlog_status spec_name(const char *p, size_t n,
				    struct ml_port *ret, struct memlog_err *err)
{
	if (!ml_port_vm_valid(p, n))
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.*s\" is not a name: up to %u letters, "
			       "digits and .-_, which does not begin with 0x",
			       (int)(n < 32 ? n : 32), p, ML_PORT_VM - 1);
	memcpy(ret->vm, p, n);
	ret->vm[n] = '\0';
	return MEMLOG_OK;
}

static enum memlog_status spec_option(const char *p, size_t n,
				      struct ml_port *ret, bool *kind,
				      struct memlog_err *err)
{
	if (n > 5 && !memcmp(p, "port=", 5))
		return spec_port(p + 5, n - 5, ret, err);
	if (n >= 5 && !memcmp(p, "name=", 5))
		return spec_name(p + 5, n - 5, ret, err);
	if (spec_is(p, n, "listen")) {
		ret->listen = true;
	} else if (spec_is(p, n, "all")) {
		ret->all = true;
	} else if (spec_is(p, n, "kind=post") || spec_is(p, n, "kind=text")) {
		*kind = true;
		ret->post = p[5] == 'p';
	} else {
		return ml_fail(err, MEMLOG_INVALID,
			       "unknown option \"%.*s\"; there are " OPTIONS,
			       (int)(n < 32 ? n : 32), p);
	}
	return MEMLOG_OK;
}

enum memlog_status ml_port_parse(const char *spec,
				 const struct memlog_allocator *alloc,
				 struct ml_port *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	bool kind = false;
	const char *p;
	size_t n;

	*ret = (struct ml_port){ .link = { .fd = -1, .listener = -1 } };
	ret->path = ml_calloc(alloc, strlen(spec) + 1, 1);
	if (!ret->path)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a port");
	for (p = spec_path(spec, ret->path); *p && !s; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		s = spec_option(p, n, ret, &kind, err);
	}
	if (!s && !ret->path[0])
		s = ml_fail(err, MEMLOG_INVALID,
			    "no path; it is port:PATH, and options after "
			    "commas: " OPTIONS);
	if (s) {
		ml_free(alloc, ret->path);
		ret->path = NULL;
		return s;
	}
	/* progress codes are those of port 0x80 */
	if (!kind)
		ret->post = ret->has_port && ret->port == POST;
	if (ret->post && !ret->has_port) {
		ret->has_port = true;
		ret->port = POST;
	}
	memlog_escape(ret->path, ret->name, sizeof(ret->name));
	return MEMLOG_OK;
}
