/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* line.h - the lines of a ring of Xen's console, to tell where it begins. */
#ifndef ML_FORMAT_XEN_LINE_H
#define ML_FORMAT_XEN_LINE_H

#include "console.h"

struct xen_text {
	const uint8_t *p;
	size_t len;
	bool ring; /* its end goes on at its start */
};

/* len: without its LF. from: where it starts, counted from the start of the first line
 * on. */
struct xen_line {
	size_t at, len;
	size_t lead; /* where blank lines right before it start, or it */
	uint64_t from;
	bool ended;  /* by a LF */
	bool whole;  /* not cut by the ends of what is no ring */
	bool bare;   /* no prefix */
	bool crlf;   /* the line end of dom0's own text */
	bool blank;  /* no text */
	bool banner; /* the version of Xen: a boot begins */
	size_t inner; /* offset of a prefix in mid-line, or end of half of one, or 0 */
	struct xen_time time;
};

/* The line at at. */
void ml_xen_line(const struct xen_text *t, size_t at, struct xen_line *ret);

/* The first line; of a ring, the first that begins in it. False: there is none. */
bool ml_xen_first_line(const struct xen_text *t, struct xen_line *ret);

/* The line after l; n times all of a ring, and what is no ring once. */
bool ml_xen_next_line(const struct xen_text *t, struct xen_line *l,
		      unsigned int n);

#endif
