/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - an allocator whose memory can be freed all at once.
 *
 * crash may leave a command by longjmp, and gdb by a C++ exception, while the
 * library reads memory. All that the library allocates for a command is from an
 * arena, so that it can be freed afterwards.
 */
#ifndef HOST_ARENA_H
#define HOST_ARENA_H

#include <memlog.h>

struct host_block;

/* alloc allocates from the arena. The arena must not be moved while memory from
 * it is in use. */
struct host_arena {
	struct host_block *head;
	struct memlog_allocator alloc;
};

void host_arena_init(struct host_arena *arena);

/* Free everything that was allocated from the arena, which may be used
 * again. */
void host_arena_fini(struct host_arena *arena);

#endif
