// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Output only, for modules that have no console. */
#include <Base.h>
#include <Library/SerialPortLib.h>

BOOLEAN
EFIAPI
SerialPortPoll(
	VOID
	)
{
	return FALSE;
}

UINTN
EFIAPI
SerialPortRead(
	OUT UINT8 *Buffer,
	IN UINTN NumberOfBytes
	)
{
	return 0;
}

RETURN_STATUS
EFIAPI
SerialPortSetControl(
	IN UINT32 Control
	)
{
	return RETURN_UNSUPPORTED;
}

RETURN_STATUS
EFIAPI
SerialPortGetControl(
	OUT UINT32 *Control
	)
{
	return RETURN_UNSUPPORTED;
}

RETURN_STATUS
EFIAPI
SerialPortSetAttributes(
	IN OUT UINT64 *BaudRate,
	IN OUT UINT32 *ReceiveFifoDepth,
	IN OUT UINT32 *Timeout,
	IN OUT EFI_PARITY_TYPE *Parity,
	IN OUT UINT8 *DataBits,
	IN OUT EFI_STOP_BITS_TYPE *StopBits
	)
{
	return RETURN_UNSUPPORTED;
}
