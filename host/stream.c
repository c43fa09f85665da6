/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c - write the output to a stream of the debugger. */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static enum memlog_status stream_put(struct host_stream *s, const void *buf,
				     size_t len, struct memlog_err *err)
{
	bool ok;

	errno = 0;
	ok = fwrite(buf, 1, len, s->fp) == len && !fflush(s->fp);
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

enum memlog_status host_stream_flush(struct host_stream *s,
				     struct memlog_err *err)
{
	size_t len = s->used;

	s->used = 0;
	return len ? stream_put(s, s->buf, len, err) : MEMLOG_OK;
}

static enum memlog_status stream_write(void *self, const void *buf, size_t len,
				       struct memlog_err *err)
{
	struct host_stream *stream = self;
	enum memlog_status s = MEMLOG_OK;

	/* what comes at once is whole lines: they stay together */
	if (len > sizeof(stream->buf) - stream->used)
		s = host_stream_flush(stream, err);
	if (s)
		return s;
	if (len > sizeof(stream->buf))
		return stream_put(stream, buf, len, err);
	memcpy(stream->buf + stream->used, buf, len);
	stream->used += len;
	return MEMLOG_OK;
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
