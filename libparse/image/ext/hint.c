/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hint.c - a name that is not a file: say which image it may have meant. */
#include "hint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "live.h"

/* "https://..." */
static bool hint_is_url(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+");

	return n && !strncmp(name + n, "://", 3);
}

static bool hint_is_process(const char *name)
{
	long pid = strtol(name, NULL, 10);

	return name[0] && !name[strspn(name, "0123456789")] && pid > 0 &&
	       getpgid((pid_t)pid) >= 0;
}

static void hint_add(struct memlog_err *err, enum memlog_status s,
		     const char *prefix, const char *name)
{
	int sys = err->sys;

	(void)ml_fail(err, s, "%s; did you mean %s%.90s?",
		      sys == ENOENT ? "no such file" : "is a socket", prefix,
		      name);
	err->sys = sys;
}

void ml_hint(enum memlog_status s, const char *name,
	     const struct memlog_open_opts *opts, struct memlog_err *err)
{
	struct stat st;

	if (err->sys == ENXIO && !stat(name, &st) && S_ISSOCK(st.st_mode))
		hint_add(err, s, "qmp:", name);
	if (err->sys != ENOENT)
		return;
	if (!strncmp(name, "qemu", 4) && hint_is_url(name))
		(void)ml_fail(err, s,
			      "that is a connection of libvirt: name a domain, "
			      "as in domain:NAME");
	else if (hint_is_url(name))
		(void)ml_fail(err, s,
			      "URLs of this kind are not opened: download it, "
			      "or send it through a pipe");
	else if (hint_is_process(name))
		hint_add(err, s, "pid:", name);
	else if (ml_domain_runs(name, opts))
		hint_add(err, s, "domain:", name);
}
