/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The early area: a ring, and in the last page a note that survives a reset.
 * The note has the address of the previous boot's main log, so that the old
 * header can be invalidated. The operating system may have written to it since:
 * check it before use.
 */
#ifndef MEMLOG_EARLY_H
#define MEMLOG_EARLY_H

#include <Library/PcdLib.h>

#define MEMLOG_NOTE_BYTES	0x1000U
/* "mlognote" */
#define MEMLOG_NOTE_TAG		0x65746f6e676f6c6dULL

struct memlog_note {
	UINT64 Tag;
	UINT64 MainLog;
	UINT64 Check;	/* ~(Tag ^ MainLog) */
};

#define MEMLOG_EARLY_BASE	FixedPcdGet32(PcdOvmfEarlyMemDebugLogBase)
#define MEMLOG_EARLY_SIZE	FixedPcdGet32(PcdOvmfEarlyMemDebugLogSize)
/* 0 on a platform without an early area */
#define MEMLOG_EARLY_RING_BYTES \
	(MEMLOG_EARLY_SIZE > MEMLOG_NOTE_BYTES ? \
	 MEMLOG_EARLY_SIZE - MEMLOG_NOTE_BYTES : 0)
/* Index entries of the early ring: SEC and PEI have some 150 messages before
 * memory is discovered. */
#define MEMLOG_EARLY_ENTRIES	512U

#endif
