/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.c - choose what to read: the dump, memory through crash, or the log of
 * a live system.
 *
 * The library reads an ELF dump itself, with all that its headers describe
 * (notes, machine addresses, memory outside "System RAM"). From a compressed
 * dump it gets ranges and notes, and crash expands the pages. Anything else is
 * read through crash, in the ranges of the kernel's list of memory.
 */
#include "crash-ext.h"

#include "../host/sysfs.h"

/* Used without any list of memory: firmware puts its logs below 4 GiB, and an
 * absent page costs only one failed read. */
#define LOW_MEMORY_END 0x100000000ull

/* Does the format of the dump describe its ranges, and can the library read its
 * pages (*ret_whole)? Do not accept an unknown file as raw memory: crash
 * supports formats that the library does not. */
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
		.no_mmap = true, /* the dump may shrink meanwhile */
		.allocator = &s->arena.alloc,
		.tmpdir = getenv("TMPDIR"),
		.progress = ext_progress,
		.progress_arg = s,
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

/* On a live system crash can read only System RAM, and the log is elsewhere. */
static enum memlog_status open_live(struct session *s, struct memlog_err *err)
{
	enum memlog_status st = host_sysfs_open(HOST_SYSFS_LOG, &s->arena.alloc,
						&s->image, err);

	if (!st) {
		ext_message(s, 2, "live system: reading " HOST_SYSFS_LOG);
		return MEMLOG_OK;
	}
	ext_message(s, 1, err->text);
	ext_message(s, 1,
		    "live system: crash can read only System RAM, and "
		    "firmware keeps its log outside of it: take a dump of the "
		    "guest on its host, or run a kernel with "
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
		ext_message(s, 1,
			    "the dump has no list of memory: trying all "
			    "addresses below 4 GiB");
		ext_ranges_add(s, 0, LOW_MEMORY_END);
	}
	return ext_reader_wrap(s, name, err);
}
