// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * The debug port of a hypervisor. It reads as 0xe9 if present. The result is
 * cached where possible, because the read causes a VM exit.
 */
#include <Base.h>
#include <Library/IoLib.h>
#include <Library/PcdLib.h>

#include "Device.h"

#define PORT_PRESENT	0xe9

#ifdef DEVICE_NO_VARIABLES

/* Code that runs from flash has no writable variables. */
BOOLEAN
DevicePresent(
	VOID
	)
{
	return IoRead8(PcdGet16(PcdDebugIoPort)) == PORT_PRESENT;
}

#else

STATIC BOOLEAN mAsked;
STATIC BOOLEAN mPresent;

BOOLEAN
DevicePresent(
	VOID
	)
{
	if (!mAsked) {
		mPresent = IoRead8(PcdGet16(PcdDebugIoPort)) == PORT_PRESENT;
		mAsked = TRUE;
	}
	return mPresent;
}

#endif

RETURN_STATUS
DeviceInitialize(
	VOID
	)
{
	return RETURN_SUCCESS;
}

VOID
DeviceWrite(
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	IoWriteFifo8(PcdGet16(PcdDebugIoPort), Length, (VOID *)Text);
}
