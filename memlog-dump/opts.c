/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts.c - the command line: options of our own, the rest to the query. */
#include "dump.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OWN = 256, QUERY = 512 };

enum own {
	OPT_MAP = OWN, OPT_VIA_QEMU, OPT_SYMBOLS, OPT_OUTPUT, OPT_EXTRACT,
	OPT_FORCE, OPT_STRICT, OPT_PROGRESS, OPT_COLOR, OPT_HELP, OPT_VERSION,
};

static const struct own_opt {
	int id;
	const char *name;
	char letter;
	const char *value;
	bool optional;
	const char *help;
} own_opts[] = {
	{ OPT_MAP, "map", 0, "PRESET|ADDR", false,
	  "plain memory: q35, pc, microvm, virt, none, or where it begins" },
	{ OPT_VIA_QEMU, "via-qemu", 0, NULL, false,
	  "of qmp:SOCKET, take the log that QEMU finds (10.2 and later)" },
	{ OPT_SYMBOLS, "symbols", 's', "FILE", false,
	  "an ELF file with the symbols of the image: xen-syms, vmlinux" },
	{ OPT_OUTPUT, "output", 'o', "FILE|DIR", false,
	  "write to a new file that only you can read, or into a folder" },
	{ OPT_EXTRACT, "extract", 0, "FILE", false,
	  "write the logs alone to a small ELF core, to send to support" },
	{ OPT_FORCE, "force", 0, NULL, false,
	  "replace FILE; raw bytes to a terminal all the same" },
	{ OPT_STRICT, "strict", 0, NULL, false,
	  "exit with 4 when anything printed was incomplete" },
	{ OPT_PROGRESS, "progress", 0, "WHEN", true,
	  "auto, always or never: how far it is, after a second" },
	{ OPT_COLOR, "color", 0, "WHEN", true,
	  "auto, always or never" },
	{ OPT_HELP, "help", 'h', NULL, false, "this text" },
	{ OPT_VERSION, "version", 'V', NULL, false, "which version this is" },
};
#define N_OWN (sizeof(own_opts) / sizeof(own_opts[0]))

/* Options in all, with room for those that the library adds. */
#define MAX_OPTS 64

static int usage(const char *what)
{
	if (what)
		message(0, NULL, "%s", what);
	fputs("usage: " PROGRAM " [options] IMAGE...; " PROGRAM
	      " --help says more\n", stderr);
	return EXIT_USAGE;
}

static void help_line(char letter, const char *name, const char *value,
		      bool optional, const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "  %c%c%s --%s%s%s%s", letter ? '-' : ' ',
		 letter ? letter : ' ', letter ? "," : " ", name,
		 value ? (optional ? "[=" : "=") : "", value ? value : "",
		 optional ? "]" : "");
	printf("%-30s %s%s\n", left, strlen(left) > 30 ?
	       "\n                               " : "", help);
}

static void list_names(const char *what,
		       bool (*get)(size_t, const char **, const char **))
{
	const char *name, *title;
	size_t i;

	printf("\n%s:\n", what);
	for (i = 0; get(i, &name, &title); i++)
		printf("  %-12s %s\n", name, title);
}

static int help(void)
{
	struct memlog_option q = { .size = sizeof(q) };
	size_t i;

	puts("usage: " PROGRAM " [options] IMAGE...\n"
	     "Print the logs that firmware and hypervisors left in memory.\n\n"
	     "IMAGE is a dump of a machine's memory, - for standard input, a "
	     "running guest\n(pid:N, qmp:SOCKET, domain:NAME of libvirt), or "
	     "this machine: /dev/mem, and\nacrn:[FOLDER] for the devices of "
	     "an ACRN Service VM.\n");
	for (i = 0; memlog_query_option_get(MEMLOG_HOST_COMMAND, i, &q); i++)
		help_line(q.letter, q.name, q.value, false, q.help);
	for (i = 0; i < N_OWN; i++)
		help_line(own_opts[i].letter, own_opts[i].name,
			  own_opts[i].value, own_opts[i].optional,
			  own_opts[i].help);
	list_names("Log formats (-F)", memlog_format_get);
	list_names("Output formats (-O)", memlog_render_get);
	puts("\nExit status: 0 a log was printed, 1 there is none, 2 usage, "
	     "3 the image cannot\nbe read, 4 incomplete and --strict. "
	     "memlog-dump(1) says more.");
	return fflush(stdout) || ferror(stdout) ? EXIT_UNREADABLE : 0;
}

static bool take_when(const char *value, enum when *ret)
{
	if (!value || !strcmp(value, "always"))
		*ret = WHEN_ALWAYS;
	else if (!strcmp(value, "auto"))
		*ret = WHEN_AUTO;
	else if (!strcmp(value, "never"))
		*ret = WHEN_NEVER;
	else
		return false;
	return true;
}

static bool take_map(struct opts *o, const char *value)
{
	static const struct {
		const char *name;
		enum memlog_map map;
	} maps[] = {
		{ "none", MEMLOG_MAP_NONE }, { "q35", MEMLOG_MAP_Q35 },
		{ "pc", MEMLOG_MAP_PC }, { "microvm", MEMLOG_MAP_MICROVM },
		{ "virt", MEMLOG_MAP_VIRT },
	};
	char *end;
	size_t i;

	o->mapped = true;
	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		if (strcmp(value, maps[i].name))
			continue;
		o->map = maps[i].map;
		o->raw_base = 0;
		return true;
	}
	o->map = MEMLOG_MAP_NONE;
	errno = 0;
	o->raw_base = strtoull(value, &end, 0);
	return *value >= '0' && *value <= '9' && !*end && !errno;
}

