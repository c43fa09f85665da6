// SPDX-License-Identifier: BSD-2-Clause-Patent
/* The progress codes of DXE and of what follows. */
#include <PiDxe.h>

#include <Guid/EventGroup.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiDriverEntryPoint.h>
#include <MemLogProgress.h>

STATIC CONST UINT8 mBds = MEMLOG_PROGRESS_BDS;
STATIC CONST UINT8 mLoader = MEMLOG_PROGRESS_LOADER;
STATIC CONST UINT8 mExitBoot = MEMLOG_PROGRESS_EXIT_BOOT;

STATIC
VOID
EFIAPI
Report(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	MemLogProgress(*(CONST UINT8 *)Context);
}

EFI_STATUS
EFIAPI
MemLogProgressDxeEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	EFI_EVENT Event;

	MemLogProgress(MEMLOG_PROGRESS_DXE);
	gBS->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_CALLBACK, Report, &mBds,
			   &gEfiEndOfDxeEventGroupGuid, &Event);
	gBS->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_CALLBACK, Report, &mLoader,
			   &gEfiEventReadyToBootGuid, &Event);
	gBS->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_NOTIFY, Report, &mExitBoot,
			   &gEfiEventExitBootServicesGuid, &Event);
	return EFI_SUCCESS;
}
