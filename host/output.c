/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - where output goes in crash and gdb: the host's stream, or a new
 * file. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum memlog_status fail(struct memlog_err *err, const char *what,
			       const char *path)
{
	if (err) {
		*err = (struct memlog_err){
			.status = MEMLOG_IO,
			.sys = errno,
		};
		snprintf(err->text, sizeof(err->text), "%s: %s: %s", path, what,
			 strerror(errno));
	}
	return MEMLOG_IO;
}

static enum memlog_status write_fd(struct host_output *out,
				   struct memlog_err *err)
{
	size_t done = 0;
	ssize_t n;

	while (done < out->used) {
		n = write(out->fd, out->buf + done, out->used - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(err, "cannot write", out->path);
		done += (size_t)n;
		out->written += (uint64_t)n;
	}
	out->used = 0;
	return MEMLOG_OK;
}

static enum memlog_status flush(struct host_output *out, struct memlog_err *err)
{
	size_t n;

	if (!out->used)
		return MEMLOG_OK;
	if (!out->fp)
		return write_fd(out, err);
	errno = 0;
	n = fwrite(out->buf, 1, out->used, out->fp);
	if (n == out->used && !fflush(out->fp)) {
		out->used = 0;
		return MEMLOG_OK;
	}
	out->used = 0;
	clearerr(out->fp);
	if (errno == EPIPE)
		return MEMLOG_STOP;
	return fail(err, "cannot write", "output");
}

static enum memlog_status output_write(void *self, const void *buf, size_t len,
				       struct memlog_err *err)
{
	struct host_output *out = self;
	const char *p = buf;
	enum memlog_status s;
	size_t n;

	while (len) {
		n = sizeof(out->buf) - out->used;
		if (n > len)
			n = len;
		memcpy(out->buf + out->used, p, n);
		out->used += n;
		p += n;
		len -= n;
		if (out->used == sizeof(out->buf)) {
			s = flush(out, err);
			if (s)
				return s;
		}
	}
	return MEMLOG_OK;
}

static void init(struct host_output *out)
{
	out->sink = (struct memlog_sink){
		.size = sizeof(out->sink),
		.self = out,
		.write = output_write,
	};
	out->fp = NULL;
	out->fd = -1;
	out->path = out->temp = NULL;
	out->used = 0;
	out->written = 0;
}

void host_output_stream(struct host_output *out, FILE *fp)
{
	init(out);
	out->fp = fp;
	out->sink.tty = isatty(fileno(fp)) == 1;
}

static bool replaceable(const char *path, const char *image)
{
	struct stat st, im;

	if (lstat(path, &st))
		return errno == ENOENT;
	if (!S_ISREG(st.st_mode))
		return false;
	return !image || stat(image, &im) || st.st_dev != im.st_dev ||
	       st.st_ino != im.st_ino;
}

enum memlog_status host_output_file(struct host_output *out, const char *path,
				    bool force, const char *image,
				    struct memlog_err *err)
{
	enum memlog_status s;

	init(out);
	if (force && !replaceable(path, image)) {
		errno = EINVAL;
		return fail(err, "is not a file that may be replaced", path);
	}
	out->path = strdup(path);
	if (!out->path)
		return fail(err, "cannot open", path);
	if (force) {
		if (asprintf(&out->temp, "%s.XXXXXX", path) < 0)
			out->temp = NULL;
		out->fd = out->temp ? mkostemp(out->temp, O_CLOEXEC) : -1;
	} else {
		out->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
			       O_CLOEXEC, 0600);
	}
	if (out->fd >= 0)
		return MEMLOG_OK;
	s = fail(err, errno == EEXIST ? "not replaced without --force" :
		 "cannot create", path);
	free(out->temp);
	free(out->path);
	init(out);
	return s;
}

enum memlog_status host_output_close(struct host_output *out, bool keep,
				     struct memlog_err *err)
{
	const char *file = out->temp ? out->temp : out->path;
	enum memlog_status s = keep ? flush(out, err) : MEMLOG_OK;

	if (out->fd >= 0 && close(out->fd) && !s)
		s = fail(err, "cannot write", out->path);
	if (file && (s || !keep || !out->written))
		unlink(file);
	else if (out->temp && rename(out->temp, out->path))
		s = fail(err, "cannot replace", out->path);
	free(out->temp);
	free(out->path);
	init(out);
	return s;
}
