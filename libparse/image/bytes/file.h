/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file.h - files and pieces of memory as readers of MEMLOG_FILE. */
#ifndef ML_IMAGE_FILE_H
#define ML_IMAGE_FILE_H

#include "image/image.h"

/*
 * Open a file for reading. It is mapped whole; with opts->no_mmap, or if it
 * cannot be mapped (a device), it is read with pread. INVALID: a directory,
 * FIFO or socket. IO: it cannot be opened. Errors, also those of reading, do
 * not name the file: see image/open.h. The caller closes *ret with
 * ml_file_close, or passes it to an image.
 */
enum memlog_status ml_file_open(const char *path,
				const struct memlog_open_opts *opts,
				struct ml_file *ret, struct memlog_err *err);

/* ml_file_open() for a file descriptor, which must be seekable and is taken
 * over on OK. name is copied. */
enum memlog_status ml_file_open_fd(int fd, const char *name,
				   const struct memlog_open_opts *opts,
				   struct ml_file *ret, struct memlog_err *err);

/* Make a file of len bytes of memory, which are borrowed and must outlive it.
 * name is copied. */
enum memlog_status ml_file_memory(const void *bytes, size_t len,
				  const char *name,
				  const struct memlog_allocator *alloc,
				  struct ml_file *ret, struct memlog_err *err);

/* Close a file and make *file all zero. It may be NULL or empty. */
void ml_file_close(struct ml_file *file);

/* random: of the parts that are read from now on nothing after them is needed, so that the
 * kernel should read no more than these. Otherwise it is read in sequence, as at first. */
void ml_file_advise(const struct ml_file *file, bool random);

/* Is it a device, rather than a regular file or part of one? */
bool ml_file_is_device(const struct ml_file *file);

/* Is it memory, so that all that its map lends stays valid until it is closed? */
bool ml_file_is_mapped(const struct ml_file *file);

/* Is it far away, so that as little of it as possible should be read? */
bool ml_file_is_slow(const struct ml_file *file);

/* IO: the file, or one it is made from, became shorter since it was opened.
 * Reading the missing bytes is also IO, but of a mapped file it raises SIGBUS,
 * or reads zeros up to the end of the last page. */
enum memlog_status ml_file_check(const struct ml_file *file,
				 struct memlog_err *err);

/* The first range of data at or after off: next_data of the file if it has one,
 * else next_range. */
enum memlog_status ml_file_next_data(const struct ml_file *file, uint64_t off,
				     struct memlog_range *ret,
				     struct memlog_err *err);

/* Read up to len bytes at off, fewer only if the file ends. *ret is how many, on failure,
 * too; OK even if it is 0. */
enum memlog_status ml_file_read_some(const struct ml_file *file, uint64_t off,
				     void *buf, size_t len, size_t *ret,
				     struct memlog_err *err);

#endif
