/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lastrun.h - the run of pages that next_range returned last.
 *
 * Those who ask go up or down through an image, or come back to the same place. To look
 * for the next run, and for its end, takes as long as they are: what is known of the last
 * one is not looked at again.
 */
#ifndef ML_IMAGE_BYTES_LASTRUN_H
#define ML_IMAGE_BYTES_LASTRUN_H

#include "memlog.h"
#include "base/bytes.h"

/* No page is there from hole up to start, and all are up to end; none if start is end.
 * All 0 at first. */
struct ml_lastrun {
	uint64_t hole, start, end;
};

/* The first page in [page, end) that is there (want) or is not; end for none. */
typedef enum memlog_status ml_lastrun_find(void *self, uint64_t page,
					   uint64_t end, bool want,
					   uint64_t *ret,
					   struct memlog_err *err);

/* Make it the first run that ends after page; all pages are below end. NO_DATA: there is
 * none. */
static inline enum memlog_status
ml_lastrun_next(struct ml_lastrun *l, uint64_t page, uint64_t end,
		ml_lastrun_find *find, void *self, struct memlog_err *err)
{
	bool below = page < l->hole;
	uint64_t stop = below ? l->hole : end;
	struct ml_lastrun r = { .hole = page };
	enum memlog_status s;

	if (below || page >= l->end) {
		s = find(self, page, stop, true, &r.start, err);
		if (s)
			return s;
		if (below && r.start == stop) { /* the same hole, or its run */
			l->hole = page;
		} else {
			stop = r.start < l->start ? l->start : end;
			s = find(self, r.start, stop, false, &r.end, err);
			if (s)
				return s;
			if (r.end == l->start)
				r.end = l->end;
			*l = r;
		}
	}
	return l->start < l->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

#endif
