// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Output to a 16550. No variables: SEC runs from flash. */
#include <Base.h>
#include <Library/IoLib.h>
#include <Library/MemLogUartLib.h>

#include "Uart.h"

#define DIVISOR_LOW	(MEMLOG_UART + 0)
#define DIVISOR_HIGH	(MEMLOG_UART + 1)
#define LINE_CONTROL	(MEMLOG_UART + 3)
#define LINE_8N1	0x03
#define LINE_DIVISOR	0x80

UINT32
EFIAPI
MemLogUartAddress(
	VOID
	)
{
	return 0;
}

VOID
EFIAPI
MemLogUartInitialize(
	VOID
	)
{
	IoWrite8(LINE_CONTROL, LINE_8N1 | LINE_DIVISOR);
	IoWrite8(DIVISOR_HIGH, 0);
	IoWrite8(DIVISOR_LOW, 1);
	IoWrite8(LINE_CONTROL, LINE_8N1);
}

BOOLEAN
UartTakes(
	IN UINT32 Base
	)
{
	return (IoRead8(MEMLOG_UART_LINE_STATUS) & MEMLOG_UART_SENT) != 0;
}

VOID
UartPut(
	IN UINT32 Base,
	IN UINT8 Byte
	)
{
	IoWrite8(MEMLOG_UART, Byte);
}
