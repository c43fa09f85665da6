/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The first serial port, a 16550 at 0x3f8. No variables: SEC runs from flash. */
#ifndef MEM_LOG_UART_LIB_H
#define MEM_LOG_UART_LIB_H

#define MEMLOG_UART		0x3f8

#define MEMLOG_UART_LINE_STATUS	(MEMLOG_UART + 5)
#define MEMLOG_UART_RECEIVED	0x01
#define MEMLOG_UART_SENT	0x20

#define MEMLOG_UART_BAUD	115200

/* That rate, 8 bits, no parity */
VOID
EFIAPI
MemLogUartInitialize(
	VOID
	);

/* A byte that the port does not take within about a tenth of a second is lost. */
VOID
EFIAPI
MemLogUartWrite(
	IN CONST VOID *Text,
	IN UINTN Length
	);

#endif
