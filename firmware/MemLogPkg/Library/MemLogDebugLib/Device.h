/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The device that also gets the text: a debug port or a serial port. */
#ifndef MEMLOG_DEVICE_H
#define MEMLOG_DEVICE_H

RETURN_STATUS
DeviceInitialize(
	VOID
	);

/* Can be called before DeviceInitialize(). */
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
