/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parse.c - options out of argv, as getopt_long does it, without its global
 * state: a plugin lives in a process that uses getopt itself.
 */
#include "query.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

struct parser {
	struct memlog_query *query;
	int argc, at;
	char **argv;
	struct memlog_err *err;
};

/* The option of that name, or the only one that begins with it. */
static enum memlog_status find_long(struct parser *p, const char *name,
				    size_t len,
				    struct memlog_query_option_info *ret)
{
	struct memlog_query_option_info o = { .size = sizeof(o) };
	size_t i, hits = 0;

	for (i = 0; memlog_query_option_get(p->query->host, i, &o); i++) {
		if (strncmp(o.name, name, len))
			continue;
		*ret = o;
		hits++;
		if (strlen(o.name) == len)
			return MEMLOG_OK;
	}
	if (hits == 1)
		return MEMLOG_OK;
	return ml_fail(p->err, MEMLOG_INVALID, hits ?
		       "several options begin with --%.*s" :
		       "no option --%.*s", (int)ml_min(len, 64), name);
}

static bool find_letter(struct parser *p, char letter,
			struct memlog_query_option_info *ret)
{
	size_t i;

	for (i = 0; memlog_query_option_get(p->query->host, i, ret); i++)
		if (ret->letter == letter)
			return true;
	return false;
}

static const char *next_arg(struct parser *p)
{
	return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static enum memlog_status need_value(struct parser *p,
				     const struct memlog_query_option_info *o)
{
	return ml_fail(p->err, MEMLOG_INVALID, "--%s needs a value: %s",
		       o->name, o->value);
}

static enum memlog_status parse_long(struct parser *p, const char *arg)
{
	struct memlog_query_option_info o = { .size = sizeof(o) };
	const char *equal = strchr(arg, '='), *value = NULL;
	size_t len = equal ? (size_t)(equal - arg) : strlen(arg);
	enum memlog_status s = find_long(p, arg, len, &o);

	if (s)
		return s;
	if (equal)
		value = equal + 1;
	else if (o.value && !(value = next_arg(p)))
		return need_value(p, &o);
	return memlog_query_option(p->query, o.name, value, p->err);
}

static enum memlog_status parse_letters(struct parser *p, const char *arg)
{
	struct memlog_query_option_info o = { .size = sizeof(o) };
	enum memlog_status s = MEMLOG_OK;
	const char *value;

	for (; *arg && !s; arg++) {
		if (!find_letter(p, *arg, &o))
			return ml_fail(p->err, MEMLOG_INVALID, "no option -%c",
				       *arg >= ' ' && *arg < 127 ? *arg : '?');
		if (!o.value) {
			s = memlog_query_option(p->query, o.name, NULL, p->err);
			continue;
		}
		value = arg[1] ? arg + 1 : next_arg(p);
		if (!value)
			return need_value(p, &o);
		return memlog_query_option(p->query, o.name, value, p->err);
	}
	return s;
}

enum memlog_status memlog_query_parse(struct memlog_query *query, int argc,
				      char **argv, int *ret_first,
				      struct memlog_err *err)
{
	struct parser p = { query, argc, 0, argv, err };
	enum memlog_status s = MEMLOG_OK;
	int n_options = 1, n_operands = 0, i, from;
	char **operands;

	operands = ml_calloc(&query->alloc, (size_t)argc + 1, sizeof(*operands));
	if (!operands)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for options");
	for (p.at = 1; p.at < argc && !s; p.at++) {
		const char *arg = argv[p.at];

		from = p.at;
		if (arg[0] != '-' || !arg[1]) {
			operands[n_operands++] = argv[p.at];
			continue;
		}
		if (!strcmp(arg, "--")) {
			argv[n_options++] = argv[p.at++];
			break;
		}
		s = arg[1] == '-' ? parse_long(&p, arg + 2) :
				    parse_letters(&p, arg + 1);
		for (i = from; i <= p.at; i++)
			argv[n_options++] = argv[i];
	}
	if (!s) {
		for (; p.at < argc; p.at++)
			operands[n_operands++] = argv[p.at];
		for (i = 0; i < n_operands; i++)
			argv[n_options + i] = operands[i];
		*ret_first = n_options;
	}
	ml_free(&query->alloc, operands);
	return s;
}
