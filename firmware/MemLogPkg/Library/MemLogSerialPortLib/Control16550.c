// SPDX-License-Identifier: BSD-2-Clause-Patent
/* What a console needs of SerialPortLib: input and signals of a 16550. */
#include <Base.h>
#include <Library/IoLib.h>
#include <Library/MemLogUartLib.h>
#include <Library/SerialPortLib.h>

#define MODEM_CONTROL		(MEMLOG_UART + 4)
#define CONTROL_DTR		0x01
#define CONTROL_RTS		0x02

#define MODEM_STATUS		(MEMLOG_UART + 6)

/* What a register has, and the same for EFI_SERIAL_IO_PROTOCOL */
STATIC CONST struct {
	UINT16 Port;
	UINT8 Bit;
	UINT32 Control;
} mSignals[] = {
	{ MODEM_STATUS, 0x10, EFI_SERIAL_CLEAR_TO_SEND },
	{ MODEM_STATUS, 0x20, EFI_SERIAL_DATA_SET_READY },
	{ MODEM_STATUS, 0x40, EFI_SERIAL_RING_INDICATE },
	{ MODEM_STATUS, 0x80, EFI_SERIAL_CARRIER_DETECT },
	{ MODEM_CONTROL, CONTROL_DTR, EFI_SERIAL_DATA_TERMINAL_READY },
	{ MODEM_CONTROL, CONTROL_RTS, EFI_SERIAL_REQUEST_TO_SEND },
	{ MEMLOG_UART_LINE_STATUS, MEMLOG_UART_SENT,
	  EFI_SERIAL_OUTPUT_BUFFER_EMPTY },
};

BOOLEAN
EFIAPI
SerialPortPoll(
	VOID
	)
{
	return (IoRead8(MEMLOG_UART_LINE_STATUS) & MEMLOG_UART_RECEIVED) != 0;
}

UINTN
EFIAPI
SerialPortRead(
	OUT UINT8 *Buffer,
	IN UINTN NumberOfBytes
	)
{
	UINTN Index;

	if (Buffer == NULL)
		return 0;
	for (Index = 0; Index < NumberOfBytes; Index++) {
		while (!SerialPortPoll())
			;
		Buffer[Index] = IoRead8(MEMLOG_UART);
	}
	return NumberOfBytes;
}

RETURN_STATUS
EFIAPI
SerialPortSetControl(
	IN UINT32 Control
	)
{
	UINT8 Value;

	if ((Control & ~(EFI_SERIAL_REQUEST_TO_SEND |
			 EFI_SERIAL_DATA_TERMINAL_READY)) != 0)
		return RETURN_UNSUPPORTED;
	Value = IoRead8(MODEM_CONTROL) & ~(CONTROL_DTR | CONTROL_RTS);
	if ((Control & EFI_SERIAL_DATA_TERMINAL_READY) != 0)
		Value |= CONTROL_DTR;
	if ((Control & EFI_SERIAL_REQUEST_TO_SEND) != 0)
		Value |= CONTROL_RTS;
	IoWrite8(MODEM_CONTROL, Value);
	return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
SerialPortGetControl(
	OUT UINT32 *Control
	)
{
	UINTN Index;

	*Control = SerialPortPoll() ? 0 : EFI_SERIAL_INPUT_BUFFER_EMPTY;
	for (Index = 0; Index < ARRAY_SIZE(mSignals); Index++)
		if ((IoRead8(mSignals[Index].Port) & mSignals[Index].Bit) != 0)
			*Control |= mSignals[Index].Control;
	return RETURN_SUCCESS;
}

/* What MemLogUartInitialize() sets is all there is; 0 is the default of each. */
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
	if (*BaudRate == 0)
		*BaudRate = MEMLOG_UART_BAUD;
	if (*Parity == DefaultParity)
		*Parity = NoParity;
	if (*DataBits == 0)
		*DataBits = 8;
	if (*StopBits == DefaultStopBits)
		*StopBits = OneStopBit;
	return *BaudRate == MEMLOG_UART_BAUD && *Parity == NoParity &&
	       *DataBits == 8 && *StopBits == OneStopBit ?
	       RETURN_SUCCESS : RETURN_UNSUPPORTED;
}
