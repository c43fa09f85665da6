// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * DebugAgentLib for SEC: no agent. SEC calls it once it has loaded its table of
 * interrupts. Handle exceptions from here on, until CpuMpPei does: otherwise one
 * resets the guest without a word.
 */
#include <Base.h>
#include <Library/CpuExceptionHandlerLib.h>
#include <Library/DebugAgentLib.h>
#include <Library/PcdLib.h>
#include <MemLogProgress.h>

VOID
EFIAPI
InitializeDebugAgent(
	IN UINT32 InitFlag,
	IN VOID *Context OPTIONAL,
	IN DEBUG_AGENT_CONTINUE Function OPTIONAL
	)
{
	if (InitFlag == DEBUG_AGENT_INIT_PREMEM_SEC) {
		if (FixedPcdGetBool(PcdMemLogProgressCodes))
			MemLogProgress(MEMLOG_PROGRESS_SEC);
		InitializeCpuExceptionHandlers(NULL);
	}
	if (Function != NULL)
		Function(Context);
}

BOOLEAN
EFIAPI
SaveAndSetDebugTimerInterrupt(
	IN BOOLEAN EnableStatus
	)
{
	return FALSE;
}
