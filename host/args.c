/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "args.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_OPTIONS 64
#define OWN 0x1000	/* getopt's val of own options; others are the index */

const struct host_option host_options[] = {
	HOST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

bool host_own_take(struct host_own *own, const char *name, const char *value)
{
	if (!strcmp(name, "output"))
		own->output = value;
	else if (!strcmp(name, "force"))
		own->force = true;
	else
		return false;
	return true;
}

const struct host_option *host_option_find(const struct host_option *options,
					   const char *name)
{
	for (; options && options->name; options++)
		if (!strcmp(options->name, name))
			return options;
	return NULL;
}

struct table {
	struct option longs[MAX_OPTIONS + 1];
	struct { char letter; int val; } letters[MAX_OPTIONS];
	char shorts[3 * MAX_OPTIONS + 3];
	size_t n;
};

static void table_add(struct table *t, const char *name, char letter,
		      const char *value, int val)
{
	char *end = t->shorts + strlen(t->shorts);

	if (t->n == MAX_OPTIONS)
		return;
	t->longs[t->n] = (struct option){
		.name = name,
		.has_arg = value ? required_argument : no_argument,
		.val = val,
	};
	t->letters[t->n].letter = letter;
	t->letters[t->n].val = val;
	t->n++;
	if (!letter)
		return;
	*end++ = letter;
	if (value)
		*end++ = ':';
	*end = '\0';
}

static void table_init(struct table *t, enum memlog_host host,
		       const struct host_option *own)
{
	struct memlog_option info = { .size = sizeof(info) };
	size_t i;

	memset(t, 0, sizeof(*t));
	strcpy(t->shorts, ":");
	for (i = 0; own && own[i].name; i++)
		table_add(t, own[i].name, own[i].letter, own[i].value,
			  OWN + (int)i);
	for (i = 0; memlog_query_option_get(host, i, &info); i++)
		if (!host_option_find(own, info.name))
			table_add(t, info.name, info.letter, info.value,
				  2 * OWN + (int)i);
}

static enum memlog_status invalid(struct memlog_err *err, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
static enum memlog_status invalid(struct memlog_err *err, const char *fmt, ...)
{
	va_list ap;
	char *p;

	if (err) {
		*err = (struct memlog_err){ .status = MEMLOG_INVALID };
		va_start(ap, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
		for (p = err->text; *p; p++)
			if (!isprint((unsigned char)*p))
				*p = '?';
	}
	return MEMLOG_INVALID;
}

struct parse {
	struct table table;
	struct memlog_query *query;
	enum memlog_host host;
	const struct host_option *options;
	enum memlog_status (*own)(void *arg, const char *name,
				  const char *value, struct memlog_err *err);
	void *arg;
};

static enum memlog_status take(struct parse *p, int c, struct memlog_err *err)
{
	struct memlog_option info = { .size = sizeof(info) };
	size_t i;

	for (i = 0; c < OWN && i < p->table.n; i++) {
		if (p->table.letters[i].letter != c)
			continue;
		c = p->table.letters[i].val;
		break;
	}
	if (c < 2 * OWN) {
		const char *name = p->options[c - OWN].name;

		/* the query may have a meaning for it as well */
		memlog_query_option(p->query, name, optarg, NULL);
		return p->own(p->arg, name, optarg, err);
	}
	memlog_query_option_get(p->host, (size_t)(c - 2 * OWN), &info);
	return memlog_query_option(p->query, info.name, optarg, err);
}

static enum memlog_status parse(struct parse *p, int argc, char **argv,
				struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	int c;

	optind = 0;
	opterr = 0;
	while (!s && (c = getopt_long(argc, argv, p->table.shorts,
				      p->table.longs, NULL)) != -1) {
		if (c == ':')
			s = invalid(err, "option %s needs a value",
				    argv[optind - 1]);
		else if (c != '?')
			s = take(p, c, err);
		else if (optopt > 0 && optopt < OWN)
			s = invalid(err, "no such option: -%c", optopt);
		else if (optopt)
			s = invalid(err, "option takes no value: %s",
				    argv[optind - 1]);
		else
			s = invalid(err, "no such option: %s",
				    argv[optind - 1]);
	}
	if (!s && optind < argc)
		s = invalid(err, "not an option: %s", argv[optind]);
	return s;
}

enum memlog_status
host_args_parse(struct memlog_query *query, enum memlog_host host,
		const struct host_option *options, int argc, char **argv,
		enum memlog_status (*own)(void *arg, const char *name,
					  const char *value,
					  struct memlog_err *err),
		void *arg, struct memlog_err *err)
{
	struct parse p = {
		.query = query,
		.host = host,
		.options = options,
		.own = own,
		.arg = arg,
	};
	int ind = optind, show = opterr, opt = optopt;
	char *value = optarg;
	enum memlog_status s;

	table_init(&p.table, host, options);
	s = parse(&p, argc, argv, err);
	optind = ind;
	opterr = show;
	optopt = opt;
	optarg = value;
	return s;
}

void host_args_help(char *buf, size_t size, const struct host_option *option)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
		 option->letter ? '-' : ' ',
		 option->letter ? option->letter : ' ',
		 option->letter ? ", " : "  ", option->name,
		 option->value ? "=" : "", option->value ? option->value : "");
	snprintf(buf, size, "    %-26s %s", left, option->help);
}
