/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pipe.h - an input that comes once: read in sequence, or as a file that reads no more
 * of it than is asked for.
 *
 * What was read may be kept in a temporary file. Where the input ends is known only once
 * that was read.
 */
#ifndef ML_IMAGE_PIPE_H
#define ML_IMAGE_PIPE_H

#include "file.h"

struct ml_pipe;

/* A pipe that nothing was read of. fd is duplicated; opts, which are copied, say where
 * temporary files are and whether to stop. The caller destroys it. */
enum memlog_status ml_pipe_create(int fd, const struct memlog_open_opts *opts,
				  struct ml_pipe **ret, struct memlog_err *err);
void ml_pipe_destroy(struct ml_pipe *pipe);

/* Keep all of the input: what was read before in sequence, len bytes, and what is read from
 * now on, as long as it has at most this many bytes that are not pages of zeros, nor half of
 * what is free in the file system unless most is UINT64_MAX. Has no effect on what is kept
 * already but for most. IO: the temporary file. */
enum memlog_status ml_pipe_keep(struct ml_pipe *pipe, uint64_t most,
				const uint8_t *before, size_t len,
				struct memlog_err *err);

/* Keep no more than there is. */
void ml_pipe_drop(struct ml_pipe *pipe);

/* Is all that was read kept? */
bool ml_pipe_keeps(const struct ml_pipe *pipe);

/* The next len bytes in sequence, from the first on; fewer only if the input ends. What was
 * kept comes from there. If what is new cannot be kept, it is dropped. IO, STOP. */
enum memlog_status ml_pipe_next(struct ml_pipe *pipe, uint8_t *buf, size_t len,
				size_t *ret, struct memlog_err *err);

/* The temporary file, with the size of what was read; the caller closes it. Only if all is
 * kept. rest: read the rest first, whatever its size. IO, STOP. */
enum memlog_status ml_pipe_take(struct ml_pipe *pipe, bool rest, int *ret,
				struct memlog_err *err);

/*
 * The pipe as a file, of which reading at an offset reads the input up to there; it is slow,
 * so that a search reads as little as possible. Only if all is kept. LIMIT: more would be
 * kept than may be. name is borrowed. The size is UINT64_MAX if the end was not read.
 * Closing the file leaves the pipe.
 */
void ml_pipe_file(struct ml_pipe *pipe, const char *name, struct ml_file *ret);

/* From now on closing the file destroys the pipe, and all may be kept that is asked for. */
void ml_pipe_own(struct ml_pipe *pipe);

/* How many bytes were read of the pipe that this file, or the one it is made from, is;
 * *ret_ended: that is all. false: it is none. */
bool ml_pipe_count(const struct ml_file *file, uint64_t *ret_bytes,
		   bool *ret_ended);

#endif
