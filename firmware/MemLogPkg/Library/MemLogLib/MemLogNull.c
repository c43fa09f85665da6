// SPDX-License-Identifier: BSD-2-Clause-Patent
/* No log: for modules that cannot access it. */
#include <Base.h>
#include <Library/MemLogLib.h>

BOOLEAN
EFIAPI
MemLogTakes(
	IN UINTN Level,
	IN BOOLEAN DeviceTakes
	)
{
	return FALSE;
}

VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
}
