/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - write the output to a file, with the rules for what is replaced. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- errors ------------------------------------------------------------- */

static const char *file_shown(const struct host_file *f, char *buf, size_t size)
{
	const char *where = f->opts.where;

	if (!f->name)
		return "standard output";
	snprintf(buf, size, "%.60s%s%.90s", where ? where : "",
		 where ? "/" : "", f->name);
	return buf;
}

/* "x exists; use --force to replace it" */
static enum memlog_status file_refuse(const struct host_file *f,
				      const char *why, struct memlog_err *err)
{
	char name[160];

	if (err) {
		*err = (struct memlog_err){ .status = MEMLOG_INVALID };
		snprintf(err->text, sizeof(err->text), "%s %s",
			 file_shown(f, name, sizeof(name)), why);
	}
	return MEMLOG_INVALID;
}

/* "cannot write x: No space left on device", from errno */
static enum memlog_status file_fail(const struct host_file *f, const char *what,
				    struct memlog_err *err)
{
	enum memlog_status s = errno == EINTR  ? MEMLOG_STOP :
			       errno == ENOMEM ? MEMLOG_NO_MEMORY :
						 MEMLOG_IO;
	char name[160];

	if (err) {
		*err = (struct memlog_err){ .status = s, .sys = errno };
		snprintf(err->text, sizeof(err->text), "cannot %s %s: %s", what,
			 file_shown(f, name, sizeof(name)), strerror(err->sys));
	}
	return s;
}

/* ---- input files -------------------------------------------------------- */

static bool file_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Does opening name open this file? stat() follows links and /dev/fd/N. */
static bool file_is_at(const struct stat *st, const char *name)
{
	struct stat in;

	return !(!strcmp(name, "-") ? fstat(STDIN_FILENO, &in) :
				      stat(name, &in)) &&
	       file_same(st, &in);
}

/* Is it one of the files A,B,C of a split dump? */
static bool file_is_part(const struct stat *st, const char *names)
{
	char *list = strdup(names), *at = list, *part;
	bool found = false;

	while (at && !found && (part = strsep(&at, ",")))
		found = file_is_at(st, part);
	free(list);
	return found;
}

/* Does this process have it open for reading? Debuggers do not report the names
 * of all files that they read, such as the parts of a split dump. */
