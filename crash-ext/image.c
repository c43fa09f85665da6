/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.c - what to read: the dump itself, crash's memory, or a live system.
 *
 * An ELF dump is read by the library, which knows all that its headers say
 * (notes, machine addresses, memory outside "System RAM"). Compressed dumps
 * tell their ranges and notes, and crash unpacks the pages. Anything else is
 * read through crash where the kernel says that there is memory.
 */
#include "crash-ext.h"

#include "../host/sysfs.h"

/* Without any list of memory: the places below 4 GiB where firmware puts its
 * logs are tried, and what is not there costs one failed read a page. */
#define LOW_MEMORY_END 0x100000000ull

/* Does the dump say where its memory is, and can the library read all of it?
 * Never take an unknown file for raw memory: crash knows formats that the
 * library does not. */
static bool tells_ranges(struct memlog_image *image, bool *ret_whole)
{
	struct memlog_image_info info = { .size = sizeof(info) };

	if (memlog_image_info(image, &info, NULL) || !info.n_ranges)
		return false;
	*ret_whole = info.traits & MEMLOG_IMAGE_PLAIN;
	return info.traits & MEMLOG_IMAGE_RANGES;
}

static enum memlog_status open_dump(struct session *s)
{
	struct memlog_open_opts opts = {
		.size = sizeof(opts),
		.no_mmap = true,	/* the dump may shrink under us */
		.allocator = &s->arena.alloc,
		.progress = ext_progress,
	};
	struct memlog_image *image;
	bool whole;

	if (!pc->dumpfile ||
	    memlog_image_open_file(pc->dumpfile, &opts, &image, NULL))
		return MEMLOG_NOT_MINE;
	if (!tells_ranges(image, &whole)) {
		memlog_image_close(image);
		return MEMLOG_NOT_MINE;
	}
	if (whole)
		s->image = image;
	else
		s->dump = image;
	return MEMLOG_OK;
}

/* On a live system crash reads System RAM at most, and the log is elsewhere. */
static enum memlog_status open_live(struct session *s, struct memlog_err *err)
{
	enum memlog_status st = host_sysfs_open(HOST_SYSFS_LOG, &s->arena.alloc,
						&s->image, err);

	if (!st) {
		ext_message(s, 2, "live system: reading " HOST_SYSFS_LOG);
		return MEMLOG_OK;
	}
	ext_message(s, 1, err->text);
	ext_message(s, 1, "live system: crash reads System RAM only, and "
		    "firmware keeps its log outside of it: take a dump of the "
		    "guest from its host, or run a kernel with "
		    "CONFIG_OVMF_DEBUG_LOG");
	ext_ranges_from_kernel(s, true);
	return ext_reader_wrap(s, "live memory", err);
}

enum memlog_status ext_image_open(struct session *s, struct memlog_err *err)
{
	const char *name = pc->dumpfile ? pc->dumpfile : "memory";

	s->space = MEMLOG_PHYS;
	s->ranges = s->arena.alloc.alloc(s->arena.alloc.self,
					 EXT_MAX_RANGES * sizeof(*s->ranges));
	if (!s->ranges)
		return MEMLOG_NO_MEMORY;
	if (ACTIVE())
		return open_live(s, err);
	if (!open_dump(s)) {
		if (s->image)
			return MEMLOG_OK;
		if (memlog_image_has_space(s->dump, MEMLOG_MACH)) {
			s->space = MEMLOG_MACH;
			s->machine = true;
		}
		return ext_reader_wrap(s, name, err);
	}
	if (!ext_ranges_from_kernel(s, false)) {
		ext_message(s, 1, "the dump does not say where memory is: "
			    "trying all of it below 4 GiB");
		ext_ranges_add(s, 0, LOW_MEMORY_END);
	}
	return ext_reader_wrap(s, name, err);
}
