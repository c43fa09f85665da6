/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qmp: a monitor that answers with the input. NUL bytes part it into the
 * greeting and one answer to each command; when the client is not content with
 * an answer, or there are no more, the monitor goes away. What pmemsave is asked
 * for is zeros. The first byte says whether --via-qemu was given.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "image/ext/live.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A search of RAM that a liar makes up has to end. */
#define ANSWERS_MAX 64

#ifdef HAVE_JSON_C

static struct {
	struct sockaddr_un at;
	int listener;
	const uint8_t *p; /* answers, and where they end */
	const uint8_t *end;
	sem_t gone; /* the peer has let go of them */
} peer = { .at = { .sun_family = AF_UNIX } };

/* Until the client has sent a line, or has had its time: it waits for more than
 * it was given. */
static bool take_command(int fd, char *line, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t got;

	while (poll(&p, 1, 20) > 0) {
		got = recv(fd, line + n, size - 1 - n, 0);
		if (got <= 0)
			return false;
		n += (size_t)got;
		line[n] = '\0';
		if (strchr(line, '\n') || n + 1 == size)
			return true;
	}
	return false;
}

/* {"val":A,"size":N,"filename":"\/var\/tmp\/..."} */
static void save(const char *line)
{
	const char *name = strstr(line, "\"filename\":\""), *size;
	char path[256];
	size_t n = 0;

	size = strstr(line, "\"size\":");
	if (!name || !size)
		return;
	for (name += 12; *name && *name != '"' && n + 1 < sizeof(path); name++)
		if (*name != '\\')
			path[n++] = *name;
	path[n] = '\0';
	/* who was given several answers at once may not have waited for this one, and have
	 * removed the file */
	LOOK_CHECK(!truncate(path, strtol(size + 7, NULL, 10)) ||
		   errno == ENOENT);
}

static void answer(int fd)
{
	char line[1024];
	size_t n, i;

	for (i = 0; i < ANSWERS_MAX && peer.p < peer.end; i++) {
		if (i && !take_command(fd, line, sizeof(line)))
			break;
		if (i && strstr(line, "\"pmemsave\""))
			save(line);
		n = strnlen((const char *)peer.p, (size_t)(peer.end - peer.p));
		if (send(fd, peer.p, n, MSG_NOSIGNAL) != (ssize_t)n ||
		    send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
			break;
		peer.p += n + (peer.p + n < peer.end);
	}
	if (i) /* let the last answer be read */
		take_command(fd, line, sizeof(line));
}

static void *serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(peer.listener, NULL, NULL)) >= 0) {
		answer(fd);
		close(fd);
		LOOK_CHECK(!sem_post(&peer.gone));
	}
	return NULL;
}

static void remove_socket(void)
{
	unlink(peer.at.sun_path);
}

static void start(void)
{
	pthread_t thread;

	snprintf(peer.at.sun_path, sizeof(peer.at.sun_path),
		 "/tmp/memlog-fuzz-qmp.%ld", (long)getpid());
	peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	LOOK_CHECK(peer.listener >= 0);
	unlink(peer.at.sun_path);
	LOOK_CHECK(!bind(peer.listener, (struct sockaddr *)&peer.at,
			 sizeof(peer.at)));
	LOOK_CHECK(!listen(peer.listener, 1));
	LOOK_CHECK(!sem_init(&peer.gone, 0, 0));
	LOOK_CHECK(!pthread_create(&thread, NULL, serve, NULL));
	LOOK_CHECK(!pthread_detach(thread));
	atexit(remove_socket);
}

/* Nothing of size is read: RAM may be said to be anywhere. */
static void look(struct memlog_image *image)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_logs *logs = NULL;
	struct memlog_range r;
	uint64_t at, n = 0;
	uint8_t buf[64];
	size_t got;

	for (at = 0; !memlog_image_next_range(image, MEMLOG_PHYS, at, &r, NULL);
	     at = r.end) {
		LOOK_CHECK(r.start < r.end && r.start >= at);
		LOOK_CHECK(n++ < ML_MAX_QMP_REPLY);
		got = 77;
		memlog_image_read(image, MEMLOG_PHYS, r.end - 1, buf,
				  sizeof(buf), &got, NULL);
		LOOK_CHECK(got <= sizeof(buf));
	}
	memlog_scan(image, &opts, &logs, NULL, NULL);
	memlog_logs_destroy(logs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	struct memlog_err err = { 0 };
	char name[sizeof(peer.at.sun_path) + 4];
	struct memlog_image *image;
	struct look_memory m;

	if (!size)
		return 0;
	if (!peer.at.sun_path[0])
		start();
	peer.p = data + 1;
	peer.end = data + size;
	opts.via_qemu = *data & 1;
	look_memory_init(&m, 256u << 20);
	opts.allocator = &m.alloc;
	snprintf(name, sizeof(name), "qmp:%s", peer.at.sun_path);
	if (memlog_image_open(name, &opts, &image, &err)) {
		LOOK_CHECK(look_safe((uint8_t *)err.text, strlen(err.text)));
	} else {
		if (opts.via_qemu)
			look_image(image, look_chosen(data, size, LOOK_QUICK));
		else
			look(image);
		memlog_image_close(image);
	}
	while (sem_wait(&peer.gone))
		;
	look_memory_end(&m, 0);
	return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data, (void)size;
	return 0; /* qmp: is refused */
}

#endif