static bool file_is_open(const struct stat *st)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	struct stat in;
	bool found = false;
	int fd, flags;

	while (dir && !found && (d = readdir(dir))) {
		fd = atoi(d->d_name);
		flags = fcntl(fd, F_GETFL);
		found = d->d_name[0] != '.' && flags >= 0 &&
			(flags & O_ACCMODE) != O_WRONLY && !fstat(fd, &in) &&
			file_same(st, &in);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool file_is_input(const struct stat *st, const char *const *inputs)
{
	bool found = false;

	for (; inputs && *inputs && !found; inputs++)
		found = file_is_at(st, *inputs) || file_is_part(st, *inputs);
	return found;
}

/* ---- writing ------------------------------------------------------------ */

static enum memlog_status file_write_fail(struct host_file *f,
					  struct memlog_err *err)
{
	enum memlog_status s = file_fail(f, "write", err);
	size_t n = err ? strlen(err->text) : 0;

	f->failed = true;
	if (n && f->name)
		snprintf(err->text + n, sizeof(err->text) - n,
			 "; what was written of it is removed");
	return s;
}

/* How much to write at once: to a pipe whole lines, so few that the text of another
 * writer cannot get between them. */
static size_t file_piece(const struct host_file *f, const char *p, size_t len)
{
	const char *lf;

	if (!f->pipe || len <= PIPE_BUF)
		return len;
	lf = memrchr(p, '\n', PIPE_BUF);
	if (!lf)
		lf = memchr(p + PIPE_BUF, '\n', len - PIPE_BUF);
	return lf ? (size_t)(lf - p) + 1 : len;
}

static enum memlog_status file_write(void *self, const void *buf, size_t len,
				     struct memlog_err *err)
{
	struct host_file *f = self;
	const char *p = buf;
	ssize_t n;

	while (len) {
		n = write(f->fd, p, file_piece(f, p, len));
		if (n < 0 && errno == EINTR && !(f->stopped && f->stopped()))
			continue;
		if (n < 0)
			return file_write_fail(f, err);
		p += n;
		len -= (size_t)n;
		f->written += (uint64_t)n;
	}
	return MEMLOG_OK;
}

static void file_init(struct host_file *f)
{
	*f = (struct host_file){ .fd = -1 };
	f->sink = (struct memlog_sink){
		.size = sizeof(f->sink),
		.self = f,
		.write = file_write,
	};
}

enum memlog_status host_file_stdout(struct host_file *f,
				    const char *const *inputs,
				    struct memlog_err *err)
{
	struct stat st = { .st_mode = 0 };

	file_init(f);
	if (!fstat(STDOUT_FILENO, &st) &&
	    (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) &&
	    file_is_input(&st, inputs))
		return file_refuse(f,
				   "is a file that is being read, and "
				   "cannot be written",
				   err);
	f->fd = STDOUT_FILENO;
	f->pipe = S_ISFIFO(st.st_mode);
	f->sink.tty = isatty(f->fd) == 1;
	return MEMLOG_OK;
}

/* May a file of this name be created or replaced? */
static enum memlog_status file_check(struct host_file *f,
				     struct memlog_err *err)
{
	const char *why = NULL;
	struct stat st;

	f->replaces = !fstatat(f->opts.dir, f->name, &st, AT_SYMLINK_NOFOLLOW);
	if (!f->replaces && *f->name && f->name[strlen(f->name) - 1] == '/')
		return file_refuse(f, "names a directory, not a file", err);
	if (!f->replaces)
		return MEMLOG_OK;
	if (S_ISLNK(st.st_mode))
		why = "is a symbolic link, which is not followed or replaced";
	else if (S_ISDIR(st.st_mode))
		why = "is a directory";
	else if (!S_ISREG(st.st_mode))
		why = "is not a regular file; redirect the output to it";
	else if (file_is_input(&st, f->opts.inputs) || file_is_open(&st))
		why = "is being read, and cannot be replaced";
	else if (!f->opts.force)
		why = "exists; use --force to replace it";
	return why ? file_refuse(f, why, err) : MEMLOG_OK;
}

static int file_open(int dir, const char *name)
{
	return openat(dir, name,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
}

/* Create a temporary file in the same directory. A long name is truncated, so
 * that it is valid with the suffix. */
static int file_open_temp(struct host_file *f)
{
	const char *slash = strrchr(f->name, '/');
	int n = slash ? (int)(slash + 1 - f->name) : 0, tries, fd = -1;
	uint32_t r = 0;

	errno = EEXIST;
	for (tries = 0; fd < 0 && errno == EEXIST && tries < 100; tries++) {
		free(f->temp);
		if (getrandom(&r, sizeof(r), GRND_NONBLOCK) < 0)
			r++;
		if (asprintf(&f->temp, "%.*s%.240s.%06x", n, f->name,
			     f->name + n, r & 0xffffff) < 0)
			f->temp = NULL;
		fd = f->temp ? file_open(f->opts.dir, f->temp) : -1;
	}
	return fd;
}

static void file_free(struct host_file *f)
{
	free(f->name);
	free(f->temp);
	f->name = f->temp = NULL;
}

enum memlog_status host_file_check_name(const char *name,
					struct memlog_err *err)
{
	const char *format, *title;
	size_t i;

	for (i = 0; memlog_render_get(i, &format, &title); i++) {
		if (strcmp(name, format))
			continue;
		snprintf(
			err->text, sizeof(err->text),
			"\"%s\" is an output format: use -O %s, or -o ./%s for "
			"a file of that name",
			format, format, format);
		err->status = MEMLOG_INVALID;
		return err->status;
	}
	return MEMLOG_OK;
}

enum memlog_status host_file_create(struct host_file *f,
				    const struct host_file_opts *opts,
				    struct memlog_err *err)
{
	enum memlog_status s;

	file_init(f);
	f->opts = *opts;
	f->name = strdup(opts->name);
	if (!f->name)
		return file_fail(f, "create", err);
	s = file_check(f, err);
	if (!s) {
		f->fd = opts->force ? file_open_temp(f) :
				      file_open(opts->dir, f->name);
		if (f->fd < 0)
			s = file_fail(f, "create", err);
	}
	if (s)
		file_free(f);
	return s;
}

enum memlog_status host_file_close(struct host_file *f, bool keep,
				   struct memlog_err *err)
{
	const char *name = f->temp ? f->temp : f->name;
	enum memlog_status s = MEMLOG_OK;

	if (close(f->fd) && errno != EINTR && !f->failed)
		s = file_fail(f, "write", err);
	f->fd = -1;
	if (!s && keep && f->temp) {
		s = file_check(f, err);
		if (!s && renameat(f->opts.dir, f->temp, f->opts.dir, f->name))
			s = file_fail(f, "replace", err);
	}
	if (name && (s || !keep))
		unlinkat(f->opts.dir, name, 0);
	file_free(f);
	return s;
}
