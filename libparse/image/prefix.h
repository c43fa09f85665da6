/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefix.h - find the memory of a dump from the first bytes of a stream. */
#ifndef ML_IMAGE_PREFIX_H
#define ML_IMAGE_PREFIX_H

#include "image/bytes/loads.h"

/*
 * How many bytes of an ELF dump hold its program headers and the notes before
 * its memory. If *ret_need is more than len, read that many and call again.
 * NOT_MINE: not ELF. CORRUPT: an invalid header. LIMIT: the headers reach past
 * ML_STREAM_PREFIX, or there are only section headers.
 */
enum memlog_status ml_prefix_need(const uint8_t *bytes, size_t len,
				  uint64_t *ret_need, struct memlog_err *err);

/* The loads that those headers describe, for a file of unknown size. The caller
 * frees *ret with ml_loads_fini. *ret_random: the memory needs random access
 * (Xen's page tables and pointers). */
enum memlog_status ml_prefix_loads(const uint8_t *bytes, size_t len,
				   const struct memlog_open_opts *opts,
				   struct ml_loads *ret, bool *ret_random,
				   struct memlog_err *err);

/* Does the stream need a file to be read: is it packed, or of a format that
 * cannot be read in one pass? With force_raw only what is packed does.
 * NO_MEMORY. */
enum memlog_status ml_prefix_needs_file(const uint8_t *bytes, size_t len,
					const struct memlog_open_opts *opts,
					bool *ret, struct memlog_err *err);

/* The title of the dump format that these first bytes of a file are of, which may
 * be damaged; NULL: none, or plain memory. NO_MEMORY. */
enum memlog_status ml_prefix_known(const uint8_t *bytes, size_t len,
				   const struct memlog_open_opts *opts,
				   const char **ret);

#endif
