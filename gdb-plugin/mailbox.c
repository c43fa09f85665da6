/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mailbox.c - the files through which gdb's script and the plugin
 * communicate. */
#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most bytes read: more than `info mtree -f` of a large machine, or the
 * sections of a core with 70,000 of them. */
#define MAX_MAILBOX (64u << 20)

/* Bytes of text in one printf command. gdb has no limit, but Ctrl-C should stop
 * the output soon. */
#define CHUNK 2048

static bool is_ours(int fd)
{
	char link[64], name[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	if (n < 0)
		return false;
	name[n] = '\0';
	return !strncmp(name, "/memfd:memlog-gdb", 17);
}

static bool open_at(int fd, struct memlog_err *err)
{
	int made;

	if (fcntl(fd, F_GETFD) >= 0) {
		if (is_ours(fd) && !ftruncate(fd, 0))
			return true;
		snprintf(err->text, sizeof(err->text),
			 "file descriptor %d of gdb is in use", fd);
		return false;
	}
	made = memfd_create("memlog-gdb", MFD_CLOEXEC);
	if (made < 0 || dup3(made, fd, O_CLOEXEC) < 0) {
		snprintf(err->text, sizeof(err->text),
			 "cannot open file descriptor %d: %s", fd,
			 errno == EBADF ? "raise the limit of open files "
					  "(ulimit -n)" :
					  strerror(errno));
		if (made >= 0)
			close(made);
		return false;
	}
	close(made);
	return true;
}

bool mailbox_open(struct memlog_err *err)
{
	if (access("/proc/self/fd", R_OK)) {
		strcpy(err->text, "/proc is not mounted; gdb needs it to "
				  "access the plugin's files");
		return false;
	}
	return open_at(MAILBOX_FD, err) && open_at(SCRIPT_FD, err);
}

char *mailbox_read(const struct memlog_allocator *alloc)
{
	struct stat st;
	size_t size, done = 0;
	ssize_t n;
	char *p;

	if (fstat(MAILBOX_FD, &st))
		return NULL;
	size = st.st_size < MAX_MAILBOX ? (size_t)st.st_size : MAX_MAILBOX;
	p = alloc->alloc(alloc->self, size + 1);
	if (!p)
		return NULL;
	while (done < size) {
		n = pread(MAILBOX_FD, p + done, size - done, (off_t)done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	p[done] = '\0';
	return p;
}

void mailbox_clear(void)
{
	if (ftruncate(MAILBOX_FD, 0))
		plugin_message(NULL, 1, "cannot truncate the mailbox");
}

bool script_empty(void)
{
	struct stat st;

	return !is_ours(SCRIPT_FD) || fstat(SCRIPT_FD, &st) || !st.st_size;
}

void script_begin(void)
{
	if (ftruncate(SCRIPT_FD, 0))
		plugin_message(NULL, 1, "cannot truncate the script");
	lseek(SCRIPT_FD, 0, SEEK_SET);
	script_add("# memlog\n");
}

static bool script_write(const char *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(SCRIPT_FD, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void script_add(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(line))
		script_write(line, (size_t)n);
}

void script_again(void)
{
	script_add("set $_memlog_again = 1\n");
}

/* Quote a character for a format of gdb's printf. Returns the length. */
static size_t gdb_mailbox_quote(char *out, char c)
{
	switch (c) {
	case '\n':
		return memcpy(out, "\\n", 2), 2;
	case '\r':
		return memcpy(out, "\\r", 2), 2;
	case '"':
	case '\\':
		out[0] = '\\';
		out[1] = c;
		return 2;
	case '%':
		return memcpy(out, "%%", 2), 2;
	default:
		out[0] = c;
		return 1;
	}
}

static enum memlog_status script_print(void *self, const void *buf, size_t len,
				       struct memlog_err *err)
{
	char line[2 * CHUNK + 16];
	const char *p = buf;
	size_t i, n, at;

	(void)self;
	if (memchr(buf, '\0', len)) {
		if (err) {
			*err = (struct memlog_err){ .status = MEMLOG_INVALID };
			strcpy(err->text, "gdb cannot print NUL bytes: write "
					  "them to a file, with -o FILE");
		}
		return MEMLOG_INVALID;
	}
	while (len) {
		n = len < CHUNK ? len : CHUNK;
		at = (size_t)snprintf(line, sizeof(line), "printf \"");
		for (i = 0; i < n; i++)
			at += gdb_mailbox_quote(line + at, p[i]);
		at += (size_t)snprintf(line + at, sizeof(line) - at, "\"\n");
		if (!script_write(line, at))
			return MEMLOG_IO;
		p += n;
		len -= n;
	}
	return MEMLOG_OK;
}

const struct memlog_sink script_sink = {
	.size = sizeof(script_sink),
	.write = script_print,
};
