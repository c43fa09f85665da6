/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pmemsave.c - have QEMU write its memory to files, and read these.
 *
 * QEMU opens the files by name, as its own user, perhaps in a container or on
 * another host, and its monitor reports errors only as text. So check that all
 * files exist, complete and readable, before any is searched.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "session.h"

#define PAGE 4096u

/* Bytes that must stay free in the file system. */
#define SPARE ((uint64_t)64 << 20)

/* The longest name of a directory that fits into a line of the script. */
#define MAX_NAME  400
#define PATH_SIZE (MAX_NAME + 24)

/* The delimiter of gdb's pipe command: a directory's name may contain "|". */
#define DELIM "@memlog@"

#define ADVICE "use memlog without --pmemsave"

static bool pmemsave_refuse(const char *fmt, ...) MEMLOG_PRINTF(1, 2);
static bool pmemsave_refuse(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	plugin_message(NULL, 0, line);
	return false;
}

static const char *pmemsave_path(const struct session *s, size_t i,
				 char ret[PATH_SIZE])
{
	snprintf(ret, PATH_SIZE, "%s/%zu", s->dir, i);
	return ret;
}

void session_remove_files(struct session *s)
{
	char path[PATH_SIZE];
	size_t i;

	for (i = 0; i < s->n_ranges; i++)
		unlink(pmemsave_path(s, i, path));
	rmdir(s->dir);
}

/* Is there enough space for all of memory? QEMU would fill the file system
 * before it fails. */
static bool pmemsave_fits(const struct session *s, const char *tmpdir)
{
	uint64_t need = 0, available;
	struct statvfs fs;
	size_t i;

	for (i = 0; i < s->n_ranges; i++)
		need += s->ranges[i].end - s->ranges[i].start;
	/* a file system without blocks does not report its size */
	if (statvfs(tmpdir, &fs) || !fs.f_blocks)
		return true;
	available = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (available >= SPARE && available - SPARE >= need)
		return true;
	return pmemsave_refuse("%s has %" PRIu64 " MiB free, but --pmemsave "
			       "needs %" PRIu64 " MiB; use "
			       "--pmemsave=DIRECTORY, or " ADVICE,
			       tmpdir, available >> 20, (need + SPARE) >> 20);
}

static bool pmemsave_name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (iscntrl((unsigned char)name[i]))
			return false;
	return i <= MAX_NAME;
}

/* Create a directory with an absolute name: QEMU's working directory is not
 * gdb's. */
static bool pmemsave_mkdir(struct session *s)
{
	char path[PATH_MAX + sizeof("/memlog-XXXXXX")];
	const char *tmpdir = s->save_to;

	if (!tmpdir)
		tmpdir = getenv("TMPDIR");
	if (!tmpdir || !*tmpdir)
		tmpdir = "/var/tmp";
	if (!realpath(tmpdir, path))
		return pmemsave_refuse("%s%s: %s", s->save_to ? "" : "TMPDIR, ",
				       tmpdir, strerror(errno));
	strcat(path, "/memlog-XXXXXX");
	if (!pmemsave_name_ok(path))
		return pmemsave_refuse("the name of the directory for "
				       "--pmemsave is too long, or has control "
				       "characters");
	if (!pmemsave_fits(s, tmpdir))
		return false;
	s->dir = s->arena.alloc.alloc(s->arena.alloc.self, strlen(path) + 1);
	if (s->dir && mkdtemp(strcpy(s->dir, path)))
		return true;
	s->dir = NULL;
	return pmemsave_refuse("cannot create a directory in %s: %s; use "
			       "--pmemsave=DIRECTORY",
			       tmpdir, strerror(errno));
}

/* Quote a name for QEMU's monitor. */
static void pmemsave_quote(const char *name, char *ret)
{
	for (; *name; *ret++ = *name++)
		if (*name == '"' || *name == '\\')
			*ret++ = '\\';
	*ret = '\0';
}

