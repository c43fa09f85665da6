/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core_ports.c - capture of debug ports: sockets, terminals, pipes and files, one or
 * several, that come and go, and whatever a guest writes to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "image/ports/ports.h"

/* Waits until a line has come, far more than any needs. */
#define WAITS 1000

struct session {
	char dir[64], path[2][96];
	struct ml_ports *ports;
	char line[4096]; /* the last one, without its time */
	uint64_t ns;
	size_t lines, allocated;
};

static void *count_alloc(void *self, size_t size)
{
	((struct session *)self)->allocated++;
	return malloc(size);
}

static void count_free(void *self, void *ptr)
{
	free(ptr);
}

static int setup(void **state)
{
	struct session *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	strcpy(s->dir, "/tmp/memlog-ports.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path[0], sizeof(s->path[0]), "%s/a", s->dir);
	snprintf(s->path[1], sizeof(s->path[1]), "%s/b", s->dir);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct session *s = *state;

	ml_ports_destroy(s->ports);
	unlink(s->path[0]);
	unlink(s->path[1]);
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

/* ---- the guest's side ---------------------------------------------------- */

static int serve(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void put(int fd, const char *bytes, size_t len)
{
	assert_int_equal(write(fd, bytes, len), len);
}

static void save(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	put(fd, bytes, len);
	close(fd);
}

/* ---- ours ---------------------------------------------------------------- */

static void start(struct session *s, bool follow, const char *a, const char *b)
{
	struct memlog_allocator alloc = { .alloc = count_alloc,
					  .release = count_free,
					  .self = s };
	char spec[2][160];
	const char *specs[2] = { spec[0], spec[1] };

	snprintf(spec[0], sizeof(spec[0]), "%s%s", s->path[0], a);
	if (b)
		snprintf(spec[1], sizeof(spec[1]), "%s%s", s->path[1], b);
	assert_int_equal(
		ml_ports_create(specs, b ? 2 : 1, &alloc, &s->ports, NULL), 0);
	assert_int_equal(ml_ports_start(s->ports, follow, NULL), 0);
	s->allocated = 0;
}

/* The next line, which is in s->line; NULL: nothing more comes. */
static const char *next(struct session *s)
{
	const uint8_t *text;
	size_t len, n;
	int i;

	for (i = 0; i < WAITS; i++) {
		if (ml_ports_next(s->ports, &text, &len)) {
			struct ml_port_line l;

			assert_true(ml_port_line(text, len, &l));
			assert_true(l.ns >= s->ns);
			s->ns = l.ns;
			s->lines++;
			n = (size_t)((uint8_t *)memchr(text, ']', len) - text);
			assert_int_equal(text[len - 1], '\n');
			assert_true(len < 4096);
			memcpy(s->line, text + n + 2, len - n - 3);
			s->line[len - n - 3] = '\0';
			return s->line;
		}
		if (!ml_ports_wait(s->ports, 20))
			return NULL;
	}
	fail_msg("no line came");
	return NULL;
}

static void expect(struct session *s, const char *want)
{
	const char *line = next(s);

	if (!want) {
		assert_null(line);
		return;
	}
	assert_non_null(line);
	if (!strncmp(want, "capture: began", 14))
		assert_memory_equal(line, want, strlen(want));
	else
		assert_string_equal(line, want);
}

/* The guest's end, once we have connected. */
static int meet(struct session *s, int server, int flags)
{
	int i, fd;

	for (i = 0; i < WAITS; i++) {
		fd = accept4(server, NULL, NULL, flags);
		if (fd >= 0)
			return fd;
		assert_true(ml_ports_wait(s->ports, 20));
	}
	fail_msg("no connection");
	return -1;
}

#define BEGAN "capture: began "

/* ---- tests --------------------------------------------------------------- */

/* Two ports of one machine, which is started again: their lines, pieces of lines, and
 * one restart. */
static void sockets(void **state)
{
	struct session *s = *state;
	int a = serve(s->path[0]), b, x, y;
	char piece[ML_PORTS_LINE + 10];

	start(s, true, ",kind=post,name=vm", ",port=0x402,name=vm");
	expect(s, BEGAN);
	x = meet(s, a, 0);
	put(x, "\x01", 1);
	expect(s, "vm 0x80 = 0x01 firmware");
	/* the other one comes later */
	b = serve(s->path[1]);
	put(x, "\xff", 1);
	expect(s, "vm 0x80 = 0xff custom");
	y = meet(s, b, 0);
	put(y, "one\r\ntw", 7);
	expect(s, "vm 0x402: one\r");
	put(y, "o\n\nprompt", 9);
	expect(s, "vm 0x402: two");
	expect(s, "vm 0x402: ");
	expect(s, "vm 0x402: prompt");
	put(y, "typed\n", 6);
	expect(s, "vm 0x402+: typed");
	memset(piece, 'x', sizeof(piece));
	put(y, piece, sizeof(piece));
	put(y, "\n[", 2);
	assert_int_equal(strlen(next(s)), strlen("vm 0x402: ") + ML_PORTS_LINE);
	expect(s, "vm 0x402+: xxxxxxxxxx");
	/* what has no end is there, and both come back */
	close(y);
	expect(s, "vm 0x402: [");
	close(x);
	close(a);
	close(b);
	unlink(s->path[0]);
	unlink(s->path[1]);
	b = serve(s->path[1]);
	a = serve(s->path[0]);
	x = meet(s, a, 0);
	put(x, "\x01", 1);
	expect(s, "capture: restart of vm");
	expect(s, "vm 0x80 = 0x01 firmware");
	y = meet(s, b, 0);
	put(y, "again\n", 6);
	expect(s, "vm 0x402: again");
	ml_ports_finish(s->ports);
	expect(s, NULL);
	assert_int_equal(s->ports->restarts, 1);
	close(x);
	close(y);
	close(a);
	close(b);
}

/* QEMU accepts a connection while it ends: that is no restart. */
static void accepts_and_ends(void **state)
{
	struct session *s = *state;
	int a = serve(s->path[0]), x, i;

	start(s, true, ",kind=post", NULL);
	expect(s, BEGAN);
	x = meet(s, a, 0);
	put(x, "\x01", 1);
	expect(s, "0x80 = 0x01 firmware");
	for (i = 0; i < 2; i++) {
		close(x);
		x = meet(s, a, 0);
	}
	ml_ports_finish(s->ports);
	expect(s, NULL);
	assert_int_equal(s->ports->restarts, 0);
	close(x);
	close(a);
}

/* A chardev that connects to us. */
static void listens(void **state)
{
	struct session *s = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct memlog_err err;
	struct ml_ports *other;
	char spec[160];
	const char *one = spec;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	start(s, true, ",listen", NULL);
	expect(s, BEGAN);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", s->path[0]);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	put(fd, "hello\n", 6);
	expect(s, "text: hello");
	/* nobody else can be the server, nor without -w */
	snprintf(spec, sizeof(spec), "%s,listen", s->path[0]);
	assert_int_equal(ml_ports_create(&one, 1, NULL, &other, NULL), 0);
	assert_int_equal(ml_ports_start(other, true, &err), MEMLOG_IO);
	assert_non_null(strstr(err.text, "exists"));
	assert_int_equal(ml_ports_start(other, false, &err), MEMLOG_INVALID);
	ml_ports_destroy(other);
	assert_int_equal(access(s->path[0], F_OK), 0);
	close(fd);
	ml_ports_destroy(s->ports);
	s->ports = NULL;
	assert_int_not_equal(access(s->path[0], F_OK), 0);
}

/* The terminal does not send back what the guest writes. */
static void terminal(void **state)
{
	struct session *s = *state;
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	char back[8];
	int i;

	assert_true(fd >= 0 && !grantpt(fd) && !unlockpt(fd));
	assert_int_equal(symlink(ptsname(fd), s->path[0]), 0);
	start(s, true, ",port=0xe9", NULL);
	expect(s, BEGAN);
	put(fd, "a\003b\r\n", 5);
	expect(s, "0xe9: a\003b\r");
	assert_int_equal(read(fd, back, sizeof(back)), -1);
	put(fd, "c", 1);
	expect(s, "0xe9: c");
	close(fd);
	for (i = 0; i < WAITS && s->ports->ports[0].link.fd >= 0; i++)
		assert_true(ml_ports_wait(s->ports, 20));
	assert_int_equal(s->ports->ports[0].link.fd, -1);
}

/* A terminal is afterwards as it was before. */
static void terminal_restored(void **state)
{
	struct session *s = *state;
	int fd = posix_openpt(O_RDWR | O_NOCTTY), side;
	struct termios was, now;

	assert_true(fd >= 0 && !grantpt(fd) && !unlockpt(fd));
	assert_int_equal(symlink(ptsname(fd), s->path[0]), 0);
	side = open(s->path[0], O_RDWR | O_NOCTTY);
	assert_int_equal(tcgetattr(side, &was), 0);
	start(s, true, "", NULL);
	assert_int_equal(tcgetattr(side, &now), 0);
	assert_true(was.c_lflag & ECHO && !(now.c_lflag & ECHO));
	ml_ports_destroy(s->ports);
	s->ports = NULL;
	assert_int_equal(tcgetattr(side, &now), 0);
	assert_int_equal(now.c_lflag, was.c_lflag);
	assert_int_equal(now.c_iflag, was.c_iflag);
	assert_int_equal(now.c_oflag, was.c_oflag);
	close(side);
	close(fd);
}

/* What cannot be read has not ended. */
static void unreadable(void **state)
{
	struct session *s = *state;

	/* address 0 of this process */
	assert_int_equal(symlink("/proc/self/mem", s->path[0]), 0);
	start(s, false, "", NULL);
	expect(s, BEGAN);
	expect(s, NULL);
	assert_true(s->ports->failed);
	assert_int_equal(s->ports->ports[0].failed, EIO);
}

/* It is tried again and again, and reported once. */
static void unreadable_again(void **state)
{
	struct session *s = *state;
	unsigned int i, opened = 0, failed = 0;
	const char *news;

	assert_int_equal(symlink("/proc/self/mem", s->path[0]), 0);
	start(s, true, "", NULL);
	for (i = 0; i < 30; i++) {
		while ((news = ml_ports_news(s->ports))) {
			opened += !strcmp(strrchr(news, ':'), ": opened");
			failed += !!strstr(news, strerror(EIO));
		}
		assert_true(ml_ports_wait(s->ports, 20));
	}
	assert_int_equal(failed, 1);
	assert_true(opened <= 1);
}

/* Somebody put another file in place of our socket. */
static void listens_elsewhere(void **state)
{
	struct session *s = *state;

	start(s, true, ",listen", NULL);
	assert_int_equal(unlink(s->path[0]), 0);
	save(s->path[0], "x", 1);
	ml_ports_destroy(s->ports);
	s->ports = NULL;
	assert_int_equal(access(s->path[0], F_OK), 0);
}

static void pipes(void **state)
{
	struct session *s = *state;
	const uint8_t *text;
	char out[128];
	size_t len;
	int fd, i;

	/* QEMU's has two ends, and writes to this one */
	snprintf(out, sizeof(out), "%s.out", s->path[0]);
	assert_int_equal(mkfifo(out, 0600), 0);
	start(s, true, "", NULL);
	expect(s, BEGAN);
	fd = open(out, O_WRONLY);
	put(fd, "one\n", 4);
	expect(s, "text: one");
	close(fd);
	/* nobody writes to it, which is no restart yet */
	for (i = 0; i < 8; i++) {
		assert_true(ml_ports_wait(s->ports, 20));
		assert_false(ml_ports_next(s->ports, &text, &len));
	}
	fd = open(out, O_WRONLY);
	put(fd, "two\n", 4);
	expect(s, "capture: restart of the guest");
	expect(s, "text: two");
	close(fd);
	unlink(out);
}

static void files(void **state)
{
	struct session *s = *state;
	int fd;

	save(s->path[0], "one\ntwo", 7);
	save(s->path[1], "", 0);
	start(s, true, "", ",kind=post");
	expect(s, BEGAN);
	expect(s, "text: one");
	expect(s, "text: two");
	fd = open(s->path[0], O_WRONLY | O_APPEND);
	put(fd, "\nthree\n", 7);
	close(fd);
	expect(s, "text+: ");
	expect(s, "text: three");
	/* QEMU was started again */
	save(s->path[0], "four\n", 5);
	expect(s, "capture: restart of the guest");
	expect(s, "text: four");
	unlink(s->path[0]);
	save(s->path[0], "five\n", 5);
	expect(s, "capture: restart of the guest");
	expect(s, "text: five");
}

/* Without -w: what is there. */
static void once(void **state)
{
	struct session *s = *state;
	struct memlog_err err;
	struct ml_ports *other;
	const char *none = "/nonexistent/port";

	save(s->path[0], "one\ntwo", 7);
	save(s->path[1], "\x01\x40", 2);
	start(s, false, "", ",kind=post");
	expect(s, BEGAN);
	expect(s, "text: one");
	expect(s, "0x80 = 0x01 firmware");
	expect(s, "0x80 = 0x40 kernel");
	expect(s, "text: two");
	expect(s, NULL);
	assert_int_equal(ml_ports_create(&none, 1, NULL, &other, NULL), 0);
	assert_int_equal(ml_ports_start(other, false, &err), MEMLOG_IO);
	assert_non_null(strstr(err.text, none));
	ml_ports_destroy(other);
}

/* Without -w, a guest that stays connected and writes nothing more. */
static void quiet(void **state)
{
	struct session *s = *state;
	int a = serve(s->path[0]), x;

	start(s, false, "", NULL);
	expect(s, BEGAN);
	x = meet(s, a, 0);
	put(x, "one\n", 4);
	expect(s, "text: one");
	expect(s, NULL);
	close(x);
	close(a);
}

/* Linux writes the same byte, most often zero, to port 0x80 as a delay. */
static void delays(void **state)
{
	struct session *s = *state;
	static const char all[] = "\x06\0\0\0\0\x05\x05\0\x20\0";

	save(s->path[0], all, 10);
	start(s, false, ",kind=post", NULL);
	expect(s, BEGAN);
	expect(s, "0x80 = 0x06 firmware");
	expect(s, "0x80 = 0x05 firmware");
	expect(s, "0x80 = 0x00 firmware"); /* one is none */
	expect(s, "0x80 = 0x20 bootloader");
	expect(s, "0x80 = 0x00 firmware");
	expect(s, "capture: 0x80: 5 writes of the same byte left out: a "
		  "delay");
	expect(s, NULL);
	assert_int_equal(s->ports->ports[0].delays, 5);
	ml_ports_destroy(s->ports);
	s->ns = s->lines = 0;
	start(s, false, ",kind=post,all", NULL);
	while (next(s))
		;
	assert_int_equal(s->lines, 11);
	assert_int_equal(s->ports->ports[0].delays, 0);
}

/* A guest that writes without an end, and whatever it likes, takes no memory, and the
 * other ports have their turn. */
static void flood(void **state)
{
	struct session *s = *state;
	int a = serve(s->path[0]), b = serve(s->path[1]), x, y;
	char bytes[65536];
	size_t i, all = 0, other = 0;
	uint32_t r = 1;

	start(s, true, ",port=0x402", ",kind=post");
	expect(s, BEGAN);
	x = meet(s, a, SOCK_NONBLOCK);
	y = meet(s, b, SOCK_NONBLOCK);
	for (i = 0; i < sizeof(bytes); i++) {
		r = r * 1664525 + 1013904223;
		bytes[i] = (char)(r >> 24);
	}
	while (all < 8u << 20) {
		ssize_t n = write(x, bytes, sizeof(bytes));
		bool mine;

		all += n > 0 ? (size_t)n : 0;
		put(y, other % 2 ? "\x01" : "\x02", 1);
		do {
			assert_non_null(next(s));
			mine = strncmp(s->line, "0x80 = ", 7) != 0;
		} while (mine);
		other++;
	}
	assert_true(other > 8 && s->lines > other);
	assert_int_equal(s->allocated, 0);
	close(x);
	close(y);
	close(a);
	close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(accepts_and_ends, setup,
						teardown),
		cmocka_unit_test_setup_teardown(listens, setup, teardown),
		cmocka_unit_test_setup_teardown(terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(terminal_restored, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unreadable, setup, teardown),
		cmocka_unit_test_setup_teardown(unreadable_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(listens_elsewhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pipes, setup, teardown),
		cmocka_unit_test_setup_teardown(files, setup, teardown),
		cmocka_unit_test_setup_teardown(once, setup, teardown),
		cmocka_unit_test_setup_teardown(quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(delays, setup, teardown),
		cmocka_unit_test_setup_teardown(flood, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
