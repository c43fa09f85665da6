/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmeasure.c - the most memory that opening and searching an image takes. */
#include "libmeasure.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/open.h"

/* ---- what the process has ------------------------------------------------------ */

static uint64_t rss_anon(void)
{
	char text[4096], *at;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "RssAnon:");
	LOOK_CHECK(at);
	return strtoull(at + strlen("RssAnon:"), NULL, 10) * 1024;
}

static uint64_t most_rss;
static bool watching;

static void *watch(void *arg)
{
	uint64_t n;

	(void)arg;
	while (__atomic_load_n(&watching, __ATOMIC_RELAXED)) {
		n = rss_anon();
		most_rss = n > most_rss ? n : most_rss;
		usleep(500);
	}
	return NULL;
}

/* The writing end, in a process of its own. */
static int pipe_of(const struct made *m)
{
	static uint8_t buf[1 << 16];
	uint64_t at = 0;
	size_t n;
	int fd[2];

	LOOK_CHECK(!pipe(fd));
	if (fork()) {
		close(fd[1]);
		return fd[0];
	}
	close(fd[0]);
	while ((n = made_read(m, at, buf, sizeof(buf))) != 0) {
		if (write(fd[1], buf, n) != (ssize_t)n)
			break;
		at += n;
	}
	_exit(0);
}

static enum memlog_status subject_open(const struct subject *u,
				       const struct memlog_open_opts *o,
				       struct memlog_image **ret,
				       struct memlog_err *err)
{
	struct ml_file file = { 0 };
	enum memlog_status s;
	char spooled[32];
	int spool = -1, fd;

	if (!u->made)
		return memlog_image_open(u->path, o, ret, err);
	file.ops = &made_ops;
	file.self = (void *)(uintptr_t)u->made;
	file.size = u->made->size;
	file.name = u->made->name;
	if (!u->pipe)
		return ml_image_open_on(&file, o, ret, err);
	fd = pipe_of(u->made);
	*ret = NULL;
	s = memlog_stream_open(fd, "pipe", o, NULL, false, ret, &spool, err);
	close(fd);
	if (s || spool < 0)
		return s;
	snprintf(spooled, sizeof(spooled), "/proc/self/fd/%d", spool);
	return memlog_image_open(spooled, o, ret, err);
}

static bool subject_run(const struct subject *u, struct look_memory *m)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image *image = NULL;
	struct memlog_logs *logs = NULL;
	struct memlog_err err = { 0 };
	enum memlog_status s;

	look_memory_init(m, 0);
	if (u->run)
		return u->run(m);
	o.allocator = &m->alloc;
	o.window = u->window;
	s = subject_open(u, &o, &image, &err);
	if (!s && u->check)
		u->check(image, u->made);
	if (!s && u->scan && image) {
		memlog_scan(image, NULL, &logs, NULL, NULL);
		memlog_logs_destroy(logs);
	}
	if (!s)
		memlog_image_close(image);
	if (m->now)
		fprintf(stderr, "# %" PRIu64 " bytes are not freed\n", m->now);
	if (u->any)
		return !m->now;
	if (s != u->status || (u->text && !strstr(err.text, u->text)))
		fprintf(stderr, "# status %s: %s\n", memlog_status_name(s),
			s ? err.text : "");
	return !m->now && s == u->status &&
	       (!u->text || strstr(err.text, u->text));
}

static void subject_child(const struct subject *u, int fd)
{
	struct measured r = { 0 };
	struct look_memory m;
	pthread_t thread;

	watching = true;
	LOOK_CHECK(!pthread_create(&thread, NULL, watch, NULL));
	r.ok = subject_run(u, &m);
	__atomic_store_n(&watching, false, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	r.heap = m.most;
	r.rss = most_rss;
	LOOK_CHECK(write(fd, &r, sizeof(r)) == sizeof(r));
	_exit(0);
}

struct measured measure(const struct subject *u)
{
	struct measured r = { 0 };
	int fd[2], status;
	pid_t pid;

	LOOK_CHECK(!pipe(fd));
	fflush(NULL);
	pid = fork();
	LOOK_CHECK(pid >= 0);
	if (!pid) {
		close(fd[0]);
		subject_child(u, fd[1]);
	}
	close(fd[1]);
	if (read(fd[0], &r, sizeof(r)) != sizeof(r))
		r.ok = false;
	close(fd[0]);
	LOOK_CHECK(waitpid(pid, &status, 0) == pid);
	r.ok &= status == 0;
	return r;
}
