/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nbdkitwords.c - from the name of an image to the command line of nbdkit. */
#include "nbdkitwords.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* Files of xz that are read in place have blocks of at most so many bytes; the filter keeps
 * a few in memory. Others are unpacked. */
#define XZ_BLOCK "xz-max-block=64M"

/* Seconds after which an answer of a web server is given up: whoever waits for it may have been
 * killed, and nbdkit ends only after it. Twice as long as the server may be silent. */
#define CURL_LIMIT "timeout=120"

static void kit_add(struct ml_nbdkit_words *c, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);

static void kit_add(struct ml_nbdkit_words *c, const char *fmt, ...)
{
	size_t room = sizeof(c->text) - c->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->text + c->used, room, fmt, ap);
	va_end(ap);
	c->full |= n < 0 || (size_t)n >= room || c->n == ML_NBDKIT_MOST;
	if (c->full)
		return;
	c->argv[c->n++] = c->text + c->used;
	c->used += (size_t)n + 1;
}

static int kit_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

/* key=value, with what is escaped in the n characters of a URL. */
static void kit_add_part(struct ml_nbdkit_words *c, const char *key,
			 const char *url, size_t n)
{
	char value[1024];
	size_t i, at = 0;
	int high, low;

	if (n >= sizeof(value)) {
		c->full = true;
		return;
	}
	for (i = 0; i < n; i++) {
		high = url[i] == '%' && i + 2 < n ? kit_digit(url[i + 1]) : -1;
		low = high >= 0 ? kit_digit(url[i + 2]) : -1;
		value[at] = low >= 0 ? (char)(high << 4 | low) : url[i];
		c->nul |= !value[at++];
		i += low >= 0 ? 2 : 0;
	}
	kit_add(c, "%s=%.*s", key, (int)at, value);
}

/* USER[:PASSWORD], n characters of a URL. nbdkit takes some passwords for the name or the
 * number of a file that has it. */
static enum memlog_status kit_add_user(struct ml_nbdkit_words *c,
				       const char *user, size_t n,
				       struct memlog_err *err)
{
	const char *colon = memchr(user, ':', n), *value;

	kit_add_part(c, "user", user, colon ? (size_t)(colon - user) : n);
	if (!colon || colon + 1 == user + n)
		return MEMLOG_OK;
	kit_add_part(c, "password", colon + 1,
		     (size_t)(user + n - (colon + 1)));
	if (c->full)
		return MEMLOG_OK;
	value = strchr(c->argv[c->n - 1], '=') + 1;
	if (*value != '-' && *value != '+')
		return MEMLOG_OK;
	return ml_fail(err, MEMLOG_INVALID,
		       "passwords that begin with - or + go into a file: "
		       "nbdkit:\"PLUGIN ... password=+FILE\"");
}

/* Any URL that curl knows. */
static enum memlog_status kit_curl(struct ml_nbdkit_words *c, const char *url,
				   struct memlog_err *err)
{
	const char *user = strstr(url, "://") + 3;
	size_t n = strcspn(user, "/?#");
	const char *at = memrchr(user, '@', n);

	kit_add(c, "curl");
	if (!at || !memchr(user, ':', (size_t)(at - user))) {
		kit_add(c, "url=%s", url);
		return MEMLOG_OK;
	}
	kit_add(c, "url=%.*s%s", (int)(user - url), url, at + 1);
	return kit_add_user(c, user, (size_t)(at - user), err);
}

/* //[USER[:PASSWORD]@]HOST[:PORT]/PATH */
static enum memlog_status kit_ssh(struct ml_nbdkit_words *c, const char *url,
				  struct memlog_err *err)
{
	const char *host = strstr(url, "://") + 3, *path = strchr(host, '/');
	const char *at, *colon, *end;
	char server[256];

	if (!path || path == host || !path[1] ||
	    (size_t)(path - host) >= sizeof(server))
		return ml_fail(err, MEMLOG_INVALID,
			       "give it as ssh://[USER@]HOST[:PORT]/PATH");
	snprintf(server, sizeof(server), "%.*s", (int)(path - host), host);
	at = strrchr(server, '@');
	host = at ? at + 1 : server;
	/* an IPv6 address is in brackets */
	end = host[0] == '[' ? strchr(host, ']') : NULL;
	colon = strchr(end ? end : host, ':');
	host += end ? 1 : 0;
	end = end ? end : colon ? colon : host + strlen(host);
	if (end == host)
		return ml_fail(err, MEMLOG_INVALID,
			       "give it as ssh://[USER@]HOST[:PORT]/PATH");
	kit_add(c, "ssh");
	kit_add_part(c, "host", host, (size_t)(end - host));
	if (colon)
		kit_add_part(c, "port", colon + 1, strlen(colon + 1));
	kit_add_part(c, "path", path, strlen(path));
	return at ? kit_add_user(c, server, (size_t)(at - server), err) :
		    MEMLOG_OK;
}

/* s3://BUCKET/KEY */
static enum memlog_status kit_s3(struct ml_nbdkit_words *c, const char *url,
				 struct memlog_err *err)
{
	const char *bucket = strstr(url, "://") + 3, *key = strchr(bucket, '/');

	if (!key || key == bucket || !key[1])
		return ml_fail(err, MEMLOG_INVALID,
			       "give it as s3://BUCKET/KEY");
	kit_add(c, "S3");
	kit_add(c, "bucket=%.*s", (int)(key - bucket), bucket);
	kit_add(c, "key=%s", key + 1);
	return MEMLOG_OK;
}

/* nbdkit:PLUGIN ARGUMENT..., split at spaces */
static enum memlog_status kit_split(struct ml_nbdkit_words *c,
				    const char *words, struct memlog_err *err)
{
	size_t n;

	for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
		n = strcspn(words, " ");
		kit_add(c, "%.*s", (int)n, words);
		words += n;
	}
	/* options are for those who start nbdkit themselves */
	if (c->n <= ML_NBDKIT_PLUGIN || c->argv[ML_NBDKIT_PLUGIN][0] == '-')
		return ml_fail(err, MEMLOG_INVALID,
			       "give it as nbdkit:\"PLUGIN ARGUMENT...\"");
	return MEMLOG_OK;
}

enum memlog_status ml_nbdkit_words(struct ml_nbdkit_words *c, const char *name,
				   bool xz, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	c->n = c->used = 0;
	c->full = c->nul = false;
	kit_add(c, "nbdkit");
	kit_add(c, "-r");
	kit_add(c, "--exit-with-parent");
	/* where the filter cannot do it, nobody needs to know */
	kit_add(c, xz ? "--log=null" : "--log=stderr");
	kit_add(c, xz ? "--filter=xz" : "--filter=nofilter");
	if (!strncmp(name, ML_NBDKIT_PREFIX, strlen(ML_NBDKIT_PREFIX))) {
		s = kit_split(c, name + strlen(ML_NBDKIT_PREFIX), err);
	} else if (!strncmp(name, "ssh:", 4) || !strncmp(name, "sftp:", 5)) {
		s = kit_ssh(c, name, err);
	} else if (!strncmp(name, "s3:", 3)) {
		s = kit_s3(c, name, err);
	} else {
		s = kit_curl(c, name, err);
		kit_add(c, CURL_LIMIT);
	}
	if (xz)
		kit_add(c, XZ_BLOCK);
	c->argv[c->n] = NULL;
	if (!s && c->full)
		s = ml_fail(err, MEMLOG_INVALID, "the name is too long");
	if (!s && c->nul)
		s = ml_fail(err, MEMLOG_INVALID, "%%00 cannot be passed on");
	return s;
}
