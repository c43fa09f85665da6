/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allow.c - which paths the sandbox has to leave, by what the command line names. */
#include "dump.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory that has the last part of a path, which the caller frees. */
static char *allow_parent(const char *path)
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	return n ? strndup(path, n) : strdup(".");
}

static void allow_beside(const char *path, unsigned int use)
{
	char *dir = allow_parent(path);

	if (dir)
		sandbox_allow(dir, use);
	free(dir);
}

/* Is it there? */
static bool allow_file(const char *path, unsigned int use)
{
	struct stat st;

	sandbox_allow(path, use);
	return !stat(path, &st);
}

/* The files that a name may mean: FILE, FILE@ADDR, FILE:MEMBER, and a list of them
 * separated by commas, any of which may be in the name of a file. */
static bool allow_files(const char *name)
{
	char *copy = strdup(name), *part, *next, *at;
	bool found = allow_file(name, LANDLOCK_READ | LANDLOCK_LIST);

	for (at = copy; at && (at = strchr(at, ':')); *at++ = ':') {
		*at = '\0';
		found |= allow_file(copy, LANDLOCK_READ);
	}
	for (part = next = copy; next; part = next) {
		next = strchr(part, ',');
		if (next)
			*next++ = '\0';
		found |= allow_file(part, LANDLOCK_READ);
		at = strrchr(part, '@');
		if (at) {
			*at = '\0';
			found |= allow_file(part, LANDLOCK_READ);
		}
	}
	free(copy);
	return found;
}

/* The path of "PATH[,OPTION]...", in which a comma is written twice. The caller frees it. */
static char *allow_port_path(const char *spec)
{
	char *path = malloc(strlen(spec) + sizeof(".out")), *to = path;

	for (; path && *spec && (*spec != ',' || spec[1] == ','); spec++) {
		*to++ = *spec;
		spec += *spec == ',';
	}
	if (path)
		*to = '\0';
	return path;
}

/* A port goes away and comes back as another file when the guest is started again. Devices
 * do not, but for pseudo-terminals: so that not all of /dev can be read. */
static void allow_port(const char *spec)
{
	char *path = allow_port_path(spec), *real;
	struct stat st;

	if (path && !stat(path, &st) &&
	    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))) {
		sandbox_allow(path, LANDLOCK_READ);
		real = realpath(path, NULL);
		if (real && !strncmp(real, "/dev/pts/", 9))
			sandbox_allow("/dev/pts", LANDLOCK_READ);
		free(real);
	} else if (path) {
		allow_beside(path, strstr(spec, ",listen") ?
					   LANDLOCK_LISTEN | LANDLOCK_REMOVE :
					   LANDLOCK_READ);
	}
	free(path);
}

/* Unlinked files, as base/spool.c makes them; with a monitor also a directory with one. */
static void allow_temporary(bool monitor)
{
	const char *dir = getenv("TMPDIR");
	unsigned int use = LANDLOCK_READ | LANDLOCK_WRITE;
	int fd;

	if (!dir || !*dir)
		dir = "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	else
		/* created with a name that is removed at once */
		use |= LANDLOCK_CREATE | LANDLOCK_REMOVE;
	if (monitor)
		use |= LANDLOCK_REMOVE | LANDLOCK_REMOVE_DIR;
	sandbox_allow(dir, use);
}

bool allow_inputs(const struct opts *o)
{
	bool monitor = false, found = false;
	int i;

	for (i = 0; i < o->n_images; i++) {
		const char *name = o->images[i];

		if (!strcmp(name, "-"))
			found |= allow_file("/proc/self/fd/0", LANDLOCK_READ);
		else if (source_is_port(name))
			allow_port(source_file(name));
		else if (memlog_image_is_file(name))
			found |= allow_files(name);
		found |= source_is_port(name);
		monitor |= !strncmp(name, "qmp:", 4);
	}
	if (o->symbols) {
		sandbox_allow(o->symbols, LANDLOCK_READ);
		/* where libdw looks for what dwz moved out of the file */
		sandbox_allow("/usr/lib/debug", LANDLOCK_READ);
	}
	allow_temporary(monitor);
	/* how many CPUs there are, which the C library asks for its memory */
	sandbox_allow("/sys/devices/system/cpu", LANDLOCK_READ);
	return found;
}

/* The socket of the program that serves a dump is in a directory of its own. */
void allow_served(void)
{
	glob_t dirs;
	struct stat st;
	size_t i;

	if (glob("/tmp/libnbd??????", GLOB_NOSORT, NULL, &dirs))
		return;
	for (i = 0; i < dirs.gl_pathc; i++)
		if (!lstat(dirs.gl_pathv[i], &st) && S_ISDIR(st.st_mode) &&
		    st.st_uid == geteuid())
			sandbox_allow(dirs.gl_pathv[i], LANDLOCK_REMOVE);
	globfree(&dirs);
	sandbox_allow("/tmp", LANDLOCK_REMOVE_DIR);
}

void allow_output_file(const char *name, bool force)
{
	/* to remove it after an error, and to replace another by a rename */
	allow_beside(name, LANDLOCK_REMOVE | (force ? LANDLOCK_CREATE : 0));
	/* see host_file_close() */
	sandbox_allow("/proc/self/fd", LANDLOCK_LIST);
}

void allow_output_directory(const char *path, bool made)
{
	sandbox_allow(path, LANDLOCK_WRITE | LANDLOCK_CREATE | LANDLOCK_REMOVE);
	if (made)
		allow_beside(path, LANDLOCK_REMOVE_DIR);
	sandbox_allow("/proc/self/fd", LANDLOCK_LIST);
}
