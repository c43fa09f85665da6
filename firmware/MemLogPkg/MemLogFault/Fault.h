/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* For tests, in builds with -D MEMLOG_FAULT only: crash when the host wants it. */
#ifndef MEMLOG_FAULT_H
#define MEMLOG_FAULT_H

#include <MemLogRing.h>

/* The first digit of the fw_cfg file opt/memlog/Fault */
enum {
	FAULT_IN_SEC = 1,
	FAULT_IN_PEI_CPU = 2,	/* CpuMpPei handles exceptions, not on Arm */
	FAULT_IN_PEI = 3,	/* SEC still does, and memory was discovered */
	FAULT_IN_DXE = 4,	/* the DXE core handles exceptions */
	FAULT_IN_DXE_CPU = 5,	/* CpuDxe does */
	FAULT_IN_SMM = 9,
};

/* The second one */
enum {
	FAULT_GP = 1,		/* on Arm a breakpoint */
	FAULT_PF = 2,
	FAULT_UD = 3,
	FAULT_ASSERT = 4,
	FAULT_DEAD_LOOP = 5,
	FAULT_LOCKED = 6,	/* FAULT_UD while this processor has the log's lock */
};

/* SEC and PEI read it (FaultFwCfg.c). DXE and SMM get it in a HOB with the GUID of the
 * package's token space (FaultHob.c). */
#define FAULT_FILE		"opt/memlog/Fault"

/* What the host wants, 0 if it wants nothing. */
UINT32
MemLogFaultWish(
	VOID
	);

/* The log that this phase writes to, or NULL. */
struct ml_ring_header *
MemLogFaultLog(
	VOID
	);

/* Returns if the host's wish is about another place. */
VOID
MemLogFault(
	IN UINT32 Place
	);

#endif
