// SPDX-License-Identifier: BSD-2-Clause-Patent
/* MemLogSettings(): what the host or the build wants. */
#include "MemLogCommon.h"

#include <Guid/MemDebugLog.h>
#include <Library/PcdLib.h>
#include <Library/QemuFwCfgSimpleParserLib.h>

STATIC
UINT32
Setting(
	IN CONST CHAR8 *File,
	IN UINT32 Default
	)
{
	UINT32 Value;

	return RETURN_ERROR(QemuFwCfgParseUint32(File, TRUE, &Value)) ?
	       Default : Value;
}

VOID
EFIAPI
MemLogSettings(
	OUT UINT32 *Pages,
	OUT UINT32 *Level,
	OUT BOOLEAN *Prefix
	)
{
	*Pages = Setting(MEM_DEBUG_LOG_PAGES_FILE,
			 FixedPcdGet32(PcdMemDebugLogPages));
	*Pages = MIN(*Pages, ML_RING_MAX_PAGES);
	*Level = Setting(MEM_DEBUG_LOG_LEVEL_FILE,
			 FixedPcdGet32(PcdMemLogErrorLevel));
	*Prefix = Setting(MEM_DEBUG_LOG_PREFIX_FILE,
			  FixedPcdGetBool(PcdMemLogPrefix)) != 0;
}
