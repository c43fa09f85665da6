/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.c - plain memory without any header: pmemsave, memory-backend-file,
 * /dev/mem.
 *
 * Such a file cannot be recognised. It is read as memory if the caller says so
 * (force_raw, map or raw_base), if it is a device, or, as a last resort, if its
 * size is a multiple of the page size: that is true of memory dumps, but hardly
 * ever of text.
 */
#include "board.h"
#include "image/bytes/loads.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

static enum memlog_status raw_wanted(const struct ml_file *file,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	if (opts && (opts->force_raw || opts->map || opts->raw_base))
		return MEMLOG_OK;
	if (ml_file_is_device(file) && file->size)
		return MEMLOG_OK;
	if (file->size && file->size != UINT64_MAX && file->size % ML_PAGE == 0)
		return MEMLOG_OK;
	if (!file->size)
		return ml_fail(err, MEMLOG_NOT_MINE, "the file is empty");
	return ml_fail(err, MEMLOG_NOT_MINE,
		       "unknown format, and its size "
		       "(%" PRIu64 " byte%s) is not a multiple of 4096; if it "
		       "is raw guest memory, give --map=q35, pc, ... or none",
		       file->size, ml_s(file->size));
}

/* It may be anything, in which a log has a place in the file and no address. */
static enum memlog_status raw_add_file(struct memlog_image *image,
				       const struct ml_file *file,
				       struct memlog_err *err)
{
	struct ml_load in = { 0, file->size, 0, file->size };
	struct ml_loads loads;
	enum memlog_status s;

	s = ml_loads_init(&loads, &in, 1, file->size, image, err);
	if (s)
		return s;
	loads.aside = true;
	image->unsure = true;
	return ml_loads_add_space(image, MEMLOG_FILE, file, false, &loads, err);
}

static enum memlog_status raw_open(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	struct ml_load in[2];
	struct ml_loads loads;
	enum memlog_status s;
	size_t n = 0;

	bool said = opts && (opts->force_raw || opts->map || opts->raw_base);

	s = raw_wanted(file, opts, err);
	if (!s)
		s = ml_board_loads(opts ? opts->map : MEMLOG_MAP_NONE,
				   opts ? opts->raw_base : 0, file->size, in,
				   &n, err);
	if (!s)
		s = ml_loads_init(&loads, in, n, file->size, image, err);
	if (s)
		return s;
	s = ml_loads_add_space(image, MEMLOG_PHYS, file, false, &loads, err);
	image->unplaced = !said && !ml_file_is_device(file);
	return s || said || ml_file_is_device(file) ?
		       s :
		       raw_add_file(image, file, err);
}

const struct ml_image_format ml_image_raw = {
	.name = "raw",
	.title = "plain memory",
	.streams = true,
	.raw = true,
	.open = raw_open,
};
