// SPDX-License-Identifier: BSD-2-Clause-Patent
/* x86: edk2's library, until CpuMpPei uses it. */
#include <Base.h>
#include <Library/CpuExceptionHandlerLib.h>
#include <Library/DebugLib.h>
#include <Library/PcdLib.h>
#include <MemLogProgress.h>

#include "Exceptions.h"

VOID
MemLogHandleExceptions(
	VOID
	)
{
	RETURN_STATUS Status;

	if (FixedPcdGetBool(PcdMemLogProgressCodes))
		MemLogProgress(MEMLOG_PROGRESS_SEC);
	Status = InitializeCpuExceptionHandlers(NULL);
	if (RETURN_ERROR(Status))
		DEBUG((DEBUG_WARN, "memory log: SEC handles no exceptions: "
		       "%r\n", Status));
}
