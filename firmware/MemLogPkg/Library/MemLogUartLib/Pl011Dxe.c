// SPDX-License-Identifier: BSD-2-Clause-Patent
/* DXE and later: in the HOB that MemLogPei made. The DXE core logs before its
 * constructors run, so it looks when it writes. */
#include <PiDxe.h>

#include <Guid/MemDebugLog.h>
#include <Library/HobLib.h>
#ifdef PL011_DXE_CORE
#include <Library/DxeCoreEntryPoint.h>
#endif

#include "Pl011.h"

STATIC UINT32 mBase;

STATIC
VOID
Look(
	VOID
	)
{
	CONST MEM_DEBUG_LOG_HOB *Data;
	VOID *Hob = GetFirstGuidHob(&gMemDebugLogHobGuid);

	if (Hob == NULL || GET_GUID_HOB_DATA_SIZE(Hob) < sizeof(*Data))
		return;
	Data = GET_GUID_HOB_DATA(Hob);
	mBase = Data->Uart;
}

#ifdef PL011_DXE_CORE

UINT32
Pl011Base(
	VOID
	)
{
	if (mBase == 0 && gHobList != NULL)
		Look();
	return mBase;
}

#else

RETURN_STATUS
EFIAPI
MemLogUartConstructor(
	VOID
	)
{
	Look();
	return RETURN_SUCCESS;
}

UINT32
Pl011Base(
	VOID
	)
{
	return mBase;
}

#endif
