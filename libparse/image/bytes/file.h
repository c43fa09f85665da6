/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file.h - files and pieces of memory as readers of MEMLOG_FILE. */
#ifndef ML_IMAGE_FILE_H
#define ML_IMAGE_FILE_H

#include "image/image.h"

/*
 * Open a file for reading. It is mapped whole unless opts->no_mmap, or where it
 * cannot be mapped (a device), then it is read with pread. The caller closes
 * *ret with ml_file_close, or hands it to an image. Directories, FIFOs and
 * sockets are MEMLOG_INVALID. Errors name the file.
 */
enum memlog_status ml_file_open(const char *path,
				const struct memlog_open_opts *opts,
				struct ml_file *ret, struct memlog_err *err);

/* The same for an open file descriptor, which becomes the file's own on OK;
 * name is copied. It has to be seekable. */
enum memlog_status ml_file_open_fd(int fd, const char *name,
				   const struct memlog_open_opts *opts,
				   struct ml_file *ret,
				   struct memlog_err *err);

/* len bytes of memory as a file. They are borrowed and must outlive it. */
enum memlog_status ml_file_memory(const void *bytes, size_t len,
				  const char *name,
				  const struct memlog_allocator *alloc,
				  struct ml_file *ret, struct memlog_err *err);

void ml_file_close(struct ml_file *file);

/* Is it a device, and not a regular file, memory or a part of another file? */
bool ml_file_is_device(const struct ml_file *file);

/* Is the file, and what it is made of, still as long as when it was opened?
 * Otherwise IO. Reading what is gone gives the same, but for a file that is
 * mapped: there it is SIGBUS, or zeros up to the end of the last page. */
enum memlog_status ml_file_check(const struct ml_file *file,
				 struct memlog_err *err);

/* How far the data of a file reach from off, for formats that stack their
 * next_data on it: next_data of the file if it has one, else the rest of it. */
enum memlog_status ml_file_next_data(const struct ml_file *file, uint64_t off,
				     struct memlog_range *ret,
				     struct memlog_err *err);

/* Read up to len bytes at off until len is reached or the file ends; *ret says
 * how many came. OK also when none did. */
enum memlog_status ml_file_read_some(const struct ml_file *file, uint64_t off,
				     void *buf, size_t len, size_t *ret,
				     struct memlog_err *err);

#endif
