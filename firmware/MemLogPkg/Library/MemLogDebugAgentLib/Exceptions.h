/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_EXCEPTIONS_H
#define MEMLOG_EXCEPTIONS_H

/* From here on, SEC dumps exceptions to the serial port and to the log. */
VOID
MemLogHandleExceptions(
	VOID
	);

#endif
