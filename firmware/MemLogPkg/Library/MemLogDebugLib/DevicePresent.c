// SPDX-License-Identifier: BSD-2-Clause-Patent
/* A device that is assumed to be there. */
#include <Base.h>

#include "Device.h"

BOOLEAN
DevicePresent(
	VOID
	)
{
	return TRUE;
}
