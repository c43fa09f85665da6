/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpipe.h - a pipe, and a thread that writes to it. */
#ifndef LIBPIPE_H
#define LIBPIPE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* What the pipe holds, and what is read of it at once. */
enum { PIPE_HELD = 64 << 10, PIPE_AHEAD = 64 << 10 };

/* Set bytes and len. */
struct pipe_input {
	uint8_t *bytes;
	size_t len, written;
	int fds[2];
	pthread_t thread;
};

/* The end to read of. */
int pipe_begin(struct pipe_input *in);

/* Nobody reads any more. How much was written? */
size_t pipe_end(struct pipe_input *in);

#endif
