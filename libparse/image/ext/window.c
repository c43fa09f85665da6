/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* window.c - the error for files that need a large window to be unpacked. */
#include "window.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"

#define MIB (1u << 20)

enum memlog_status ml_window_fail(uint64_t bytes, uint64_t max,
				  struct memlog_err *err)
{
	char size[32] = "SIZE", most[32];

	if (bytes)
		snprintf(size, sizeof(size), "%" PRIu64 "M",
			 bytes / MIB + (bytes % MIB != 0));
	snprintf(most, sizeof(most),
		 max % MIB ? "%" PRIu64 " bytes" : "%" PRIu64 " MiB",
		 max % MIB ? max : max / MIB);
	return ml_fail(err, MEMLOG_LIMIT,
		       "to unpack it takes more memory than the limit of %s; "
		       "--limit window=%s allows it",
		       most, size);
}
