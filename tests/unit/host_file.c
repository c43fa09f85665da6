/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_file.c - which files are created, replaced and left alone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../host/file.h"

/* ---- a directory of its own for each test ------------------------------- */

static char top[] = "/tmp/memlog-host-XXXXXX";
static int home;

static int enter(void **state)
{
	strcpy(top + sizeof(top) - 7, "XXXXXX");
	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	umask(0);
	return home < 0 || !mkdtemp(top) || chdir(top);
}

static int empty(bool remove)
{
	DIR *dir = opendir(".");
	struct dirent *d;
	int n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		n++;
		if (remove && unlink(d->d_name))
			rmdir(d->d_name);
	}
	closedir(dir);
	return n;
}

static int leave(void **state)
{
	int rc;

	empty(true);
	rc = fchdir(home);
	close(home);
	return rc || rmdir(top);
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void holds(const char *name, const char *text)
{
	char buf[64] = "";
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	close(fd);
	assert_string_equal(buf, text);
}

static struct host_file file;
static struct memlog_err err;

static enum memlog_status create(const char *name, bool force,
				 const char *const *inputs)
{
	const struct host_file_opts opts = {
		.dir = AT_FDCWD,
		.name = name,
		.force = force,
		.inputs = inputs,
	};

	err.text[0] = '\0';
	return host_file_create(&file, &opts, &err);
}

static void say(const char *text)
{
	assert_int_equal(file.sink.write(file.sink.self, text, strlen(text),
					 &err),
			 MEMLOG_OK);
}

static void refused(const char *name, bool force, const char *const *inputs,
		    const char *why)
{
	assert_int_equal(create(name, force, inputs), MEMLOG_INVALID);
	if (!strstr(err.text, why))
		fail_msg("%s: no \"%s\"", err.text, why);
}

/* ---- tests -------------------------------------------------------------- */

/* A pipe that keeps what is written at once together. */
static void pieces(const char *text, size_t len, const size_t *want, size_t n)
{
	int fds[2], out = dup(STDOUT_FILENO);
	char buf[PIPE_BUF];
	size_t i;

	assert_int_equal(pipe2(fds, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(dup2(fds[1], STDOUT_FILENO) >= 0);
	assert_int_equal(host_file_stdout(&file, NULL, &err), MEMLOG_OK);
	assert_int_equal(file.sink.write(file.sink.self, text, len, &err),
			 MEMLOG_OK);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	close(out);
	close(fds[1]);
	for (i = 0; i < n; i++)
		assert_int_equal(read(fds[0], buf, sizeof(buf)), want[i]);
	assert_int_equal(read(fds[0], buf, sizeof(buf)), 0);
	close(fds[0]);
}

/* What several processes write to one pipe is not mixed within short lines. */
static void lines_of_a_pipe(void **state)
{
	static const size_t two[] = { 4000, 4000, 100 };
	static const size_t longer[] = { 2000, 4096, 4, 100 };
	char text[8192];

	memset(text, 'x', sizeof(text));
	text[1999] = text[3999] = text[5999] = text[7999] = '\n';
	pieces(text, 8100, two, 3);
	memset(text, 'x', sizeof(text));
	text[1999] = text[6099] = text[6199] = '\n';
	pieces(text, 6200, longer, 4);
}

static void created(void **state)
{
	struct stat st;

	assert_int_equal(create("new", false, NULL), MEMLOG_OK);
	say("text");
	assert_int_equal(host_file_close(&file, true, &err), MEMLOG_OK);
	assert_false(file.replaces);
	holds("new", "text");
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	refused("new", false, NULL, "new exists; use --force to replace it");
	holds("new", "text");

	assert_int_equal(create("other", false, NULL), MEMLOG_OK);
	say("text");
	assert_int_equal(host_file_close(&file, false, &err), MEMLOG_OK);
	assert_int_equal(create("no/such", false, NULL), MEMLOG_IO);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(create("no/such", true, NULL), MEMLOG_IO);
	assert_int_equal(empty(false), 1);
}

/* By a rename, so that whoever has the old one open or linked keeps it. */
static void replaced(void **state)
{
	char name[256];
	struct stat st;

	put("old", "mine");
	assert_int_equal(link("old", "linked"), 0);
	assert_int_equal(create("old", true, NULL), MEMLOG_OK);
	say("text");
	holds("old", "mine");
	assert_int_equal(host_file_close(&file, true, &err), MEMLOG_OK);
	assert_true(file.replaces);
	holds("old", "text");
	holds("linked", "mine");
	assert_int_equal(stat("old", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(create("old", true, NULL), MEMLOG_OK);
	say("more");
	assert_int_equal(host_file_close(&file, false, &err), MEMLOG_OK);
	holds("old", "text");
	assert_int_equal(empty(false), 2);
	/* a name as long as names can be */
	memset(name, 'n', 255);
	name[255] = '\0';
	put(name, "mine");
	assert_int_equal(create(name, true, NULL), MEMLOG_OK);
	say("text");
	assert_int_equal(host_file_close(&file, true, &err), MEMLOG_OK);
	holds(name, "text");
	assert_int_equal(empty(false), 3);
}

static void links(void **state)
{
	int force;

	put("old", "mine");
	assert_int_equal(symlink("old", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (force = 0; force < 2; force++) {
		refused("link", force, NULL, "link is a symbolic link");
		refused("dangling", force, NULL, "is a symbolic link");
		refused("dir", force, NULL, "dir is a directory");
		refused("new/", force, NULL,
			"new/ names a directory, not a file");
		refused("fifo", force, NULL, "is not a regular file");
		refused("/dev/null", force, NULL, "is not a regular file");
	}
	holds("old", "mine");
	assert_int_equal(access("nowhere", F_OK), -1);
	assert_int_equal(empty(false), 5);
	/* and what comes while it is written */
	assert_int_equal(create("late", true, NULL), MEMLOG_OK);
	say("text");
	assert_int_equal(symlink("old", "late"), 0);
	assert_int_equal(host_file_close(&file, true, &err), MEMLOG_INVALID);
	holds("old", "mine");
	assert_int_equal(empty(false), 6);
}

/* Whatever is read is not replaced, however it is named. */
static void inputs(void **state)
{
	const char *names[] = { NULL, NULL };
	static const char *const list[] = {
		"image",
		"soft",
		"hard",
		"./image",
		"other,image,third",
		"third,soft",
		"-",
		"/dev/stdin",
		"/proc/self/fd/0",
	};
	int saved = dup(STDIN_FILENO), fd;
	size_t i;

	assert_true(saved >= 0);
	put("image", "bytes");
	put("other", "mine");
	assert_int_equal(symlink("image", "soft"), 0);
	assert_int_equal(link("image", "hard"), 0);
	fd = open("image", O_WRONLY | O_CLOEXEC);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		names[0] = list[i];
		refused("image", true, names, "image is being read");
		refused("hard", false, names, "hard is being read");
	}
	names[0] = "other";
	assert_int_equal(create("image", true, names), MEMLOG_OK);
	say("text");
	/* it became one while the file was written */
	assert_int_equal(rename("image", "other"), 0);
	assert_int_equal(link("other", "image"), 0);
	assert_int_equal(host_file_close(&file, true, &err), MEMLOG_INVALID);
	holds("image", "bytes");
	/* one that this process has open, and whose name it does not tell */
	fd = open("image", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	refused("image", true, NULL, "image is being read");
	close(fd);
	assert_int_equal(create("image", true, NULL), MEMLOG_OK);
	assert_int_equal(host_file_close(&file, false, &err), MEMLOG_OK);
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_int_equal(empty(false), 4);
}

static void standard_output(void **state)
{
	static const char *const names[] = { "image", NULL };
	int saved = dup(STDOUT_FILENO), fd;
	enum memlog_status s;

	assert_true(saved >= 0);
	put("image", "bytes");
	fflush(stdout);
	fd = open("image", O_WRONLY | O_APPEND | O_CLOEXEC);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	s = host_file_stdout(&file, names, &err);
	dup2(saved, STDOUT_FILENO);
	assert_int_equal(s, MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "standard output is a file"));
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	s = host_file_stdout(&file, names, &err);
	if (!s)
		s = file.sink.write(&file, "text", 4, &err);
	host_file_close(&file, false, NULL);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_int_equal(s, MEMLOG_IO);
	assert_true(file.failed);
	assert_string_equal(err.text, "cannot write standard output: No space "
				      "left on device");
	holds("image", "bytes");
}

static void directory(void **state)
{
	struct host_file_opts opts = {
		.where = "some/dir",
		.name = "piece",
		.force = true,
	};

	assert_int_equal(mkdir("dir", 0700), 0);
	put("piece", "mine");
	put("dir/piece", "theirs");
	opts.dir = open("dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(opts.dir >= 0);
	assert_int_equal(host_file_create(&file, &opts, &err), MEMLOG_OK);
	say("text");
	assert_int_equal(host_file_close(&file, true, &err), MEMLOG_OK);
	assert_true(file.replaces);
	holds("piece", "mine");
	holds("dir/piece", "text");
	opts.force = false;
	assert_int_equal(host_file_create(&file, &opts, &err), MEMLOG_INVALID);
	assert_string_equal(err.text, "some/dir/piece exists; use --force to "
				      "replace it");
	close(opts.dir);
	assert_int_equal(chdir("dir"), 0);
	assert_int_equal(empty(true), 1);
	assert_int_equal(chdir(".."), 0);
}

static int stop(void)
{
	return 1;
}

static void on_alarm(int sig)
{
}

static void interrupted(void **state)
{
	const struct sigaction sa = { .sa_handler = on_alarm };
	const struct itimerval soon = { { 0, 1000 }, { 0, 1000 } },
			       never = { 0 };
	struct sigaction old;
	int pipes[2], saved = dup(STDOUT_FILENO);
	static char much[1 << 20];
	enum memlog_status s;

	assert_int_equal(pipe(pipes), 0);
	fflush(stdout);
	dup2(pipes[1], STDOUT_FILENO);
	sigaction(SIGALRM, &sa, &old);
	s = host_file_stdout(&file, NULL, &err);
	file.stopped = stop;
	setitimer(ITIMER_REAL, &soon, NULL);
	if (!s)
		s = file.sink.write(&file, much, sizeof(much), &err);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(s, MEMLOG_STOP);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_a_pipe),
		TEST(created),
		TEST(replaced),
		TEST(links),
		TEST(inputs),
		TEST(standard_output),
		TEST(directory),
		TEST(interrupted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
