/* SPDX-License-Identifier: GPL-2.0-or-later */
/* input.c - which files are read, so that none of them is written to. */
#include "dump.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Does name, as it is going to be opened, lead to this file? "-" is whatever
 * was opened for us, and stat() follows links and /dev/fd to what is open. */
static bool input_is_at(const struct stat *st, const char *name)
{
	struct stat in;

	if (!strcmp(name, "-") ? fstat(STDIN_FILENO, &in) : stat(name, &in))
		return false;
	return in.st_dev == st->st_dev && in.st_ino == st->st_ino;
}

bool input_is(const struct stat *st, const struct opts *o)
{
	bool found = o->symbols && input_is_at(st, o->symbols);
	char *list, *at, *part;
	int i;

	for (i = 0; i < o->n_images && !found; i++) {
		found = input_is_at(st, o->images[i]);
		/* or one of the files A,B,C of a split dump */
		list = at = strdup(o->images[i]);
		while (at && !found && (part = strsep(&at, ",")))
			found = input_is_at(st, part);
		free(list);
	}
	return found;
}

bool input_is_named(int dir, const char *name, const struct opts *o)
{
	struct stat st;

	return (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
		input_is(&st, o)) ||
	       (!fstatat(dir, name, &st, 0) && input_is(&st, o));
}
