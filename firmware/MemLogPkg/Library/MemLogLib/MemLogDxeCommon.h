/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_DXE_COMMON_H
#define MEMLOG_DXE_COMMON_H

#include <PiDxe.h>
#include "MemLogCommon.h"

/* The log's address and its size in bytes, header included; set only once. */
extern UINT64 mMemLogAddress;	/* 0: no log */
extern UINT32 mMemLogLimit;

/* Sets them from the log's HOB; FALSE if the list has no such HOB. */
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
