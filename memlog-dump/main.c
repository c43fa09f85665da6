/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - memlog-dump: print the logs in dumps. */
#include "dump.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
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

/* ---- the sandbox -------------------------------------------------------- */

/* Memory that may be allocated: far more than the limits of libparse/base/limits.h add up
 * to for any image that is known. An image takes 32 MiB and the window of a packed file,
 * one of a set of 1024 files a few MiB, records that are sorted 64 MiB, and 16 threads
 * have stacks of 8 MiB. */
#define MAIN_MEMORY (UINT64_C(2) << 30)

/* Sections of a file with symbols are unpacked: by so much at most. */
#define MAIN_UNPACKED 8

static uint64_t main_memory(const struct opts *o)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	uint64_t memory = MAIN_MEMORY;
	struct stat st;

	memlog_query_open(o->query, &opts);
	memory += opts.window < UINT64_MAX / 4 ? opts.window : UINT64_MAX / 4;
	if (o->symbols && !stat(o->symbols, &st))
		memory += (uint64_t)st.st_size * MAIN_UNPACKED;
	return memory;
}

/* Give up what the rest of the images does not need; after the first time nothing. */
static enum memlog_status main_confine(const struct opts *o,
				       struct memlog_err *err)
{
	char said[SANDBOX_SAID];
	enum memlog_status s;
	bool ports = false;
	int i;

	for (i = 0; i < o->n_images; i++)
		ports |= source_is_port(o->images[i]);
	s = sandbox_enter(main_memory(o), ports, said, err);
	if (!s && *said)
		message(3, NULL, "sandbox: %s", said);
	return s;
}

static enum memlog_status main_attached(void *arg, struct memlog_err *err)
{
	allow_served();
	return main_confine(arg, err);
}

/* Before anything is read. A guest that runs, or a dump far away, is attached to first; if
 * it is not the first image, those before it are read without a sandbox. */
static enum memlog_status main_sandbox(const struct opts *o,
				       struct memlog_err *err)
{
	bool found = allow_inputs(o);

	/* if no file is there, what is looked for instead is in /proc */
	if (o->attach < 0 && (found || o->sandbox == SANDBOX_REQUIRE))
		return main_confine(o, err);
	if (o->attach <= 0 || o->sandbox == SANDBOX_OFF)
		return MEMLOG_OK;
	if (o->sandbox == SANDBOX_REQUIRE) {
		*err = (struct memlog_err){ .status = MEMLOG_INVALID };
		snprintf(err->text, sizeof(err->text),
			 "--sandbox=require: %.80s would be opened after "
			 "%.60s was read: name it first, or run once for each",
			 o->images[o->attach], o->images[0]);
		return err->status;
	}
	message(3, NULL, "sandbox: not before %s is opened",
		o->images[o->attach]);
	return MEMLOG_OK;
}

/* ---- one image ----------------------------------------------------------- */

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
	/* what comes after the last that is attached to is in files */
	s = source_open(names, n, o,
			o->attach >= 0 && names == o->images + o->attach ?
				main_attached :
				NULL,
			&image, &err);
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

/* ---- all images ---------------------------------------------------------- */

static int main_symbols(const struct opts *o, struct memlog_symbols **ret)
{
	struct memlog_err err;

	*ret = NULL;
	if (!o->symbols || !memlog_symbols_open(o->symbols, NULL, ret, &err))
		return 0;
	message(0, NULL, "--symbols: %s", err.text);
	return memlog_query_failed(o->query, NULL, err.status, &err, NULL);
}

/* What has to be right before an image is read. MEMLOG_EXIT_NONE, or another status after
 * a message. */
static int main_prepare(const struct opts *o, struct output *out,
			struct memlog_symbols **symbols)
{
	struct memlog_err err;
	int code;

	*symbols = NULL;
	if (memlog_query_check(o->query, &out->sink, &err)) {
		message_err(NULL, &err);
		return MEMLOG_EXIT_USAGE;
	}
	if (main_sandbox(o, &err)) {
		message_err(NULL, &err);
		return MEMLOG_EXIT_USAGE;
	}
	code = main_symbols(o, symbols);
	return code ? code : MEMLOG_EXIT_NONE;
}

/* After the image that was attached to last: if that failed, the rest is files. */
static int main_confine_rest(const struct opts *o, int next)
{
	struct memlog_err err;

	if (next <= o->attach || !main_confine(o, &err))
		return MEMLOG_EXIT_NONE;
	message_err(NULL, &err);
	return MEMLOG_EXIT_USAGE;
}

static int dump_all(const struct opts *o)
{
	struct memlog_symbols *symbols;
	bool captured = false, stopped;
	struct memlog_err err;
	struct output out;
	int code, i, n, rc;
	bool ready;

	if (sandbox_init(o->sandbox, o->attach >= 0, &err)) {
		message_err(NULL, &err);
		return MEMLOG_EXIT_USAGE;
	}
	code = output_open(&out, o);
	if (code)
		return code;
	code = main_prepare(o, &out, &symbols);
	ready = code == MEMLOG_EXIT_NONE;
	for (i = 0; ready && i < o->n_images && !guard_stop() && !out.failed &&
		    code != MEMLOG_EXIT_USAGE;
	     i += n) {
		n = main_names(o, i);
		code = main_worse(code, dump_image(o->images + i, n, o, symbols,
						   &out));
		rc = main_confine_rest(o, i + n);
		code = main_worse(code, rc);
		ready = rc == MEMLOG_EXIT_NONE;
		/* that is how a capture ends, which nobody can take again */
		if (source_is_port(o->images[i])) {
			guard_forget();
			captured = true;
		}
	}
	stopped = guard_stop();
	if (ready && !stopped && !out.failed)
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
