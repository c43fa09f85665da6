/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * liblook.h - look at an image in every way there is, and check what must hold
 * for any image whatsoever. The abuse tests and the fuzzers share it.
 */
#ifndef LIBLOOK_H
#define LIBLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

/* What is being looked at, for the message of a failed check. */
extern char look_at[160];

/* Ends the program, loudly, when cond does not hold. */
#define LOOK_CHECK(cond)                                        \
	do {                                                    \
		if (!(cond))                                    \
			look_failed(__FILE__, __LINE__, #cond); \
	} while (0)
void look_failed(const char *file, int line, const char *cond)
	__attribute__((noreturn));

/*
 * May a terminal get these bytes? Valid UTF-8 without C0 (but TAB and LF), DEL,
 * C1, bidirectional controls, line and paragraph separators. Written apart from
 * render/escape.c.
 */
bool look_safe(const uint8_t *p, size_t len);

/* An allocator that counts: bytes and blocks out now, most bytes at a time, and
 * how often it was asked. Over limit (0: none) it has nothing left, nor for the
 * call number fail (0: none). */
struct look_memory {
	struct memlog_allocator alloc;
	uint64_t now, blocks, most, calls, limit, fail;
};
void look_memory_init(struct look_memory *m, uint64_t limit);

/* Bytes of the name of a file that look_memfd() makes. */
enum { LOOK_PATH = 32 };

/* What a packed file may ask for where that is not what is tested. */
#define LOOK_WINDOW (8u << 20)

/* Everything was freed, and what was out at a time is not more than a reader may take
 * for an image of a test, and the window of a packed one. */
void look_memory_end(const struct look_memory *m, uint64_t window);

enum look_depth {
	LOOK_QUICK, /* scan, decode, print as text */
	LOOK_ALL,   /* every output, every search, --info, --list, --at */
	LOOK_ONE,   /* one of these, which look_chosen() chose */
};

/* What the harness of these bytes looks at: depth, where they are given once. A
 * fuzzer gives them often: LOOK_ONE, chosen by the last byte. */
enum look_depth look_chosen(const uint8_t *p, size_t len,
			    enum look_depth depth);

/* A file with these bytes, which has no name but what is put into path. The caller closes
 * it. */
int look_memfd(const void *p, size_t len, char path[LOOK_PATH]);

/* Look at an open image; it stays open. */
void look_image(struct memlog_image *image, enum look_depth depth);

/* Open the file of that descriptor as memlog-dump does, with the codecs of the
 * library and unpacked where it is compressed as a whole, if LOOK_WINDOW is enough or
 * opts says otherwise; look, close. Every byte that was allocated must have been
 * freed. */
void look_file(int fd, const struct memlog_open_opts *opts,
	       enum look_depth depth);

/* The same with bytes in memory. */
void look_bytes(const uint8_t *p, size_t len,
		const struct memlog_open_opts *opts, enum look_depth depth);

#endif
