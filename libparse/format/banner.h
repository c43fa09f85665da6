/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * banner.h - text with several boots in it, each of which begins with a line that
 * is known.
 *
 * For formats whose writer goes on in the ring of the boot before.
 */
#ifndef ML_FORMAT_BANNER_H
#define ML_FORMAT_BANNER_H

#include "lines.h"

struct ml_banners {
	struct ml_lines lines;
	bool begins; /* the last record begins a line */
	/* the rest is private; zero it */
	uint64_t start[ML_MAX_BOOTS]; /* where the newest boots begin */
	size_t n, next;
	uint64_t pos;
	bool inside; /* the next record goes on in the line */
};

/*
 * Find the boots in the text of b->lines, which has its segments. banners: texts
 * that end with LF. A line is a banner if it begins with one of them, or begins
 * with name and has one after that; one control character before is no matter.
 * Of several banners, the first that is in the text starts all boots. Up to two
 * empty lines before it are of the same boot. NO_MEMORY; other errors show when
 * the text is read.
 */
enum memlog_status ml_banners_find(struct ml_banners *b, const char *name,
				   const char *banners,
				   struct ml_source *source,
				   struct memlog_err *err);

/* ml_lines_next(), with the boot of each line: 0 is the last one. */
enum memlog_status ml_banners_next(struct ml_banners *b,
				   struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err);

#endif
