/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * printfmt.c - check the print format of an event.
 *
 * It is a string for printf, and arguments in C. Accepted are numbers, strings,
 * fields (REC->name), fixed elements of those, casts to integers, unary and binary
 * operators, conditions, __get_str, __print_symbolic and __print_flags. Not accepted
 * is what takes a length, an index, a width or a divisor from the event; nor is an
 * operator before parentheses with a looser one, which libtraceevent 1.7 puts into
 * the wrong order.
 */
#include "printfmt.h"

#include <stddef.h>
#include <string.h>

enum {
	DEPTH = 32,
	OPERATORS = 512,
	CONVERSIONS = 64,
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS	"0123456789"
#define PRINT	"\nprint fmt: "
#define NAME	"name: "
#define BPRINT	"bprint"

struct printfmt {
	const char *p;	    /* what is next */
	const char *fields; /* the lines of fields */
	const char *print;  /* where they end */
	unsigned int depth, operators, conversions;
	unsigned int loosest; /* operator of the last expression */
};

static bool printfmt_expr(struct printfmt *f);

/* ---- tokens ------------------------------------------------------------- */

static void printfmt_blanks(struct printfmt *f)
{
	f->p += strspn(f->p, " ");
}

/* Take this token if it is next. */
static bool printfmt_take(struct printfmt *f, const char *token)
{
	size_t n = strlen(token);

	printfmt_blanks(f);
	if (strncmp(f->p, token, n))
		return false;
	f->p += n;
	return true;
}

static size_t printfmt_word(struct printfmt *f)
{
	printfmt_blanks(f);
	return strchr(DIGITS, *f->p) ? 0 : strspn(f->p, LETTERS DIGITS);
}

static bool printfmt_take_word(struct printfmt *f, const char *word)
{
	size_t n = printfmt_word(f);

	if (n != strlen(word) || strncmp(f->p, word, n))
		return false;
	f->p += n;
	return true;
}

static bool printfmt_number(struct printfmt *f)
{
	size_t n;

	printfmt_blanks(f);
	if (!*f->p || !strchr(DIGITS, *f->p))
		return false;
	if (f->p[0] == '0' && (f->p[1] == 'x' || f->p[1] == 'X')) {
		n = strspn(f->p + 2, DIGITS "abcdefABCDEF");
		if (!n || n > 16)
			return false;
		f->p += 2;
	} else {
		n = strspn(f->p, DIGITS);
		if (n > 19)
			return false;
	}
	f->p += n;
	n = strspn(f->p, "ULul");
	f->p += n;
	return n <= 3 && !(*f->p && strchr(LETTERS DIGITS, *f->p));
}

/* A conversion; false if an event could make it as wide as it likes. */
static bool printfmt_conversion(struct printfmt *f)
{
	size_t n = strspn(f->p, "-+ #" DIGITS ".");

	if (n > 8 || ++f->conversions > CONVERSIONS)
		return false;
	f->p += n;
	n = strspn(f->p, "hlzjtL");
	f->p += n;
	if (n > 2 || !*f->p || !strchr("diuoxXcsp%", *f->p))
		return false;
	if (*f->p++ != 'p')
		return true;
	/* of pointers only names of functions */
	n = strspn(f->p, LETTERS DIGITS);
	if (n && (n > 1 || !strchr("sSfF", *f->p)))
		return false;
	f->p += n;
	return true;
}

/* print: the one for printf */
static bool printfmt_string(struct printfmt *f, bool print)
{
	if (!printfmt_take(f, "\""))
		return false;
	while (*f->p >= ' ' && *f->p < 0x7f && *f->p != '"') {
		if (*f->p == '\\') {
			if (f->p[1] < ' ' || f->p[1] >= 0x7f)
				return false;
			f->p += 2;
		} else if (*f->p++ == '%' && print && !printfmt_conversion(f)) {
			return false;
		}
	}
	return printfmt_take(f, "\"");
}

/* A name that is next and is that of a field; text: one that says where it is. */
static bool printfmt_field(struct printfmt *f, bool text)
{
	size_t n = printfmt_word(f);
	const char *line, *end, *name;

	if (!n || n > 64)
		return false;
	for (line = f->fields; line < f->print; line = end + 1) {
		end = strchr(line, '\n');
		name = strchr(line, ';');
		if (!end)
			return false;
		if (!name || name > end)
			continue;
		if (memchr(line, '[', (size_t)(name - line)) && !text)
			name = strchr(line, '[');
		if ((size_t)(name - line) < n + 1 ||
		    strncmp(name - n, f->p, n) ||
		    name[-1 - (ptrdiff_t)n] != ' ')
			continue;
		if (text != !strncmp(line, "\tfield:__data_loc char[] ", 25))
			return false;
		f->p += n;
		return true;
	}
	return false;
}

/* ---- expressions -------------------------------------------------------- */

/* "(type)", which is next or not. */
static bool printfmt_cast(struct printfmt *f)
{
	static const char *const words[] = {
		"unsigned", "signed", "long",  "int",	"short", "char",
		"void",	    "u8",     "u16",   "u32",	"u64",	 "s8",
		"s16",	    "s32",    "s64",   "__u8",	"__u16", "__u32",
		"__u64",    "__s8",   "__s16", "__s32", "__s64", "bool",
		"size_t",   "pid_t",  "const",
	};
	const char *start = f->p;
	unsigned int n = 0;
	size_t i;

	if (!printfmt_take(f, "("))
		return false;
	do {
		for (i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (printfmt_take_word(f, words[i]))
				break;
		n += i < sizeof(words) / sizeof(*words);
	} while (i < sizeof(words) / sizeof(*words) && n < 4);
	if (n)
		printfmt_take(f, "*");
	if (n && printfmt_take(f, ")"))
		return true;
	f->p = start;
	return false;
}

/* ", { value, string }", some of them, and ")" */
static bool printfmt_values(struct printfmt *f)
{
	do {
		if (!printfmt_take(f, ",") || !printfmt_take(f, "{") ||
		    !printfmt_expr(f) || !printfmt_take(f, ",") ||
		    !printfmt_string(f, false) || !printfmt_take(f, "}"))
			return false;
	} while (!printfmt_take(f, ")"));
	return true;
}

static bool printfmt_call(struct printfmt *f)
{
	if (printfmt_take_word(f, "__get_str"))
		return printfmt_take(f, "(") && printfmt_field(f, true) &&
		       printfmt_take(f, ")");
	if (printfmt_take_word(f, "__print_symbolic"))
		return printfmt_take(f, "(") && printfmt_expr(f) &&
		       printfmt_values(f);
	return printfmt_take_word(f, "__print_flags") &&
	       printfmt_take(f, "(") && printfmt_expr(f) &&
	       printfmt_take(f, ",") && printfmt_string(f, false) &&
	       printfmt_values(f);
}

static bool printfmt_record(struct printfmt *f)
{
	size_t n;

	if (!printfmt_take(f, "->") || !printfmt_field(f, false))
		return false;
	if (*f->p != '[')
		return true;
	n = strspn(f->p + 1, DIGITS);
	if (!n || n > 2 || f->p[n + 1] != ']')
		return false;
	f->p += n + 2;
	return true;
}

/* *ret: the loosest operator in parentheses without anything before them, or 0 */
static bool printfmt_primary(struct printfmt *f, unsigned int *ret)
{
	unsigned int before = f->loosest;
	bool ok;

	printfmt_blanks(f);
	if (*f->p == '"')
		return printfmt_string(f, false);
	if (printfmt_take(f, "(")) {
		ok = printfmt_expr(f) && printfmt_take(f, ")");
		*ret = f->loosest;
		f->loosest = before;
		return ok;
	}
	if (printfmt_take_word(f, "REC"))
		return printfmt_record(f);
	return printfmt_number(f) || printfmt_call(f);
}

static bool printfmt_unary(struct printfmt *f, unsigned int *ret)
{
	unsigned int n = 0;
	bool ok;

	for (*ret = 0;; n++) {
		printfmt_blanks(f);
		if (!printfmt_cast(f)) {
			if (!*f->p || !strchr("!~-", *f->p) || f->p[1] == '=')
				break;
			f->p++;
		}
		if (n == 4)
			return false;
	}
	ok = printfmt_primary(f, ret);
	if (n)
		*ret = 0;
	return ok;
}

/* Is a number next that is not zero, and nothing after it that could change it?
 * It begins with a digit that is not 0: "08" would be octal, and 0. */
static bool printfmt_divisor(struct printfmt *f)
{
	size_t n;

	printfmt_blanks(f);
	n = strspn(f->p, DIGITS);
	if (!n || n > 9 || *f->p == '0')
		return false;
	if (!printfmt_number(f))
		return false;
	printfmt_blanks(f);
	return !*f->p || strchr("),:\n", *f->p);
}

/* A binary operator, if one is next; how loose it is, 0: none. */
static unsigned int printfmt_operator(struct printfmt *f)
{
	static const struct {
		const char *text;
		unsigned int loose;
	} ops[] = {
		{ "<<", 5 }, { ">>", 5 }, { "<=", 6 },	{ ">=", 6 },
		{ "==", 7 }, { "!=", 7 }, { "&&", 11 }, { "||", 12 },
		{ "<", 6 },  { ">", 6 },  { "&", 8 },	{ "|", 10 },
		{ "^", 9 },  { "+", 4 },  { "-", 4 },	{ "*", 3 },
	};
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (printfmt_take(f, ops[i].text))
			return ops[i].loose;
	return 0;
}

static bool printfmt_binary(struct printfmt *f)
{
	unsigned int loose, inner;

	f->loosest = 0;
	if (!printfmt_unary(f, &inner))
		return false;
	for (;;) {
		if (++f->operators > OPERATORS)
			return false;
		if (printfmt_take(f, "/") || printfmt_take(f, "%")) {
			f->loosest = f->loosest > 3 ? f->loosest : 3;
			return printfmt_divisor(f);
		}
		loose = printfmt_operator(f);
		if (!loose)
			return true;
		if (!printfmt_unary(f, &inner) || inner > loose)
			return false;
		f->loosest = f->loosest > loose ? f->loosest : loose;
	}
}

static bool printfmt_expr(struct printfmt *f)
{
	bool ok;

	if (++f->depth > DEPTH)
		return false;
	ok = printfmt_binary(f);
	if (ok && printfmt_take(f, "?")) {
		ok = printfmt_expr(f) && printfmt_take(f, ":") &&
		     printfmt_expr(f);
		f->loosest = 13;
	}
	f->depth--;
	return ok;
}

/* Is the event's name one? libtraceevent prints bprint, whose format is in the event, in
 * another way, and ends with a fault if it has no field for that. */
static bool printfmt_name(const char *format)
{
	const char *name = format + strlen(NAME);
	size_t n;

	if (strncmp(format, NAME, strlen(NAME)))
		return false;
	n = strspn(name, LETTERS DIGITS);
	return n && name[n] == '\n' &&
	       (n != strlen(BPRINT) || strncmp(name, BPRINT, n));
}

bool ml_printfmt_is_safe(const char *format)
{
	struct printfmt f = { .fields = strstr(format, "\nformat:\n"),
			      .print = strstr(format, PRINT) };

	if (!f.fields || !f.print || f.fields > f.print ||
	    !printfmt_name(format))
		return false;
	f.fields++;
	f.p = f.print + strlen(PRINT);
	if (!printfmt_string(&f, true))
		return false;
	while (printfmt_take(&f, ","))
		if (!printfmt_expr(&f))
			return false;
	printfmt_blanks(&f);
	return !strcmp(f.p, "\n") || !*f.p;
}
