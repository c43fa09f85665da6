// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * DebugAgentLib for SEC: no agent. SEC calls it once it has loaded its table of
 * interrupts. Handle exceptions from here on, until CpuMpPei does: otherwise one
 * resets the guest without a word. Arm's SEC does so itself, and needs this library
 * only to crash in tests.
 */
#include <Base.h>
#ifndef MDE_CPU_AARCH64
#include <Library/CpuExceptionHandlerLib.h>
#include <Library/PcdLib.h>
#include <MemLogProgress.h>
#endif
#include <Library/DebugAgentLib.h>

#ifdef MEMLOG_FAULT
#include "Fault.h"
#endif

#ifdef MDE_CPU_AARCH64
#define TABLE_IS_LOADED		DEBUG_AGENT_INIT_POSTMEM_SEC
#else
#define TABLE_IS_LOADED		DEBUG_AGENT_INIT_PREMEM_SEC
#endif

STATIC
VOID
HandleExceptions(
	VOID
	)
{
#ifndef MDE_CPU_AARCH64
	if (FixedPcdGetBool(PcdMemLogProgressCodes))
		MemLogProgress(MEMLOG_PROGRESS_SEC);
	InitializeCpuExceptionHandlers(NULL);
#endif
#ifdef MEMLOG_FAULT
	MemLogFault(FAULT_IN_SEC);
#endif
}

VOID
EFIAPI
InitializeDebugAgent(
	IN UINT32 InitFlag,
	IN VOID *Context OPTIONAL,
	IN DEBUG_AGENT_CONTINUE Function OPTIONAL
	)
{
	if (InitFlag == TABLE_IS_LOADED)
		HandleExceptions();
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
