/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bulk.h - tables with as many entries as a dump says.
 *
 * Up to ML_BULK_MEMORY bytes a table is in memory. A larger one is the map of an unlinked
 * temporary file, which the kernel writes back when memory is short.
 */
#ifndef ML_IMAGE_BULK_H
#define ML_IMAGE_BULK_H

#include "memlog.h"

struct memlog_image;

/* Set *table to n zeroed elements of size bytes, in memory or in a file in the directory
 * for temporary files of image; on failure to NULL. NO_MEMORY; IO: there is no file. The
 * caller frees with ml_bulk_free. */
enum memlog_status ml_bulk_alloc(const struct memlog_image *image, size_t n,
				 size_t size, void *table,
				 struct memlog_err *err);
void ml_bulk_free(void *table);

/* As ml_grow(), for a table from ml_bulk_alloc() or NULL. */
enum memlog_status ml_bulk_grow(const struct memlog_image *image, void *table,
				size_t count, size_t *cap, size_t size,
				struct memlog_err *err);

#endif
