// SPDX-License-Identifier: BSD-2-Clause-Patent
/* MemLogPages() from the PCD. */
#include "MemLogCommon.h"

#include <Library/PcdLib.h>

UINT32
EFIAPI
MemLogPages(
	VOID
	)
{
	return MIN(FixedPcdGet32(PcdMemDebugLogPages), ML_RING_MAX_PAGES);
}
