/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * What the ring needs from its environment: edk2, or the host if MEMLOG_HOST is
 * defined.
 */
#ifndef MEMLOG_PORT_H
#define MEMLOG_PORT_H

#ifdef MEMLOG_HOST

#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* tests define the following to intercept copies, waits, interrupts and the
 * moment before each store, and to do without atomic instructions */
#ifndef ml_copy
#define ml_copy(to, from, length)	memcpy((to), (from), (length))
#endif
#define ml_zero(to, length)		memset((to), 0, (length))
#define ml_divide(value, by)		((value) / (by))
#ifndef ml_step
#define ml_step()			do { } while (0)
#endif
#ifndef ml_relax
#if defined(__i386__) || defined(__x86_64__)
#define ml_relax()			__builtin_ia32_pause()
#else
#define ml_relax()			do { } while (0)
#endif
#endif
#ifndef ml_interrupts_off
#define ml_interrupts_off()		0
#define ml_interrupts_set(state)	((void)(state))
#endif
#ifndef ml_atomics
#define ml_atomics()			1
#endif

#else

#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

typedef UINT8 u8;
typedef UINT16 u16;
typedef UINT32 u32;
typedef UINT64 u64;

#define ml_copy(to, from, length)	CopyMem((to), (from), (length))
#define ml_zero(to, length)		ZeroMem((to), (length))
/* of 64 bits by 32, which 32-bit code has no instruction for */
#define ml_divide(value, by)		DivU64x32((value), (by))
#define ml_relax()			CpuPause()
/* returns the state that ml_interrupts_set() restores */
#define ml_interrupts_off()		SaveAndDisableInterrupts()
#define ml_interrupts_set(state)	SetInterruptState(state)
#define ml_step()			do { } while (FALSE)

#ifdef MDE_CPU_AARCH64

#define ML_EL2		(2U << 2)	/* CurrentEL */
#define ML_MMU_CACHE	(1U | 1U << 2)	/* SCTLR_ELx */

/*
 * With the MMU off all memory is Device memory, where a load or store exclusive may
 * fault or never succeed. At EL2 that is so until memory is discovered.
 */
static inline int ml_atomics(void)
{
	u64 level, control;

	__asm__ volatile ("mrs %0, CurrentEL" : "=r" (level));
	if (level == ML_EL2)
		__asm__ volatile ("mrs %0, sctlr_el2" : "=r" (control));
	else
		__asm__ volatile ("mrs %0, sctlr_el1" : "=r" (control));
	return (control & ML_MMU_CACHE) == ML_MMU_CACHE;
}

#else

#define ml_atomics()			1

#endif
#endif
#endif
