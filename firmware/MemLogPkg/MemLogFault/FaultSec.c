// SPDX-License-Identifier: BSD-2-Clause-Patent
/* MemLogDebugAgentLib, but crashes when it handles exceptions. */
#include "Fault.h"

#include <Library/CpuExceptionHandlerLib.h>
#include <Library/DebugAgentLib.h>
#include <Library/QemuFwCfgSimpleParserLib.h>

VOID
EFIAPI
InitializeDebugAgent(
	IN UINT32 InitFlag,
	IN VOID *Context OPTIONAL,
	IN DEBUG_AGENT_CONTINUE Function OPTIONAL
	)
{
	UINT32 Value;

	if (InitFlag == DEBUG_AGENT_INIT_PREMEM_SEC) {
		InitializeCpuExceptionHandlers(NULL);
		if (!RETURN_ERROR(QemuFwCfgParseUint32(FAULT_FILE, TRUE,
						       &Value)))
			MemLogFault(FAULT_IN_SEC, Value);
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
