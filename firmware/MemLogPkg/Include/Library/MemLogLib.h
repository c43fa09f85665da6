/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Keeps DEBUG() text in memory. One instance for each phase; all of them may
 * be called by any processor, before constructors have run, and never wait.
 */
#ifndef MEM_LOG_LIB_H
#define MEM_LOG_LIB_H

/* Whether MemLogWrite() has a ring to write to. */
BOOLEAN
EFIAPI
MemLogEnabled(
	VOID
	);

/*
 * Appends Length bytes of Text to the log of this phase. A message that cannot
 * be taken (lock busy for too long, longer than the ring) is dropped.
 */
VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	);

/*
 * Pages of the main log that this boot wants: the fw_cfg file, else the PCD,
 * at most ML_RING_MAX_PAGES. Only the instance with fw_cfg asks the host; the
 * other PEI instance answers with the PCD alone, and Null with 0.
 */
UINT32
EFIAPI
MemLogPages(
	VOID
	);

#endif
