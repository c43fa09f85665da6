/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pmemsave.c - QEMU writes its memory to files, which are searched.
 *
 * QEMU opens the files by name: as its own user, in its own container, perhaps
 * on another host; and its monitor reports errors in words only. So nothing is
 * searched before all files are there, complete and readable.
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

/* What must stay free in the file system for everybody else. */
#define SPARE ((uint64_t)64 << 20)

/* A longer name of the directory does not fit into a line of the script. */
#define MAX_NAME 400
#define PATH_SIZE (MAX_NAME + 24)

/* Ends gdb's command in a pipe: a directory's name may hold a "|". */
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

	for (i = 0; i < s->ranges.count; i++)
		unlink(pmemsave_path(s, i, path));
	rmdir(s->dir);
}

/* Is there space for all of memory? QEMU would fill the file system to its last
 * byte before it gave up. */
static bool pmemsave_fits(const struct session *s, const char *tmpdir)
{
	uint64_t need = host_ranges_bytes(&s->ranges), available;
	struct statvfs fs;

	/* a file system without blocks does not say how large it is */
	if (statvfs(tmpdir, &fs) || !fs.f_blocks)
		return true;
	available = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (available >= SPARE && available - SPARE >= need)
		return true;
	return pmemsave_refuse("%s has %" PRIu64 " MiB free, and --pmemsave "
			       "needs %" PRIu64 " MiB; set TMPDIR to another "
			       "directory, or " ADVICE, tmpdir, available >> 20,
			       (need + SPARE) >> 20);
}

static bool pmemsave_name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (iscntrl((unsigned char)name[i]))
			return false;
	return i <= MAX_NAME;
}

/* QEMU's working directory is not gdb's, so the name is absolute. */
static bool pmemsave_mkdir(struct session *s)
{
	char path[PATH_MAX + sizeof("/memlog-XXXXXX")];
	const char *tmpdir = getenv("TMPDIR");

	if (!tmpdir || !*tmpdir)
		tmpdir = "/var/tmp";
	if (!realpath(tmpdir, path))
		return pmemsave_refuse("TMPDIR, %s: %s", tmpdir,
				       strerror(errno));
	strcat(path, "/memlog-XXXXXX");
	if (!pmemsave_name_ok(path))
		return pmemsave_refuse("TMPDIR has a name that QEMU's monitor "
				       "does not take");
	if (!pmemsave_fits(s, tmpdir))
		return false;
	s->dir = s->arena.alloc.alloc(s->arena.alloc.self, strlen(path) + 1);
	if (s->dir && mkdtemp(strcpy(s->dir, path)))
		return true;
	s->dir = NULL;
	return pmemsave_refuse("cannot create a directory in %s: %s; set "
			       "TMPDIR to another one", tmpdir,
			       strerror(errno));
}

/* For a string in quotes of QEMU's monitor. */
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
	mailbox_clear();
	pmemsave_quote(s->dir, quoted);
	for (i = 0; i < s->ranges.count; i++) {
		r = &s->ranges.list[i];
		script_add("pipe -d " DELIM " monitor pmemsave 0x%" PRIx64
			   " 0x%" PRIx64 " \"%s/%zu\" " DELIM
			   " cat >>/proc/$PPID/fd/%d\n", r->start,
			   r->end - r->start, quoted, i, MAILBOX_FD);
	}
	return true;
}

/* Is the file of one range there, with all of its bytes? Why not, if not. */
static bool pmemsave_whole(const struct session *s, size_t i, char *why,
			   size_t size)
{
	const struct memlog_range *r = &s->ranges.list[i];
	char path[PATH_SIZE];
	int fd = open(pmemsave_path(s, i, path),
		      O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool whole = false;

	if (fd < 0 && errno == ENOENT)
		snprintf(why, size, "it reports success, but there is no file; "
			 "is it in a container, or on another host?");
	else if (fd < 0 || fstat(fd, &st))
		snprintf(why, size, "what it wrote cannot be read: %s",
			 strerror(errno));
	else if ((uint64_t)st.st_size < r->end - r->start)
		snprintf(why, size, "of %" PRIu64 " bytes only %" PRIu64
			 " are there", r->end - r->start, (uint64_t)st.st_size);
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

	for (i = 0; i < s->ranges.count; i++)
		if (!pmemsave_whole(s, i, why, sizeof(why)))
			break;
	if (i == s->ranges.count)
		return true;
	/* QEMU's own words say more; the first are of the first failure */
	text += strspn(text, " \t\r\n");
	text[strcspn(text, "\r\n")] = '\0';
	if (!strncmp(text, "Error: ", 7))
		text += 7;
	memlog_escape(text, words, sizeof(words));
	return pmemsave_refuse("QEMU could not write its memory to %s: %s; "
			       ADVICE, s->dir, *words ? words : why);
}

static enum memlog_status pmemsave_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	struct session *s = self;
	struct memlog_range r;
	char path[PATH_SIZE];
	size_t i = 0;
	ssize_t n;
	int fd;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (plugin_interrupted())
		return MEMLOG_STOP;
	if (host_ranges_next(&s->ranges, addr, &r) || r.start > addr)
		return MEMLOG_NO_DATA;
	while (s->ranges.list[i].end <= addr)
		i++;
	fd = open(pmemsave_path(s, i, path), O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, buf, len,
				(off_t)(addr - s->ranges.list[i].start));
	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		if (err)
			*err = (struct memlog_err){ .status = MEMLOG_IO,
				.text = "a file that QEMU wrote has changed" };
		return MEMLOG_IO;
	}
	*ret = (size_t)n;
	return MEMLOG_OK;
}

static enum memlog_status pmemsave_next(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	struct session *s = self;

	(void)err;
	return host_ranges_next(&s->ranges, addr, ret);
}

enum memlog_status session_wrap_files(struct session *s, struct memlog_err *err)
{
	s->ops = (struct memlog_reader_ops){
		.size = sizeof(s->ops),
		.page_size = PAGE,
		.read = pmemsave_read,
		.next_range = pmemsave_next,
	};
	return memlog_image_wrap(&s->ops, s, MEMLOG_PHYS,
				 "memory saved by QEMU", &s->arena.alloc,
				 &s->image, err);
}
