// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Output to a PL011. */
#include <Base.h>
#include <Library/IoLib.h>
#include <Library/MemLogUartLib.h>

#include "Pl011.h"
#include "Uart.h"

/* Registers */
#define PL011_DATA	0x00
#define PL011_FLAGS	0x18
#define FLAGS_FULL	(1U << 5)
#define PL011_LINE	0x2c
#define LINE_FIFO	(1U << 4)
#define LINE_8N1	(3U << 5)
#define PL011_CONTROL	0x30
#define CONTROL_OUTPUT	(1U | 1U << 8)
#define CONTROL_INPUT	(1U << 9)

UINT32
EFIAPI
MemLogUartAddress(
	VOID
	)
{
	return Pl011Base();
}

/* The rate is left as it is: a virtual port has none. */
VOID
EFIAPI
MemLogUartInitialize(
	VOID
	)
{
	UINT32 Base = Pl011Base();

	if (Base == 0 || (MmioRead32(Base + PL011_CONTROL) &
			  CONTROL_OUTPUT) == CONTROL_OUTPUT)
		return;
	MmioWrite32(Base + PL011_LINE, LINE_8N1 | LINE_FIFO);
	MmioWrite32(Base + PL011_CONTROL, CONTROL_OUTPUT | CONTROL_INPUT);
}

BOOLEAN
UartTakes(
	IN UINT32 Base
	)
{
	return Base == 0 || (MmioRead32(Base + PL011_FLAGS) & FLAGS_FULL) == 0;
}

VOID
UartPut(
	IN UINT32 Base,
	IN UINT8 Byte
	)
{
	if (Base != 0)
		MmioWrite32(Base + PL011_DATA, Byte);
}
