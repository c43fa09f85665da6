/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libscan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

void scan_plant(uint8_t *p, const char *text)
{
	memset(p, 0, 4096);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, 192);
	put64(p + 0x18, 4096 - 192);
	put64(p + 0x20, 1);
	put64(p + 0x30, strlen(text));
	memcpy(p + 192, text, strlen(text));
}

size_t scan_count(struct memlog_image *image,
		  const struct memlog_scan_opts *opts,
		  struct memlog_scan_stats *stats)
{
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t n;

	if (memlog_scan(image, opts, &logs, stats, &err))
		fail_msg("%s", err.text);
	n = memlog_logs_count(logs);
	memlog_logs_destroy(logs);
	return n;
}
