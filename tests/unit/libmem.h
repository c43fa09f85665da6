/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmem.h - memory for tests: an image made of pieces. */
#ifndef LIBMEM_H
#define LIBMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "memlog.h"

#define MEM_PIECES 64

struct mem_piece {
	uint64_t addr;
	uint8_t *bytes;
	size_t len;
};

/* Zeroed it is empty. Pieces are kept sorted and must not overlap or touch. */
struct mem {
	struct mem_piece piece[MEM_PIECES];
	size_t n;
	bool low;     /* below the first there is memory that cannot be read */
	size_t reads; /* how often read was called */
	uint64_t bytes; /* how many bytes it gave */
};

/* A piece of len zero bytes; the pointer is to be filled. */
uint8_t *mem_add(struct mem *m, uint64_t addr, size_t len);
void mem_free(struct mem *m);

extern const struct memlog_reader_ops mem_ops;
/* The same with map, as a file has. */
extern const struct memlog_reader_ops mem_map_ops;

/* An image over m; fails the test when that does not work. */
struct memlog_image *mem_image(struct mem *m, enum memlog_space space);

void put16(uint8_t *p, uint16_t v);
void put32(uint8_t *p, uint32_t v);
void put64(uint8_t *p, uint64_t v);

#endif
