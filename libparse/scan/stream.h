/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream.h - shared by the files of the search in a pipe: a window that slides
 * over the input, and what is kept of it. */
#ifndef ML_SCAN_STREAM_H
#define ML_SCAN_STREAM_H

#include "base/limits.h"
#include "image/bytes/capture.h"
#include "image/bytes/loads.h"
#include "image/bytes/pipe.h"
#include "scan.h"

/* Where something may be: an address, and its offset in the input. n: headers
 * that led there. delta, covered: of the piece that the address is from, see
 * struct ml_stream. */
struct ml_stream_pointer {
	const struct ml_format *fmt;
	uint64_t addr, off, delta;
	bool covered;
	unsigned int n;
	uint64_t hint[ML_HINTS];
};

struct ml_stream {
	struct ml_pipe *pipe;
	const char *name;
	const char *formats;
	struct memlog_open_opts opts;
	struct memlog_allocator alloc;
	uint8_t *buf; /* the window, from offset base on */
	size_t cap, filled;
	uint64_t base;
	uint64_t scanned; /* everything before this offset was searched */
	bool eof;
	uint64_t back; /* kept in the window before scanned */
	struct ml_loads loads;
	struct ml_load *by_off; /* the same, by offset, no byte twice */
	size_t n_by_off, cur;
	struct memlog_range *wanted; /* offsets still to come, sorted */
	size_t n_wanted, cap_wanted;
	struct memlog_range kept; /* the last offsets requested, in one
					   run */
	size_t n_reached;	  /* places whose surroundings were kept */
	struct ml_stream_pointer pointers[ML_STREAM_POINTERS];
	size_t n_pointers;  /* to places that have not come yet */
	bool found;	    /* some of a log was kept */
	bool late;	    /* bytes of a log had already passed */
	const char *random; /* a format was found that needs all of the
				   input */
	struct ml_capture *capture;
	/* while a piece is fed: address minus offset */
	uint64_t delta;
	bool covered; /* by a load: delta leads into loads */
	struct memlog_err *err;
};

/* Where the bytes of the window end. */
static inline uint64_t ml_stream_end(const struct ml_stream *st)
{
	return st->base + st->filled;
}

/* stream_copy.c: keep all of the input, if the options say so and a format that is
 * searched for needs it; is all kept, and of use for what was found, which image has? Then
 * the caller closes *ret. */
void ml_stream_copy_init(struct ml_stream *st);
bool ml_stream_copy_take(struct ml_stream *st, const struct memlog_image *image,
			 int *ret);

/* memlog_stream_open() of a pipe of which some may have been read and kept, with complete
 * options; err, which is not NULL, does not name the input. */
enum memlog_status ml_stream_open(struct ml_pipe *pipe, const char *name,
				  const struct memlog_open_opts *opts,
				  const char *formats, bool whole,
				  struct memlog_image **ret, int *ret_spool,
				  struct memlog_err *err);

/* stream_keep.c: new bytes have come: keep those that were waited for. */
enum memlog_status ml_stream_keep_new(struct ml_stream *st,
				      struct memlog_err *err);

/* stream_keep.c: a candidate in the piece that is fed: probe it, keep what is a
 * log. For a scanner; arg is the stream. */
enum memlog_status ml_stream_hit(void *arg, const struct ml_format *fmt,
				 uint64_t addr);

/* stream_keep.c: probe what headers pointed to and is before offset end. */
enum memlog_status ml_stream_pointers(struct ml_stream *st, uint64_t end);

#endif
