/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - memlog-dump: print the logs in dumps. */
#include "dump.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* If the caller closed descriptor 0, 1 or 2, the next file must not get its
 * number. Open /dev/null in its place, so that using it fails as before. */
static void hold_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(MEMLOG_EXIT_UNREADABLE);
}

static void on_message(void *arg, int level, const char *line)
{
	message(level, arg, "%s", line);
}

/* Print an error of opening an image, or of a query on it if opened. NO_DATA of
 * a query has been explained by messages before; INVALID is about options. */
static void main_tell(const char *name, bool opened, enum memlog_status s,
		      const struct memlog_err *err)
{
	if (guard_shrunk())
		message(0, name,
			"the file became shorter while it was read; "
			"wait until it is written, or copy it first");
	else if (s && s != MEMLOG_NO_DATA && s != MEMLOG_STOP)
		message_err(opened && s != MEMLOG_INVALID ? name : NULL, err);
}

static uint64_t main_clock(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Ports are captured together: those that follow one another are one image. Returns how
 * many names the image has that is first. */
static int main_names(const struct opts *o, int first)
{
	int n = 0;

	while (first + n < o->n_images && source_is_port(o->images[first + n]))
		n++;
	return n ? n : 1;
}

static int dump_image(char **names, int n, const struct opts *o,
		      const struct memlog_symbols *symbols,
		      const struct output *out)
{
	const char *name = source_is_port(names[0]) ? "port:" : names[0];
	struct memlog_query_result result = { .size = sizeof(result) };
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &out->sink,
		.message = on_message,
		.message_arg = (void *)name,
		.progress = progress_poll,
		.symbols = symbols,
		.printer = memlog_event_printer(),
		.deflate = memlog_codec_deflate(),
		.many = n < o->n_images,
		.continued = out->written,
		.started = main_clock(),
		.tmpdir = getenv("TMPDIR"),
	};
	struct memlog_err err = { .status = MEMLOG_OK };
	struct memlog_image *image;
	enum memlog_status s;

	progress_begin(message_name(name));
	guard_reset();
	s = source_open(names, n, o, &image, &err);
	if (s) {
		main_tell(name, false, s, &err);
		return memlog_query_failed(o->query, message_name(name), s,
					   &err, &host);
	}
	s = memlog_query_run(o->query, image, &host, &result, &err);
	progress_clear();
	main_tell(name, true, s, &err);
	memlog_image_close(image);
	return guard_shrunk() ? MEMLOG_EXIT_UNREADABLE : (int)result.exit;
}

/* The worse of two, in the order of 2, 3, 4, 0, 1. */
static int main_worse(int a, int b)
{
	static const int rank[] = {
		[MEMLOG_EXIT_NONE] = 0,	      [MEMLOG_EXIT_PRINTED] = 1,
		[MEMLOG_EXIT_INCOMPLETE] = 2, [MEMLOG_EXIT_UNREADABLE] = 3,
		[MEMLOG_EXIT_USAGE] = 4,
	};

	return rank[a] > rank[b] ? a : b;
}

/* What is about all images together. */
static int dump_finish(const struct opts *o, const struct output *out)
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &out->sink,
		.message = on_message,
		.many = true,
		.continued = out->written,
		.tmpdir = getenv("TMPDIR"),
	};
	struct memlog_err err = { .status = MEMLOG_OK };

	if (!memlog_query_finish(o->query, &host, &err))
		return MEMLOG_EXIT_NONE;
	message_err(NULL, &err);
	return MEMLOG_EXIT_UNREADABLE;
}

static int dump_all(const struct opts *o)
{
	struct memlog_symbols *symbols = NULL;
	struct memlog_err err;
	bool captured = false, stopped;
	struct output out;
	int code, i, n, rc;

	if (o->symbols &&
	    memlog_symbols_open(o->symbols, NULL, &symbols, &err)) {
		message(0, NULL, "--symbols: %s", err.text);
		return memlog_query_failed(o->query, NULL, err.status, &err,
					   NULL);
	}
	code = output_open(&out, o);
	if (code) {
		memlog_symbols_close(symbols);
		return code;
	}
	code = MEMLOG_EXIT_NONE;
	if (memlog_query_check(o->query, &out.sink, &err)) {
		message_err(NULL, &err);
		code = MEMLOG_EXIT_USAGE;
	}
	for (i = 0; i < o->n_images && !guard_stop() && !out.failed &&
		    code != MEMLOG_EXIT_USAGE;
	     i += n) {
		n = main_names(o, i);
		code = main_worse(code, dump_image(o->images + i, n, o, symbols,
						   &out));
		/* that is how a capture ends, which nobody can take again */
		if (source_is_port(o->images[i])) {
			guard_forget();
			captured = true;
		}
	}
	stopped = guard_stop();
	if (!stopped && !out.failed)
		code = main_worse(code, dump_finish(o, &out));
	memlog_symbols_close(symbols);
	/* keep what was printed before an error, or a signal that came later */
	rc = output_close(&out,
			  out.written && (captured || !stopped) && !out.failed);
	return rc ? rc : code;
}

int main(int argc, char **argv)
{
	struct opts o;
	int code;

	hold_descriptors();
	guard_init();
	code = opts_parse(&o, argc, argv);
	if (code < 0) {
		message_init(memlog_query_level(o.query));
		progress_init(o.progress);
		code = dump_all(&o);
	}
	opts_fini(&o);
	if (guard_stop())
		guard_die();
	return code;
}
