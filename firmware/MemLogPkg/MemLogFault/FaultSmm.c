// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Crashes in SMM. */
#include <PiSmm.h>

#include "Fault.h"

#include <Library/UefiDriverEntryPoint.h>

EFI_STATUS
EFIAPI
MemLogFaultSmmEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	MemLogFault(FAULT_IN_SMM);
	return EFI_SUCCESS;
}
