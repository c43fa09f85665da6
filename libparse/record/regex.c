/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regex.c - match a user's regular expression without unbounded memory.
 *
 * The C library writes repeats out, recurses into parentheses, and keeps the
 * states that a text leads to until the expression is freed. So expressions
 * have a limit, and are compiled again after some text.
 */
#include "regex.h"

#include <regex.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define FLAGS (REG_EXTENDED | REG_NEWLINE)

/* One use of an expression. */
struct machine {
	regex_t compiled;
	bool ready;
	uint64_t fed; /* bytes matched since it was compiled */
};

struct ml_regex {
	struct memlog_allocator alloc;
	struct machine match, find; /* whether there is one; where */
	int flags;
	uint64_t cost; /* characters, with repeats written out */
	uint64_t kept; /* what both machines may keep, see base/limits.h */
	char text[ML_MAX_REGEX + 1];
};

/* An expression being measured. sum: of the group at depth, and of those around
 * it; last: of what a repeat would apply to. */
struct measure {
	uint64_t sum[ML_REGEX_DEPTH + 1], last;
	size_t depth;
};

static bool measure_add(struct measure *m, uint64_t n)
{
	m->last = n;
	m->sum[m->depth] += n;
	return m->sum[m->depth] <= ML_REGEX_COST;
}

static bool measure_repeat(struct measure *m, uint64_t times)
{
	uint64_t more = m->last * (ml_max(times, 1) - 1);

	m->last += more;
	m->sum[m->depth] += more;
	return m->sum[m->depth] <= ML_REGEX_COST;
}

/* Past the bracket expression at s. */
static const char *skip_bracket(const char *s)
{
	char kind;

	s += s[1] == '^' ? 2 : 1;
	if (*s == ']')
		s++;
	for (; *s && *s != ']'; s++) {
		kind = s[1];
		if (*s != '[' || !kind || !strchr(":.=", kind))
			continue;
		for (s += 2; *s && (*s != kind || s[1] != ']'); s++)
			;
		s += *s ? 1 : -1;
	}
	return *s ? s + 1 : s;
}

/* How often "{2,5}" at s repeats at most; 0: it is nothing like that. *ret is
 * after it. */
static uint64_t take_interval(const char *s, const char **ret)
{
	uint64_t v[2] = { 0, 0 };
	size_t n = 0;

	for (s++; (*s >= '0' && *s <= '9') || (*s == ',' && !n); s++) {
		if (*s == ',')
			n++;
		else if (v[n] <= ML_REGEX_COST)
			v[n] = v[n] * 10 + (uint64_t)(*s - '0');
	}
	if (*s != '}')
		return 0;
	*ret = s + 1;
	return ml_max(ml_max(v[0] + n, v[1]), 1);
}

static enum memlog_status measure_refuse(const char *why,
					 struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_INVALID,
		       "the regular expression %s; up to %u bytes are allowed, "
		       "%u nested parentheses, and %u characters when repeats "
		       "such as {1,9} are written out",
		       why, ML_MAX_REGEX, ML_REGEX_DEPTH, ML_REGEX_COST);
}

static enum memlog_status regex_measure(const char *s, uint64_t *ret,
					struct memlog_err *err)
{
	struct measure m = { .last = 0 };
	bool fits = true;
	uint64_t times;

	while (*s && fits) {
		const char *next = s + 1;

		if (*s == '(') {
			if (m.depth == ML_REGEX_DEPTH)
				return measure_refuse("is nested too deeply",
						      err);
			m.sum[++m.depth] = 1;
		} else if (*s == ')' && m.depth) {
			m.depth--;
			fits = measure_add(&m, m.sum[m.depth + 1]);
		} else if (*s == '{' && (times = take_interval(s, &next))) {
			fits = measure_repeat(&m, times);
		} else if (*s == '+') {
			fits = measure_repeat(&m, 2);
		} else if (*s == '[') {
			next = skip_bracket(s);
			fits = measure_add(&m, 1);
		} else if (*s == '\\' && s[1] >= '1' && s[1] <= '9') {
			return ml_fail(err, MEMLOG_INVALID,
				       "a regular expression cannot refer back "
				       "with \\%c",
				       s[1]);
		} else if (*s != '*' && *s != '?') {
			next += *s == '\\' && s[1];
			fits = measure_add(&m, 1);
		}
		s = next;
	}
	*ret = m.sum[0];
	return fits ? MEMLOG_OK : measure_refuse("is too large", err);
}

