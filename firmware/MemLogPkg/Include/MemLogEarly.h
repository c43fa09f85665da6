/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What stands in the early area: a ring, and in its last page a note that
 * outlives a reset. The note says where the boot before kept its main log, so
 * that a header left behind there can be made unrecognisable. Whatever ran
 * since may have written to it: it is a hint, never to be trusted.
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
	UINT64 Check;	/* exclusive or of the two above, inverted */
};

#define MEMLOG_EARLY_BASE	FixedPcdGet32(PcdOvmfEarlyMemDebugLogBase)
#define MEMLOG_EARLY_SIZE	FixedPcdGet32(PcdOvmfEarlyMemDebugLogSize)
/* 0 on a platform without an early area */
#define MEMLOG_EARLY_RING_BYTES \
	(MEMLOG_EARLY_SIZE > MEMLOG_NOTE_BYTES ? \
	 MEMLOG_EARLY_SIZE - MEMLOG_NOTE_BYTES : 0)

#endif
