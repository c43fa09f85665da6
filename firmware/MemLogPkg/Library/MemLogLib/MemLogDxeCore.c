// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * DXE core. It logs before constructors run, so each message looks for the HOB
 * until it is found.
 */
#include "MemLogDxeCommon.h"

#include <Library/DxeCoreEntryPoint.h>

STATIC BOOLEAN mLooked;

BOOLEAN
MemLogReady(
	VOID
	)
{
	if (!mLooked && gHobList != NULL)
		mLooked = MemLogTakeFromHobs(gHobList);
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
	if (MemLogReady())
		MemLogAppend(&mMemLog, ML_PHASE_DXE, Level,
			     Text, Length);
}
