// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * SEC: starts a new ring in the early area at each reset. What the boot before
 * left in the other half is kept, and so is its note.
 */
#include "MemLogCommon.h"

#include <MemLogCounter.h>
#include <MemLogEarly.h>
#include <MemLogVersion.h>
#ifdef MDE_CPU_AARCH64
#include <Library/CacheMaintenanceLib.h>
#endif

/* TRUE if the boot before still wrote to this half when it ended. */
STATIC
BOOLEAN
WasInUse(
	IN VOID *Half
	)
{
	struct ml_ring Ring;

	return ml_ring_attach(Half, MEMLOG_EARLY_HALF, &Ring) == ML_RING_OK;
}

/*
 * A reader must not take the old half for the current one: change its mark
 * before the new ring exists. What an earlier reset kept there is now of two
 * boots ago. The text of a resume from S3 keeps its mark until it is known
 * whether this is a boot or another resume.
 */
STATIC
VOID
KeepHalf(
	IN VOID *Half
	)
{
	if (!WasInUse(Half))
		ml_ring_retire(Half);
	else if (ml_ring_mark(Half) == ML_RING_CURRENT)
		ml_ring_set_mark(Half, ML_RING_KEPT);
}

/* Arm with the MMU off: stores go past the cache, which may still have what the boot
 * before wrote. */
STATIC
VOID
CleanCache(
	VOID
	)
{
#ifdef MDE_CPU_AARCH64
	if (!ml_atomics())
		WriteBackInvalidateDataCacheRange(
			(VOID *)(UINTN)MEMLOG_EARLY_BASE, MEMLOG_EARLY_SIZE);
#endif
}

/* A resume from S3 is taken back by MemLogPei. */
STATIC
VOID
CountBoot(
	VOID
	)
{
	if (MemLogNoteIsValid()) {
		MEMLOG_NOTE->Boots++;
		return;
	}
	MEMLOG_NOTE->Boots = 0;
	MEMLOG_NOTE->Resumes = 0;
	MemLogWriteNote(0);
}

RETURN_STATUS
EFIAPI
MemLogSecConstructor(
	VOID
	)
{
	CHAR8 Version[ML_RING_VERSION_BYTES];
	struct ml_ring Ring;
	UINTN Index;
	VOID *Half;

	if (MEMLOG_EARLY_HALF == 0)
		return RETURN_SUCCESS;
	CleanCache();
	Index = WasInUse(MemLogEarlyHalf(0)) ? 1 : 0;
	Half = MemLogEarlyHalf(Index);
	KeepHalf(MemLogEarlyHalf(1 - Index));
	MemLogVersion(Version);
	ml_ring_init(Half, MEMLOG_EARLY_HALF, MEMLOG_EARLY_ENTRIES, Version);
	CountBoot();
	if (ml_ring_attach(Half, MEMLOG_EARLY_HALF, &Ring) == ML_RING_OK &&
	    Ring.ext != NULL) {
		MemLogCounterRate(&Ring);
		Ring.ext->boots = MEMLOG_NOTE->Boots;
		Ring.ext->main.low = (UINT32)MEMLOG_NOTE->MainLog;
	}
	MEMLOG_NOTE->Current = (UINTN)Half;
	MEMLOG_NOTE->Level = FixedPcdGet32(PcdMemLogErrorLevel);
	return RETURN_SUCCESS;
}

BOOLEAN
EFIAPI
MemLogTakes(
	IN UINTN Level,
	IN BOOLEAN DeviceTakes
	)
{
	return MEMLOG_EARLY_HALF != 0 &&
	       MemLogMaskTakes(FixedPcdGet32(PcdMemLogErrorLevel), Level,
			       DeviceTakes);
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
	UINT64 Address;

	if (MEMLOG_EARLY_HALF == 0)
		return;
	Address = MEMLOG_NOTE->Current;
	/*
	 * Before the constructor, the note is the last boot's. Exceptions are
	 * handled after it, also those in PEI, when the log may be elsewhere.
	 */
	if ((Level & MEMLOG_FINAL) == 0 &&
	    Address != (UINTN)MemLogEarlyHalf(0) &&
	    Address != (UINTN)MemLogEarlyHalf(1))
		return;
	if (ml_ring_attach((VOID *)(UINTN)Address, MemLogLimitOf(Address),
			   &Ring) == ML_RING_OK)
		MemLogAppend(&Ring, ML_PHASE_SEC, Level, Text, Length);
}
