// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Shared by all phases. HobLib cannot be used: its ASSERT() would call this.
 */
#include "MemLogCommon.h"

#include <Guid/MemDebugLog.h>

/* The initial APIC ID. CPUID causes a VM exit: call only if it is stored. */
STATIC
UINT64
ProcessorId(
	VOID
	)
{
	UINT32 Ebx;

	AsmCpuid(1, NULL, &Ebx, NULL, NULL);
	return Ebx >> 24;
}

VOID
MemLogAppend(
	IN UINT64 Address,
	IN UINT32 Limit,
	IN enum ml_ring_phase Phase,
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	struct ml_ring_message Message;
	struct ml_ring Ring;

	if (ml_ring_attach((VOID *)(UINTN)Address, Limit, &Ring) != ML_RING_OK)
		return;
	Message.text = Text;
	Message.length = Length > MAX_UINT32 ? MAX_UINT32 : (UINT32)Length;
	Message.level = (UINT32)Level;
	Message.phase = (UINT8)Phase;
	Message.cpu = ML_RING_KEEPS_CPU ? ProcessorId() : 0;
	Message.time = ML_RING_KEEPS_TIME ? AsmReadTsc() : 0;
	ml_ring_append(&Ring, &Message);
}

CONST UINT64 *
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
				      sizeof(UINT64) &&
		    CompareGuid(&((CONST EFI_HOB_GUID_TYPE *)Hob)->Name,
				&gMemDebugLogHobGuid))
			return (CONST UINT64 *)
				((CONST EFI_HOB_GUID_TYPE *)Hob + 1);
		Hob = (CONST VOID *)((CONST UINT8 *)Hob + Hob->HobLength);
	}
	return NULL;
}
