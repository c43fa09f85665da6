/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.h - sinks of the debuggers: a stream of theirs, or a file by name. */
#ifndef HOST_OUTPUT_H
#define HOST_OUTPUT_H

#include <memlog.h>
#include <stdio.h>

/* Streams of crash's pipes are unbuffered: pieces are gathered here first. */
#define HOST_OUTPUT_BUFFER 16384

struct host_output {
	struct memlog_sink sink;
	FILE *fp;		/* borrowed; NULL: fd is ours */
	int fd;
	char *path, *temp;	/* temp: renamed to path at the end */
	uint64_t written;	/* beside what is still in buf */
	size_t used;
	char buf[HOST_OUTPUT_BUFFER];
};

/* Write to a stream that stays the caller's. A reader that has gone (a pager
 * that was left) ends the command quietly: MEMLOG_STOP. */
void host_output_stream(struct host_output *out, FILE *fp);

/* Write to a file that is created with mode 0600 and must not exist, unless
 * force: then it is replaced when the output is complete. What is no file, and
 * the file called image (may be NULL), which is being read, are never
 * replaced. */
enum memlog_status host_output_file(struct host_output *out, const char *path,
				    bool force, const char *image,
				    struct memlog_err *err);

/* Write out what is left and let go of everything. keep: what was written is
 * worth having; without it, and where nothing was, no new file is left and one
 * to be replaced stays as it was. Without keep a stream is not touched: the
 * debugger may have closed it when it left the command. err may be NULL. */
enum memlog_status host_output_close(struct host_output *out, bool keep,
				     struct memlog_err *err);

#endif
