/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The GUID of the log's HOB and of its EFI configuration table. The
 * configuration table points to the ring's header; without a log there is none.
 */
#ifndef MEM_DEBUG_LOG_H
#define MEM_DEBUG_LOG_H

extern EFI_GUID gMemDebugLogHobGuid;

/* The HOB's data. OvmfPkg's own memory log has the address only. */
typedef struct {
	UINT64 Address;		/* of the ring's header, 0 if the log is off */
	UINT32 Level;		/* as MemLogSettings() returns it */
	UINT32 Uart;		/* MemLogUartAddress() */
} MEM_DEBUG_LOG_HOB;

/* fw_cfg files, hexadecimal digits: size of the main log in pages, the mask of
 * error levels, and whether lines begin with time and level */
#define MEM_DEBUG_LOG_PAGES_FILE	"opt/ovmf/MemDebugLogPages"
#define MEM_DEBUG_LOG_LEVEL_FILE	"opt/ovmf/MemDebugLogLevel"
#define MEM_DEBUG_LOG_PREFIX_FILE	"opt/ovmf/MemDebugLogPrefix"

#endif
