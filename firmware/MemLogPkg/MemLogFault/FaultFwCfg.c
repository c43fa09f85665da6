// SPDX-License-Identifier: BSD-2-Clause-Patent
/* SEC and PEI: what the host says, and the log that the note has. */
#include "Fault.h"

#include <MemLogEarly.h>
#include <Library/QemuFwCfgSimpleParserLib.h>

UINT32
MemLogFaultWish(
	VOID
	)
{
	UINT32 Value;

	return RETURN_ERROR(QemuFwCfgParseUint32(FAULT_FILE, TRUE, &Value)) ?
	       0 : Value;
}

struct ml_ring_header *
MemLogFaultLog(
	VOID
	)
{
	return (VOID *)(UINTN)MEMLOG_NOTE->Current;
}
