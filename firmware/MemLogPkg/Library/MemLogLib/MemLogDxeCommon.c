// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Shared by DXE, SMM and runtime. Each module stores the address and the size
 * when it starts, because the header may be overwritten later.
 */
#include "MemLogDxeCommon.h"

#include <Guid/HobList.h>

UINT64 mMemLogAddress;
UINT32 mMemLogLimit;

BOOLEAN
MemLogTakeFromHobs(
	IN CONST VOID *HobList
	)
{
	CONST UINT64 *Address = MemLogFindHob(HobList);
	struct ml_ring Ring;

	if (Address == NULL)
		return FALSE;
	if (*Address == 0 || *Address > MAX_UINTN ||
	    ml_ring_attach((VOID *)(UINTN)*Address, ML_RING_MAX_BYTES,
			   &Ring) != ML_RING_OK)
		return TRUE;
	mMemLogLimit = (UINT32)(Ring.text - (UINT8 *)(UINTN)*Address) +
		       Ring.size;
	mMemLogAddress = *Address;
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
