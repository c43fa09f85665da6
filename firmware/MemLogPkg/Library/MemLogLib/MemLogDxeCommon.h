/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_DXE_COMMON_H
#define MEMLOG_DXE_COMMON_H

#include <PiDxe.h>
#include "MemLogCommon.h"

/* Where the log is: found once, never looked up again. */
extern UINT64 mMemLogAddress;	/* 0: no log */
extern UINT32 mMemLogLimit;

/* Takes the address from the HOB list; FALSE when the list has no log. */
BOOLEAN
MemLogTakeFromHobs(
	IN CONST VOID *HobList
	);

/* The same from the HOB list that the system table names. */
VOID
MemLogTakeFromSystemTable(
	IN CONST EFI_SYSTEM_TABLE *SystemTable
	);

#endif
