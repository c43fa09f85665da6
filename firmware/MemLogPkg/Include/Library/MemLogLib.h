/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Writes DEBUG() text to memory. Each phase has its own instance. All functions
 * can be called on any processor and before constructors have run; the wait for
 * the lock is bounded.
 */
#ifndef MEM_LOG_LIB_H
#define MEM_LOG_LIB_H

/* TRUE if MemLogWrite() has a ring to write to. */
BOOLEAN
EFIAPI
MemLogEnabled(
	VOID
	);

/*
 * Appends Length bytes of Text to the log of this phase. The message is dropped
 * if it does not fit into the ring or if the lock stays busy.
 */
VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	);

/*
 * Size of the main log in pages, at most ML_RING_MAX_PAGES. MemLogPeiFwCfgLib
 * takes it from fw_cfg, or from the PCD if the host does not set it.
 * MemLogPeiLib reads only the PCD, and MemLogNullLib returns 0. No other
 * instance has this function.
 */
UINT32
EFIAPI
MemLogPages(
	VOID
	);

#endif
