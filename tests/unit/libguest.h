/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libguest.h - the memory of a running guest, with rings that grow. */
#ifndef LIBGUEST_H
#define LIBGUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "memlog.h"

#define GUEST_SIZE	 (32u << 20)
#define GUEST_EARLY	 0x820000u /* where OVMF's logs are */
#define GUEST_MAIN	 0x1f00000u
#define GUEST_RING	 65536u
#define GUEST_HEADER	 192u
#define GUEST_EXT_HEADER 512u /* with a block that counts */
#define GUEST_EXT	 256u

struct guest {
	uint8_t *p;
	bool ended; /* reading it fails from now on */
	struct memlog_image *image;
};

/* All of it reads as zeros. */
void guest_start(struct guest *g);
void guest_stop(struct guest *g);

/* An empty ring of OVMF's at that address, with a header of that size. */
uint8_t *ring_start(struct guest *g, uint32_t at, uint32_t header);

/* What the firmware writes to it, around its end if need be. */
void ring_say_n(uint8_t *ring, const char *text, size_t len);
void ring_say(uint8_t *ring, const char *text);

uint64_t get64(const uint8_t *p);

#endif
