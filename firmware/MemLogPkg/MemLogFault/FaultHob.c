// SPDX-License-Identifier: BSD-2-Clause-Patent
/* DXE and SMM: what PEI left in HOBs. */
#include <PiDxe.h>

#include "Fault.h"

#include <Guid/MemDebugLog.h>
#include <Library/HobLib.h>

UINT32
MemLogFaultWish(
	VOID
	)
{
	VOID *Hob = GetFirstGuidHob(&gMemLogPkgTokenSpaceGuid);

	return Hob == NULL ? 0 : *(UINT32 *)GET_GUID_HOB_DATA(Hob);
}

struct ml_ring_header *
MemLogFaultLog(
	VOID
	)
{
	VOID *Hob = GetFirstGuidHob(&gMemDebugLogHobGuid);

	if (Hob == NULL)
		return NULL;
	return (VOID *)(UINTN)((MEM_DEBUG_LOG_HOB *)GET_GUID_HOB_DATA(Hob))
		->Address;
}
