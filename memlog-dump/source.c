/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.c - open an image with the options of the command line. */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_CODECS 16

static enum memlog_status source_fail(struct memlog_err *err,
				      enum memlog_status status,
				      const char *name, const char *text)
{
	memset(err, 0, sizeof(*err));
	err->status = status;
	snprintf(err->text, sizeof(err->text), "%s: %s", name, text);
	return status;
}

/* Open a pipe or socket, which can be read only once; this waits for the writer
 * of a FIFO. *ret is -1 if name is neither. */
static enum memlog_status pipe_open(const char *name, int *ret,
				    struct memlog_err *err)
{
	bool in = !strcmp(name, "-");
	struct stat st;

	*ret = -1;
	if (in ? fstat(STDIN_FILENO, &st) : stat(name, &st))
		return MEMLOG_OK;
	if (!S_ISFIFO(st.st_mode) && !(in && S_ISSOCK(st.st_mode)))
		return MEMLOG_OK;
	do {
		*ret = in ? dup(STDIN_FILENO) :
			    open(name, O_RDONLY | O_CLOEXEC);
	} while (*ret < 0 && errno == EINTR && !guard_stop());
	if (*ret >= 0)
		return MEMLOG_OK;
	return source_fail(err, errno == EINTR ? MEMLOG_STOP : MEMLOG_IO,
			   message_name(name), strerror(errno));
}

/* The library's codecs, followed by ours; in list. */
static void pipe_codecs(struct memlog_open_opts *opts,
			const struct memlog_codec *list[SOURCE_CODECS])
{
	const struct memlog_codec *const *c;
	size_t n = 0;

	for (c = memlog_codecs(); *c && n < SOURCE_CODECS; c++)
		list[n++] = *c;
	for (c = dump_codecs; *c && n < SOURCE_CODECS; c++)
		list[n++] = *c;
	opts->codecs = list;
	opts->n_codecs = n;
}

/* Read a pipe once, or no more of it than is needed. If that is not enough, the library
 * copies it to a temporary file without a name, which is opened like any other. */
static enum memlog_status open_pipe(int fd, const char *name,
				    const struct opts *o,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	const struct memlog_codec *codecs[SOURCE_CODECS];
	struct memlog_open_opts of_pipe = *opts;
	enum memlog_status s;
	char path[64];
	int spool;

	pipe_codecs(&of_pipe, codecs);
	/* with symbols, as variables may be anywhere in memory */
	s = memlog_query_open_pipe(o->query, fd, message_name(name), &of_pipe,
				   o->symbols != NULL, ret, &spool, err);
	close(fd);
	if (!s && *ret)
		s = memlog_image_info(*ret, &info, err);
	if (s || *ret) {
		if (!s)
			message(3, name,
				info.file_size == UINT64_MAX ?
					"read as far as needed, through a "
					"temporary file" :
					"read once, without a copy");
		return s;
	}
	message(3, name, "copied to a temporary file for random access");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", spool);
	s = memlog_image_open(path, opts, ret, err);
	close(spool);
	return s;
}

/* Of a pipe, in case that something in it needs random access. Guests have not often
 * used more. */
#define SOURCE_KEEP (UINT64_C(4) << 30)

bool source_is_port(const char *name)
{
	return !strncmp(name, "port:", 5);
}

const char *source_file(const char *name)
{
	return source_is_port(name) ? name + strlen("port:") : name;
}

enum memlog_status source_open(char **names, int n, const struct opts *o,
			       source_attached *attached,
			       struct memlog_image **ret,
			       struct memlog_err *err)
{
	const char *name = names[0];
	struct memlog_open_opts opts = {
		.size = sizeof(opts),
		.force_raw = o->mapped,
		.map = o->map,
		.raw_base = o->raw_base,
		.progress = progress_poll,
		.tmpdir = getenv("TMPDIR"),
		.codecs = dump_codecs,
		.via_qemu = o->via_qemu,
		.name = message_name(name),
		.keep = SOURCE_KEEP,
		.attached = attached,
		.attached_arg = (void *)o,
	};
	enum memlog_status s;
	int fd;

	memlog_query_open(o->query, &opts);
	if (source_is_port(name)) {
		opts.name = NULL;
		return memlog_image_open_ports((const char *const *)names,
					       (size_t)n, &opts, ret, err);
	}
	while (dump_codecs[opts.n_codecs])
		opts.n_codecs++;
	if (!strcmp(name, "-") && isatty(STDIN_FILENO))
		return source_fail(
			err, MEMLOG_INVALID, message_name(name),
			"is a terminal; give a file, or pipe one in");
	s = pipe_open(name, &fd, err);
	if (s)
		return s;
	if (fd >= 0)
		return open_pipe(fd, name, o, &opts, ret, err);
	/* a file that the shell opened */
	if (!strcmp(name, "-"))
		name = "/proc/self/fd/0";
	return memlog_image_open(name, &opts, ret, err);
}
