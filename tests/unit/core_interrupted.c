/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and pipes of which each call gives or takes a few bytes, and every other one is
 * interrupted by a signal. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/bytes/file.h"
#include "image/bytes/pipe.h"
#include "image/bytes/spool.h"
#include "libquery.h"
#include "query/query.h"

#define BYTES 5000u
#define FEW   7u

static bool on, interrupted;
static size_t calls;

/* Is this call interrupted? */
static bool interrupt(size_t *len)
{
	if (!on)
		return false;
	calls++;
	if (*len > FEW)
		*len = FEW;
	interrupted = !interrupted;
	errno = EINTR;
	return interrupted;
}

ssize_t read(int fd, void *buf, size_t len)
{
	return interrupt(&len) ? -1 : syscall(SYS_read, fd, buf, len);
}

ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	return interrupt(&len) ? -1 : syscall(SYS_pread64, fd, buf, len, off);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t off)
{
	return interrupt(&len) ? -1 : syscall(SYS_pwrite64, fd, buf, len, off);
}

static uint8_t bytes[BYTES];

static int temporary(char name[])
{
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	return fd;
}

static void start(void)
{
	size_t i;

	for (i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	calls = 0;
	on = true;
}

static void test_spool(void **state)
{
	char name[] = "/tmp/memlog-test-XXXXXX";
	int fd = temporary(name);
	uint8_t got[BYTES];

	(void)state;
	unlink(name);
	start();
	assert_int_equal(ml_spool_write(fd, 100, bytes, BYTES, NULL), 0);
	assert_int_equal(ml_spool_read(fd, 100, got, BYTES, NULL), 0);
	assert_memory_equal(got, bytes, BYTES);
	/* what is not there is an error */
	assert_int_equal(ml_spool_read(fd, 101, got, BYTES, NULL), MEMLOG_IO);
	assert_true(calls > 4 * BYTES / FEW);
	on = false;
	close(fd);
}

static void test_pipe(void **state)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	uint8_t got[BYTES + 1];
	struct ml_pipe *in;
	int fd[2];
	size_t n;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	start();
	assert_int_equal(write(fd[1], bytes, BYTES), BYTES);
	close(fd[1]);
	assert_int_equal(ml_pipe_create(fd[0], &opts, &in, NULL), 0);
	assert_int_equal(ml_pipe_next(in, got, sizeof(got), &n, NULL), 0);
	assert_int_equal(n, BYTES);
	assert_memory_equal(got, bytes, BYTES);
	assert_true(calls > 2 * BYTES / FEW);
	on = false;
	ml_pipe_destroy(in);
	close(fd[0]);
}

static void test_file(void **state)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .no_mmap = true };
	char name[] = "/tmp/memlog-test-XXXXXX";
	int fd = temporary(name);
	struct ml_file f;
	uint8_t got[BYTES + 10];
	size_t n;

	(void)state;
	start();
	assert_int_equal(ml_spool_write(fd, 0, bytes, BYTES, NULL), 0);
	assert_int_equal(ml_file_open(name, &opts, &f, NULL), 0);
	assert_int_equal(ml_file_read_some(&f, 0, got, sizeof(got), &n, NULL),
			 0);
	assert_int_equal(n, BYTES);
	assert_memory_equal(got, bytes, BYTES);
	assert_true(calls > 4 * BYTES / FEW);
	on = false;
	ml_file_close(&f);
	close(fd);
	unlink(name);
}

static void test_rules(void **state)
{
	static const char rules[] =
		"# more than a few bytes of it\n"
		"0x10000 CPU%(cpu)d exception [vector = 0x%(1)08x]\n"
		"0x10020 CPU%(cpu)d write msr [msr = 0x%(1)08x]\n";
	char name[] = "/tmp/memlog-test-XXXXXX";
	struct memlog_query *q = query_new();
	int fd = temporary(name);
	struct memlog_err err;

	(void)state;
	assert_int_equal(write(fd, rules, sizeof(rules) - 1),
			 sizeof(rules) - 1);
	start();
	if (memlog_query_option(q, "acrn-formats", name, &err))
		fail_msg("%s", err.text);
	assert_true(calls > 2 * sizeof(rules) / FEW);
	on = false;
	assert_int_equal(q->rules_len, sizeof(rules) - 1);
	assert_memory_equal(q->rules, rules, sizeof(rules) - 1);
	memlog_query_destroy(q);
	close(fd);
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spool),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_rules),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
