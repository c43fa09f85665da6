/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test needs of edk2's headers to compile sources of the firmware. */
#ifndef TEST_EDK2_BASE_H
#define TEST_EDK2_BASE_H

#include <stdint.h>

#define VOID   void
#define CONST  const
#define STATIC static
#define IN
#define OUT
#define EFIAPI
#define TRUE  1
#define FALSE 0

typedef uint8_t UINT8;
typedef uint32_t UINT32;
typedef uint64_t UINT64;
typedef uintptr_t UINTN;
typedef uint8_t BOOLEAN;
typedef char CHAR8;

#define MIN(a, b)	       ((a) < (b) ? (a) : (b))
#define ALIGN_VALUE(value, to) ((value) + (((to) - (value)) & ((to)-1)))

#endif
