// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * The serial port for runtime drivers: it is the operating system's as soon as that
 * has called ExitBootServices().
 */
#include <PiDxe.h>
#include <Library/MemLogUartLib.h>

#include "Device.h"

STATIC EFI_EVENT mExitEvent;
STATIC EFI_BOOT_SERVICES *mBootServices;
STATIC BOOLEAN mOver;

STATIC
VOID
EFIAPI
LeaveDevice(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	mOver = TRUE;
}

EFI_STATUS
EFIAPI
MemLogDebugLibRuntimeConstructor(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	mBootServices = SystemTable->BootServices;
	/* without the event, writing could not be stopped in time */
	if (EFI_ERROR(mBootServices->CreateEvent(EVT_SIGNAL_EXIT_BOOT_SERVICES,
						 TPL_NOTIFY, LeaveDevice, NULL,
						 &mExitEvent))) {
		mExitEvent = NULL;
		mOver = TRUE;
	}
	DeviceInitialize();
	return EFI_SUCCESS;
}

/* The event must not call into an unloaded driver. */
EFI_STATUS
EFIAPI
MemLogDebugLibRuntimeDestructor(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	if (mExitEvent != NULL)
		mBootServices->CloseEvent(mExitEvent);
	return EFI_SUCCESS;
}

RETURN_STATUS
DeviceInitialize(
	VOID
	)
{
	MemLogUartInitialize();
	return RETURN_SUCCESS;
}

BOOLEAN
DevicePresent(
	VOID
	)
{
	return !mOver;
}

VOID
DeviceWrite(
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	MemLogUartWrite(Text, Length);
}
