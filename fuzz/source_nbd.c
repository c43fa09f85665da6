/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nbd: a server that says the input and nothing more, whatever it is asked. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes that are searched, or about as many. */
#define ENOUGH (2u << 20)

static struct {
	struct sockaddr_un at;
	char uri[200];
	int listener;
	const uint8_t *p;
	size_t len;
	sem_t gone; /* the server has let go of them */
} server = { .at = { .sun_family = AF_UNIX } };

/* Until the client closes the connection. */
static void say(int fd)
{
	char heard[4096];
	size_t n = 0;
	ssize_t got;

	while (n < server.len) {
		got = send(fd, server.p + n, server.len - n, MSG_NOSIGNAL);
		if (got <= 0)
			return;
		n += (size_t)got;
	}
	shutdown(fd, SHUT_WR);
	while (recv(fd, heard, sizeof(heard), 0) > 0)
		;
}

static void *serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
		say(fd);
		close(fd);
		LOOK_CHECK(!sem_post(&server.gone));
	}
	return NULL;
}

static void remove_socket(void)
{
	unlink(server.at.sun_path);
}

static void start(void)
{
	pthread_t thread;

	snprintf(server.at.sun_path, sizeof(server.at.sun_path),
		 "/tmp/memlog-fuzz-nbd.%ld", (long)getpid());
	snprintf(server.uri, sizeof(server.uri), "nbd+unix:///?socket=%s",
		 server.at.sun_path);
	server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	LOOK_CHECK(server.listener >= 0);
	unlink(server.at.sun_path);
	LOOK_CHECK(!bind(server.listener, (struct sockaddr *)&server.at,
			 sizeof(server.at)));
	LOOK_CHECK(!listen(server.listener, 1));
	LOOK_CHECK(!sem_init(&server.gone, 0, 0));
	LOOK_CHECK(!pthread_create(&thread, NULL, serve, NULL));
	LOOK_CHECK(!pthread_detach(thread));
	atexit(remove_socket);
}

/* Of a large file of which nothing more comes each page would be asked for. */
static int enough(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	(void)all;
	return done > ENOUGH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .mode = MEMLOG_SCAN_LIKELY,
					 .progress = enough };
	struct memlog_image *image;
	struct memlog_logs *logs = NULL;
	struct memlog_err err;

	if (!server.p)
		start();
	server.p = data;
	server.len = size;
	if (!memlog_image_open(server.uri, NULL, &image, &err)) {
		memlog_scan(image, &opts, &logs, NULL, NULL);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
#ifdef HAVE_LIBNBD
	LOOK_CHECK(!sem_wait(&server.gone));
#endif
	return 0;
}
