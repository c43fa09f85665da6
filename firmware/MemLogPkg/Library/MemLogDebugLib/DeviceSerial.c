// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * The serial port. Not SerialPortLib, which also writes to the memory log in some
 * modules.
 */
#include <Base.h>
#include <Library/MemLogUartLib.h>

#include "Device.h"

RETURN_STATUS
DeviceInitialize(
	VOID
	)
{
	MemLogUartInitialize();
	return RETURN_SUCCESS;
}

VOID
DeviceWrite(
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	MemLogUartWrite(Text, Length);
}
