/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libovmf.h - a writer of OVMF's log, from its description only. */
#ifndef LIBOVMF_H
#define LIBOVMF_H

#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

struct ring {
	uint8_t *hdr; /* in the memory of the test */
	char family;
	uint64_t header, size, head, tail, truncated, lock;
	uint8_t all[1 << 20]; /* everything that was ever written */
	size_t n_all;
};

/* An empty log of bytes at hdr. family: 'A', 'B' or 'C', by the layout of its header,
 * which has header bytes. */
void ring_init(struct ring *r, uint8_t *hdr, char family, uint64_t bytes,
	       uint64_t header);
/* Append text; store only the header, as it is in r. */
void ring_put(struct ring *r, const void *text, size_t len);
void ring_store(struct ring *r);

/* All logs of an image; fails the test if the search does. */
struct memlog_logs *ovmf_scan(struct memlog_image *image);

#endif
