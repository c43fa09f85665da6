/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parse.c - parse options: one by one, or from argv as getopt_long(3) does. A
 * plugin runs in a process that uses getopt itself, so we must not touch
 * getopt's global state.
 */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/near.h"
#include "base/sized.h"

struct parse {
	struct memlog_query *query;
	struct memlog_parse_opts opts;
	unsigned int hosts;
	char **argv;
	int argc;
	int at; /* the next word */
	struct memlog_err *err;
};

static struct ml_options parse_options(const struct parse *p)
{
	return (struct ml_options){ .hosts = p->hosts, .own = p->opts.own };
}

/* ---- mistakes ------------------------------------------------------------ */

static enum memlog_status parse_unknown(const struct parse *p, const char *name,
					size_t len)
{
	struct ml_options o = parse_options(p);
	char typed[128], safe[128];
	struct ml_near near;

	snprintf(typed, sizeof(typed), "%.*s", (int)ml_min(len, 100), name);
	memlog_escape(typed, safe, sizeof(safe));
	ml_near_init(&near, typed);
	while (ml_options_next(&o))
		ml_near_add(&near, o.option.name);
	if (near.best)
		return ml_fail(p->err, MEMLOG_INVALID,
			       "unknown option --%s; "
			       "did you mean --%s?",
			       safe, near.best);
	return ml_fail(p->err, MEMLOG_INVALID, "unknown option --%s", safe);
}

/* The first name in alphabetical order, after another, with that prefix. */
static const char *parse_next_name(const struct parse *p, const char *name,
				   size_t len, const char *after)
{
	struct ml_options o = parse_options(p);
	const char *first = NULL;

	while (ml_options_next(&o))
		if (!strncmp(o.option.name, name, len) &&
		    strcmp(o.option.name, after) > 0 &&
		    (!first || strcmp(o.option.name, first) < 0))
			first = o.option.name;
	return first;
}

static enum memlog_status parse_ambiguous(const struct parse *p,
					  const char *name, size_t len)
{
	const char *next = "";
	char list[160] = "";
	size_t n = 0;

	while ((next = parse_next_name(p, name, len, next))) {
		if (n + strlen(next) + sizeof(", --, ...") > sizeof(list)) {
			strcpy(list + n, ", ...");
			break;
		}
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s--%s",
				      n ? ", " : "", next);
	}
	return ml_fail(p->err, MEMLOG_INVALID, "--%.*s is ambiguous: %s",
		       (int)ml_min(len, 64), name, list);
}

/* "a ", "an ", or nothing before a plural, depending on the name of the value:
 * a LEVEL[+], an A-B, SECONDS. */
static const char *parse_article(const char *value)
{
	size_t n;

	while (*value && !(*value >= 'A' && *value <= 'Z'))
		value++;
	for (n = 0; value[n] >= 'A' && value[n] <= 'Z'; n++)
		;
	if (n > 1 && value[n - 1] == 'S')
		return "";
	return *value && strchr(n == 1 ? "AEFHILMNORSX" : "AEIOU", *value) ?
		       "an " :
		       "a ";
}

/* letter: the option was given by this letter; 0: by its name. */
static enum memlog_status
parse_needs(const struct parse *p, const struct memlog_option *o, char letter)
{
	char by_letter[] = { '-', letter, '\0' };

	return ml_fail(p->err, MEMLOG_INVALID, "%s%s needs %s%s",
		       letter ? by_letter : "--", letter ? "" : o->name,
		       parse_article(o->value), o->value);
}

/* ---- options ------------------------------------------------------------- */

static enum memlog_status
parse_take(const struct parse *p, const struct ml_options *o, const char *value)
{
	struct memlog_err *err = p->err;
	char safe[sizeof(err->text)];
	enum memlog_status s;

	if (value && !o->option.value)
		return ml_fail(err, MEMLOG_INVALID, "--%s takes no value",
			       o->option.name);
	err->text[0] = '\0';
	s = o->set ? o->set(p->query, value, err) :
		     o->option.take(p->opts.arg, &o->option, value, err);
	if (!s)
		ml_query_note(p->query, o->option.name, o->set);
	if (!s || !err->text[0])
		return s;
	/* it may quote the value, which can be any bytes */
	memlog_escape(err->text, safe, sizeof(safe));
	return ml_fail(err, s, "--%s: %s", o->option.name, safe);
}

/* The option of that name, or the only one with that prefix. */
static enum memlog_status parse_find_name(const struct parse *p,
					  const char *name, size_t len,
					  struct ml_options *ret)
{
	struct ml_options o = parse_options(p);
	size_t hits = 0;

	while (ml_options_next(&o)) {
		if (strncmp(o.option.name, name, len))
			continue;
		*ret = o;
		if (!o.option.name[len])
			return MEMLOG_OK;
		hits++;
	}
	if (!hits)
		return parse_unknown(p, name, len);
	return hits == 1 ? MEMLOG_OK : parse_ambiguous(p, name, len);
}

