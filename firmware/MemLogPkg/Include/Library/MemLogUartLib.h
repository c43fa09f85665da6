/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The first serial port: x86's 16550 at 0x3f8, on Arm a PL011. */
#ifndef MEM_LOG_UART_LIB_H
#define MEM_LOG_UART_LIB_H

#define MEMLOG_UART		0x3f8

#define MEMLOG_UART_LINE_STATUS	(MEMLOG_UART + 5)
#define MEMLOG_UART_RECEIVED	0x01
#define MEMLOG_UART_SENT	0x20

#define MEMLOG_UART_BAUD	115200

/* Where its registers are in memory; 0: they are I/O ports, or there is no port. */
UINT32
EFIAPI
MemLogUartAddress(
	VOID
	);

/* 8 bits, no parity, on x86 at that rate; a PL011 in use is left alone. */
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
