// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Shared by DXE, SMM and runtime.
 */
#include "MemLogDxeCommon.h"

#include <Guid/HobList.h>

struct ml_ring mMemLog;
UINT32 mMemLogMask;

BOOLEAN
EFIAPI
MemLogTakes(
	IN UINTN Level,
	IN BOOLEAN DeviceTakes
	)
{
	return MemLogReady() &&
	       MemLogMaskTakes(mMemLogMask, Level, DeviceTakes);
}

BOOLEAN
MemLogTakeFromHobs(
	IN CONST VOID *HobList
	)
{
	CONST MEM_DEBUG_LOG_HOB *Hob = MemLogFindHob(HobList);

	if (Hob == NULL)
		return FALSE;
	mMemLogMask = Hob->Level;
	if (Hob->Address != 0 && Hob->Address <= MAX_UINTN &&
	    ml_ring_attach((VOID *)(UINTN)Hob->Address, ML_RING_MAX_BYTES,
			   &mMemLog) != ML_RING_OK)
		mMemLog.header = NULL;
	return TRUE;
}

VOID
MemLogTakeFromSystemTable(
	IN CONST EFI_SYSTEM_TABLE *SystemTable
	)
{
	UINTN Index;

	for (Index = 0; Index < SystemTable->NumberOfTableEntries; Index++) {
		EFI_CONFIGURATION_TABLE *Table;

		Table = &SystemTable->ConfigurationTable[Index];
		if (CompareGuid(&Table->VendorGuid, &gEfiHobListGuid)) {
			MemLogTakeFromHobs(Table->VendorTable);
			return;
		}
	}
}
