// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * slow.c - linked into memlog-dump by the linker's --wrap: each file counts as one of a slow
 * file system, so that -v says how much of it was read. SLOW_NO_HOLES in the environment: and
 * it does not know where its holes are.
 */
#include <stdlib.h>

#include "image/bytes/far.h"
#include "image/bytes/remote.h"

bool __wrap_ml_far_is(int fd);
enum memlog_status __wrap_ml_remote_open(const struct ml_remote_ops *ops,
					 void *self, uint64_t size,
					 uint64_t most, const char *name,
					 const struct memlog_allocator *alloc,
					 struct ml_file *ret,
					 struct memlog_err *err);
enum memlog_status __real_ml_remote_open(const struct ml_remote_ops *ops,
					 void *self, uint64_t size,
					 uint64_t most, const char *name,
					 const struct memlog_allocator *alloc,
					 struct ml_file *ret,
					 struct memlog_err *err);

bool __wrap_ml_far_is(int fd)
{
	(void)fd;
	return true;
}

enum memlog_status __wrap_ml_remote_open(const struct ml_remote_ops *ops,
					 void *self, uint64_t size,
					 uint64_t most, const char *name,
					 const struct memlog_allocator *alloc,
					 struct ml_file *ret,
					 struct memlog_err *err)
{
	static struct ml_remote_ops without;

	if (getenv("SLOW_NO_HOLES")) {
		without = *ops;
		without.next_data = NULL;
		ops = &without;
	}
	return __real_ml_remote_open(ops, self, size, most, name, alloc, ret,
				     err);
}
