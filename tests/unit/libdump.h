/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libdump.h - dumps of machines, made and opened in memory. */
#ifndef LIBDUMP_H
#define LIBDUMP_H

#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

#define DUMP_CAP (1u << 20)
#define DUMP_MEM 300000u

struct dump {
	uint8_t p[DUMP_CAP];
	size_t len;
};

/* What is in the machine's memory; to be filled. */
extern uint8_t dump_mem[DUMP_MEM];
void dump_fill(void);

/* Append a number of width bytes; bytes. */
void dump_num(struct dump *f, uint64_t v, unsigned int width);
void dump_bytes(struct dump *f, const void *p, size_t len);

/* Open it, with a codec for Snappy of which every byte is turned; fails the test if that
 * does not end so. */
struct memlog_image *dump_open(const uint8_t *p, size_t len,
			       enum memlog_status want, struct memlog_err *err);

/* Whatever it is, it may be looked at; the same with each bit of some bytes turned. */
void dump_try(const uint8_t *p, size_t len);
void dump_flip(struct dump *f, size_t from, size_t to);

#endif
