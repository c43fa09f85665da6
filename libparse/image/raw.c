/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.c - plain memory without any header: pmemsave, memory-backend-file,
 * /dev/mem.
 *
 * Nothing in such a file says what it is. It is taken for memory when the
 * caller says so (force_raw, map or raw_base), when it is a device, or as the
 * last resort when it is a whole number of pages: dumps of memory are, text
 * hardly ever is.
 */
#include "loads.h"
#include "table.h"

#include <inttypes.h>

#include "../base/bytes.h"
#include "../base/err.h"
#include "../base/limits.h"

#define GIB (1ull << 30)

/*
 * How much of size bytes of RAM lies below the hole that ends at 4 GiB; the
 * rest is above. Source: QEMU's hw/i386 boards (max-ram-below-4g unset).
 */
static uint64_t below_4g(enum memlog_map map, uint64_t size)
{
	switch (map) {
	case MEMLOG_MAP_Q35:
		return size >= 0xb0000000 ? 2 * GIB : size;
	case MEMLOG_MAP_PC:
		return size >= 0xe0000000 ? 3 * GIB : size;
	case MEMLOG_MAP_MICROVM:
		return ml_min(size, 3 * GIB);
	default:
		return size;
	}
}

static enum memlog_status wanted(const struct ml_file *file,
				 const struct memlog_open_opts *opts,
				 struct memlog_err *err)
{
	if (opts && (opts->force_raw || opts->map || opts->raw_base))
		return MEMLOG_OK;
	if (ml_file_is_device(file) && file->size)
		return MEMLOG_OK;
	if (file->size && file->size != UINT64_MAX &&
	    file->size % ML_PAGE == 0)
		return MEMLOG_OK;
	if (!file->size)
		return ml_fail(err, MEMLOG_NOT_MINE, "the file is empty");
	return ml_fail(err, MEMLOG_NOT_MINE, "no dump format that is known, "
		       "and %" PRIu64 " bytes are no whole number of pages; "
		       "if it is plain memory, say so with --map",
		       file->size);
}

enum memlog_status ml_raw_open(struct memlog_image *image,
			       const struct ml_file *file,
			       const struct memlog_open_opts *opts,
			       struct memlog_err *err)
{
	enum memlog_map map = opts ? opts->map : MEMLOG_MAP_NONE;
	uint64_t base = opts ? opts->raw_base : 0, low;
	struct ml_load in[2];
	struct ml_loads loads;
	enum memlog_status s;

	s = wanted(file, opts, err);
	if (s)
		return s;
	if (map == MEMLOG_MAP_VIRT && !ml_add(base, GIB, &base))
		return ml_fail(err, MEMLOG_INVALID, "the base is too high");
	low = below_4g(map, file->size);
	in[0] = (struct ml_load){ base, low, 0, 0 };
	in[1] = (struct ml_load){ 0, file->size - low, low, 0 };
	if (in[1].len && !ml_add(base, 4 * GIB, &in[1].addr))
		return ml_fail(err, MEMLOG_INVALID, "the base is too high");
	s = ml_loads_init(&loads, in, in[1].len ? 2 : 1, file->size,
			  &image->alloc, err);
	if (s)
		return s;
	image->format = "raw";
	image->title = "plain memory";
	return ml_loads_add_space(image, MEMLOG_PHYS, file, false, &loads, err);
}
