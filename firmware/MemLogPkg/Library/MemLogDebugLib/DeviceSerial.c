// SPDX-License-Identifier: BSD-2-Clause-Patent
/* The serial port, assumed to be present. */
#include <Base.h>
#include <Library/SerialPortLib.h>

#include "Device.h"

RETURN_STATUS
DeviceInitialize(
	VOID
	)
{
	return SerialPortInitialize();
}

BOOLEAN
DevicePresent(
	VOID
	)
{
	return TRUE;
}

VOID
DeviceWrite(
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	SerialPortWrite((UINT8 *)Text, Length);
}