static bool parse_find_letter(const struct parse *p, char letter,
			      struct ml_options *ret)
{
	*ret = parse_options(p);
	while (ml_options_next(ret))
		if (ret->option.letter == letter)
			return true;
	/* as journalctl and tail have it: --follow is -w as in dmesg, or -f */
	return letter == 'f' && parse_find_letter(p, 'w', ret);
}

static const char *parse_next_word(struct parse *p)
{
	return p->at < p->argc ? p->argv[p->at++] : NULL;
}

static enum memlog_status parse_name(struct parse *p, const char *name)
{
	const char *equal = strchr(name, '='), *value;
	struct ml_options o;
	enum memlog_status s;

	s = parse_find_name(p, name,
			    equal ? (size_t)(equal - name) : strlen(name), &o);
	if (s)
		return s;
	value = equal ? equal + 1 : NULL;
	if (!equal && o.option.value && !o.option.optional) {
		value = parse_next_word(p);
		if (!value)
			return parse_needs(p, &o.option, 0);
	}
	return parse_take(p, &o, value);
}

static enum memlog_status parse_letters(struct parse *p, const char *letter)
{
	enum memlog_status s = MEMLOG_OK;
	struct ml_options o;
	const char *value;

	for (; *letter && !s; letter++) {
		if (!parse_find_letter(p, *letter, &o)) {
			char typed[] = { *letter, '\0' }, safe[8];

			memlog_escape(typed, safe, sizeof(safe));
			return ml_fail(p->err, MEMLOG_INVALID,
				       "unknown option -%s", safe);
		}
		if (!o.option.value) {
			s = parse_take(p, &o, NULL);
			continue;
		}
		value = letter[1] ? letter + 1 : NULL;
		if (!value && !o.option.optional &&
		    !(value = parse_next_word(p)))
			return parse_needs(p, &o.option, *letter);
		return parse_take(p, &o, value);
	}
	return s;
}

enum memlog_status memlog_query_option(struct memlog_query *query,
				       const char *name, const char *value,
				       struct memlog_err *err)
{
	struct memlog_err unused = { 0 };
	/* whatever hosts list it: a front end can set it through its own
	 * option */
	struct parse p = { .query = query,
			   .hosts = ~0u,
			   .err = err ? err : &unused };
	struct ml_options o = parse_options(&p);

	while (ml_options_next(&o)) {
		if (strcmp(o.option.name, name) &&
		    (!name[0] || name[1] || o.option.letter != name[0]))
			continue;
		if (o.option.value && !value)
			return parse_needs(&p, &o.option, 0);
		return parse_take(&p, &o, value);
	}
	parse_unknown(&p, name, strlen(name));
	p.err->status = MEMLOG_NOT_MINE;
	return MEMLOG_NOT_MINE;
}

/* ---- argv ---------------------------------------------------------------- */

/* Move argv[from..to), an option, before the operands, which start at first. */
static int parse_permute(char **argv, int first, int from, int to)
{
	char *word;

	for (; from < to; first++, from++) {
		word = argv[from];
		memmove(&argv[first + 1], &argv[first],
			(size_t)(from - first) * sizeof(*argv));
		argv[first] = word;
	}
	return first;
}

static enum memlog_status parse_argv(struct parse *p, int *ret_first)
{
	enum memlog_status s = MEMLOG_OK;
	bool ended = false;
	const char *word;
	int from;

	*ret_first = 1;
	for (from = 1; from < p->argc && !s && !ended; from = p->at) {
		p->at = from + 1;
		word = p->argv[from];
		if (word[0] != '-' || !word[1]) {
			ended = p->opts.in_order;
			continue;
		}
		if (!strcmp(word, "--"))
			ended = true;
		else
			s = word[1] == '-' ? parse_name(p, word + 2) :
					     parse_letters(p, word + 1);
		*ret_first = parse_permute(p->argv, *ret_first, from, p->at);
	}
	return s;
}

enum memlog_status memlog_query_parse(struct memlog_query *query, int argc,
				      char **argv,
				      const struct memlog_parse_opts *opts,
				      int *ret_first, struct memlog_err *err)
{
	struct memlog_err unused = { 0 };
	struct parse p = { .query = query,
			   .hosts = 1u << query->host,
			   .argc = argc,
			   .argv = argv,
			   .err = err ? err : &unused };
	enum memlog_status s;
	char safe[128];
	int first = 0;

	s = ml_sized_check(opts, "memlog_parse_opts", err);
	if (s)
		return s;
	ml_sized_in(&p.opts, sizeof(p.opts), opts);
	s = ml_sized_check(p.opts.own, "memlog_option", err);
	if (!s)
		s = parse_argv(&p, &first);
	if (!s)
		s = memlog_query_check(query, NULL, err);
	if (!s && ret_first)
		*ret_first = first;
	else if (!s && first < argc)
		s = ml_fail(err, MEMLOG_INVALID, "unexpected argument: %s",
			    memlog_escape(argv[first], safe, sizeof(safe)));
	return s;
}
