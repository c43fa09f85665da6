/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules.c - a user's rules file that says how to format events. */
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "format/format.h"

static enum memlog_status rules_read(int fd, char *buf, size_t size,
				     size_t *ret, struct memlog_err *err)
{
	ssize_t n;

	*ret = 0;
	while (*ret < size) {
		n = read(fd, buf + *ret, size - *ret);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot be read");
		if (!n)
			return MEMLOG_OK;
		*ret += (size_t)n;
	}
	return ml_fail(err, MEMLOG_LIMIT, "has more than %u bytes",
		       ML_MAX_RULES);
}

/* Every format that takes rules has to accept them. */
static enum memlog_status rules_check(const struct memlog_allocator *alloc,
				      const char *text, size_t len,
				      struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; ml_formats[i] && !s; i++)
		if (ml_formats[i]->say.rules)
			s = ml_formats[i]->say.rules(alloc, text, len, err);
	return s;
}

enum memlog_status ml_query_rules(struct memlog_query *q, const char *file,
				  struct memlog_err *err)
{
	size_t size = ML_MAX_RULES + 1, len = 0;
	enum memlog_status s;
	char *text, *name;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ml_fail_errno(err, MEMLOG_INVALID, errno,
				     "%.100s cannot be opened", file);
	text = ml_calloc(&q->alloc, size, 1);
	s = text ? rules_read(fd, text, size, &len, err) :
		   ml_fail(err, MEMLOG_NO_MEMORY, "no memory for rules");
	close(fd);
	if (!s)
		s = rules_check(&q->alloc, text, len, err);
	if (s) {
		ml_free(&q->alloc, text);
		return ml_prefix(err,
				 s == MEMLOG_NO_MEMORY ? s : MEMLOG_INVALID,
				 "%.100s", file);
	}
	name = ml_strdup(&q->alloc, file);
	if (!name) {
		ml_free(&q->alloc, text);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	}
	ml_free(&q->alloc, q->rules);
	ml_free(&q->alloc, q->rules_file);
	q->rules = text;
	q->rules_len = len;
	q->rules_file = name;
	return MEMLOG_OK;
}

const char *memlog_query_input(const struct memlog_query *query)
{
	return query->rules_file;
}
