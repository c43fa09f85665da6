/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - the help page of crash's memlog command. */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include "../host/help.h"
#include "crash-ext.h"

#define LINE	  256
#define MAX_LINES 200

/* crash uses the second and third line as printf formats, and any other that
 * contains "%s". */
static const char *const head[] = {
	"memlog",
	"logs that firmware and hypervisors left in memory",
	("[--info | --list | --list-boots | --signature | --extract=FILE]\n"
	 "         [-a | -b N] [-F LIST] [--at ADDR | --range A-B | --scan MODE]\n"
	 "         [-g REGEX] [-n LINES] [-l LEVELS] [-O FORMAT] [-o FILE]"),
	"  This command finds the debug log of the guest's firmware (OVMF, built",
	"  with its memory log) and the logs of hypervisors in the dump, and",
	"  prints those of the current boot.  Firmware keeps its log in memory that",
	"  is reserved, or used by EFI or ACPI: the guest's own kdump does not",
	"  contain it, a dump taken from the host does.",
	"",
	"  Addresses are physical; they and sizes are hexadecimal, unless a unit",
	"  such as M follows; counts are decimal.  The search starts with addresses",
	"  from the kernel or the firmware, continues with likely places, and then",
	"  reads every page of the dump.",
	"",
	"  Quotes and backslashes in options work as in a shell.",
	"",
};

static const char *const tail[] = {
	"",
	"  -w, --map, -s, --via-qemu, --threads and --sandbox are for memlog-dump only.",
	"",
	"  On a live system the log is read from",
	"  /sys/firmware/efi/ovmf_debug_log, if the kernel provides it.",
	"",
	"  crash has no exit status.  If nothing was printed, a message that starts",
	"  with \"memlog: \" says why, and is neither a WARNING nor a NOTE; with -q",
	"  there are no others.  See also crash-memlog(8) and memlog(7).",
	"",
	"EXAMPLES",
	"  Print the log of the firmware:",
	"",
	"    crash> memlog",
	"    SecCoreStartupWithStack(0xFFFCC000, 0x820000)",
	"    Register PPI Notify: DCD0BE23-9586-40F4-B643-06522CED4EDE",
	"    ...",
	"",
	"  List all logs, of this boot and others, and which are current:",
	"",
	"    crash> memlog --list",
	"    FORMAT  VARIANT  ADDRESS           SIZE   USED  WRAPPED  BOOT  STATE",
	"    ovmf    main     phys:0x3cb3000  130879  80792  no          0  current",
	"            the only main log found",
	"",
	"  Print the newest 2 lines that contain \"Bds\":",
	"",
	"    crash> memlog -g Bds -n 2",
	"    [Bds] Expand \\EFI\\BOOT\\BOOTX64.EFI -> <null string>",
	"    [Bds] Unable to boot!",
	"",
	"  Print the log of the boot before, and count its lines:",
	"",
	"    crash> memlog -b -1 | wc -l",
	"",
	"  Print the log at an address, and write its exact bytes to a file:",
	"",
	"    crash> memlog --at 3cb3000",
	"    crash> memlog --at 3cb3000 -O raw -o ovmf.log",
	"",
	"  Write all logs, and nothing else of the dump, to a small file for",
	"  support:",
	"",
	"    crash> memlog --extract=logs.elf",
	"",
	"  Print every error as JSON:",
	"",
	"    crash> memlog -g \"ASSERT|ERROR\" -O json",
};

static enum memlog_status crash_help_show(void *arg,
					  const struct memlog_option *opt,
					  const char *value,
					  struct memlog_err *err)
{
	struct session *s = arg;

	(void)opt;
	(void)value;
	(void)err;
	s->help = true;
	return MEMLOG_STOP;
}

static enum memlog_status crash_help_version(void *arg,
					     const struct memlog_option *opt,
					     const char *value,
					     struct memlog_err *err)
{
	(void)arg;
	(void)opt;
	(void)value;
	(void)err;
	fprintf(fp, "memlog %s\n", memlog_version());
	return MEMLOG_STOP;
}

static enum memlog_status crash_help_progress(void *arg,
					      const struct memlog_option *opt,
					      const char *value,
					      struct memlog_err *err)
{
	struct session *s = arg;

	(void)opt;
	return host_when_parse(value, &s->when, err);
}

const struct memlog_option ext_options[] = {
	HOST_OPTIONS,
	HOST_OPTION("progress", 0, "WHEN", true,
		    "show progress: auto, always or never",
		    crash_help_progress),
	HOST_OPTION("help", 'h', NULL, false, "show this help",
		    crash_help_show),
	HOST_OPTION("version", 'V', NULL, false, "show the version",
		    crash_help_version),
	{ 0 },
};

struct page {
	char **lines;
	size_t n;
};

static bool crash_help_add(struct page *page, const char *line)
{
	if (page->n + 1 >= MAX_LINES)
		return false;
	page->lines[page->n] = strdup(line);
	return page->lines[page->n] && ++page->n;
}

static bool crash_help_option(void *arg, const char *text)
{
	char line[LINE];

	snprintf(line, sizeof(line), "%s%s", *text ? "  " : "", text);
	return crash_help_add(arg, line);
}

char **ext_help_create(void)
{
	struct page page = { calloc(MAX_LINES, sizeof(*page.lines)), 0 };
	bool ok = page.lines;
	size_t i;

	for (i = 0; ok && i < sizeof(head) / sizeof(*head); i++)
		ok = crash_help_add(&page, head[i]);
	ok = ok && host_help(MEMLOG_HOST_CRASH, ext_options, crash_help_option,
			     &page);
	for (i = 0; ok && i < sizeof(tail) / sizeof(*tail); i++)
		ok = crash_help_add(&page, tail[i]);
	if (ok)
		return page.lines;
	ext_help_destroy(page.lines);
	return NULL;
}

void ext_help_destroy(char **help)
{
	size_t i;

	for (i = 0; help && help[i]; i++)
		free(help[i]);
	free(help);
}
