// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Runtime drivers: silent from the moment addresses become virtual. Nobody
 * maps the log for them, and its address is a physical one.
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
	mMemLogAddress = 0;
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
	/* Without the event there is no way to stop in time: do not begin. */
	if (!EFI_ERROR(Status))
		MemLogTakeFromSystemTable(SystemTable);
	else
		mVirtualEvent = NULL;
	return EFI_SUCCESS;
}

/* A driver that is unloaded must not leave its event behind. */
EFI_STATUS
EFIAPI
MemLogRuntimeDestructor(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	mMemLogAddress = 0;
	if (mVirtualEvent != NULL)
		mBootServices->CloseEvent(mVirtualEvent);
	return EFI_SUCCESS;
}

BOOLEAN
EFIAPI
MemLogEnabled(
	VOID
	)
{
	return mMemLogAddress != 0;
}

VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	if (mMemLogAddress != 0)
		MemLogAppend(mMemLogAddress, mMemLogLimit, ML_PHASE_RUNTIME,
			     Level, Text, Length);
}
