/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Finds a device in the device tree that QEMU leaves at the start of memory. No
 * variables, and only loads of single bytes: SEC runs from flash, and with the MMU
 * off others must be aligned.
 */
#ifndef MEM_LOG_FDT_LIB_H
#define MEM_LOG_FDT_LIB_H

/*
 * Returns the first address of the first device that is compatible with Name and
 * not disabled, or 0. Addresses have 64 bits.
 */
UINT64
EFIAPI
MemLogFdtAddress(
	IN CONST CHAR8 *Name
	);

#endif
