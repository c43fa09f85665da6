/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c - write the output to a stream of the debugger. */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum memlog_status host_stream_flush(struct host_stream *s,
				     struct memlog_err *err)
{
	bool ok;

	if (!s->used)
		return MEMLOG_OK;
	errno = 0;
	ok = fwrite(s->buf, 1, s->used, s->fp) == s->used && !fflush(s->fp);
	s->used = 0;
	if (ok)
		return MEMLOG_OK;
	clearerr(s->fp);
	if (errno == EPIPE)
		return MEMLOG_STOP;
	if (err) {
		*err = (struct memlog_err){ .status = MEMLOG_IO, .sys = errno };
		snprintf(err->text, sizeof(err->text),
			 "cannot write the output: %s", strerror(errno));
	}
	return MEMLOG_IO;
}

static enum memlog_status stream_write(void *self, const void *buf, size_t len,
				       struct memlog_err *err)
{
	struct host_stream *stream = self;
	const char *p = buf;
	enum memlog_status s = MEMLOG_OK;
	size_t n;

	while (len && !s) {
		n = sizeof(stream->buf) - stream->used;
		if (n > len)
			n = len;
		memcpy(stream->buf + stream->used, p, n);
		stream->used += n;
		p += n;
		len -= n;
		if (stream->used == sizeof(stream->buf))
			s = host_stream_flush(stream, err);
	}
	return s;
}

void host_stream_init(struct host_stream *stream, FILE *fp)
{
	stream->sink = (struct memlog_sink){
		.size = sizeof(stream->sink),
		.self = stream,
		.tty = isatty(fileno(fp)) == 1,
		.write = stream_write,
	};
	stream->fp = fp;
	stream->used = 0;
}
