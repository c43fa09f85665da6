/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefix.h - what the beginning of a stream says of the rest. */
#ifndef ML_IMAGE_PREFIX_H
#define ML_IMAGE_PREFIX_H

#include "image/bytes/loads.h"

/*
 * How much of the beginning of an ELF dump must be read before its program
 * headers and the notes in front of its memory are known; *ret_need may be more
 * than len: read on and ask again, until it is not. NOT_MINE: not ELF. LIMIT:
 * beyond ML_STREAM_PREFIX, as for section headers at the end of the file, or
 * sections and no program headers.
 */
enum memlog_status ml_prefix_need(const uint8_t *bytes, size_t len,
				  uint64_t *ret_need, struct memlog_err *err);

/* The loads that those headers describe, for a file of unknown size. The
 * caller frees with ml_loads_fini. *ret_random: the memory has to be read back
 * and forth to be understood (Xen's page tables and pointers). */
enum memlog_status ml_prefix_loads(const uint8_t *bytes, size_t len,
				   const struct memlog_allocator *alloc,
				   struct ml_loads *ret, bool *ret_random,
				   struct memlog_err *err);

/* Does a format that does not stream recognise the beginning? */
enum memlog_status ml_prefix_needs_file(const uint8_t *bytes, size_t len,
					const struct memlog_open_opts *opts,
					bool *ret, struct memlog_err *err);

#endif