bool session_save_files(struct session *s)
{
	char quoted[2 * MAX_NAME + 1];
	const struct memlog_range *r;
	size_t i;

	if (!pmemsave_mkdir(s))
		return false;
	plugin_message(NULL, 2, "QEMU writes its memory to temporary files");
	mailbox_empty(MAILBOX_FD);
	pmemsave_quote(s->dir, quoted);
	for (i = 0; i < s->n_ranges; i++) {
		r = &s->ranges[i];
		script_add("pipe -d " DELIM " monitor pmemsave 0x%" PRIx64
			   " 0x%" PRIx64 " \"%s/%zu\" " DELIM
			   " cat >>/proc/$PPID/fd/%d\n",
			   r->start, r->end - r->start, quoted, i, MAILBOX_FD);
	}
	return true;
}

/* Is the file of range i complete? False: why has the reason. */
static bool pmemsave_whole(const struct session *s, size_t i, char *why,
			   size_t size)
{
	const struct memlog_range *r = &s->ranges[i];
	char path[PATH_SIZE];
	int fd = open(pmemsave_path(s, i, path),
		      O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool whole = false;

	if (fd < 0 && errno == ENOENT)
		snprintf(why, size,
			 "it reports success, but there is no file; "
			 "is it in a container, or on another host?");
	else if (fd < 0 || fstat(fd, &st))
		snprintf(why, size, "cannot read its file: %s",
			 strerror(errno));
	else if ((uint64_t)st.st_size < r->end - r->start)
		snprintf(why, size,
			 "its file has only %" PRIu64 " of %" PRIu64 " bytes",
			 (uint64_t)st.st_size, r->end - r->start);
	else
		whole = true;
	if (fd >= 0)
		close(fd);
	return whole;
}

bool session_check_files(struct session *s, char *text)
{
	char words[400], why[128];
	size_t i;

	for (i = 0; i < s->n_ranges; i++)
		if (!pmemsave_whole(s, i, why, sizeof(why)))
			break;
	if (i == s->n_ranges)
		return true;
	/* prefer QEMU's own message; the first one is of the first failure */
	text += strspn(text, " \t\r\n");
	text[strcspn(text, "\r\n")] = '\0';
	if (!strncmp(text, "Error: ", 7))
		text += 7;
	memlog_escape(text, words, sizeof(words));
	return pmemsave_refuse(
		"QEMU could not write its memory to %s: %s; " ADVICE, s->dir,
		*words ? words : why);
}

/* Read up to len bytes at addr from the file of its range. Returns how many, 0
 * if addr is in no range, -1 on failure. */
static ssize_t pmemsave_part(const struct session *s, uint64_t addr, void *buf,
			     size_t len)
{
	char path[PATH_SIZE];
	size_t i = 0;
	ssize_t n;
	int fd;

	while (i < s->n_ranges && s->ranges[i].end <= addr)
		i++;
	if (i == s->n_ranges || s->ranges[i].start > addr)
		return 0;
	fd = open(pmemsave_path(s, i, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = pread(fd, buf, len, (off_t)(addr - s->ranges[i].start));
	close(fd);
	return n > 0 ? n : -1;
}

static enum memlog_status pmemsave_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	struct session *s = self;
	ssize_t n;

	*ret = 0;
	if (plugin_interrupted())
		return MEMLOG_STOP;
	/* the next range may begin where this one ends */
	while (*ret < len) {
		n = pmemsave_part(s, addr + *ret, (char *)buf + *ret,
				  len - *ret);
		if (n < 0 && err)
			*err = (struct memlog_err){
				.status = MEMLOG_IO,
				.text = "a file that QEMU wrote has changed"
			};
		if (n < 0)
			return MEMLOG_IO;
		if (!n)
			break;
		*ret += (size_t)n;
	}
	return *ret || !len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

enum memlog_status session_wrap_files(struct session *s, struct memlog_err *err)
{
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.page_size = PAGE,
		.read = pmemsave_read,
	};

	return session_wrap(s, &ops, MEMLOG_PHYS, "memory saved by QEMU", err);
}
