/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libholder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The program stands at a fixed place beside the tests. */
static void program(char *path, size_t size)
{
	char self[512], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_in_range(n, 1, sizeof(self) - 1);
	self[n] = '\0';
	slash = strrchr(self, '/');
	assert_non_null(slash);
	*slash = '\0';
	assert_in_range(snprintf(path, size, "%s/../host/holder", self), 1,
			(int)size - 1);
}

void holder_start(struct holder *h)
{
	static char name[] = "holder", *const words[] = { name, NULL };

	holder_start_as(h, words);
}

void holder_start_as(struct holder *h, char *const *words)
{
	char path[600];
	int in[2], out[2];

	program(path, sizeof(path));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (!h->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execv(path, words);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	h->to = fdopen(in[1], "w");
	h->from = fdopen(out[0], "r");
	assert_non_null(h->to);
	assert_non_null(h->from);
}

const char *holder_tell(struct holder *h, const char *fmt, ...)
{
	static char answer[256];
	va_list ap;

	va_start(ap, fmt);
	vfprintf(h->to, fmt, ap);
	va_end(ap);
	fputc('\n', h->to);
	fflush(h->to);
	assert_non_null(fgets(answer, sizeof(answer), h->from));
	return answer;
}

uint64_t holder_map(struct holder *h, const char *kind, size_t size,
		    const char *path)
{
	const char *answer =
		holder_tell(h, "map %s %zu %s", kind, size, path ? path : "");
	unsigned int index;
	uint64_t addr = 0;

	assert_int_equal(sscanf(answer, "%u %" SCNx64, &index, &addr), 2);
	return addr;
}

void holder_stop(struct holder *h)
{
	fclose(h->to);
	fclose(h->from);
	assert_int_equal(waitpid(h->pid, NULL, 0), h->pid);
}

void holder_kill(struct holder *h)
{
	assert_int_equal(kill(h->pid, SIGKILL), 0);
	holder_stop(h);
}

char *holder_smaps(const struct holder *h, uint64_t addr)
{
	char path[64], start[32], line[512], *text = NULL;
	size_t len = 0;
	FILE *f, *out = open_memstream(&text, &len);
	int inside = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)h->pid);
	snprintf(start, sizeof(start), "%" PRIx64 "-", addr);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(out);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] >= '0' && line[0] <= '9')
			inside = 0;
		if (line[0] >= 'a' && line[0] <= 'f')
			inside = 0;
		if (!strncmp(line, start, strlen(start)))
			inside = 1;
		if (inside)
			fputs(line, out);
	}
	fclose(f);
	fclose(out);
	assert_true(len > 0);
	return text;
}
