/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.h - the text of `help memlog`. */
#ifndef CRASH_EXT_HELP_H
#define CRASH_EXT_HELP_H

#include <memlog.h>

/* Build the help page as crash expects it: name, short description, synopsis,
 * lines, NULL. The options are from the library's table. NULL: no memory. The
 * caller destroys it. */
char **ext_help_create(void);
void ext_help_destroy(char **help);

/* The options that crash has in addition to a query's: those of host/args.h,
 * --progress, -h and -V, which return MEMLOG_STOP: after -h the caller shows the
 * help. Their arg is the struct session. */
extern const struct memlog_option ext_options[];

#endif
