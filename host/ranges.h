/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ranges.h - a growing list of address ranges, answered as next_range does. */
#ifndef HOST_RANGES_H
#define HOST_RANGES_H

#include <memlog.h>

/* A dump of QEMU with paging=true has tens of thousands of pieces; more than
 * this is not a list of memory any more. */
#define HOST_MAX_RANGES (1u << 22)

struct host_ranges {
	const struct memlog_allocator *alloc;
	struct memlog_range *list;
	size_t count, cap;
};

void host_ranges_init(struct host_ranges *ranges,
		      const struct memlog_allocator *alloc);
void host_ranges_fini(struct host_ranges *ranges);

/* Add [start, end); empty ones are ignored. Any order, any overlap. */
enum memlog_status host_ranges_add(struct host_ranges *ranges, uint64_t start,
				   uint64_t end);

/* Sort and merge; afterwards host_ranges_next() may be asked. */
void host_ranges_merge(struct host_ranges *ranges);

/* As next_range of struct memlog_reader_ops. */
enum memlog_status host_ranges_next(const struct host_ranges *ranges,
				    uint64_t addr, struct memlog_range *ret);

/* How many bytes they hold in all. */
uint64_t host_ranges_bytes(const struct host_ranges *ranges);

#endif
