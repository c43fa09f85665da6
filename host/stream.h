/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - write the output to a stream of the debugger. */
#ifndef HOST_STREAM_H
#define HOST_STREAM_H

#include <memlog.h>
#include <stdio.h>

/* crash's pipes are unbuffered streams, so buffer the output here, in bytes. */
#define HOST_STREAM_BUFFER 16384

struct host_stream {
	struct memlog_sink sink;
	FILE *fp;
	size_t used;
	char buf[HOST_STREAM_BUFFER];
};

/* Write to fp, which is borrowed. A closed pipe (of a pager that was quit) ends
 * the command quietly: writes return MEMLOG_STOP. */
void host_stream_init(struct host_stream *stream, FILE *fp);

/* Write the rest of the buffer. Do not call it after the debugger has left the
 * command, as it may have closed the stream. err may be NULL. */
enum memlog_status host_stream_flush(struct host_stream *stream,
				     struct memlog_err *err);

#endif
