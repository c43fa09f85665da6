/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Progress codes on port 0x80, in builds with -D MEMLOG_PROGRESS: the host sees
 * how far a boot gets, and when.
 */
#ifndef MEMLOG_PROGRESS_H
#define MEMLOG_PROGRESS_H

#include <Library/DebugLib.h>
#include <Library/IoLib.h>

#define MEMLOG_PROGRESS_PORT		0x80

#define MEMLOG_PROGRESS_SEC		0x01
#define MEMLOG_PROGRESS_MEMORY		0x02
#define MEMLOG_PROGRESS_DXE		0x03
#define MEMLOG_PROGRESS_BDS		0x04
#define MEMLOG_PROGRESS_LOADER		0x05
#define MEMLOG_PROGRESS_EXIT_BOOT	0x06

/* The log has a line for each code, with the same time. */
STATIC
inline
VOID
MemLogProgress(
	IN UINT8 Code
	)
{
	IoWrite8(MEMLOG_PROGRESS_PORT, Code);
	DEBUG((DEBUG_INFO, "memory log: progress 0x%02x\n", Code));
}

#endif
