/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.h - find candidates in a stream of bytes.
 *
 * The scanner core is fed bytes in any pieces and does not know where they come
 * from: files, processes and pipes share it.
 */
#ifndef ML_SCAN_SCAN_H
#define ML_SCAN_SCAN_H

#include "format/format.h"
#include "memlog.h"

/* INVALID: options that no search can have. opts may be NULL. scan.c */
enum memlog_status ml_scan_opts_check(const struct memlog_scan_opts *opts,
				      struct memlog_err *err);

/* memlog_scan() of ranges that are known to have all logs of the image. known: those
 * of the search before, or NULL; pages of one that was all its own are not looked at
 * again. scan.c */
enum memlog_status ml_scan_again(struct memlog_image *image,
				 const struct memlog_scan_opts *opts,
				 const struct memlog_logs *known,
				 struct memlog_logs **ret,
				 struct memlog_err *err);

/* The part of memlog_scan() that reads little of a slow image: as far as the likely places
 * are needed. *ret_enough: it would end there with MEMLOG_SCAN_AUTO. scan.c */
enum memlog_status ml_scan_need(struct memlog_image *image,
				const struct memlog_scan_opts *opts,
				struct memlog_logs **ret, bool *ret_enough,
				struct memlog_err *err);

/* The step of page magics in an exhaustive scan. */
#define ML_SCAN_STEP 8

/* Magics of all formats together. */
#define ML_SCAN_MAGICS 64

/* A magic that is searched for. head: four of its bytes, those from skip on, in memory
 * order. step: bytes between the addresses where it can be, offset aside. */
struct ml_scan_magic {
	uint32_t head;
	uint32_t step;
	uint8_t skip;
	const struct ml_magic *magic;
	const struct ml_format *fmt;
	uint8_t next; /* with the same hash, as first below */
};

/* Magics that are found in one way. first[hash of a head]: the index in magic,
 * plus 1, of the first one with it; 0 for nearly all other heads. */
struct ml_scan_magics {
	struct ml_scan_magic magic[ML_SCAN_MAGICS];
	size_t n;
	uint8_t first[4096];
};

static inline unsigned int ml_scan_hash(uint32_t head)
{
	return head * 0x9e3779b1u >> 20;
}

/*
 * hit is called with the address where the log would start, for every magic
 * found and every page that a screen accepts. Any status but MEMLOG_OK ends the
 * feed, which returns it.
 */
struct ml_scanner {
	bool exhaustive;
	uint32_t bias;
	uint64_t screens; /* formats with a screen; bit i is ml_formats[i] */
	uint64_t eager;	  /* of those, the ones that look closely */
	uint64_t screen_mask; /* every screen rejects an addr with one of
				 these bits set */
	bool screen_text;     /* and every page that ml_is_ascii() rejects */
	/* at page starts; at one other offset, inner, in the first cache line
	 * of a page; anywhere, each with a head in an aligned word. The last
	 * forces the scan to read every byte. */
	struct ml_scan_magics starts, inners, words;
	uint32_t inner;
	uint64_t touched;   /* bytes looked at */
	uint64_t dismissed; /* magics that a glance rejected, without hit */
	bool explained;	    /* one of those was passed to hit, for a reason */
	enum memlog_status (*hit)(void *arg, const struct ml_format *fmt,
				  uint64_t addr);
	void *arg;
};

/* Set up for the formats in list (NULL: all). exhaustive: search for page
 * magics at 8-byte steps instead of at page starts. */
void ml_scanner_init(struct ml_scanner *sc, const char *formats,
		     bool exhaustive, uint32_t bias,
		     enum memlog_status (*hit)(void *arg,
					       const struct ml_format *fmt,
					       uint64_t addr),
		     void *arg);

/* The image says that it has logs of fmt: its screen is eager from now on. */
void ml_scanner_expect(struct ml_scanner *sc, const struct ml_format *fmt);

/* Does the scanner have to see every byte, not just the start of each page? */
bool ml_scanner_needs_all(const struct ml_scanner *sc);

/* Look at the start of one page; len is how much of it there is, at least
 * MEMLOG_PEEK unless the image ends before that. */
enum memlog_status ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *p, size_t len);

/*
 * Look at the len bytes at addr. Pieces should start and end on page
 * boundaries; a magic that crosses from one piece to the next is not found, so
 * pieces of a scan of all bytes overlap by ML_SCAN_OVERLAP; the same hit may
 * then be reported twice.
 */
#define ML_SCAN_OVERLAP 64
enum memlog_status ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				const uint8_t *bytes, size_t len);

/*
 * A log copied out of an image that changes while we read it: its window, and
 * the log as its header described it at that time. log.extents may be extent,
 * so the struct must not move.
 */
struct ml_snapshot {
	struct memlog_allocator alloc;
	struct ml_log log;
	struct memlog_extent extent;
	struct ml_copy *copies; /* one per extent; NULL: too large to copy */
	size_t n_copies;
};

/*
 * Copy the log, read its header again and ask the format whether it changed;
 * after some tries MEMLOG_LOG_RACED. NO_DATA: the log is gone. The caller frees
 * with ml_snapshot_fini, only on OK. log must outlive it.
 */
enum memlog_status ml_snapshot_init(struct ml_snapshot *snap,
				    struct memlog_image *image,
				    const struct ml_log *log,
				    struct memlog_err *err);
void ml_snapshot_fini(struct ml_snapshot *snap);

/* Is the log in a space whose bytes change? */
bool ml_snapshot_needed(const struct memlog_image *image,
			const struct ml_log *log);

/* What a decoder reads, and rewinding it to its first record: on a live image
 * it reads the same copy again. decoder.c */
struct ml_source *ml_decoder_source(struct memlog_decoder *d);
enum memlog_status ml_decoder_rewind(struct memlog_decoder *d,
				     struct memlog_err *err);

/* Set where the bytes of logs are in another space. candidate.c */
void ml_logs_alias(struct memlog_logs *logs, struct memlog_image *image);

/* Give an image of a process the guest's physical addresses, if ACPI tables or the
 * kernel in its memory confirm what they are; otherwise it has none. STOP.
 * kernel.c */
enum memlog_status ml_scan_guest_phys(struct memlog_image *image,
				      const struct memlog_scan_opts *opts,
				      struct memlog_err *err);

#endif
