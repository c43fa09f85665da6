// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Shared by all phases. HobLib cannot be used: its ASSERT() would call this.
 */
#include "MemLogCommon.h"

#include <MemLogCounter.h>

VOID
MemLogAppend(
	IN struct ml_ring *Ring,
	IN enum ml_ring_phase Phase,
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	struct ml_ring_message Message;

	Message.text = Text;
	Message.length = Length > MAX_UINT32 ? MAX_UINT32 : (UINT32)Length;
	Message.level = (UINT32)Level & ~MEMLOG_FINAL;
	Message.final = (Level & MEMLOG_FINAL) != 0;
	Message.time = MemLogCounter();
	Message.caller = gEfiCallerIdGuid.Data1;
	Message.phase = (UINT8)Phase;
	Message.flags = 0;
	ml_ring_append(Ring, &Message);
}

CONST MEM_DEBUG_LOG_HOB *
MemLogFindHob(
	IN CONST VOID *HobList
	)
{
	CONST EFI_HOB_GENERIC_HEADER *Hob = HobList;

	while (Hob != NULL && Hob->HobType != EFI_HOB_TYPE_END_OF_HOB_LIST) {
		if (Hob->HobLength < sizeof(*Hob))
			return NULL;
		if (Hob->HobType == EFI_HOB_TYPE_GUID_EXTENSION &&
		    Hob->HobLength >= sizeof(EFI_HOB_GUID_TYPE) +
				      sizeof(MEM_DEBUG_LOG_HOB) &&
		    CompareGuid(&((CONST EFI_HOB_GUID_TYPE *)Hob)->Name,
				&gMemDebugLogHobGuid))
			return (CONST MEM_DEBUG_LOG_HOB *)
				((CONST EFI_HOB_GUID_TYPE *)Hob + 1);
		Hob = (CONST VOID *)((CONST UINT8 *)Hob + Hob->HobLength);
	}
	return NULL;
}
