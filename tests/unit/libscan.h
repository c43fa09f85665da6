/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libscan.h - logs to be found, and how many a search finds. */
#ifndef LIBSCAN_H
#define LIBSCAN_H

#include <memlog.h>

/* Write a small valid OVMF log at p. */
void scan_plant(uint8_t *p, const char *text);

/* The logs that a search finds. It must not fail. */
size_t scan_count(struct memlog_image *image,
		  const struct memlog_scan_opts *opts,
		  struct memlog_scan_stats *stats);

#endif
