/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mailbox.c - the files through which gdb's script and the plugin communicate,
 * and what gdb writes to them. */
#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most bytes read: more than `info mtree -f` of a large machine, or the
 * sections of a core with 70,000 of them. */
#define MAX_MAILBOX (64u << 20)

bool mailbox_is_ours(int fd)
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
		if (mailbox_is_ours(fd) && !ftruncate(fd, 0) &&
		    !lseek(fd, 0, SEEK_SET))
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
	return open_at(MAILBOX_FD, err) && open_at(SCRIPT_FD, err) &&
	       open_at(TEXT_FD, err);
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

void mailbox_empty(int fd)
{
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		fputs("memlog: cannot truncate a file in memory\n", stderr);
}
