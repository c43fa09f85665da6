/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts.c - parse the command line: our options, and those of a query. */
#include "dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host/help.h"

/* ---- our options -------------------------------------------------------- */

static enum memlog_status opts_refuse(struct memlog_err *err, const char *text)
{
	err->status = MEMLOG_INVALID;
	snprintf(err->text, sizeof(err->text), "%s", text);
	return err->status;
}

/* A value of which text says what it must be. */
static enum memlog_status opts_refuse_value(struct memlog_err *err,
					    const char *value, const char *text)
{
	err->status = MEMLOG_INVALID;
	snprintf(err->text, sizeof(err->text), "\"%.32s\" is not %s", value,
		 text);
	return err->status;
}

static enum memlog_status opts_map(void *arg, const struct memlog_option *opt,
				   const char *value, struct memlog_err *err)
{
	static const char *const names[] = { "q35",  "pc",   "microvm",
					     "virt", "none", NULL };
	static const enum memlog_map maps[] = {
		MEMLOG_MAP_Q35,	 MEMLOG_MAP_PC,	  MEMLOG_MAP_MICROVM,
		MEMLOG_MAP_VIRT, MEMLOG_MAP_NONE,
	};
	struct opts *o = arg;
	char *end;
	size_t i;

	o->mapped = true;
	for (i = 0; names[i]; i++) {
		if (strcmp(value, names[i]))
			continue;
		o->map = maps[i];
		o->raw_base = 0;
		return MEMLOG_OK;
	}
	o->map = MEMLOG_MAP_NONE;
	errno = 0;
	o->raw_base = strtoull(value, &end, 0);
	if (*value >= 'a' && *value <= 'z')
		return memlog_query_unknown("preset", value, names, err);
	if (*value < '0' || *value > '9' || *end || errno)
		return opts_refuse_value(err, value,
					 "q35, pc, microvm, virt, none, or the "
					 "address of the first byte");
	return MEMLOG_OK;
}

static enum memlog_status opts_symbols(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	struct opts *o = arg;

	if (o->symbols)
		return opts_refuse(err, "only one file");
	o->symbols = value;
	return MEMLOG_OK;
}

static enum memlog_status opts_output(void *arg,
				      const struct memlog_option *opt,
				      const char *value, struct memlog_err *err)
{
	struct opts *o = arg;

	if (o->output)
		return opts_refuse(err, "only one of -o and --extract, once");
	if (!*value)
		return opts_refuse(err, "the name of the file is empty");
	o->output = value;
	return opt->letter ? host_file_check_name(value, err) : MEMLOG_OK;
}

/* The query's option, with the name of the output file. */
static enum memlog_status opts_extract(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	struct opts *o = arg;
	enum memlog_status s = opts_output(arg, opt, value, err);

	o->extract = true;
	return s ? s : memlog_query_option(o->query, "extract", NULL, err);
}

static enum memlog_status opts_force(void *arg, const struct memlog_option *opt,
				     const char *value, struct memlog_err *err)
{
	struct opts *o = arg;

	o->force = true;
	return memlog_query_option(o->query, "force", NULL, err);
}

static enum memlog_status opts_via_qemu(void *arg,
					const struct memlog_option *opt,
					const char *value,
					struct memlog_err *err)
{
	((struct opts *)arg)->via_qemu = true;
	return MEMLOG_OK;
}

/* --color and --progress, with the other words that grep and ls take for the same */
static enum memlog_status opts_when(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err)
{
	struct opts *o = arg;

	return host_when_parse(
		value, !strcmp(opt->name, "color") ? &o->color : &o->progress,
		err);
}

static enum memlog_status opts_sandbox(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	return sandbox_parse(value, &((struct opts *)arg)->sandbox, err);
}

static enum memlog_status opts_help(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err);

static enum memlog_status opts_version(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	printf(PROGRAM " %s\n", memlog_version());
	return MEMLOG_STOP;
}

/* ---- the table ----------------------------------------------------------- */

#define ROW sizeof(struct memlog_option)

