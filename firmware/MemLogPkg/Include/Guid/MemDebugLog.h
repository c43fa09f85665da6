/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The GUID of the log's HOB and of its EFI configuration table. The HOB's data
 * is the 64-bit address of the ring's header, 0 if the log is off. The
 * configuration table points to the header; without a log there is none.
 */
#ifndef MEM_DEBUG_LOG_H
#define MEM_DEBUG_LOG_H

extern EFI_GUID gMemDebugLogHobGuid;

/* fw_cfg file: size of the main log in pages, hexadecimal digits */
#define MEM_DEBUG_LOG_PAGES_FILE	"opt/ovmf/MemDebugLogPages"

#endif
