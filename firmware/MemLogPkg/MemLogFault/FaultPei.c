// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Crashes in PEI, before and after CpuMpPei handles exceptions. */
#include <PiPei.h>

#include "Fault.h"

#include <Library/HobLib.h>
#include <Library/PeiServicesLib.h>
#include <Library/QemuFwCfgSimpleParserLib.h>
#include <Ppi/MemoryDiscovered.h>
#include <Ppi/MpServices.h>

/* The host's wish, 0 if it has none */
STATIC
UINT32
Wish(
	VOID
	)
{
	UINT32 Value;

	return RETURN_ERROR(QemuFwCfgParseUint32(FAULT_FILE, TRUE, &Value)) ?
	       0 : Value;
}

STATIC
EFI_STATUS
EFIAPI
OnMemory(
	IN EFI_PEI_SERVICES **PeiServices,
	IN EFI_PEI_NOTIFY_DESCRIPTOR *Descriptor,
	IN VOID *Ppi
	)
{
	MemLogFault(FAULT_IN_PEI, Wish());
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
	MemLogFault(FAULT_IN_PEI_CPU, Wish());
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
	UINT32 Value = Wish();

	BuildGuidDataHob(&gMemLogPkgTokenSpaceGuid, &Value, sizeof(Value));
	return PeiServicesNotifyPpi(mNotify);
}
