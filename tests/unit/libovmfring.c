/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libovmfring.c - the firmware's own code that writes OVMF's log. */
#include <stddef.h>
#include <stdint.h>

static void step(void);
static void copy_bytes(void *to, const void *from, size_t len);

#define ml_step()		  step()
#define ml_copy(to, from, length) copy_bytes((to), (from), (length))
#include "libovmfring.h"

void (*ring_step)(void);

static void step(void)
{
	if (ring_step)
		ring_step();
}

static void copy_bytes(void *to, const void *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % 7 == 0)
			step();
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	}
}

#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogRing.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogMarks.c"
#include "../../firmware/MemLogPkg/Library/MemLogRingLib/MemLogPrefix.c"
