// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Crashes in SMM. */
#include <PiSmm.h>

#include "Fault.h"

#include <Library/HobLib.h>
#include <Library/UefiDriverEntryPoint.h>

/* The host's wish, 0 if it has none */
STATIC
UINT32
Wish(
	VOID
	)
{
	VOID *Hob = GetFirstGuidHob(&gMemLogPkgTokenSpaceGuid);

	return Hob == NULL ? 0 : *(UINT32 *)GET_GUID_HOB_DATA(Hob);
}

EFI_STATUS
EFIAPI
MemLogFaultSmmEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	MemLogFault(FAULT_IN_SMM, Wish());
	return EFI_SUCCESS;
}
