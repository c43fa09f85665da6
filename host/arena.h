/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory that a debugger cannot lose.
 *
 * crash leaves a command by longjmp and gdb by a C++ exception, from the middle
 * of whatever was reading memory. Everything that the library allocates for one
 * command comes from an arena, so that one call gives all of it back.
 */
#ifndef HOST_ARENA_H
#define HOST_ARENA_H

#include <memlog.h>

struct host_block;

/* Zeroed is a good empty arena but for alloc, which host_arena_init() sets. The
 * arena must not move while memory from it is in use. */
struct host_arena {
	struct host_block *head;
	struct memlog_allocator alloc;
};

void host_arena_init(struct host_arena *arena);

/* Frees everything that was taken from the arena; it may be used again. */
void host_arena_fini(struct host_arena *arena);

#endif
