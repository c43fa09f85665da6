// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * DXE drivers, UEFI drivers and applications. MemLogSmmLib sets MEMLOG_PHASE
 * and builds this for SMM.
 */
#include "MemLogDxeCommon.h"

#ifndef MEMLOG_PHASE
#define MEMLOG_PHASE	ML_PHASE_DXE
#endif

EFI_STATUS
EFIAPI
MemLogDxeConstructor(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	MemLogTakeFromSystemTable(SystemTable);
	return EFI_SUCCESS;
}

BOOLEAN
MemLogReady(
	VOID
	)
{
	return mMemLog.header != NULL;
}

VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	if (mMemLog.header != NULL)
		MemLogAppend(&mMemLog, MEMLOG_PHASE, Level,
			     Text, Length);
}
