/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unpack.h - the bytes of a packed file or of a member of an archive, into a temporary
 * file. */
#ifndef ML_IMAGE_EXT_UNPACK_H
#define ML_IMAGE_EXT_UNPACK_H

#include "cpio.h"
#include "image/bytes/file.h"
#include "image/packed.h"
#include "window.h"

#define ML_UNPACK_IN (64u << 10) /* packed bytes read at once */

struct archive;
struct ml_gunzip;
struct ml_unlzop;

/* file: the packed one, from at on. gunzip, lzop, window: unpacks it for a, or NULL; late,
 * late_why: how window failed, of which the next call tells. before: bytes of the spool file
 * before what is unpacked. kind: how it is compressed, ML_PACKED_KINDS: it is not. spool:
 * what was unpacked, size bytes; written: those that are not zeros, at most room. failed,
 * why: of what unpacks it, of cpio or of reading file. */
struct ml_unpack {
	struct memlog_image *image;
	const struct ml_file *file;
	const struct memlog_open_opts *opts;
	struct archive *a;
	struct ml_gunzip *gunzip;
	struct ml_unlzop *lzop;
	struct ml_cpio cpio;
	const struct ml_window_ops *window;
	void *window_self;
	enum memlog_status late;
	struct memlog_err late_why;
	enum ml_packed_kind kind;
	int spool;
	uint64_t at; /* offset in the packed file */
	uint64_t before, size, written, room;
	enum memlog_status failed;
	struct memlog_err why;
	char text[160]; /* of ml_unpack_error() */
	uint8_t *in;
};

/* What libarchive says of its last error, without what a terminal would act on: it may
 * quote the file, and end with a newline. NULL: nothing. Valid until the next call. */
const char *ml_unpack_error(struct ml_unpack *u);

/* Is a file that is compressed like that unpacked in this build? */
bool ml_unpack_can(enum ml_packed_kind kind);

/* Open the packed file; archive: it has others in it. The caller frees what that made, on
 * failure, too. */
enum memlog_status ml_unpack_start(struct ml_unpack *u, bool archive,
				   struct memlog_err *err);
void ml_unpack_end(struct ml_unpack *u);

/* The next bytes of the member that a is at, and where in it they are; *ret_len 0: its end.
 * CORRUPT: the file is damaged. LIMIT: more than ML_MAX_UNPACKED. */
enum memlog_status ml_unpack_next(struct ml_unpack *u, const uint8_t **ret,
				  size_t *ret_len, uint64_t *ret_off,
				  struct memlog_err *err);

/* Read what follows the archive, for the checksum of gzip. CORRUPT: that is wrong. */
enum memlog_status ml_unpack_rest(struct ml_unpack *u, struct memlog_err *err);

/* Write bytes that belong at off to the spool file; pages of zeros become holes. LIMIT:
 * there is no room. */
enum memlog_status ml_unpack_put(struct ml_unpack *u, const uint8_t *bytes,
				 size_t len, uint64_t off,
				 struct memlog_err *err);

/* Report progress. STOP. */
enum memlog_status ml_unpack_tick(const struct ml_unpack *u,
				  struct memlog_err *err);

/* Fail: nothing could be unpacked. why: the reason, or NULL. */
enum memlog_status ml_unpack_nothing(const struct ml_unpack *u, const char *why,
				     struct memlog_err *err);

#endif
