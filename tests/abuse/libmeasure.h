/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libmeasure.h - the most memory that opening and searching an image takes, in a process of
 * its own: of the heap, by an allocator that counts, and what Linux says that the process
 * has of its own (RssAnon), which includes what other libraries allocate.
 */
#ifndef LIBMEASURE_H
#define LIBMEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "liblook.h"
#include "libmade.h"
#include "memlog.h"

/* What is opened, or run instead: the first that is set. How it has to end. */
struct subject {
	bool (*run)(struct look_memory *m);
	const struct made *made;
	bool pipe;	  /* made, through a pipe */
	const char *path; /* a file */
	uint64_t window;  /* --limit window=; 0: none */
	enum memlog_status status;
	const char *text; /* in the error */
	bool scan, any;	  /* any: whatever its status is */
	void (*check)(struct memlog_image *image, const struct made *made);
};

struct measured {
	uint64_t heap, rss; /* bytes */
	bool ok;	    /* it ended as it has to */
};

struct measured measure(const struct subject *u);

#endif
