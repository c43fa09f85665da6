// SPDX-License-Identifier: BSD-2-Clause-Patent
/* MemLogDebugAgentLib, but crashes when it handles exceptions. */
#include "Fault.h"

#ifndef MDE_CPU_AARCH64
#include <Library/CpuExceptionHandlerLib.h>
#endif
#include <Library/DebugAgentLib.h>
#include <Library/QemuFwCfgSimpleParserLib.h>

/* Arm's SEC handles exceptions by then. */
STATIC
BOOLEAN
HandlesExceptions(
	IN UINT32 InitFlag
	)
{
#ifdef MDE_CPU_AARCH64
	return InitFlag == DEBUG_AGENT_INIT_POSTMEM_SEC;
#else
	if (InitFlag != DEBUG_AGENT_INIT_PREMEM_SEC)
		return FALSE;
	InitializeCpuExceptionHandlers(NULL);
	return TRUE;
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
	UINT32 Value;

	if (HandlesExceptions(InitFlag) &&
	    !RETURN_ERROR(QemuFwCfgParseUint32(FAULT_FILE, TRUE, &Value)))
		MemLogFault(FAULT_IN_SEC, Value);
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
