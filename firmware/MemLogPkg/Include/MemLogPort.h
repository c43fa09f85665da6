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
 * moment before each store */
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

#endif
#endif
