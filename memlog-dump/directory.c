/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * directory.c - write the output as a set of files in a directory.
 *
 * Each file is created or replaced like a single output file. Names are from
 * the library, and only plain ones are accepted.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that we wrote. */
struct piece {
	char *name;
	bool replaced; /* a file of this name existed */
};

struct directory {
	int dir;
	char *path; /* without a slash at its end */
	bool made;  /* we created the directory */
	bool force;
	bool open; /* the last piece is still open */
	struct piece *pieces;
	size_t n, cap;
};

static enum memlog_status directory_fail(const struct directory *f,
					 const char *name,
					 enum memlog_status status,
					 const char *what,
					 struct memlog_err *err)
{
	if (err) {
		*err = (struct memlog_err){ .status = status };
		snprintf(err->text, sizeof(err->text), "%.60s/%.90s %s",
			 f->path, name, what);
	}
	return status;
}

static bool directory_name_ok(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') &&
	       strlen(name) < 128;
}

static struct piece *directory_find(const struct directory *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (!strcmp(f->pieces[i].name, name))
			return &f->pieces[i];
	return NULL;
}

static bool directory_add(struct directory *f, const char *name)
{
	struct piece *more;

	if (f->n == f->cap) {
		more = realloc(f->pieces, (f->cap + 64) * sizeof(*more));
		if (!more)
			return false;
		f->pieces = more;
		f->cap += 64;
	}
	f->pieces[f->n] = (struct piece){ .name = strdup(name) };
	return f->pieces[f->n].name && ++f->n;
}

static void directory_drop(struct directory *f, struct piece *p)
{
	free(p->name);
	f->n--;
	memmove(p, p + 1, (size_t)(f->pieces + f->n - p) * sizeof(*p));
}

static enum memlog_status directory_finish(struct output *out, bool keep,
					   struct memlog_err *err)
{
	struct directory *f = out->directory;
	struct piece *last = &f->pieces[f->n - 1];
	enum memlog_status s = host_file_close(&out->file, keep, err);

	f->open = false;
	last->replaced = out->file.replaces;
	if (s || !keep)
		directory_drop(f, last);
	out->failed |= s != MEMLOG_OK;
	return s;
}

static enum memlog_status directory_end(void *self, struct memlog_err *err)
{
	return directory_finish(self, true, err);
}

static enum memlog_status directory_create(struct output *out, const char *name,
					   struct memlog_err *err)
{
	struct directory *f = out->directory;
	const struct host_file_opts opts = {
		.dir = f->dir,
		.where = f->path,
		.name = name,
		.force = f->force,
		.inputs = out->inputs,
	};
	enum memlog_status s;

	if (!directory_name_ok(name))
		return directory_fail(f, name, MEMLOG_INVALID,
				      "is not a valid file name", err);
	if (directory_find(f, name))
		return directory_fail(f, name, MEMLOG_INVALID,
				      "already has a log of another image",
				      err);
	if (!directory_add(f, name))
		return directory_fail(f, name, MEMLOG_NO_MEMORY,
				      "cannot be created: no memory", err);
	s = host_file_create(&out->file, &opts, err);
	if (s)
		directory_drop(f, &f->pieces[f->n - 1]);
	out->file.stopped = guard_stop;
	f->open = !s;
	return s;
}

static enum memlog_status directory_begin(void *self, const char *name,
					  struct memlog_err *err)
{
	struct output *out = self;
	enum memlog_status s = MEMLOG_OK;

	/* an image that failed may have left the last file open */
	if (out->directory->open)
		s = directory_finish(out, true, err);
	if (!s)
		s = directory_create(out, name, err);
	out->failed |= s != MEMLOG_OK;
	return s;
}

static enum memlog_status directory_remove(void *self, const char *name,
					   struct memlog_err *err)
{
	struct directory *f = ((struct output *)self)->directory;
	struct piece *p = directory_find(f, name);

	if (p && unlinkat(f->dir, name, 0))
		return directory_fail(f, name, MEMLOG_IO, "cannot be removed",
				      err);
	if (p)
		directory_drop(f, p);
	return MEMLOG_OK;
}

static void directory_free(struct directory *f)
{
	free(f->pieces);
	free(f->path);
	free(f);
}

enum memlog_status directory_open(struct output *out, const struct opts *o,
				  struct memlog_err *err)
{
	struct directory *f = calloc(1, sizeof(*f));
	size_t len = strlen(o->output), n = len;

	while (n && o->output[n - 1] == '/')
		n--;
	if (f)
		f->path = strndup(o->output, n);
	if (!f || !f->path) {
		free(f);
		return MEMLOG_NO_MEMORY;
	}
	f->force = o->force;
	f->made = !mkdir(o->output, 0700);
	f->dir = f->made || errno == EEXIST ?
			 open(o->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
						 (n < len ? 0 : O_NOFOLLOW)) :
			 -1;
	if (f->dir < 0) {
		*err = (struct memlog_err){ MEMLOG_IO, .sys = errno };
		snprintf(err->text, sizeof(err->text),
			 "cannot create the "
			 "directory %.120s: %s",
			 o->output, strerror(errno));
		directory_free(f);
		return MEMLOG_IO;
	}
	allow_output_directory(o->output, f->made);
	out->directory = f;
	out->sink.begin = directory_begin;
	out->sink.end = directory_end;
	out->sink.remove = directory_remove;
	return MEMLOG_OK;
}

void directory_close(struct output *out, bool keep)
{
	struct directory *f = out->directory;
	size_t i;

	if (f->open)
		directory_finish(out, keep, NULL);
	for (i = 0; i < f->n; i++) {
		/* the file that was replaced cannot be restored */
		if (!keep && !f->pieces[i].replaced)
			unlinkat(f->dir, f->pieces[i].name, 0);
		free(f->pieces[i].name);
	}
	close(f->dir);
	/* fails if it is not empty */
	if (!keep && f->made)
		rmdir(f->path);
	directory_free(f);
}
