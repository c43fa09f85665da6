/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - the help page of crash's memlog command. */
#include "help.h"

#include <memlog.h>
#include <stdlib.h>
#include <string.h>

#include "../host/args.h"

#define LINE 256
#define MAX_LINES 160

/* crash takes the second and third for formats of printf, and any other that
 * has a "%s" in it. */
static const char *const head[] = {
	"memlog",
	"logs that firmware and hypervisors left in memory",
	("[--list] [-F FORMATS] [-l LEVEL] [-g REGEX] [-n LINES]\n"
	 "         [--at ADDR | --range A-B | --scan MODE] [-O FORMAT] [-o FILE]"),
	"  This command finds the debug log of the guest's firmware (OVMF, built",
	"  with its memory log) and the logs of hypervisors in the dump, and",
	"  prints those of the current boot. They lie in memory that is reserved",
	"  or belongs to ACPI: a dump that the guest wrote itself (kdump) does not",
	"  hold it, one that its host wrote does.",
	"",
	"  Addresses are physical. Logs are looked for where the kernel or the",
	"  firmware says that they are, then in likely places, then in every",
	"  page of the dump.",
	"",
};

static const char *const tail[] = {
	"",
	"  On a live system the log is read from",
	"  /sys/firmware/efi/ovmf_debug_log, where the kernel has it.",
	"",
	"EXAMPLES",
	"  Print the log of the firmware:",
	"",
	"    crash> memlog",
	"    SecCoreStartupWithStack(0xFFFCC000, 0x820000)",
	"    ...",
	"",
	"  See what logs there are, of this boot and others:",
	"",
	"    crash> memlog --list",
	"",
	"  The newest 20 lines that mention memory, errors of any kind as JSON,",
	"  and the exact bytes of one log into a file:",
	"",
	"    crash> memlog -g Memory -n -20",
	"    crash> memlog -g \"ASSERT|ERROR\" -O json",
	"    crash> memlog --at 0x7e9b2000 -O raw -o ovmf.log",
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

	for (i = 0; memlog_query_help(MEMLOG_HOST_CRASH, host_options, i,
				      line + 4, sizeof(line) - 4); i++)
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
