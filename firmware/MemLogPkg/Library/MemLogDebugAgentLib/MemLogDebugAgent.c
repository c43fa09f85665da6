// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * DebugAgentLib for SEC: no agent. SEC calls it once it has loaded a table of
 * interrupts or vectors. Handle exceptions from here on: otherwise, one resets an x86
 * guest without a word, and Arm's SEC prints nothing but the address.
 */
#include <Base.h>
#include <Library/DebugAgentLib.h>

#include "Exceptions.h"
#ifdef MEMLOG_FAULT
#include "Fault.h"
#endif

#ifdef MDE_CPU_AARCH64
#define TABLE_IS_LOADED		DEBUG_AGENT_INIT_POSTMEM_SEC
#else
#define TABLE_IS_LOADED		DEBUG_AGENT_INIT_PREMEM_SEC
#endif

VOID
EFIAPI
InitializeDebugAgent(
	IN UINT32 InitFlag,
	IN VOID *Context OPTIONAL,
	IN DEBUG_AGENT_CONTINUE Function OPTIONAL
	)
{
	if (InitFlag == TABLE_IS_LOADED) {
		MemLogHandleExceptions();
#ifdef MEMLOG_FAULT
		MemLogFault(FAULT_IN_SEC);
#endif
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
