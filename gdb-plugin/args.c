/* SPDX-License-Identifier: GPL-3.0-or-later */
/* args.c - parse the arguments of the command that gdb wrote to the mailbox. */
#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host/help.h"
#include "session.h"

/* The most words of a command line. */
#define MAX_ARGS 128

static void *args_alloc(struct session *s, size_t size)
{
	return s->arena.alloc.alloc(s->arena.alloc.self, size);
}

/* Hand an option on. Its name is put before the error twice: by the query and by
 * whoever calls us. */
static enum memlog_status args_pass(struct session *s,
				    const struct memlog_option *opt,
				    const char *value, struct memlog_err *err)
{
	enum memlog_status st =
		memlog_query_option(s->query, opt->name, value, err);
	size_t len = strlen(opt->name);

	if (st && !strncmp(err->text, "--", 2) &&
	    !strncmp(err->text + 2, opt->name, len) &&
	    !strncmp(err->text + 2 + len, ": ", 2))
		memmove(err->text, err->text + len + 4,
			strlen(err->text + len + 4) + 1);
	return st;
}

/* ---- files ----------------------------------------------------------------- */

/* The directory that "~" or "~user" names; NULL: unknown. */
static const char *args_home(const char *user, size_t len)
{
	const char *home = len ? NULL : getenv("HOME");
	char name[64];
	struct passwd *pw;

	if (home && *home)
		return home;
	if (len >= sizeof(name))
		return NULL;
	memcpy(name, user, len);
	name[len] = '\0';
	pw = len ? getpwnam(name) : getpwuid(getuid());
	return pw ? pw->pw_dir : NULL;
}

/* The name of a file, with a leading ~ expanded as in gdb's own commands. NULL: no
 * memory. */
static const char *args_file(struct session *s, const char *name)
{
	size_t len = *name == '~' ? strcspn(name, "/") : 0, n;
	const char *home = len ? args_home(name + 1, len - 1) : NULL;
	char *ret;

	if (!home)
		return name;
	n = strlen(home) + strlen(name + len) + 1;
	ret = args_alloc(s, n);
	if (ret)
		snprintf(ret, n, "%s%s", home, name + len);
	return ret;
}

static enum memlog_status args_output(void *arg,
				      const struct memlog_option *opt,
				      const char *value, struct memlog_err *err)
{
	const char *name = args_file(arg, value);

	return name ? host_own_output(arg, opt, name, err) : MEMLOG_NO_MEMORY;
}

static enum memlog_status args_extract(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	const char *name = value ? args_file(arg, value) : NULL;

	return value && !name ? MEMLOG_NO_MEMORY :
				host_own_extract(arg, opt, name, err);
}

static enum memlog_status args_rules(void *arg, const struct memlog_option *opt,
				     const char *value, struct memlog_err *err)
{
	struct session *s = arg;
	const char *name = args_file(s, value);

	return name ? args_pass(s, opt, name, err) : MEMLOG_NO_MEMORY;
}

static enum memlog_status args_pmemsave(void *arg,
					const struct memlog_option *opt,
					const char *value,
					struct memlog_err *err)
{
	struct session *s = arg;

	s->pmemsave = true;
	s->save_to = value ? args_file(s, value) : NULL;
	return value && !s->save_to ? MEMLOG_NO_MEMORY : MEMLOG_OK;
}

/* ---- expressions ----------------------------------------------------------- */

/* A number of memlog's own begins with a digit, and has no $. */
static bool args_is_expression(const char *text)
{
	return *text && (!isdigit((unsigned char)*text) || strchr(text, '$'));
}

/* memlog is a command that a script defines: its own arguments would be evaluated. */
static bool args_has_argument(const char *text)
{
	for (; *text; text++)
		if (script_is_argument(text))
			return true;
	return false;
}

/* Take a number that may be an expression of gdb, after skip bytes of value. */
static enum memlog_status args_number(struct session *s,
				      const struct memlog_option *opt,
				      const char *value, size_t skip,
				      const char *format,
				      struct memlog_err *err)
{
	struct expressions *e = &s->expr;
	const char *number;
	size_t size;
	char *text;

