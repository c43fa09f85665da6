// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * CpuDeadLoop() with a line in the log. That of BaseLib has another name in builds
 * with this one: MemLogDeadLoop.dsc.inc.
 */
#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/DebugLib.h>
#include <Library/MemLogLib.h>

VOID
EFIAPI
CpuDeadLoop(
	VOID
	)
{
	volatile UINTN Stays = 1;	/* a debugger can go on from here */

	if (DebugPrintEnabled())
		DebugPrint(DEBUG_ERROR | MEMLOG_FINAL,
			   "memory log: the processor stops\n");
	while (Stays != 0)
		CpuPause();
}
