// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Crashes in PEI, before and after CpuMpPei handles exceptions. */
#include <PiPei.h>

#include "Fault.h"

#include <Library/HobLib.h>
#include <Library/PeiServicesLib.h>
#include <Ppi/MemoryDiscovered.h>
#include <Ppi/MpServices.h>

STATIC
EFI_STATUS
EFIAPI
OnMemory(
	IN EFI_PEI_SERVICES **PeiServices,
	IN EFI_PEI_NOTIFY_DESCRIPTOR *Descriptor,
	IN VOID *Ppi
	)
{
	MemLogFault(FAULT_IN_PEI);
	return EFI_SUCCESS;
}

STATIC
EFI_STATUS
EFIAPI
OnProcessors(
	IN EFI_PEI_SERVICES **PeiServices,
	IN EFI_PEI_NOTIFY_DESCRIPTOR *Descriptor,
	IN VOID *Ppi
	)
{
	MemLogFault(FAULT_IN_PEI_CPU);
	return EFI_SUCCESS;
}

STATIC CONST EFI_PEI_NOTIFY_DESCRIPTOR mNotify[] = {
	{
		EFI_PEI_PPI_DESCRIPTOR_NOTIFY_CALLBACK,
		&gEfiPeiMemoryDiscoveredPpiGuid,
		OnMemory
	},
	{
		EFI_PEI_PPI_DESCRIPTOR_NOTIFY_CALLBACK |
		EFI_PEI_PPI_DESCRIPTOR_TERMINATE_LIST,
		&gEfiPeiMpServicesPpiGuid,
		OnProcessors
	},
};

EFI_STATUS
EFIAPI
MemLogFaultPeiEntry(
	IN EFI_PEI_FILE_HANDLE FileHandle,
	IN CONST EFI_PEI_SERVICES **PeiServices
	)
{
	UINT32 Wish = MemLogFaultWish();

	BuildGuidDataHob(&gMemLogPkgTokenSpaceGuid, &Wish, sizeof(Wish));
	return PeiServicesNotifyPpi(mNotify);
}
