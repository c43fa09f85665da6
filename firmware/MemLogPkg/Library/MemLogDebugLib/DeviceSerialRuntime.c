// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Runtime drivers: the serial port is the operating system's as soon as that has
 * called ExitBootServices(). */
#include <PiDxe.h>

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

BOOLEAN
DevicePresent(
	VOID
	)
{
	return !mOver;
}