	if (!args_is_expression(value + skip))
		return args_pass(s, opt, value, err);
	if (args_has_argument(value + skip)) {
		strcpy(err->text, "gdb replaces names that begin with $arg and "
				  "a digit or c: use a variable of another "
				  "name");
		return MEMLOG_INVALID;
	}
	if (e->next == MAX_VALUES) {
		snprintf(err->text, sizeof(err->text),
			 "more than %d expressions", MAX_VALUES);
		return MEMLOG_LIMIT;
	}
	if (e->next == e->n) {
		e->asked = value + skip;
		e->asked_as = format;
		return MEMLOG_STOP;
	}
	number = e->values[e->next++];
	size = skip + strlen(number) + 1;
	text = args_alloc(s, size);
	if (!text)
		return MEMLOG_NO_MEMORY;
	snprintf(text, size, "%.*s%s", (int)skip, value, number);
	return args_pass(s, opt, text, err);
}

/* [SPACE:]ADDRESS */
static enum memlog_status args_at(void *arg, const struct memlog_option *opt,
				  const char *value, struct memlog_err *err)
{
	size_t i, len, skip = 0;

	for (i = 0; i < MEMLOG_SPACES; i++) {
		len = strlen(memlog_space_name(i));
		if (!strncmp(value, memlog_space_name(i), len) &&
		    value[len] == ':')
			skip = len + 1;
	}
	return args_number(arg, opt, value, skip, "%#lx", err);
}

/* [+]N */
static enum memlog_status args_lines(void *arg, const struct memlog_option *opt,
				     const char *value, struct memlog_err *err)
{
	return args_number(arg, opt, value, *value == '+' || *value == '-',
			   "%ld", err);
}

bool session_take_value(struct session *s, char *text)
{
	struct expressions *e = &s->expr;

	text[strcspn(text, "\r\n")] = '\0';
	e->values[e->n] = args_alloc(s, strlen(text) + 1);
	if (!e->values[e->n])
		return false;
	strcpy(e->values[e->n++], text);
	return true;
}

/* ---- the command line ------------------------------------------------------ */

static bool args_line(void *arg, const char *line)
{
	(void)arg;
	return !script_sink.write(NULL, line, strlen(line), NULL) &&
	       !script_sink.write(NULL, "\n", 1, NULL);
}

static enum memlog_status args_help(void *arg, const struct memlog_option *opt,
				    const char *value, struct memlog_err *err)
{
	host_help(MEMLOG_HOST_GDB, session_options, args_line, NULL);
	args_line(NULL, "");
	args_line(NULL, "Addresses and numbers of lines may be expressions of "
			"gdb. See gdb-memlog(1).");
	return MEMLOG_STOP;
}

static enum memlog_status args_version(void *arg,
				       const struct memlog_option *opt,
				       const char *value,
				       struct memlog_err *err)
{
	char line[64];

	snprintf(line, sizeof(line), "memlog %s", memlog_version());
	args_line(NULL, line);
	return MEMLOG_STOP;
}

#define OWN HOST_OPTION

const struct memlog_option session_options[] = {
	OWN("at", 0, "[SPACE:]ADDR", false,
	    "print the log at ADDR: a number, $rdi, &symbol", args_at),
	OWN("lines", 'n', "[+]N", false,
	    "print the newest N lines of each log; +N: the first", args_lines),
	OWN("acrn-formats", 0, "FILE", false,
	    "format ACRN events with the rules in FILE", args_rules),
	OWN("extract", 0, "FILE", true,
	    "write only the logs, as a small ELF core", args_extract),
	OWN("output", 'o', "FILE", false, "write to a new FILE (mode 0600)",
	    args_output),
	OWN("force", 0, NULL, false,
	    "replace FILE; allow raw output to a terminal", host_own_force),
	OWN("pmemsave", 0, "DIR", true,
	    "with QEMU's stub: have QEMU save memory in DIR", args_pmemsave),
	OWN("help", 'h', NULL, false, "show this help", args_help),
	OWN("version", 'V', NULL, false, "show the version", args_version),
	HOST_REFUSED("follow", 'w', NULL),
	HOST_REFUSED("map", 0, "PRESET|ADDR"),
	HOST_REFUSED("symbols", 's', "FILE"),
	HOST_REFUSED("via-qemu", 0, NULL),
	HOST_REFUSED("threads", 0, "N"),
	HOST_REFUSED("sandbox", 0, "MODE"),
	HOST_REFUSED("progress", 0, "WHEN"),
	{ 0 },
};

