// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Runtime drivers. They stop logging when addresses become virtual, because the
 * log's address is a physical one.
 */
#include "MemLogDxeCommon.h"

#include <Guid/EventGroup.h>

STATIC EFI_EVENT mVirtualEvent;
STATIC EFI_BOOT_SERVICES *mBootServices;

STATIC
VOID
EFIAPI
GoSilent(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	mMemLog.header = NULL;
}

EFI_STATUS
EFIAPI
MemLogRuntimeConstructor(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	EFI_STATUS Status;

	mBootServices = SystemTable->BootServices;
	Status = mBootServices->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_NOTIFY,
					      GoSilent, NULL,
					      &gEfiEventVirtualAddressChangeGuid,
					      &mVirtualEvent);
	/* without the event, logging could not be stopped in time */
	if (!EFI_ERROR(Status))
		MemLogTakeFromSystemTable(SystemTable);
	else
		mVirtualEvent = NULL;
	return EFI_SUCCESS;
}

/* The event must not call into an unloaded driver. */
EFI_STATUS
EFIAPI
MemLogRuntimeDestructor(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	mMemLog.header = NULL;
	if (mVirtualEvent != NULL)
		mBootServices->CloseEvent(mVirtualEvent);
	return EFI_SUCCESS;
}

BOOLEAN
MemLogReady(
	VOID
	)
{
	return mMemLog.header != NULL;
}

VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	if (mMemLog.header != NULL)
		MemLogAppend(&mMemLog, ML_PHASE_RUNTIME,
			     Level, Text, Length);
}
