/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_COMMON_H
#define MEMLOG_COMMON_H

#include <PiPei.h>
#include <MemLogRing.h>
#include <Library/MemLogLib.h>

/*
 * Appends to the ring at Address, of which at most Limit bytes are looked at.
 * Nothing happens when there is none.
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

/* The address in the log's HOB, or NULL when the list has none (yet). */
CONST UINT64 *
MemLogFindHob(
	IN CONST VOID *HobList
	);

#endif
