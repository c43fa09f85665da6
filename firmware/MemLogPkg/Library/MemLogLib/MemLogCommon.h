/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_COMMON_H
#define MEMLOG_COMMON_H

#include <PiPei.h>
#include <Guid/MemDebugLog.h>
#include <MemLogRing.h>
#include <Library/MemLogLib.h>

/* Appends to a ring, with the time and the module's GUID. */
VOID
MemLogAppend(
	IN struct ml_ring *Ring,
	IN enum ml_ring_phase Phase,
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	);

/* The data of the log's HOB, or NULL if the list has no such HOB (yet). */
CONST MEM_DEBUG_LOG_HOB *
MemLogFindHob(
	IN CONST VOID *HobList
	);

/* Mask is what MemLogSettings() returns. */
STATIC
inline
BOOLEAN
MemLogMaskTakes(
	IN UINT32 Mask,
	IN UINTN Level,
	IN BOOLEAN DeviceTakes
	)
{
	return Mask == 0 ? DeviceTakes : (Level & Mask) != 0;
}

#endif
