/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Writes DEBUG() text to memory. Each phase has its own instance. All functions
 * can be called on any processor and before constructors have run; the wait for
 * the lock is bounded.
 */
#ifndef MEM_LOG_LIB_H
#define MEM_LOG_LIB_H

/*
 * In the level of MemLogWrite(): this processor stops after the message, which
 * is written even if the lock stays busy. No level of DEBUG() has this bit.
 */
#define MEMLOG_FINAL	0x40000000U

/*
 * TRUE if there is a ring and a message of this level belongs there: if the mask
 * of the memory log has the level or, without such a mask, if the device gets
 * the message too.
 */
BOOLEAN
EFIAPI
MemLogTakes(
	IN UINTN Level,
	IN BOOLEAN DeviceTakes
	);

/*
 * Appends Length bytes of Text to the log of this phase, whatever its mask is.
 * The message is dropped if it does not fit into the ring or if the lock stays
 * busy and the level does not have MEMLOG_FINAL.
 */
VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	);

/*
 * The size of the main log in pages, at most ML_RING_MAX_PAGES, the mask of error
 * levels, 0 for that of the device, and whether lines begin with time and level:
 * from fw_cfg, or from the PCDs if the host does not set them. Only
 * MemLogPeiFwCfgLib has this function.
 */
VOID
EFIAPI
MemLogSettings(
	OUT UINT32 *Pages,
	OUT UINT32 *Level,
	OUT BOOLEAN *Prefix
	);

#endif
