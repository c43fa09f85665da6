/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cleaned.c - take addresses, numbers and directories out of guest text. */
#include "cleaned.h"

#include <string.h>

enum { GUID_LEN = 36, HEX_SURE = 8, HEX_MIXED = 4 };

struct cleaned {
	char *at;
	size_t n, size;
};

static void cleaned_put(struct cleaned *c, uint8_t byte)
{
	if (byte >= '\t' && byte <= '\r')
		byte = ' ';
	else if (byte < ' ' || byte > '~')
		byte = '?';
	if (byte == ' ' && (!c->n || c->at[c->n - 1] == ' '))
		return;
	if (c->n + 1 < c->size)
		c->at[c->n++] = (char)byte;
}

static void cleaned_end(struct cleaned *c)
{
	while (c->n && c->at[c->n - 1] == ' ')
		c->n--;
	c->at[c->n] = '\0';
}

void ml_cleaned_text(struct ml_words w, char *ret, size_t size)
{
	struct cleaned c = { ret, 0, size };
	size_t i;

	for (i = 0; i < w.len; i++)
		cleaned_put(&c, w.at[i]);
	cleaned_end(&c);
}

static bool cleaned_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool cleaned_is_hex(uint8_t c)
{
	return cleaned_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool cleaned_is_word(uint8_t c)
{
	return cleaned_is_digit(c) || c == '_' ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* How many bytes at the start are of a kind, from first on. */
static size_t cleaned_run(struct ml_words w, size_t first,
			  bool (*is)(uint8_t c))
{
	size_t n = first;

	while (n < w.len && is(w.at[n]))
		n++;
	return n - first;
}

static bool cleaned_is_guid(struct ml_words w)
{
	size_t i;

	if (w.len < GUID_LEN ||
	    (w.len > GUID_LEN && cleaned_is_word(w.at[GUID_LEN])))
		return false;
	for (i = 0; i < GUID_LEN; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
			    w.at[i] != '-' :
			    !cleaned_is_hex(w.at[i]))
			return false;
	return true;
}

/* Is the word, of n bytes, a hexadecimal number? */
static bool cleaned_is_number(struct ml_words w, size_t n)
{
	size_t i, digits = 0, from = 0;

	if (n > 2 && w.at[0] == '0' && (w.at[1] | 0x20) == 'x')
		from = 2;
	else if (n > HEX_MIXED && (w.at[n - 1] | 0x20) == 'h')
		n--;
	if (cleaned_run(w, from, cleaned_is_hex) < n - from)
		return false;
	for (i = from; i < n; i++)
		digits += cleaned_is_digit(w.at[i]);
	return from || n >= HEX_SURE || (digits && n >= HEX_MIXED);
}

/* Words whose numbers say which of several it was. */
static size_t cleaned_counted(struct ml_words w, size_t n)
{
	static const char *const words[] = { "cpu", "vcpu", "pcpu", "dom",
					     "vm",  "d",    "v" };
	size_t i, k, len;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		len = strlen(words[i]);
		for (k = 0; k < len && k < n; k++)
			if ((w.at[k] | 0x20) != words[i][k])
				break;
		if (k == len && len < n && cleaned_is_digit(w.at[len]))
			return len;
	}
	return 0;
}

/* The word at the start, of n bytes. */
static void cleaned_word(struct cleaned *c, struct ml_words w, size_t n)
{
	size_t i, counted = cleaned_counted(w, n);

	if (cleaned_is_number(w, n)) {
		cleaned_put(c, '#');
		return;
	}
	i = 0;
	while (i < n) {
		if (cleaned_is_digit(w.at[i]) && (!i || counted)) {
			i += cleaned_run(w, i, cleaned_is_digit);
			cleaned_put(c, '#');
			continue;
		}
		cleaned_put(c, w.at[i++]);
	}
}

void ml_cleaned_message(struct ml_words w, char *ret, size_t size)
{
	struct cleaned c = { ret, 0, size };
	bool partition = false;
	size_t n;

	/* what comes after that is cut anyway: blanks and zeros may not be */
	while (w.len && c.n + 1 < size) {
		n = cleaned_run(w, 0, cleaned_is_word);
		if (cleaned_is_guid(w)) {
			n = GUID_LEN;
			if (partition)
				cleaned_put(&c, '#');
			else
				for (n = 0; n < GUID_LEN; n++)
					cleaned_put(&c, w.at[n]);
		} else if (n) {
			partition = n == 3 && !memcmp(w.at, "GPT", n);
			cleaned_word(&c, w, n);
		} else {
			cleaned_put(&c, w.at[0]);
			partition &= w.at[0] == ',';
			n = 1;
		}
		w.at += n;
		w.len -= n;
	}
	cleaned_end(&c);
}

/* Where the part of the path begins that all machines have. */
static size_t cleaned_from(const char *path, bool absolute)
{
	const char *p = path, *slash, *name = path, *found = NULL;

	while ((slash = strchr(p, '/'))) {
		if (slash - p >= 3 && !memcmp(slash - 3, "Pkg", 3))
			found = p;
		absolute |= slash - p == 2 && p[0] == '.' && p[1] == '.';
		name = p = slash + 1;
	}
	if (found)
		return (size_t)(found - path);
	return absolute ? (size_t)(name - path) : 0;
}

/* The last bytes of a path that is longer: those tell more than the first. */
enum { PATH_LOOKED_AT = 1024 };

static void cleaned_slashes(struct ml_words w, char buf[PATH_LOOKED_AT])
{
	char *p;

	if (w.len >= PATH_LOOKED_AT) {
		w.at += w.len - (PATH_LOOKED_AT - 1);
		w.len = PATH_LOOKED_AT - 1;
	}
	ml_cleaned_text(w, buf, PATH_LOOKED_AT);
	for (p = buf; *p; p++)
		if (*p == '\\')
			*p = '/';
}

void ml_cleaned_path(struct ml_words w, char *ret, size_t size)
{
	char buf[PATH_LOOKED_AT];
	const char *from;
	size_t n;

	cleaned_slashes(w, buf);
	from = buf + cleaned_from(buf, buf[0] == '/' ||
					       (buf[0] && buf[1] == ':') ||
					       w.len >= PATH_LOOKED_AT);
	/* its end, if it is still too long */
	n = strlen(from);
	if (n >= size)
		from += n - (size - 1);
	memcpy(ret, from, strlen(from) + 1);
}

void ml_cleaned_name(struct ml_words w, char *ret, size_t size)
{
	char buf[PATH_LOOKED_AT], *name, *dot;

	cleaned_slashes(w, buf);
	name = strrchr(buf, '/');
	name = name ? name + 1 : buf;
	dot = strrchr(name, '.');
	if (dot && dot > name)
		*dot = '\0';
	ml_cleaned_text((struct ml_words){ (const uint8_t *)name,
					   strlen(name) },
			ret, size);
}
