/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#ifndef MEMLOG_VERSION_H
#define MEMLOG_VERSION_H

#include <MemLogRing.h>
#include <Library/PcdLib.h>

/* PcdFirmwareVersionString in ASCII, truncated to fit into the header. */
STATIC
inline
VOID
MemLogVersion(
	OUT CHAR8 Version[ML_RING_VERSION_BYTES]
	)
{
	CONST CHAR16 *String = FixedPcdGetPtr(PcdFirmwareVersionString);
	UINTN Index;

	for (Index = 0; Index < ML_RING_VERSION_BYTES - 1 && String[Index];
	     Index++)
		Version[Index] = String[Index] < 0x7f ?
				 (CHAR8)String[Index] : '?';
	Version[Index] = 0;
}

#endif
