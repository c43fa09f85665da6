// SPDX-License-Identifier: BSD-2-Clause-Patent
/* MemLogPages() from fw_cfg, or from the PCD if the host does not set it. */
#include "MemLogCommon.h"

#include <Guid/MemDebugLog.h>
#include <Library/PcdLib.h>
#include <Library/QemuFwCfgSimpleParserLib.h>

UINT32
EFIAPI
MemLogPages(
	VOID
	)
{
	UINT32 Pages;

	if (RETURN_ERROR(QemuFwCfgParseUint32(MEM_DEBUG_LOG_PAGES_FILE, TRUE,
					      &Pages)))
		Pages = FixedPcdGet32(PcdMemDebugLogPages);
	return MIN(Pages, ML_RING_MAX_PAGES);
}