static const struct memlog_option opts_own[] = {
	{ ROW, "map", 0, "PRESET|ADDR", false,
	  "raw image: q35, pc, microvm, virt, none, or at ADDR", opts_map },
	{ ROW, "via-qemu", 0, NULL, false,
	  "with qmp:, let QEMU (10.2 or later) locate the log", opts_via_qemu },
	{ ROW, "symbols", 's', "FILE", false,
	  "ELF file with the symbols: vmlinux, xen-syms", opts_symbols },
	{ ROW, "output", 'o', "FILE|DIR", false,
	  "write to a new FILE, or one file per log in DIR", opts_output },
	{ ROW, "extract", 0, "FILE", false,
	  "write only the logs, as a small ELF core for support",
	  opts_extract },
	{ ROW, "force", 0, NULL, false,
	  "overwrite FILE; allow raw output to a terminal", opts_force },
	{ ROW, "progress", 0, "WHEN", true,
	  "show progress: auto, always or never", opts_when },
	{ ROW, "color", 0, "WHEN", true, "use colour: auto, always or never",
	  opts_when },
	{ ROW, "sandbox", 0, "MODE", false,
	  "give up rights before reading: on, off or require", opts_sandbox },
	{ ROW, "help", 'h', NULL, false, "show this help", opts_help },
	{ ROW, "version", 'V', NULL, false, "show the version", opts_version },
	{ 0 },
};

static bool opts_help_line(void *arg, const char *line)
{
	puts(line);
	return true;
}

static enum memlog_status opts_help(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err)
{
	puts("usage: " PROGRAM " [options] IMAGE...\n"
	     "Print the logs that firmware and hypervisors left in memory.\n\n"
	     "IMAGE is a dump of a machine's memory, - for standard input, a "
	     "running guest\n(pid:N, qmp:SOCKET, domain:NAME of libvirt), or "
	     "this machine: /dev/mem, and\nacrn:[DIR] for the devices of "
	     "an ACRN Service VM. A dump far away is\nnbd://HOST, "
	     "nbd+unix:///?socket=PATH, https://..., ssh://... or whatever\n"
	     "nbdkit serves. Debug ports are port:PATH; all that are named are "
	     "captured\ntogether.\n");
	host_help(MEMLOG_HOST_COMMAND, opts_own, opts_help_line, NULL);
	puts("\nExit status: 0 something was printed, 1 nothing was, 2 usage, "
	     "3 unreadable,\n4 nothing, and the image is incomplete; with "
	     "--strict also if something was.\nSee memlog-dump(1).");
	return MEMLOG_STOP;
}

/* ---- all of it ----------------------------------------------------------- */

static int opts_usage(const char *what)
{
	message(0, NULL, "%s", what);
	fputs("usage: " PROGRAM " [options] IMAGE...; " PROGRAM
	      " --help lists all options\n",
	      stderr);
	return MEMLOG_EXIT_USAGE;
}

/* Checks that need all options. */
static int opts_finish(struct opts *o)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = o->color == WHEN_ALWAYS;
	int i;

	if (!o->n_images)
		return opts_usage("no image given (use - for standard input)");
	for (i = 0; i < o->n_images; i++)
		if (!*o->images[i])
			return opts_usage("an image has an empty name");
	o->attach = -1;
	for (i = 0; i < o->n_images; i++)
		if (!memlog_image_is_file(o->images[i]) &&
		    !source_is_port(o->images[i]))
			o->attach = i;
	if (o->extract && o->n_images > 1)
		return opts_usage("--extract: one image at a time");
	if (o->color == WHEN_AUTO)
		color = (!o->output || !strcmp(o->output, "-")) &&
			host_progress_terminal(STDOUT_FILENO) &&
			!(no_color && no_color[0]);
	memlog_query_option(o->query, "color", color ? "always" : "never",
			    NULL);
	return -1;
}

/* The end of --help and --version. */
static int opts_printed(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return MEMLOG_EXIT_PRINTED;
	message(0, NULL, "cannot write standard output: %s", strerror(errno));
	return MEMLOG_EXIT_UNREADABLE;
}

int opts_parse(struct opts *o, int argc, char **argv)
{
	const struct memlog_parse_opts parse = {
		.size = sizeof(parse),
		.own = opts_own,
		.arg = o,
		.in_order = getenv("POSIXLY_CORRECT") != NULL,
	};
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status s;
	int first;

	memset(o, 0, sizeof(*o));
	if (memlog_query_create(NULL, MEMLOG_HOST_COMMAND, &o->query, &err)) {
		message_err(NULL, &err);
		return MEMLOG_EXIT_UNREADABLE;
	}
	s = memlog_query_parse(o->query, argc, argv, &parse, &first, &err);
	/* --help or --version was printed */
	if (s == MEMLOG_STOP)
		return opts_printed();
	if (s == MEMLOG_NO_MEMORY) {
		message_err(NULL, &err);
		return MEMLOG_EXIT_UNREADABLE;
	}
	if (s)
		return opts_usage(err.text);
	o->images = argv + first;
	o->n_images = argc - first;
	return opts_finish(o);
}

void opts_fini(struct opts *o)
{
	memlog_query_destroy(o->query);
}
