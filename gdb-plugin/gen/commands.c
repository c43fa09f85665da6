/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commands.c - run when memlog is built: print, for memlog.gdb, a gdb command for
 * each option of memlog.
 *
 * gdb completes the arguments of a command that a script defines only if these are
 * the names of its subcommands. So there is one for each long option, which runs
 * memlog with it; gdb looks no further, so only the first option is completed.
 */
#include <string.h>

#include "../session.h"

static void commands_print(const char *name, const char *help)
{
	printf("define memlog --%s\n"
	       "  memlog-internal begin --%s\n"
	       "  set $_memlog_i = 0\n"
	       "  while $_memlog_i < $argc\n"
	       "    eval \"pipe echo | cat >>/proc/$PPID/fd/%d <<'--memlog--'"
	       "\\n$arg%%d\\n--memlog--\", $_memlog_i\n"
	       "    set $_memlog_i = $_memlog_i + 1\n"
	       "  end\n"
	       "  memlog-internal end\n"
	       "end\n"
	       "document memlog --%s\n"
	       "%s\n"
	       "end\n",
	       name, name, MAILBOX_FD, name, help);
}

static bool commands_is_own(const char *name)
{
	size_t i;

	for (i = 0; session_options[i].name; i++)
		if (!strcmp(session_options[i].name, name))
			return true;
	return false;
}

int main(void)
{
	struct memlog_option o = { .size = sizeof(o) };
	size_t i;

	for (i = 0; memlog_query_option_get(MEMLOG_HOST_GDB, i, &o); i++)
		if (!commands_is_own(o.name))
			commands_print(o.name, o.help);
	for (i = 0; session_options[i].name; i++)
		if (session_options[i].help)
			commands_print(session_options[i].name,
				       session_options[i].help);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
