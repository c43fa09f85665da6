/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_COMMON_H
#define MEMLOG_COMMON_H

#include <PiPei.h>
#include <MemLogRing.h>
#include <Library/MemLogLib.h>

/*
 * Appends to the ring at Address, of at most Limit bytes with its header. Does
 * nothing if there is no valid ring.
 */
VOID
MemLogAppend(
	IN UINT64 Address,
	IN UINT32 Limit,
	IN enum ml_ring_phase Phase,
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	);

/* The data of the log's HOB, or NULL if the list has no such HOB (yet). */
CONST UINT64 *
MemLogFindHob(
	IN CONST VOID *HobList
	);

#endif
