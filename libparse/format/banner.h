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

/* Looks for banners, line by line. */
struct ml_banner_search {
	struct ml_lines lines;
	uint64_t pos;
	bool inside;	   /* the next record goes on in the line */
	uint64_t blank[2]; /* where the empty lines before pos are */
	size_t n_blank;
};

struct ml_banners {
	struct ml_lines lines;
	bool begins; /* the last record begins a line */
	/* the rest is private; zero it */
	const char *name, *banners;
	size_t first;		       /* number of the banner of a boot */
	struct ml_banner_search ahead; /* is ahead of lines by one boot */
	uint64_t n, passed;	       /* boots that begin in the text */
	uint64_t next;		       /* where the next one begins */
	uint64_t lost;		       /* where the last lost bytes end */
	uint64_t older;		       /* the boots before this are over */
	uint64_t pos;
	bool inside;
};

/* What priv of such a log begins with: where in its ring the oldest byte is, and
 * where in the first extent the newest. */
struct ml_banners_log {
	uint32_t start;
	uint64_t newest;
};

/*
 * Find the boots in a log whose text is a ring after the header. banners: texts
 * that end with LF. A line is a banner if it begins with one of them, or begins
 * with name and has one after that; one control character before is no matter.
 * Of several banners, the first that is in the text starts all boots. Up to two
 * empty lines before it are of the same boot. NO_MEMORY; other errors show when
 * the text is read.
 */
enum memlog_status ml_banners_open(struct ml_banners *b,
				   struct ml_source *source, const char *name,
				   const char *banners, struct memlog_err *err);

/* ml_lines_next(), with the boot of each line: 0 is the last one. Lines before
 * bytes that are not in the image have no boot, as one may begin in these; they
 * are STALE if another boot begins after them. */
enum memlog_status ml_banners_next(struct ml_banners *b,
				   struct ml_source *source,
				   struct memlog_record *rec,
				   struct memlog_err *err);

/* relate(): a log is current if the image has its newest byte, also where only a part of
 * it was searched: all boots of a machine are in one ring. */
void ml_banners_relate(struct ml_log *const *logs, size_t n,
		       struct memlog_image *image, bool some);

#endif
