// SPDX-License-Identifier: BSD-2-Clause-Patent
/* No log: for modules that cannot access it. */
#include <Base.h>
#include <Library/MemLogLib.h>

BOOLEAN
EFIAPI
MemLogEnabled(
	VOID
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

UINT32
EFIAPI
MemLogPages(
	VOID
	)
{
	return 0;
}
