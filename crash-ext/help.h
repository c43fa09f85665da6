/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.h - the text of `help memlog`. */
#ifndef CRASH_EXT_HELP_H
#define CRASH_EXT_HELP_H

/* Build the help page as crash expects it: name, short description, synopsis,
 * lines, NULL. The options are from the library's table. NULL: no memory. The
 * caller destroys it. */
char **ext_help_create(void);
void ext_help_destroy(char **help);

#endif