/* The flags for an expression with case as it is asked for. */
static int regex_flags(const char *text, enum ml_regex_case how)
{
	for (; how == ML_REGEX_SMART && *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text >= 'A' && *text <= 'Z')
			how = ML_REGEX_EXACT;
	}
	return how == ML_REGEX_EXACT ? FLAGS : FLAGS | REG_ICASE;
}

static enum memlog_status regex_compile(regex_t *ret, const char *text,
					int flags, struct memlog_err *err)
{
	char why[120];
	int rc = regcomp(ret, text, flags);

	if (!rc)
		return MEMLOG_OK;
	regerror(rc, ret, why, sizeof(why));
	return ml_fail(err, MEMLOG_INVALID,
		       "\"%.40s\" is not an extended regular expression: %s",
		       text, why);
}

enum memlog_status ml_regex_create(const struct memlog_allocator *alloc,
				   const char *text, enum ml_regex_case how,
				   struct ml_regex **ret,
				   struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	size_t len = strlen(text);
	struct ml_regex *re;
	enum memlog_status s;
	uint64_t cost;

	if (len > ML_MAX_REGEX)
		return measure_refuse("is too long", err);
	s = regex_measure(text, &cost, err);
	if (s)
		return s;
	re = ml_calloc(&a, 1, sizeof(*re));
	if (!re)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a regular expression");
	re->alloc = a;
	re->cost = cost;
	re->kept = ML_REGEX_KEPT;
	re->flags = regex_flags(text, how);
	memcpy(re->text, text, len);
	s = regex_compile(&re->match.compiled, text, re->flags | REG_NOSUB,
			  err);
	if (s) {
		ml_free(&a, re);
		return s;
	}
	re->match.ready = true;
	*ret = re;
	return MEMLOG_OK;
}

static void machine_fini(struct machine *m)
{
	if (m->ready)
		regfree(&m->compiled);
	m->ready = false;
}

void ml_regex_destroy(struct ml_regex *re)
{
	struct memlog_allocator a;

	if (!re)
		return;
	a = re->alloc;
	machine_fini(&re->match);
	machine_fini(&re->find);
	ml_free(&a, re);
}

enum memlog_status ml_regex_set_case(struct ml_regex *re,
				     enum ml_regex_case how,
				     struct memlog_err *err)
{
	int flags = regex_flags(re->text, how);
	enum memlog_status s;
	regex_t again;

	s = regex_compile(&again, re->text, flags | REG_NOSUB, err);
	if (s)
		return s;
	machine_fini(&re->match);
	machine_fini(&re->find);
	re->match.compiled = again;
	re->match.ready = true;
	re->match.fed = 0;
	re->flags = flags;
	return MEMLOG_OK;
}

void ml_regex_share(struct ml_regex *re, size_t n)
{
	re->kept = ML_REGEX_KEPT / ml_max(n, 1);
}

/* Drop the states that were kept for len more bytes, if they may be too many. Without
 * memory for that they stay. */
static void machine_fed(const struct ml_regex *re, struct machine *m,
			size_t len, int flags)
{
	regex_t again;

	m->fed += len;
	if (m->fed <=
	    re->kept / (re->find.ready ? 2 : 1) / (re->cost + ML_REGEX_STATE))
		return;
	m->fed = 0;
	if (regcomp(&again, re->text, flags))
		return;
	regfree(&m->compiled);
	m->compiled = again;
}

bool ml_regex_match(struct ml_regex *re, const char *line, size_t len)
{
	bool hit = !regexec(&re->match.compiled, line, 0, NULL, 0);

	machine_fed(re, &re->match, len, re->flags | REG_NOSUB);
	return hit;
}

bool ml_regex_find(struct ml_regex *re, const char *line, size_t from,
		   size_t len, size_t *ret_first, size_t *ret_end)
{
	regmatch_t m = { .rm_so = (regoff_t)from, .rm_eo = (regoff_t)len };
	bool hit;

	if (!re->find.ready && regcomp(&re->find.compiled, re->text, re->flags))
		return false;
	re->find.ready = true;
	hit = !regexec(&re->find.compiled, line, 1, &m, REG_STARTEND);
	machine_fed(re, &re->find, (hit ? (size_t)m.rm_eo : len) - from,
		    re->flags);
	if (!hit)
		return false;
	*ret_first = (size_t)m.rm_so;
	*ret_end = (size_t)m.rm_eo;
	return true;
}
