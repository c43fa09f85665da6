// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * SerialPortLib for modules that handle CPU exceptions: the library that dumps
 * the registers writes to the serial port only. What is written here goes there
 * and to the memory log.
 *
 * The port is first: if the log cannot be accessed, the exception that this
 * causes does not take from the port what it would have got without the log.
 * Handlers let one processor dump at a time.
 */
#include <Base.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DebugLib.h>
#include <Library/MemLogLib.h>
#include <Library/MemLogUartLib.h>
#include <Library/SerialPortLib.h>

/* SerialDxe: what it writes is the console. */
STATIC CONST GUID mConsole = {
	0x9a5163e7, 0x5c29, 0x453f,
	{ 0x82, 0x5c, 0x83, 0x7a, 0x46, 0xa8, 0x1e, 0x15 }
};

RETURN_STATUS
EFIAPI
SerialPortInitialize(
	VOID
	)
{
	MemLogUartInitialize();
	return RETURN_SUCCESS;
}

UINTN
EFIAPI
SerialPortWrite(
	IN UINT8 *Buffer,
	IN UINTN NumberOfBytes
	)
{
	if (Buffer == NULL)
		return 0;
	MemLogUartWrite(Buffer, NumberOfBytes);
	if (!CompareGuid(&gEfiCallerIdGuid, &mConsole))
		MemLogWrite(DEBUG_ERROR | MEMLOG_FINAL, (CHAR8 *)Buffer,
			    NumberOfBytes);
	return NumberOfBytes;
}
