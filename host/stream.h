/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - a sink that is a stream of the debugger's. */
#ifndef HOST_STREAM_H
#define HOST_STREAM_H

#include <memlog.h>
#include <stdio.h>

/* Streams of crash's pipes are unbuffered: pieces are gathered here first. */
#define HOST_STREAM_BUFFER 16384

struct host_stream {
	struct memlog_sink sink;
	FILE *fp;
	size_t used;
	char buf[HOST_STREAM_BUFFER];
};

/* Write to a stream that stays the caller's. A reader that has gone (a pager
 * that was left) ends the command quietly: MEMLOG_STOP. */
void host_stream_init(struct host_stream *stream, FILE *fp);

/* Write out what is left. To be left out when the debugger has left the
 * command: it may have closed the stream. err may be NULL. */
enum memlog_status host_stream_flush(struct host_stream *stream,
				     struct memlog_err *err);

#endif