/* "memlog --list | less", and "> file": gdb passes these as arguments. before: the
 * line up to there. */
static enum memlog_status args_check_shell(const char *word, const char *before,
					   struct memlog_err *err)
{
	if (*word == '|')
		snprintf(err->text, sizeof(err->text),
			 "gdb needs the word pipe before the command: "
			 "pipe memlog%.100s %s%.60s",
			 before, word, word[1] ? "" : " COMMAND");
	else if (*word == '>')
		strcpy(err->text, "gdb does not redirect output: use -o FILE, "
				  "or pipe memlog | cat >FILE");
	else
		return MEMLOG_OK;
	return MEMLOG_INVALID;
}

/* Add the words of a line: gdb has split the line already, and a shell would
 * split these further. */
static enum memlog_status args_add(char *line, char **argv, int *argc,
				   struct memlog_err *err)
{
	enum memlog_status st;
	char *word;

	while (!(st = host_args_word(&line, &word, err)) && word) {
		if (*argc == MAX_ARGS) {
			snprintf(err->text, sizeof(err->text),
				 "more than %d "
				 "arguments",
				 MAX_ARGS - 1);
			return MEMLOG_INVALID;
		}
		argv[(*argc)++] = word;
	}
	return st;
}

/* "--grep" and "=x" are one word for which gdb has found the command "memlog
 * --grep": put them together again. */
static void args_join(char *text)
{
	char *end = strchr(text, '\n');

	if (end && end[1] == '=' && !strncmp(text, "--", 2) &&
	    !memchr(text, '=', (size_t)(end - text)))
		memmove(end, end + 1, strlen(end + 1) + 1);
}

/* Split text, which is modified. */
static enum memlog_status args_split(char *text, char **argv, int *ret_argc,
				     struct memlog_err *err)
{
	char before[104] = "", *p, *end;
	enum memlog_status st = MEMLOG_OK;
	size_t n = 0;

	args_join(text);
	for (p = text; !st && (end = strchr(p, '\n')); p = end + 1) {
		*end = '\0';
		st = args_check_shell(p, before, err);
		n += (size_t)snprintf(before + n, sizeof(before) - n, " %s", p);
		if (n >= sizeof(before))
			n = sizeof(before) - 1;
		if (!st)
			st = args_add(p, argv, ret_argc, err);
	}
	return st;
}

enum memlog_status session_take_args(struct session *s, const char **ret_rest,
				     struct memlog_err *err)
{
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = session_options,
		.arg = s,
	};
	const char *end = strstr(s->text, ARGS_END "\n");
	char *argv[MAX_ARGS + 1], *text;
	enum memlog_status st;
	int argc = 0, first;
	size_t len;

	if (!end) {
		strcpy(err->text, "gdb did not pass the arguments");
		return MEMLOG_INVALID;
	}
	*ret_rest = end + strlen(ARGS_END "\n");
	len = (size_t)(end - s->text);
	text = args_alloc(s, len + 1);
	if (!text)
		return MEMLOG_NO_MEMORY;
	memcpy(text, s->text, len);
	text[len] = '\0';
	argv[argc++] = text; /* instead of the command's name; unused */
	st = args_split(text, argv, &argc, err);
	if (st)
		return st;
	argv[argc] = NULL;
	/* this is not the first time if there are expressions */
	s->own =
		(struct host_own){ .query = s->query, .host = MEMLOG_HOST_GDB };
	s->expr.next = 0;
	s->expr.asked = NULL;
	st = memlog_query_parse(s->query, argc, argv, &opts, &first, err);
	return st ? st : host_own_operands(&s->own, argc, argv, first, err);
}
