// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * SEC: starts a new ring in the early area at each reset. The previous boot's
 * note, after the ring, is kept.
 */
#include "MemLogCommon.h"

#include <MemLogEarly.h>
#include <MemLogVersion.h>

RETURN_STATUS
EFIAPI
MemLogSecConstructor(
	VOID
	)
{
	CHAR8 Version[ML_RING_VERSION_BYTES];

	if (MEMLOG_EARLY_RING_BYTES == 0)
		return RETURN_SUCCESS;
	MemLogVersion(Version);
	ml_ring_init((VOID *)(UINTN)MEMLOG_EARLY_BASE,
		     MEMLOG_EARLY_RING_BYTES, MEMLOG_EARLY_ENTRIES, Version);
	return RETURN_SUCCESS;
}

BOOLEAN
EFIAPI
MemLogEnabled(
	VOID
	)
{
	return MEMLOG_EARLY_RING_BYTES != 0;
}

VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	struct ml_ring Ring;

	if (ml_ring_attach((VOID *)(UINTN)MEMLOG_EARLY_BASE,
			   MEMLOG_EARLY_RING_BYTES, &Ring) == ML_RING_OK)
		MemLogAppend(&Ring, ML_PHASE_SEC, Level, Text, Length);
}
