/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - the help page of crash's memlog command. */
#include "help.h"

#include <memlog.h>
#include <stdlib.h>
#include <string.h>

#include "../host/args.h"

#define LINE	  256
#define MAX_LINES 160

/* crash uses the second and third line as printf formats, and any other that
 * contains "%s". */
static const char *const head[] = {
	"memlog",
	"logs that firmware and hypervisors left in memory",
	("[--list] [-F FORMATS] [-l LEVEL] [-g REGEX] [-n LINES]\n"
	 "         [--at ADDR | --range A-B | --scan MODE] [-O FORMAT] [-o FILE]"),
	"  This command finds the debug log of the guest's firmware (OVMF, built",
	"  with its memory log) and the logs of hypervisors in the dump, and",
	"  prints those of the current boot. The logs are in memory that is",
	"  reserved or used by ACPI: a dump taken on the host contains them,",
	"  a dump that the guest itself wrote (kdump) does not.",
	"",
	"  Addresses are physical; they and sizes are hexadecimal, unless a unit",
	"  such as M follows. The search starts with addresses from the kernel or",
	"  the firmware, continues with likely places, and then reads every page of",
	"  the dump.",
	"",
	"  Quotes and backslashes in options work as in a shell.",
	"",
};

static const char *const tail[] = {
	"",
	"  On a live system the log is read from",
	"  /sys/firmware/efi/ovmf_debug_log, if the kernel provides it.",
	"",
	"  crash has no exit status. If nothing was printed, a message that starts",
	"  with \"memlog: \" says why, and is neither a WARNING nor a NOTE; with -q",
	"  there are no others.",
	"",
	"EXAMPLES",
	"  Print the log of the firmware:",
	"",
	"    crash> memlog",
	"    SecCoreStartupWithStack(0xFFFCC000, 0x820000)",
	"    ...",
	"",
	"  List all logs, of this boot and others:",
	"",
	"    crash> memlog --list",
	"",
	"  Print the newest 20 lines that contain \"Memory\", print errors as",
	"  JSON, and write the exact bytes of one log to a file:",
	"",
	"    crash> memlog -g Memory -n 20",
	"    crash> memlog -g \"ASSERT|ERROR\" -O json",
	"    crash> memlog --at 7e9b2000 -O raw -o ovmf.log",
};

static enum memlog_status crash_help_show(void *arg,
					  const struct memlog_option *opt,
					  const char *value,
					  struct memlog_err *err)
{
	(void)arg;
	(void)opt;
	(void)value;
	(void)err;
	return MEMLOG_STOP;
}

const struct memlog_option ext_options[] = {
	HOST_OPTIONS,
	{ sizeof(struct memlog_option), "help", 'h', NULL, false,
	  "show this help", crash_help_show },
	{ 0 },
};

static bool crash_help_add(char **help, size_t *n, const char *line)
{
	if (*n + 1 >= MAX_LINES)
		return false;
	help[*n] = strdup(line);
	return help[*n] && ++*n;
}

static bool add_options(char **help, size_t *n)
{
	char line[LINE] = "    ";
	size_t i;

	for (i = 0; memlog_query_help(MEMLOG_HOST_CRASH, ext_options, i,
				      line + 4, sizeof(line) - 4);
	     i++)
		if (!crash_help_add(help, n, line))
			return false;
	return true;
}

char **ext_help_create(void)
{
	char **help = calloc(MAX_LINES, sizeof(*help));
	size_t i, n = 0;
	bool ok = help;

	for (i = 0; ok && i < sizeof(head) / sizeof(*head); i++)
		ok = crash_help_add(help, &n, head[i]);
	ok = ok && add_options(help, &n);
	for (i = 0; ok && i < sizeof(tail) / sizeof(*tail); i++)
		ok = crash_help_add(help, &n, tail[i]);
	if (ok)
		return help;
	ext_help_destroy(help);
	return NULL;
}

void ext_help_destroy(char **help)
{
	size_t i;

	for (i = 0; help && help[i]; i++)
		free(help[i]);
	free(help);
}
