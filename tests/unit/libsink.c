/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libsink.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static enum memlog_status keep(void *self, const void *buf, size_t len,
			       struct memlog_err *err)
{
	struct text_sink *t = self;

	t->writes++;
	if (t->fail_after && t->len + len > t->fail_after) {
		if (err && !t->silent) {
			memset(err, 0, sizeof(*err));
			err->status = MEMLOG_IO;
			err->sys = ENOSPC;
			snprintf(err->text, sizeof(err->text), "full");
		}
		return MEMLOG_IO;
	}
	while (t->len + len + 1 > t->cap) {
		t->cap *= 2;
		t->text = realloc(t->text, t->cap);
		assert_non_null(t->text);
	}
	memcpy(t->text + t->len, buf, len);
	t->len += len;
	t->text[t->len] = '\0';
	return MEMLOG_OK;
}

void text_sink_init(struct text_sink *t)
{
	memset(t, 0, sizeof(*t));
	t->sink.size = sizeof(t->sink);
	t->sink.self = t;
	t->sink.write = keep;
	t->cap = 64;
	t->text = calloc(1, t->cap);
	assert_non_null(t->text);
}

void text_sink_clear(struct text_sink *t)
{
	t->len = 0;
	t->text[0] = '\0';
	t->writes = 0;
}

void text_sink_free(struct text_sink *t)
{
	free(t->text);
}

int text_pipe(const struct text_sink *t, const char *command, char *ret,
	      size_t size)
{
	char name[] = "/tmp/memlog-test-XXXXXX", line[1024];
	int fd = mkstemp(name), rc;
	size_t n;
	FILE *f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, t->text, t->len), (ssize_t)t->len);
	close(fd);
	snprintf(line, sizeof(line), "(%s) <%s", command, name);
	f = popen(line, "r");
	assert_non_null(f);
	n = fread(ret, 1, size - 1, f);
	ret[n] = '\0';
	rc = pclose(f);
	unlink(name);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

struct text_sink sink;

int sink_setup(void **state)
{
	(void)state;
	text_sink_init(&sink);
	return 0;
}

int sink_teardown(void **state)
{
	(void)state;
	text_sink_free(&sink);
	return 0;
}
