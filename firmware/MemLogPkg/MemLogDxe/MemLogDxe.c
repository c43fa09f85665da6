// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Installs the configuration table of the memory log.
 */
#include <PiDxe.h>

#include <Guid/MemDebugLog.h>
#include <Library/DebugLib.h>
#include <Library/HobLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiDriverEntryPoint.h>

EFI_STATUS
EFIAPI
MemLogDxeEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	EFI_STATUS Status;
	CONST MEM_DEBUG_LOG_HOB *Data;
	UINT64 Address = 0;
	VOID *Hob;

	Hob = GetFirstGuidHob(&gMemDebugLogHobGuid);
	if (Hob != NULL && GET_GUID_HOB_DATA_SIZE(Hob) >= sizeof(*Data)) {
		Data = GET_GUID_HOB_DATA(Hob);
		Address = Data->Address;
	}
	if (Address == 0 || Address > MAX_UINTN)
		return EFI_UNSUPPORTED;
	Status = gBS->InstallConfigurationTable(&gMemDebugLogHobGuid,
						(VOID *)(UINTN)Address);
	if (EFI_ERROR(Status))
		DEBUG((DEBUG_ERROR, "memory log: no configuration table: %r\n",
		       Status));
	return Status;
}
