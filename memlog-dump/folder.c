/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folder.c - output that is a set of files, in a folder of the user's.
 *
 * As with one file: created exclusively, readable by the owner alone, never
 * through a symbolic link. --force removes a plain file of the same name first.
 * Names come from the library and are taken only when they are plain.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	int dir;
	bool made;		/* the folder is ours */
	const struct opts *o;
	char **names;		/* of the files that we made */
	size_t n, cap;
};

static enum memlog_status trouble(struct memlog_err *err, int sys,
				  const char *what, const char *name)
{
	if (err) {
		memset(err, 0, sizeof(*err));
		err->status = MEMLOG_IO;
		err->sys = sys;
		snprintf(err->text, sizeof(err->text), "%.60s %s: %s%s", name,
			 what, strerror(sys), sys == EEXIST ?
			 "; name another directory, or give --force" : "");
	}
	return MEMLOG_IO;
}

static enum memlog_status is_read(struct output *out, const char *name,
				  struct memlog_err *err)
{
	out->failed = true;
	if (err) {
		memset(err, 0, sizeof(*err));
		err->status = MEMLOG_INVALID;
		snprintf(err->text, sizeof(err->text), "%.80s/%.100s: is being "
			 "read and is not replaced", out->path, name);
	}
	return MEMLOG_INVALID;
}

static bool plain_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') &&
	       strlen(name) < 128;
}

static bool keep_name(struct folder *f, const char *name)
{
	char **more;

	if (f->n == f->cap) {
		more = realloc(f->names, (f->cap + 64) * sizeof(*more));
		if (!more)
			return false;
		f->names = more;
		f->cap += 64;
	}
	f->names[f->n] = strdup(name);
	return f->names[f->n++];
}

static void remove_plain(struct folder *f, const char *name)
{
	struct stat st;

	if (!fstatat(f->dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
		unlinkat(f->dir, name, 0);
}

static bool ours(const struct folder *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->names[i] && !strcmp(f->names[i], name))
			return true;
	return false;
}

static enum memlog_status folder_begin(void *self, const char *name,
				       struct memlog_err *err)
{
	struct output *out = self;
	struct folder *f = out->folder;

	if (out->fd >= 0 || !plain_name(name))
		return trouble(err, EINVAL, "cannot be created", name);
	if (f->o->force && !ours(f, name)) {
		if (input_is_named(f->dir, name, f->o))
			return is_read(out, name, err);
		remove_plain(f, name);
	}
	out->fd = openat(f->dir, name, O_WRONLY | O_CREAT | O_EXCL |
			 O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out->fd < 0) {
		out->failed = true;
		return trouble(err, errno, "cannot be created", name);
	}
	if (!keep_name(f, name))
		return trouble(err, ENOMEM, "cannot be created", name);
	return MEMLOG_OK;
}

static enum memlog_status folder_end(void *self, struct memlog_err *err)
{
	struct output *out = self;
	int rc = close(out->fd);

	out->fd = -1;
	if (rc && errno != EINTR) {
		out->failed = true;
		return trouble(err, errno, "cannot be written", out->path);
	}
	return MEMLOG_OK;
}

static enum memlog_status folder_remove(void *self, const char *name,
					struct memlog_err *err)
{
	struct output *out = self;
	struct folder *f = out->folder;

	if (ours(f, name) && unlinkat(f->dir, name, 0))
		return trouble(err, errno, "cannot be removed", name);
	return MEMLOG_OK;
}

int folder_open(struct output *out, const struct opts *o)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (!f) {
		message(0, NULL, "no memory");
		return EXIT_UNREADABLE;
	}
	out->folder = f;
	out->path = o->output;
	out->fd = -1;
	out->sink.begin = folder_begin;
	out->sink.end = folder_end;
	out->sink.remove = folder_remove;
	f->o = o;
	f->made = !mkdir(o->output, 0700);
	f->dir = open(o->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir >= 0)
		return 0;
	message(0, NULL, "%s: not a directory, and cannot be created: %s",
		o->output, strerror(errno));
	free(f);
	out->folder = NULL;
	return EXIT_USAGE;
}

void folder_close(struct output *out, bool keep)
{
	struct folder *f = out->folder;
	size_t i;

	if (out->fd >= 0)
		close(out->fd);
	for (i = 0; i < f->n; i++) {
		if (!keep && f->names[i])
			unlinkat(f->dir, f->names[i], 0);
		free(f->names[i]);
	}
	close(f->dir);
	/* only when nothing is in it */
	if (!keep && f->made)
		rmdir(out->path);
	free(f->names);
	free(f);
}
