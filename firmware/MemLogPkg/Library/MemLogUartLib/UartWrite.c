// SPDX-License-Identifier: BSD-2-Clause-Patent
/* Output, the same for each kind of port. */
#include <Base.h>
#include <Library/MemLogUartLib.h>

#include "Uart.h"

/* A read takes about a microsecond, a byte 87. */
#define SEND_TRIES	100000U

VOID
EFIAPI
MemLogUartWrite(
	IN CONST VOID *Text,
	IN UINTN Length
	)
{
	CONST UINT8 *Bytes = Text;
	UINT32 Base = MemLogUartAddress();
	UINTN Index, Tries;

	for (Index = 0; Index < Length; Index++) {
		for (Tries = 0; Tries < SEND_TRIES; Tries++)
			if (UartTakes(Base))
				break;
		UartPut(Base, Bytes[Index]);
	}
}
