/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What output needs of each kind of port. Base is MemLogUartAddress(). */
#ifndef MEMLOG_UART_H
#define MEMLOG_UART_H

/* TRUE if it takes a byte now, or if there is no port. */
BOOLEAN
UartTakes(
	IN UINT32 Base
	);

/* Without a port, the byte is lost. */
VOID
UartPut(
	IN UINT32 Base,
	IN UINT8 Byte
	);

#endif
