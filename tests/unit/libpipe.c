/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libpipe.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"

static void *pipe_writer(void *arg)
{
	struct pipe_input *in = arg;
	unsigned int seed = 7;
	size_t n;
	ssize_t got;

	for (in->written = 0; in->written < in->len;
	     in->written += (size_t)got) {
		n = ml_min(in->len - in->written,
			   (size_t)rand_r(&seed) % 100000 + 1);
		got = write(in->fds[1], in->bytes + in->written, n);
		if (got <= 0)
			break;
	}
	close(in->fds[1]);
	return NULL;
}

int pipe_begin(struct pipe_input *in)
{
	assert_int_equal(pipe(in->fds), 0);
	assert_int_equal(fcntl(in->fds[1], F_SETPIPE_SZ, PIPE_HELD), PIPE_HELD);
	assert_int_equal(pthread_create(&in->thread, NULL, pipe_writer, in), 0);
	return in->fds[0];
}

size_t pipe_end(struct pipe_input *in)
{
	close(in->fds[0]);
	pthread_join(in->thread, NULL);
	return in->written;
}
