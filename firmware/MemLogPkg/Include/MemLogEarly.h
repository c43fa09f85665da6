/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The early area: two rings, and in the last page a note.
 *
 * SEC starts a ring in one half and leaves the other alone if the boot before
 * ended while its ring was there. The note's first part survives a reset. The
 * operating system may have written to it since: check it before use. The second
 * part counts from SEC to the end of PEI only, and SEC sets it at each reset.
 */
#ifndef MEMLOG_EARLY_H
#define MEMLOG_EARLY_H

#include <MemLogRing.h>
#include <Library/PcdLib.h>

#define MEMLOG_NOTE_BYTES	0x1000U
/* "mlognote" */
#define MEMLOG_NOTE_TAG		0x65746f6e676f6c6dULL

struct memlog_note {
	UINT64 Tag;
	UINT64 MainLog;		/* of the last boot that had one */
	UINT64 Check;		/* ~(Tag ^ MainLog) */
	UINT32 Boots;		/* warm resets since the cold start */
	UINT32 Resumes;		/* from S3, of this boot */

	UINT64 Current;		/* the ring that PEI writes to, 0: none */
	UINT32 Level;		/* as MemLogSettings() returns it */
	UINT32 Reserved;
};

#define MEMLOG_EARLY_BASE	FixedPcdGet32(PcdOvmfEarlyMemDebugLogBase)
#define MEMLOG_EARLY_SIZE	FixedPcdGet32(PcdOvmfEarlyMemDebugLogSize)
/* Bytes of one half, whole pages; 0 on a platform without an early area */
#define MEMLOG_EARLY_HALF \
	(MEMLOG_EARLY_SIZE >= 3 * MEMLOG_NOTE_BYTES ? \
	 (MEMLOG_EARLY_SIZE - MEMLOG_NOTE_BYTES) / 2 & ~0xfffU : 0)
#define MEMLOG_EARLY_END	(MEMLOG_EARLY_BASE + MEMLOG_EARLY_SIZE)

/* Index entries of an early ring: SEC and PEI have some 300 messages before
 * memory is discovered, which are 5 to 6 KB. */
#define MEMLOG_EARLY_ENTRIES	512U

/* Not to be used if MEMLOG_EARLY_HALF is 0. */
#define MEMLOG_NOTE \
	((struct memlog_note *)(UINTN)(MEMLOG_EARLY_END - MEMLOG_NOTE_BYTES))

/* FALSE after a cold start, or if something else was written there. */
STATIC
inline
BOOLEAN
MemLogNoteIsValid(
	VOID
	)
{
	return MEMLOG_NOTE->Tag == MEMLOG_NOTE_TAG &&
	       MEMLOG_NOTE->Check == ~(MEMLOG_NOTE_TAG ^ MEMLOG_NOTE->MainLog);
}

STATIC
inline
VOID
MemLogWriteNote(
	IN UINT64 MainLog
	)
{
	MEMLOG_NOTE->Tag = MEMLOG_NOTE_TAG;
	MEMLOG_NOTE->MainLog = MainLog;
	MEMLOG_NOTE->Check = ~(MEMLOG_NOTE_TAG ^ MainLog);
}

/* Half 0 or 1 */
STATIC
inline
VOID *
MemLogEarlyHalf(
	IN UINTN Index
	)
{
	return (VOID *)(UINTN)(MEMLOG_EARLY_BASE + Index * MEMLOG_EARLY_HALF);
}

/* The size limit of the ring at Address. */
STATIC
inline
UINT32
MemLogLimitOf(
	IN UINT64 Address
	)
{
	if (Address >= MEMLOG_EARLY_BASE && Address < MEMLOG_EARLY_END)
		return MEMLOG_EARLY_HALF;
	return ML_RING_MAX_BYTES;
}

#endif
