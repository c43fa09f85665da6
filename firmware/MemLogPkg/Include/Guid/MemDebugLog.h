/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The GUID under which the log is found, as a HOB and as an EFI configuration
 * table. The HOB's data is the 64-bit address of the ring's header, 0 when the
 * log is off; the configuration table points to the header itself.
 */
#ifndef MEM_DEBUG_LOG_H
#define MEM_DEBUG_LOG_H

extern EFI_GUID gMemDebugLogHobGuid;

/* A string of hexadecimal digits: pages of the main log. */
#define MEM_DEBUG_LOG_PAGES_FILE	"opt/ovmf/MemDebugLogPages"

#endif
