/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shown.c - names of images without the passwords in them. */
#include "shown.h"

#include <string.h>
#include <strings.h>

#define SHOWN_HIDDEN "***"

struct shown {
	char *at;
	size_t n, size;
};

static void shown_add(struct shown *s, const char *text, size_t n)
{
	if (s->n + 1 >= s->size)
		return;
	if (n > s->size - 1 - s->n)
		n = s->size - 1 - s->n;
	memcpy(s->at + s->n, text, n);
	s->n += n;
}

/* Does a parameter of this name have a secret? */
static bool shown_is_secret(const char *key, size_t n)
{
	static const char *const words[] = { "pass",   "secret", "token",
					     "cookie", "header", "signature" };
	size_t i, k;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (k = 0; k + strlen(words[i]) <= n; k++)
			if (!strncasecmp(key + k, words[i], strlen(words[i])))
				return true;
	return n == 3 && !strncasecmp(key, "sig", n);
}

/* KEY=VALUE, or something else. */
static void shown_pair(struct shown *s, const char *pair, size_t n)
{
	const char *equals = memchr(pair, '=', n);
	size_t key = equals ? (size_t)(equals - pair) : n;

	if (!equals || key + 1 == n || !shown_is_secret(pair, key)) {
		shown_add(s, pair, n);
		return;
	}
	shown_add(s, pair, key + 1);
	shown_add(s, SHOWN_HIDDEN, strlen(SHOWN_HIDDEN));
}

/* SCHEME://[USER[:PASSWORD]@]REST?KEY=VALUE&..., of n characters; slashes is where its two
 * slashes are. */
static void shown_url(struct shown *s, const char *url, size_t n,
		      const char *slashes)
{
	const char *end = url + n, *user = slashes + 2, *rest = user, *at,
		   *colon, *next;

	while (rest < end && !strchr("/?#", *rest))
		rest++;
	at = memrchr(user, '@', (size_t)(rest - user));
	colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
	if (colon && colon + 1 < at) {
		shown_add(s, url, (size_t)(colon + 1 - url));
		shown_add(s, SHOWN_HIDDEN, strlen(SHOWN_HIDDEN));
		url = at;
	}
	rest = memchr(rest, '?', (size_t)(end - rest));
	rest = rest ? rest + 1 : end;
	shown_add(s, url, (size_t)(rest - url));
	for (; rest < end; rest = next) {
		for (next = rest; next < end && *next != '&'; next++)
			;
		shown_pair(s, rest, (size_t)(next - rest));
		if (next < end)
			shown_add(s, next++, 1);
	}
}

/* Words of a command line. */
static void shown_word(struct shown *s, const char *word, size_t n)
{
	const char *slashes = memmem(word, n, "://", 3);

	if (slashes)
		shown_url(s, word, n, slashes + 1);
	else
		shown_pair(s, word, n);
}

const char *memlog_image_shown(const char *name, char *ret, size_t size)
{
	struct shown s = { ret, 0, size };
	size_t scheme = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+"),
	       n;

	if (!strncmp(name, ML_NBDKIT_PREFIX, strlen(ML_NBDKIT_PREFIX))) {
		for (; *name; name += n) {
			n = strspn(name, " ");
			shown_add(&s, name, n);
			name += n;
			n = strcspn(name, " ");
			shown_word(&s, name, n);
		}
	} else if (scheme && !strncmp(name + scheme, "://", 3)) {
		shown_url(&s, name, strlen(name), name + scheme + 1);
	} else {
		shown_add(&s, name, strlen(name));
	}
	ret[s.n] = '\0';
	return ret;
}
