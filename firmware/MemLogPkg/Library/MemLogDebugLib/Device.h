/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The device beside the memory log: a debug port or a serial port. */
#ifndef MEMLOG_DEVICE_H
#define MEMLOG_DEVICE_H

RETURN_STATUS
DeviceInitialize(
	VOID
	);

/* May be asked before DeviceInitialize() has run. */
BOOLEAN
DevicePresent(
	VOID
	);

VOID
DeviceWrite(
	IN CONST CHAR8 *Text,
	IN UINTN Length
	);

#endif
