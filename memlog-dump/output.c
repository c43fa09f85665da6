/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.c - standard output, or a file that only its owner can read.
 *
 * Logs hold secrets, and who reads dumps is often root: a file is created
 * exclusively and never through a symbolic link. --force writes beside the old
 * one and renames at the end, so that there is always a whole file.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *out_name(const struct output *out)
{
	return out->path ? out->path : "standard output";
}

static enum memlog_status out_write(void *self, const void *buf, size_t len,
				    struct memlog_err *err)
{
	struct output *out = self;
	const char *p = buf;
	ssize_t n;

	progress_clear();
	while (len) {
		n = write(out->fd, p, len);
		if (n < 0 && errno == EINTR && !guard_stop())
			continue;
		if (n < 0) {
			out->failed = true;
			if (err) {
				memset(err, 0, sizeof(*err));
				err->status = errno == EINTR ? MEMLOG_STOP :
							       MEMLOG_IO;
				err->sys = errno;
				snprintf(err->text, sizeof(err->text),
					 "cannot write %.80s: %s",
					 out_name(out), strerror(errno));
			}
			return errno == EINTR ? MEMLOG_STOP : MEMLOG_IO;
		}
		p += n;
		len -= (size_t)n;
		out->written += (uint64_t)n;
	}
	return MEMLOG_OK;
}

/* May path be replaced? */
static bool replaceable(const char *path, const struct opts *o)
{
	struct stat st;

	if (lstat(path, &st))
		return true;
	if (input_is_named(AT_FDCWD, path, o))
		message(0, NULL, "%s: is being read and is not replaced",
			path);
	else if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		message(0, NULL, "%s: is not a file and is not replaced",
			path);
	else
		return true;
	return false;
}

static int open_temp(struct output *out)
{
	size_t n = strlen(out->path) + sizeof(".XXXXXX");

	out->temp = malloc(n);
	if (!out->temp) {
		errno = ENOMEM;
		return -1;
	}
	snprintf(out->temp, n, "%s.XXXXXX", out->path);
	out->fd = mkostemp(out->temp, O_CLOEXEC);
	if (out->fd < 0) {
		free(out->temp);
		out->temp = NULL;
	}
	return out->fd;
}

/* Is -o the name of a folder? */
static bool is_folder(const struct opts *o)
{
	struct stat st;

	return memlog_query_wants_folder(o->query) ||
	       o->output[strlen(o->output) - 1] == '/' ||
	       (!stat(o->output, &st) && S_ISDIR(st.st_mode));
}

/* Standard output may be an image, by >> or <>. */
static int open_stdout(struct output *out, const struct opts *o)
{
	struct stat st;

	out->fd = STDOUT_FILENO;
	out->sink.tty = isatty(out->fd);
	if (fstat(out->fd, &st) || (!S_ISREG(st.st_mode) &&
				    !S_ISBLK(st.st_mode)) || !input_is(&st, o))
		return 0;
	message(0, NULL, "standard output is a file that is being read, and is "
		"not written to");
	return EXIT_USAGE;
}

int output_open(struct output *out, const struct opts *o)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	out->sink.size = sizeof(out->sink);
	out->sink.self = out;
	out->sink.write = out_write;
	if (o->output && *o->output && strcmp(o->output, "-") &&
	    !o->extract && is_folder(o))
		return folder_open(out, o);
	if (!o->output || !strcmp(o->output, "-"))
		return open_stdout(out, o);
	out->path = o->output;
	if (o->force && !replaceable(out->path, o))
		return EXIT_USAGE;
	if (o->force)
		open_temp(out);
	else
		out->fd = open(out->path,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				       O_CLOEXEC, 0600);
	if (out->fd >= 0)
		return 0;
	if (errno == EEXIST && !lstat(out->path, &st) &&
	    !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		message(0, NULL, "%s: is not a file; send standard output "
			"there instead", out->path);
	else if (errno == EEXIST)
		message(0, NULL, "%s: exists; choose another name, or replace "
			"it with --force", out->path);
	else
		message(0, NULL, "%s: cannot be created: %s", out->path,
			strerror(errno));
	return EXIT_USAGE;
}

int output_close(struct output *out, bool keep)
{
	const char *file = out->temp ? out->temp : out->path;
	int rc = 0;

	progress_clear();
	if (out->folder) {
		folder_close(out, keep);
		return 0;
	}
	if (close(out->fd) && errno != EINTR && !out->failed) {
		message(0, NULL, "cannot write %s: %s", out_name(out),
			strerror(errno));
		rc = EXIT_UNREADABLE;
	}
	if (file && (!keep || rc)) {
		unlink(file);
	} else if (out->temp && rename(out->temp, out->path)) {
		message(0, NULL, "%s: cannot be replaced: %s", out->path,
			strerror(errno));
		unlink(out->temp);
		rc = EXIT_UNREADABLE;
	}
	free(out->temp);
	return rc;
}
