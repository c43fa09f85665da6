/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reader.h - how decoders read the bytes of one log. */
#ifndef ML_FORMAT_READER_H
#define ML_FORMAT_READER_H

#include "memlog.h"

struct memlog_image;
struct ml_log;

/* The bytes of one extent, copied out of a live image; have lists the ranges
 * that are there, counted from the start of the extent. */
struct ml_copy {
	uint8_t *bytes;
	uint64_t len;
	struct memlog_range *have;
	size_t n_have, cap_have;
};

/*
 * Reads the bytes of one log. All reading of decoders, relate() and expand()
 * goes through it. missing counts the bytes that were requested but are not in
 * the image. copies: one for each extent, read instead of the image; NULL if
 * the image does not change. damaged: bytes that are not what should be there, and
 * were skipped. note: what the decoder is not sure of, "": nothing; one line, for
 * a warning after the records. failed: the first read that failed, but for missing
 * bytes; the decoder's caller gets it after the records, whatever read it.
 */
#define ML_SOURCE_NOTE 120
struct ml_source {
	struct memlog_image *image;
	const struct ml_log *log;
	uint64_t missing, damaged;
	const struct ml_copy *copies;
	struct memlog_err failed; /* status MEMLOG_OK: none */
	char note[ML_SOURCE_NOTE];
};

/*
 * Up to len bytes at off of an extent. A short read is OK. When the bytes at
 * off are missing: MEMLOG_NO_DATA, *ret 0, and *ret_gap (may be NULL) is how
 * many are, at least 1, within the extent; the caller goes on at off +
 * *ret_gap. They are added to source->missing. off at or beyond the end of the
 * extent is NO_DATA with *ret_gap 0. Where reading fails, *ret_gap is how many bytes the
 * page has from there, and they are not counted.
 */
enum memlog_status ml_source_read(struct ml_source *source, size_t extent,
				  uint64_t off, void *buf, size_t len,
				  size_t *ret, uint64_t *ret_gap,
				  struct memlog_err *err);

/* All len bytes, or up to the first gap, which is counted as missing, or to where reading
 * fails; returns how many there are. */
size_t ml_source_fill(struct ml_source *source, size_t extent, uint64_t off,
		      void *buf, size_t len);

/* Set the note of a source: the order of some CPUs, those with extents whose role has
 * this bit, is guessed; each CPU's extents are in one piece. */
void ml_source_note_guessed(struct ml_source *source, uint32_t bit);

/* Add these words to it. */
void ml_source_note_add(struct ml_source *source, const char *words);

#endif
