/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libadvlogger.h - a writer of AdvancedLogger's log, from its description only, and what
 * a reader should get. */
#ifndef LIBADVLOGGER_H
#define LIBADVLOGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmem.h"

#define ADV_LOG_MESSAGES 8192

struct adv_said {
	uint64_t at, end; /* in the log */
	char *text;
	size_t len;
	uint32_t level;
	uint64_t stamp;
	unsigned int phase, turn;
	bool torn;
};

/* A log whose header is at p, and at address base for the firmware. */
struct adv_log {
	uint8_t *p;
	unsigned int version;
	uint64_t base, header, size, cursor;
	uint32_t discarded;
	uint64_t hz, ticks, next;
	bool permanent, runtime, wraps, old_kind; /* old_kind: ALMS */
	unsigned int turn;
	uint64_t stamp; /* of the next message */
	struct adv_said said[ADV_LOG_MESSAGES];
	size_t n;
};

/* An empty log of bytes in all. */
void adv_start(struct adv_log *a, uint8_t *p, unsigned int version,
	       uint64_t base, uint64_t bytes);
/* Store the header, as it is in a. */
void adv_store(struct adv_log *a);
/* Append a message; torn: its signature is not written. */
void adv_say_n(struct adv_log *a, uint32_t level, unsigned int phase,
	       const char *text, size_t len, bool torn);
void adv_say(struct adv_log *a, uint32_t level, unsigned int phase,
	     const char *text);
/* The same messages in another buffer, as the next phase copies them. */
void adv_copy(struct adv_log *to, const struct adv_log *from, uint8_t *p,
	      uint64_t base, uint64_t bytes);
void adv_free(struct adv_log *a);

/* What a reader should get: "level phase stamp lost|text" for each line. */
void adv_expect(const struct adv_log *a, FILE *out);
/* Are there messages from before it wrapped? */
bool adv_has_older(const struct adv_log *a);
/* What the decoder gives. */
void adv_read(struct memlog_image *image, const struct memlog_log *log,
	      FILE *out);

/* The same as strings, with 1 for NUL, to be freed: what a reader should get, and the lines
 * of the only log in this memory; NULL: there is none. */
char *adv_expected(const struct adv_log *a);
char *adv_found(struct mem *mem, uint32_t *ret_flags);

#endif
