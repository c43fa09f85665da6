// SPDX-License-Identifier: BSD-2-Clause-Patent
/* One of several ways to crash. */
#include "Fault.h"

#include <Library/BaseLib.h>
#include <Library/DebugLib.h>

/* No page table of the firmware has it. */
#define FAULT_ADDRESS		0x7ffffffff000ULL

#ifdef MDE_CPU_AARCH64
#define FAULT_PROTECTION	"brk #1"
#define FAULT_INSTRUCTION	".inst 0"
#else
/* No descriptor table has so many entries. */
#define FAULT_PROTECTION	"mov %w0, %%ds" : : "r" (0xfff8)
#define FAULT_INSTRUCTION	"ud2"
#endif

/* As if the exception came in the middle of a message */
STATIC
VOID
TakeLock(
	VOID
	)
{
	struct ml_ring_header *Log = MemLogFaultLog();

	if (Log != NULL)
		Log->lock.low = ML_RING_LOCK_HELD;
}

STATIC
VOID
Crash(
	IN UINT32 Kind
	)
{
	switch (Kind) {
	case FAULT_GP:
		__asm__ volatile (FAULT_PROTECTION);
		break;
	case FAULT_PF:
		*(volatile UINT8 *)(UINTN)FAULT_ADDRESS = 0;
		break;
	case FAULT_LOCKED:
		TakeLock();
		/* fall through */
	case FAULT_UD:
		__asm__ volatile (FAULT_INSTRUCTION);
		break;
	case FAULT_ASSERT:
		ASSERT(Kind != FAULT_ASSERT);
		break;
	case FAULT_DEAD_LOOP:
		CpuDeadLoop();
		break;
	default:
		break;
	}
}

VOID
MemLogFault(
	IN UINT32 Place
	)
{
	UINT32 Wish = MemLogFaultWish();

	if (Wish >> 4 != Place)
		return;
	DEBUG((DEBUG_INFO, "memory log: fault %x\n", Wish));
	Crash(Wish & 0xf);
}
