/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libovmfring.h - the firmware's own code that writes OVMF's log. */
#ifndef LIBOVMFRING_H
#define LIBOVMFRING_H

#define MEMLOG_HOST
#include <MemLogRing.h>

/* Called before each store to the log and every seventh byte that is copied; or NULL. */
extern void (*ring_step)(void);

#endif
