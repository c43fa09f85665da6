/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parts.h - which parts of a log have its text, and are its own; format.h includes it. */
#ifndef ML_FORMAT_PARTS_H
#define ML_FORMAT_PARTS_H

#include "memlog.h"

struct memlog_logs;
struct memlog_image;
struct ml_log;

/* The page at that physical address is of a log that expand() is adding to. NOT_MINE: it is
 * of one already. NO_MEMORY. claims.c */
enum memlog_status ml_claim(struct memlog_logs *logs, uint64_t addr,
			    struct memlog_err *err);
void ml_claims_clear(struct memlog_logs *logs);

/* For text(): the parts of a ring of size bytes, at offset from of an extent,
 * that are between head and tail, both below size. Returns how many. */
size_t ml_ring_parts(uint64_t from, uint64_t size, uint64_t head, uint64_t tail,
		     struct memlog_range ret[2]);

/* A text() of logs whose used bytes are those after the header, as in a ring that
 * is full or never wrapped. */
size_t ml_text_of_header(const struct ml_log *log, size_t extent,
			 struct memlog_image *image,
			 struct memlog_range ret[2]);

/* A text() of what is listed only: all of it. */
size_t ml_text_of_extent(const struct ml_log *log, size_t extent,
			 struct memlog_image *image,
			 struct memlog_range ret[2]);

/* Find the pages of a log that are not its own: sets foreign, unjudged and flags.
 * *budget is how many bytes may still be looked at; once there are none, what was not
 * looked at is left out, too. A stop uses it up. Only NO_MEMORY is returned. */
enum memlog_status ml_log_find_foreign(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       uint64_t *budget,
				       struct memlog_err *err);

/* A log of one extent in MEMLOG_FILE, of which some pages are not its own: if it is
 * whole without them, its extents are set to the pieces. NOT_MINE: it is not, and
 * nothing has changed. *budget as above. Only NO_MEMORY is returned otherwise. */
enum memlog_status ml_log_join_pieces(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_image *image,
				      uint64_t *budget, struct memlog_err *err);

/* The extent that has the byte at *off of this one, and the offset in it; of a log
 * that is not joined, the same. */
size_t ml_log_piece(const struct ml_log *log, size_t extent, uint64_t *off);

/* For relate(): by says that the log is at this physical address. If nobody said where a
 * raw file begins, that does, and is noted. */
void ml_log_place(struct ml_log *log, const struct memlog_image *image,
		  uint64_t addr, const char *by);

/* Look for text of a log that is not in the image: sets absent, flags and reason.
 * *budget is how many pieces of memory may still be walked. After relate(). */
void ml_log_note_absent(struct ml_log *log, struct memlog_image *image,
			uint64_t *budget);

#endif
