/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - write the output to standard output, a file or a directory. */
#include "dump.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum memlog_status output_write(void *self, const void *buf, size_t len,
				       struct memlog_err *err)
{
	struct output *out = self;
	enum memlog_status s;

	progress_clear();
	s = out->file.sink.write(&out->file, buf, len, err);
	out->written |= out->file.written != 0;
	out->failed |= out->file.failed;
	return s;
}

/* Is -o the name of a directory? A link to one needs a slash. */
static bool output_is_directory(const struct opts *o)
{
	struct stat st;

	return memlog_query_wants_directory(o->query) ||
	       o->output[strlen(o->output) - 1] == '/' ||
	       (!lstat(o->output, &st) && S_ISDIR(st.st_mode));
}

/* The names of all files that are read: images, symbols, rules, ended by
 * NULL. */
static const char **output_inputs(const struct opts *o)
{
	size_t n = (size_t)o->n_images, i;
	const char **list = calloc(n + 3, sizeof(*list));

	for (i = 0; list && i < n; i++)
		list[i] = source_file(o->images[i]);
	if (list && o->symbols)
		list[n++] = o->symbols;
	if (list)
		list[n] = memlog_query_input(o->query);
	return list;
}

static enum memlog_status output_open_file(struct output *out,
					   const struct opts *o,
					   struct memlog_err *err)
{
	const struct host_file_opts opts = {
		.dir = AT_FDCWD,
		.name = o->output,
		.force = o->force,
		.inputs = out->inputs,
	};
	enum memlog_status s;

	if (!o->output || !strcmp(o->output, "-"))
		s = host_file_stdout(&out->file, out->inputs, err);
	else if (!o->extract && output_is_directory(o))
		return directory_open(out, o, err);
	else
		s = host_file_create(&out->file, &opts, err);
	if (!s && out->file.name)
		allow_output_file(o->output, o->force);
	out->file.stopped = guard_stop;
	out->sink.tty = out->file.sink.tty;
	return s;
}

int output_open(struct output *out, const struct opts *o)
{
	struct memlog_err err = { .status = MEMLOG_NO_MEMORY };

	*out = (struct output){ .inputs = output_inputs(o) };
	out->sink = (struct memlog_sink){
		.size = sizeof(out->sink),
		.self = out,
		.write = output_write,
	};
	if (out->inputs && !output_open_file(out, o, &err))
		return 0;
	message_err(NULL, &err);
	free(out->inputs);
	return memlog_query_failed(o->query, NULL, err.status, &err, NULL);
}

int output_close(struct output *out, bool keep)
{
	struct memlog_err err;
	int rc = 0;

	progress_clear();
	if (out->directory) {
		directory_close(out, keep);
	} else if (host_file_close(&out->file, keep, &err)) {
		message_err(NULL, &err);
		rc = MEMLOG_EXIT_UNREADABLE;
	}
	free(out->inputs);
	return rc;
}
