// SPDX-License-Identifier: BSD-2-Clause-Patent
/* The progress code of PEI: memory was found. */
#include <PiPei.h>

#include <Library/PeiServicesLib.h>
#include <MemLogProgress.h>
#include <Ppi/MemoryDiscovered.h>

STATIC
EFI_STATUS
EFIAPI
OnMemory(
	IN EFI_PEI_SERVICES **PeiServices,
	IN EFI_PEI_NOTIFY_DESCRIPTOR *Descriptor,
	IN VOID *Ppi
	)
{
	MemLogProgress(MEMLOG_PROGRESS_MEMORY);
	return EFI_SUCCESS;
}

STATIC CONST EFI_PEI_NOTIFY_DESCRIPTOR mNotify = {
	EFI_PEI_PPI_DESCRIPTOR_NOTIFY_CALLBACK |
	EFI_PEI_PPI_DESCRIPTOR_TERMINATE_LIST,
	&gEfiPeiMemoryDiscoveredPpiGuid,
	OnMemory
};

EFI_STATUS
EFIAPI
MemLogProgressPeiEntry(
	IN EFI_PEI_FILE_HANDLE FileHandle,
	IN CONST EFI_PEI_SERVICES **PeiServices
	)
{
	return PeiServicesNotifyPpi(&mNotify);
}