/* One option of our own; -1: go on. */
static int take_own(struct opts *o, int id, const char *value)
{
	switch (id) {
	case OPT_MAP:
		if (!take_map(o, value))
			return usage("--map: q35, pc, microvm, virt, none, or "
				     "the address where the file begins");
		break;
	case OPT_VIA_QEMU:
		o->via_qemu = true;
		break;
	case OPT_SYMBOLS:
		if (o->symbols)
			return usage("-s: one file");
		o->symbols = value;
		break;
	case OPT_EXTRACT:
		o->extract = true;
		/* fall through */
	case OPT_OUTPUT:
		if (o->output)
			return usage("one of -o and --extract, and once");
		o->output = value;
		break;
	case OPT_FORCE:
		o->force = true;
		break;
	case OPT_STRICT:
		o->strict = true;
		break;
	case OPT_PROGRESS:
	case OPT_COLOR:
		if (!take_when(value, id == OPT_COLOR ? &o->color :
							&o->progress))
			return usage("--color and --progress: auto, always or "
				     "never");
		break;
	case OPT_HELP:
		return help();
	case OPT_VERSION:
		printf(PROGRAM " %s\n", memlog_version());
		return fflush(stdout) ? EXIT_UNREADABLE : 0;
	}
	return -1;
}

/* Tell the query; -1: go on. */
static int take_query(struct opts *o, const char *name, const char *value)
{
	struct memlog_err err = { .status = MEMLOG_OK };

	if (!memlog_query_option(o->query, name, value, &err))
		return -1;
	return usage(err.text);
}

/* All options for getopt_long: val is OWN.. or QUERY + index. */
static void gather(struct option *longs, char *shorts, int *letters)
{
	struct memlog_option q = { .size = sizeof(q) };
	size_t n = 0, i;

	*shorts++ = ':';
	for (i = 0; i < N_OWN; i++) {
		const struct own_opt *w = &own_opts[i];

		longs[n++] = (struct option){ w->name, !w->value ? 0 :
					      w->optional ? 2 : 1, NULL,
					      w->id };
		if (w->letter) {
			*shorts++ = w->letter;
			if (w->value)
				*shorts++ = ':';
			letters[(unsigned char)w->letter] = w->id;
		}
	}
	for (i = 0; n < MAX_OPTS - 1 &&
		    memlog_query_option_get(MEMLOG_HOST_COMMAND, i, &q); i++) {
		longs[n++] = (struct option){ q.name, q.value ? 1 : 0, NULL,
					      QUERY + (int)i };
		if (q.letter) {
			*shorts++ = q.letter;
			if (q.value)
				*shorts++ = ':';
			letters[(unsigned char)q.letter] = QUERY + (int)i;
		}
	}
	memset(&longs[n], 0, sizeof(longs[n]));
	*shorts = '\0';
}

static int bad_option(int c, char **argv)
{
	char text[160];

	if (optopt && optopt < OWN)
		snprintf(text, sizeof(text), "-%c: %s", optopt,
			 c == ':' ? "needs a value" : "no such option");
	else
		snprintf(text, sizeof(text), "%.100s: %s", argv[optind - 1],
			 c == ':' ? "needs a value" : optopt ?
			 "takes no value" : "no such option, or several");
	return usage(text);
}

static int parse_all(struct opts *o, int argc, char **argv)
{
	struct memlog_option q = { .size = sizeof(q) };
	struct option longs[MAX_OPTS];
	char shorts[2 * MAX_OPTS + 2];
	int letters[256] = { 0 }, c, rc = -1;

	gather(longs, shorts, letters);
	opterr = 0;
	while (rc < 0 &&
	       (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return bad_option(c, argv);
		if (c < OWN)
			c = letters[c];
		if (c >= QUERY) {
			memlog_query_option_get(MEMLOG_HOST_COMMAND,
						(size_t)(c - QUERY), &q);
			rc = take_query(o, q.name, optarg);
		} else {
			rc = take_own(o, c, optarg);
		}
	}
	return rc;
}

static int finish(struct opts *o)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = o->color == WHEN_ALWAYS;
	int rc, i;

	if (o->color == WHEN_AUTO)
		color = (!o->output || !strcmp(o->output, "-")) &&
			isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	for (i = 0; i < o->n_images; i++)
		if (!*o->images[i])
			return usage("an image has an empty name");
	if (o->output && !*o->output)
		return usage("-o and --extract need the name of a file");
	rc = take_query(o, "color", color ? "always" : "never");
	if (rc < 0 && o->force)
		rc = take_query(o, "force", NULL);
	if (rc < 0 && o->extract)
		rc = take_query(o, "extract", NULL);
	if (rc < 0 && o->extract && o->n_images > 1)
		rc = usage("--extract: one image at a time");
	return rc;
}

int opts_parse(struct opts *o, int argc, char **argv)
{
	struct memlog_err err = { .status = MEMLOG_OK };
	int rc;

	memset(o, 0, sizeof(*o));
	if (memlog_query_create(NULL, MEMLOG_HOST_COMMAND, &o->query, &err)) {
		message_err(NULL, &err);
		return EXIT_UNREADABLE;
	}
	rc = parse_all(o, argc, argv);
	if (rc >= 0)
		return rc;
	o->images = argv + optind;
	o->n_images = argc - optind;
	if (!o->n_images)
		return usage("no image is named");
	return finish(o);
}

void opts_fini(struct opts *o)
{
	memlog_query_destroy(o->query);
}
