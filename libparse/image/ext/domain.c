/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain.c - the source domain:NAME, a running guest by its name.
 *
 * libvirt uses the guest's monitor, so that no other program can; but it starts
 * QEMU with "-name guest=NAME,...", which shows the process, and that can be
 * read. The short form "-name NAME" is used without libvirt.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/process/process.h"
#include "live.h"

/* The most bytes read of a command line: QEMU's has some KiB. */
#define CMDLINE_MAX (128u << 10)

/* The longest name of a guest that libvirt allows, with its NUL. */
#define NAME_MAX_LEN 256

/* How often memory is looked for, and how long the pauses are. */
#define WAITS	20
#define WAIT_NS 50000000

/* Bytes for the names of other guests in an error. */
#define NAMES_LEN 120

/* One item of a comma-separated list of QEMU, in which two commas are a comma
 * in an item. Returns the start of the next item. */
static const char *domain_item(const char *arg, const char *end, char *ret,
			       size_t size)
{
	size_t n = 0;

	for (; arg < end; arg++) {
		if (*arg == ',' && (arg + 1 == end || *++arg != ','))
			break;
		if (n + 1 < size)
			ret[n++] = *arg;
	}
	ret[n] = '\0';
	return arg;
}

bool ml_domain_name(const char *cmdline, size_t len, char *name, size_t size)
{
	const char *arg = cmdline, *end = cmdline + len, *next;
	bool found = false;

	for (; arg < end && !found; arg = next) {
		next = arg + strnlen(arg, (size_t)(end - arg)) + 1;
		found = next < end &&
			(!strcmp(arg, "-name") || !strcmp(arg, "--name"));
	}
	if (!found)
		return false;
	end = arg + strnlen(arg, (size_t)(end - arg));
	while (arg < end) {
		arg = domain_item(arg, end, name, size);
		if (!strncmp(name, "guest=", 6))
			memmove(name, name + 6, strlen(name + 6) + 1);
		else if (strchr(name, '='))
			continue;
		return *name;
	}
	return false;
}

/* Is it QEMU? Other programs have an option -name, too. */
static bool is_monitor(const char *cmdline, size_t len)
{
	const char *base = memrchr(cmdline, '/', strnlen(cmdline, len));

	base = base ? base + 1 : cmdline;
	return strstr(base, "qemu") || strstr(base, "kvm");
}

static size_t read_cmdline(int proc, const char *pid, char *buf, size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), "%.20s/cmdline", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (n > 0 && len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else
			len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	buf[len] = '\0';
	return len;
}

struct search {
	const char *want;
	pid_t pid, second; /* 0: none */
	char others[NAMES_LEN];
};

/* Add the name of another guest for the error, made printable. */
static void add_other(struct search *s, const char *name)
{
	size_t n = strlen(s->others);

	if (n + strlen(name) + 3 > sizeof(s->others))
		return;
	if (n)
		s->others[n++] = ' ';
	for (; *name; name++)
		s->others[n++] = *name > ' ' && *name <= '~' ? *name : '?';
	s->others[n] = '\0';
}

static void look_at(struct search *s, int proc, const char *pid, char *buf)
{
	size_t len = read_cmdline(proc, pid, buf, CMDLINE_MAX);
	char name[NAME_MAX_LEN];

	if (!len || !is_monitor(buf, len) ||
	    !ml_domain_name(buf, len, name, sizeof(name)))
		return;
	if (strcmp(name, s->want))
		add_other(s, name);
	else if (!s->pid)
		s->pid = (pid_t)atoi(pid);
	else
		s->second = (pid_t)atoi(pid);
}

static enum memlog_status domain_find(struct search *s,
				      const struct memlog_open_opts *opts,
				      struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	char *buf = ml_calloc(&a, CMDLINE_MAX, 1);
	DIR *proc = buf ? opendir("/proc") : NULL;
	struct dirent *d;

	if (!proc) {
		ml_free(&a, buf);
		return buf ? ml_fail_errno(err, MEMLOG_IO, errno,
					   "cannot read /proc") :
			     ml_fail(err, MEMLOG_NO_MEMORY,
				     "no memory for command lines");
	}
	while ((d = readdir(proc)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			look_at(s, dirfd(proc), d->d_name, buf);
	closedir(proc);
	ml_free(&a, buf);
	return MEMLOG_OK;
}

bool ml_domain_runs(const char *name, const struct memlog_open_opts *opts)
{
	struct search found = { .want = name };

	return *name && !domain_find(&found, opts, NULL) && found.pid;
}

/* A monitor has no memory for its guest in the first moments. */
static enum memlog_status domain_attach(pid_t pid,
					const struct memlog_open_opts *opts,
					struct memlog_image **ret,
					struct memlog_err *err)
{
	struct timespec ts = { 0, WAIT_NS };
	enum memlog_status s;
	int i;

	for (i = 0;; i++) {
		s = ml_process_image(pid, opts, ret, err);
		if (s != MEMLOG_NOT_MINE || i == WAITS)
			return s;
		nanosleep(&ts, NULL);
	}
}

static enum memlog_status domain_open(const char *rest,
				      const struct memlog_open_opts *opts,
				      struct memlog_image **ret,
				      struct memlog_err *err)
{
	struct search found = { .want = rest };
	const char *none = geteuid() ? "none is visible: is it on this host, "
				       "and are you root?" :
				       "none is visible: is it on this host, "
				       "and in this container?";
	enum memlog_status s;

	if (!*rest || strlen(rest) >= NAME_MAX_LEN)
		return ml_fail(err, MEMLOG_INVALID,
			       "needs the name of a running guest");
	s = domain_find(&found, opts, err);
	if (s)
		return s;
	if (found.second)
		return ml_fail(err, MEMLOG_INVALID,
			       "two guests have that "
			       "name: use pid:%d or pid:%d",
			       (int)found.pid, (int)found.second);
	if (!found.pid)
		return ml_fail(err, MEMLOG_IO,
			       "no running guest has that "
			       "name; %s%s",
			       found.others[0] ? "running here: " : none,
			       found.others);
	return domain_attach(found.pid, opts, ret, err);
}

static const char *const domain_prefixes[] = { "domain:", NULL };

const struct ml_image_source ml_image_source_domain = {
	.name = "domain",
	.prefixes = domain_prefixes,
	.open = domain_open,
};
