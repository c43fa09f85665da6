/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pipe.c - is gdb's output in a pipe of its command "pipe"?
 *
 * gdb does not tell. But then gdb has one end of a pipe open for writing, and the
 * other one is the standard input of a child. (What "target remote | PROGRAM"
 * starts has a socket.)
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin.h"

/* The most children that are looked at. */
#define CHILDREN 256

static bool pipe_stat(const char *path, struct stat *ret)
{
	return !stat(path, ret) && S_ISFIFO(ret->st_mode);
}

/* Does this process hold the writing end of the pipe? */
static bool pipe_is_written(const struct stat *pipe)
{
	DIR *dir = opendir("/proc/self/fd");
	bool found = false;
	struct dirent *d;
	struct stat st;
	int fd;

	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		fd = atoi(d->d_name);
		found = fd > STDERR_FILENO && !fstat(fd, &st) &&
			st.st_dev == pipe->st_dev &&
			st.st_ino == pipe->st_ino &&
			(fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
	}
	closedir(dir);
	return found;
}

/* Of one thread of gdb: the kernel lists the children of each. */
static bool pipe_of_thread(const char *tid, size_t *left)
{
	char path[64], pid[16];
	bool found = false;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%.10s/children", tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && *left && fscanf(f, "%15s", pid) == 1) {
		(*left)--;
		snprintf(path, sizeof(path), "/proc/%s/fd/0", pid);
		found = pipe_stat(path, &st) && pipe_is_written(&st);
	}
	fclose(f);
	return found;
}

bool plugin_in_pipe(void)
{
	DIR *dir = opendir("/proc/self/task");
	size_t left = CHILDREN;
	bool found = false;
	struct dirent *d;

	if (!dir)
		return false;
	while (!found && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			found = pipe_of_thread(d->d_name, &left);
	closedir(dir);
	return found;
}
