// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Crashes in DXE, before and after CpuDxe handles exceptions. */
#include <PiDxe.h>

#include "Fault.h"

#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiDriverEntryPoint.h>
#include <Library/UefiLib.h>
#ifdef MDE_CPU_AARCH64
#include <Protocol/Cpu.h>
#define CPU_GUID	gEfiCpuArchProtocolGuid
#else
#include <Protocol/MpService.h>
#define CPU_GUID	gEfiMpServiceProtocolGuid
#endif

STATIC VOID *mRegistration;

STATIC
VOID
EFIAPI
OnProcessors(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	VOID *Protocol;

	if (!EFI_ERROR(gBS->LocateProtocol(&CPU_GUID, NULL, &Protocol)))
		MemLogFault(FAULT_IN_DXE_CPU);
}

EFI_STATUS
EFIAPI
MemLogFaultDxeEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	MemLogFault(FAULT_IN_DXE);
	EfiCreateProtocolNotifyEvent(&CPU_GUID, TPL_CALLBACK,
				     OnProcessors, NULL, &mRegistration);
	return EFI_SUCCESS;
}
