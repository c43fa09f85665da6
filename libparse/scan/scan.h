/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.h - find candidates in a stream of bytes.
 *
 * The scanner core is fed with bytes in any pieces and knows nothing of where
 * they come from: a file, a process and a pipe share it.
 */
#ifndef ML_SCAN_SCAN_H
#define ML_SCAN_SCAN_H

#include "format/format.h"
#include "memlog.h"

/* The step of page magics in an exhaustive scan. */
#define ML_SCAN_STEP 8

/*
 * hit is called for every place where a magic stands or a screen says yes: the
 * address where the log would start. Other than MEMLOG_OK ends the feed and is
 * returned from it.
 */
struct ml_scanner {
	bool exhaustive;
	bool needs_all;		/* some magics may stand anywhere */
	uint32_t bias;
	uint64_t formats;	/* that are looked for: bit i is ml_formats[i] */
	uint64_t screens;	/* of those, whose screen is asked */
	uint64_t eager;		/* of those, which looks closely */
	uint64_t heads;		/* bit (head % 64) of the first four bytes of
				   each magic at page starts */
	uint64_t screen_mask;	/* an addr with one of these bits set starts
				   nothing for any screen */
	uint64_t touched;	/* bytes looked at */
	uint64_t dismissed;	/* magics that a glance rejected, without hit */
	bool explained;		/* one of those went on to hit, for a reason */
	enum memlog_status (*hit)(void *arg, const struct ml_format *fmt,
				  uint64_t addr);
	void *arg;
};

/* Set up for the formats that are in list (NULL: all). exhaustive: page magics
 * are looked for at 8-byte steps instead of page starts. */
void ml_scanner_init(struct ml_scanner *sc, const char *formats,
		     bool exhaustive, uint32_t bias,
		     enum memlog_status (*hit)(void *arg,
					       const struct ml_format *fmt,
					       uint64_t addr),
		     void *arg);

/* The image says that it has logs of fmt: its screen is eager from here on. */
void ml_scanner_expect(struct ml_scanner *sc, const struct ml_format *fmt);

/* Does the scanner have to see every byte, not just the start of each page? */
bool ml_scanner_needs_all(const struct ml_scanner *sc);

/* Look at the start of one page; len is what there is of it, at least
 * MEMLOG_PEEK unless the image ends before. */
enum memlog_status ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *p, size_t len);

/*
 * Look at len bytes that stand at addr. Pieces should start and end on page
 * boundaries; a magic that crosses from one piece to the next is not seen, so
 * pieces of a scan of all bytes overlap by ML_SCAN_OVERLAP; the same hit may
 * then come twice.
 */
#define ML_SCAN_OVERLAP 64
enum memlog_status ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *bytes, size_t len);

/*
 * A log copied out of an image that changes while we look at it: its window,
 * and the log itself as the header said at that time. log.extents may be
 * extent, so the struct must not move.
 */
struct ml_snapshot {
	struct memlog_allocator alloc;
	struct ml_log log;
	struct memlog_extent extent;
	struct ml_copy *copies;	/* one an extent; NULL: too large to copy */
	size_t n_copies;
};

/*
 * Copy the log, read its header again and ask the format whether it stood
 * still; some tries, then MEMLOG_LOG_RACED. NO_DATA: there is no such log any
 * more. The caller frees with ml_snapshot_fini, on OK only. log must live as
 * long.
 */
enum memlog_status ml_snapshot_init(struct ml_snapshot *snap,
				    struct memlog_image *image,
				    const struct ml_log *log,
				    struct memlog_err *err);
void ml_snapshot_fini(struct ml_snapshot *snap);

/* Is the log in a space whose bytes change? */
bool ml_snapshot_needed(const struct memlog_image *image,
			const struct ml_log *log);

/* What a decoder reads, and back to its first record: of a live image the same
 * copy again. decoder.c */
struct ml_source *ml_decoder_source(struct memlog_decoder *d);
enum memlog_status ml_decoder_rewind(struct memlog_decoder *d,
				     struct memlog_err *err);

#endif
