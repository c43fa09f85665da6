/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * maps.c - read and parse /proc/PID/maps. A line, see proc(5):
 *
 *	7f5c8be00000-7f5c9be00000 rw-s 00000000 00:01 1034    /memfd:ram (deleted)
 */
#include "maps.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

enum memlog_status ml_proc_text(int fd, const struct memlog_allocator *alloc,
				char **ret, size_t *ret_len, int *ret_sys)
{
	size_t cap = 65536, len = 0;
	ssize_t n = fd < 0 || lseek(fd, 0, SEEK_SET) ? -1 : 1;
	char *text, *more;

	*ret_sys = errno;
	text = ml_calloc(alloc, cap, 1);
	while (text && n > 0 && len < ML_MAX_MAPS_BYTES) {
		n = read(fd, text + len, cap - len);
		*ret_sys = errno;
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		len += n > 0 ? (size_t)n : 0;
		if (len < cap)
			continue;
		more = ml_calloc(alloc, cap * 2, 1);
		if (more)
			memcpy(more, text, len);
		ml_free(alloc, text);
		text = more;
		cap *= 2;
	}
	if (!text)
		return MEMLOG_NO_MEMORY;
	if (n < 0) {
		ml_free(alloc, text);
		return MEMLOG_IO;
	}
	*ret = text;
	*ret_len = len;
	return MEMLOG_OK;
}

/* A number of base 16 or 10. False: there is none, or it overflows. */
static bool process_maps_number(const char **p, const char *end,
				unsigned int base, uint64_t *ret)
{
	const char *at = *p;
	unsigned int digit;
	uint64_t v = 0;

	for (; at < end; at++) {
		char c = *at;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return false;
	}
	if (at == *p)
		return false;
	*p = at;
	*ret = v;
	return true;
}

static bool process_maps_expect(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	++*p;
	return true;
}

static bool process_maps_parse_line(const char *p, const char *end,
				    struct ml_mapping *m,
				    struct ml_maps_file *f)
{
	uint64_t major, minor;
	const char *perms;

	if (!process_maps_number(&p, end, 16, &m->start) ||
	    !process_maps_expect(&p, end, '-') ||
	    !process_maps_number(&p, end, 16, &m->end) ||
	    !process_maps_expect(&p, end, ' ') || m->end <= m->start ||
	    end - p < 5)
		return false;
	perms = p;
	p += 4;
	if (!process_maps_expect(&p, end, ' ') ||
	    !process_maps_number(&p, end, 16, &m->offset) ||
	    !process_maps_expect(&p, end, ' ') ||
	    !process_maps_number(&p, end, 16, &major) ||
	    !process_maps_expect(&p, end, ':') ||
	    !process_maps_number(&p, end, 16, &minor) ||
	    !process_maps_expect(&p, end, ' ') ||
	    !process_maps_number(&p, end, 10, &f->inode))
		return false;
	while (p < end && *p == ' ')
		p++;
	f->major = (unsigned int)major;
	f->minor = (unsigned int)minor;
	f->path = p;
	f->path_len = (size_t)(end - p);
	m->read = perms[0] == 'r';
	m->write = perms[1] == 'w';
	m->exec = perms[2] == 'x';
	m->shared = perms[3] == 's';
	/* "[heap]", "[stack]", but not "[anon:name]", a name by the program */
	m->own = f->path_len && p[0] == '[' &&
		 (f->path_len < 5 || memcmp(p, "[anon", 5));
	/* inode numbers are unique only within a device */
	m->file = f->inode ? f->inode + (major << 52) + (minor << 44) : 0;
	return true;
}

enum memlog_status ml_maps_parse(struct ml_maps *ret, char *text, size_t len,
				 const struct memlog_allocator *alloc,
				 struct memlog_err *err)
{
	const char *p = text, *end = text + len, *eol;
	size_t lines = 0;

	*ret = (struct ml_maps){ .text = text };
	for (; p < end; p = eol + 1, lines++) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
	}
	if (lines > ML_MAX_MAPPINGS) {
		ml_maps_fini(ret, alloc);
		return ml_fail(err, MEMLOG_LIMIT, "%zu mappings, more than %u",
			       lines, ML_MAX_MAPPINGS);
	}
	ret->m = ml_calloc(alloc, lines, sizeof(*ret->m));
	ret->f = ml_calloc(alloc, lines, sizeof(*ret->f));
	if (!ret->m || !ret->f) {
		ml_maps_fini(ret, alloc);
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %zu mapping%s", lines,
			       ml_s(lines));
	}
	for (p = text; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		if (!process_maps_parse_line(p, eol, &ret->m[ret->n],
					     &ret->f[ret->n]))
			continue;
		if (ret->n && ret->m[ret->n].start < ret->m[ret->n - 1].end)
			continue; /* the mappings changed meanwhile */
		ret->n++;
	}
	return MEMLOG_OK;
}

void ml_maps_fini(struct ml_maps *maps, const struct memlog_allocator *alloc)
{
	ml_free(alloc, maps->m);
	ml_free(alloc, maps->f);
	ml_free(alloc, maps->text);
	*maps = (struct ml_maps){ 0 };
}
