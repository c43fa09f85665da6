/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libovmfbench.h - a log that the firmware's own code writes, and what was written to it. */
#ifndef LIBOVMFBENCH_H
#define LIBOVMFBENCH_H

#include "libmem.h"
#include "libovmfring.h"
#include "memlog.h"

#define ADDR	    0x3cb0000u
#define ROOM	    16384u
#define MESSAGES    4096
#define START_CLOCK 1000000u

struct message {
	uint64_t from, to, clock;
	uint32_t level, module;
	uint8_t phase;
};

/* A log, and what was written to it. */
struct bench {
	struct mem mem;
	struct memlog_image *image;
	uint8_t *base;
	struct ml_ring ring;
	uint32_t entries, bytes;
	struct message messages[MESSAGES];
	size_t n;
	char text[1 << 18];
	uint64_t total;
	size_t next_len;
	uint64_t clock; /* added to that of the next message */
	bool watch;	/* is the message being written to be looked at? */
	unsigned long looks;
};

extern struct bench bench;

/* A log with so many entries and bytes of text, in an image. */
void bench_open(uint32_t entries, uint32_t text);
void bench_close(void);

/* Write one message; n messages of up to `most` letters, the same for the same srand().
 * watch: with bench.watch set. */
void bench_say(const char *text, size_t len, bool watch);
void bench_say_some(size_t n, size_t most, bool watch);

/* The log in the image: one, at ADDR. */
struct memlog_logs *bench_find(struct memlog_image *image);

/* Its text, the bytes of it, and how many records have a time. */
size_t bench_text(struct memlog_image *image, uint8_t *ret, size_t *timed);

/* The first warning of bench.image. */
const char *bench_warning(void);

#endif
