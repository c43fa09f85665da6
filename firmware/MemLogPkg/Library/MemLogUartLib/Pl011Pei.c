// SPDX-License-Identifier: BSD-2-Clause-Patent
/* SEC and PEI: looked for in the device tree each time, because they run from flash
 * and have no variables. */
#include <Base.h>
#include <Library/MemLogFdtLib.h>

#include "Pl011.h"

UINT32
Pl011Base(
	VOID
	)
{
	UINT64 Address = MemLogFdtAddress("arm,pl011");

	return Address < MAX_UINT32 ? (UINT32)Address : 0;
}
