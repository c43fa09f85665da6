/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.c - the words of the command line.
 *
 * crash ends words at spaces, unless they begin with a double quote or a parenthesis,
 * and knows no other quotes. What was typed is in pc->orig_line. It differs from
 * pc->command_line, which crash has split in place, in two ways: there an alias is
 * replaced, and what is redirected is cut off.
 */
#include "crash-ext.h"

/* Is from the text that crash split up to end? It replaced spaces and quotes. */
static bool words_match(const char *from, const char *split, const char *end)
{
	for (; split < end; from++, split++) {
		if (!*from)
			return false;
		if (*from != *split &&
		    !(*split == '\0' && strchr(" \t\"", *from)) &&
		    !(*split == ' ' && *from == '"'))
			return false;
	}
	return true;
}

/* The first of args that was typed; argcnt if they are not from this line. *ret: where
 * it was typed. */
static int words_find(const char **ret)
{
	const char *last = args[argcnt - 1], *typed = pc->orig_line, *from;
	int i;

	if (last < pc->command_line || last >= pc->command_line + BUFSIZE)
		return argcnt;
	typed += strcspn(typed, " \t");
	typed += strspn(typed, " \t");
	from = typed + (*typed == '"');
	for (i = 1; i < argcnt; i++)
		if (words_match(from, args[i], last + strlen(last)))
			break;
	*ret = typed;
	return i;
}

static enum memlog_status words_add(struct session *s, int *n, char *word,
				    struct memlog_err *err)
{
	if (*n < MAXARGS) {
		s->words[(*n)++] = word;
		return MEMLOG_OK;
	}
	*err = (struct memlog_err){ .status = MEMLOG_INVALID };
	snprintf(err->text, sizeof(err->text), "too many arguments");
	return MEMLOG_INVALID;
}

enum memlog_status ext_words(struct session *s, int *ret,
			     struct memlog_err *err)
{
	const char *typed = NULL;
	enum memlog_status st = MEMLOG_OK;
	int i, n = 0, first = words_find(&typed);
	size_t quoted, len = 0;
	char *p = s->line, *word;

	s->line[0] = '\0';
	for (i = 0; i < first && !st; i++)
		st = words_add(s, &n, args[i], err);
	if (first < argcnt) {
		quoted = *typed == '"';
		len = (size_t)(args[argcnt - 1] - args[first]) +
		      strlen(args[argcnt - 1]) + quoted;
		/* the quote that ends the last word */
		len += typed[len] == '"';
		snprintf(s->line, sizeof(s->line), "%.*s", (int)len, typed);
	}
	while (!st && *(p += strspn(p, " \t"))) {
		if (*p == '(') {
			/* crash keeps what is in parentheses together */
			word = p;
			p += strlen(args[first] + (p - s->line) -
				    (*typed == '"'));
			if (*p)
				*p++ = '\0';
		} else {
			st = host_args_word(&p, &word, err);
		}
		if (!st)
			st = words_add(s, &n, word, err);
	}
	s->words[n] = NULL;
	*ret = n;
	return st;
}
