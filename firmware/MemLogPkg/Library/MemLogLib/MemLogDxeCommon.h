/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_DXE_COMMON_H
#define MEMLOG_DXE_COMMON_H

#include <PiDxe.h>
#include "MemLogCommon.h"

/* The log, with the geometry that it had when the module started: the header may
 * be overwritten later. Its header is NULL if there is no log. */
extern struct ml_ring mMemLog;

/* The mask of error levels */
extern UINT32 mMemLogMask;

/* TRUE if there is a log. */
BOOLEAN
MemLogReady(
	VOID
	);

/* Sets both from the log's HOB; FALSE if the list has no such HOB. */
BOOLEAN
MemLogTakeFromHobs(
	IN CONST VOID *HobList
	);

/* The same, with the HOB list in the system table. */
VOID
MemLogTakeFromSystemTable(
	IN CONST EFI_SYSTEM_TABLE *SystemTable
	);

#endif
