/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arena.c - an allocator whose memory can be freed all at once. */
#include "arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct host_block {
	struct host_block *next, **link;
	max_align_t bytes[];
};

static void *arena_alloc(void *self, size_t size)
{
	struct host_arena *arena = self;
	struct host_block *b;

	if (size > SIZE_MAX - sizeof(*b))
		return NULL;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->next = arena->head;
	b->link = &arena->head;
	if (b->next)
		b->next->link = &b->next;
	arena->head = b;
	return b->bytes;
}

static void arena_release(void *self, void *ptr)
{
	struct host_block *b;

	(void)self;
	if (!ptr)
		return;
	b = (void *)((char *)ptr - offsetof(struct host_block, bytes));
	*b->link = b->next;
	if (b->next)
		b->next->link = b->link;
	free(b);
}

void host_arena_init(struct host_arena *arena)
{
	arena->head = NULL;
	arena->alloc = (struct memlog_allocator){
		.alloc = arena_alloc,
		.release = arena_release,
		.self = arena,
	};
}

void host_arena_fini(struct host_arena *arena)
{
	struct host_block *b;

	while ((b = arena->head)) {
		arena->head = b->next;
		free(b);
	}
}
