/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libmade.h - dumps with millions of headers, which are made up as they are read: a head, n
 * records of the same size, an end, and then bytes that are the low ones of their offset.
 */
#ifndef LIBMADE_H
#define LIBMADE_H

#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

#define MADE_RECORD 64u /* bytes of the largest */

struct made {
	const char *name;
	uint64_t n;
	void (*head)(const struct made *m, uint8_t *out); /* start bytes */
	void (*record)(const struct made *m, uint64_t i, uint8_t *out);
	void (*end)(uint8_t *out); /* NULL: none */
	size_t start, each, end_len;
	uint64_t size; /* of the file */
};

/* PT_LOADs of 16 bytes that do not touch, in the order of their addresses; the same in any
 * order, and overlapping; all of the same bytes of the file; PT_NOTEs of one page. */
struct made made_elf(uint64_t n);
struct made made_elf_mixed(uint64_t n);
struct made made_elf_same(uint64_t n);
struct made made_elf_notes(uint64_t n);

/* One PT_NOTE of that many bytes: a single note, or small ones. */
struct made made_elf_note(uint64_t len);
struct made made_elf_small_notes(uint64_t n);

/* Ranges of one byte; frames of one byte. */
struct made made_lime(uint64_t n);
struct made made_avml(uint64_t n);

/* Records of 16 bytes of a file: four follow each other, and then come those from somewhere
 * else. n is a power of two. */
struct made made_flat(uint64_t n);

/* `xl dump-core` with no two frames in order; a Windows dump with every other page. */
struct made made_dumpcore(uint64_t n);
struct made made_windows(uint64_t n);

/* Read it; what is after its size is not there. */
size_t made_read(const struct made *m, uint64_t off, uint8_t *buf, size_t len);

/* A reader of MEMLOG_FILE whose self is a struct made. */
extern const struct memlog_reader_ops made_ops;

/* What the file in made_flat() has at an offset. */
uint8_t made_flat_byte(const struct made *m, uint64_t off);

#endif
