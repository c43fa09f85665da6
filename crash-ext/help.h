/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.h - `help memlog`, in the form that crash wants. */
#ifndef CRASH_EXT_HELP_H
#define CRASH_EXT_HELP_H

/* The page: name, short description, synopsis, lines, NULL. The option lines
 * are made from the library's own table. The caller destroys it; NULL when
 * there is no memory. */
char **ext_help_create(void);
void ext_help_destroy(char **help);

#endif
