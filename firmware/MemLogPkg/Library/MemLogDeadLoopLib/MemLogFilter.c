// SPDX-License-Identifier: BSD-2-Clause-Patent
/* RegisterFilterLib without filters: each access goes to the hardware. */
#include <Base.h>
#include <Library/RegisterFilterLib.h>

#define BEFORE(Name, Where, What)				\
	BOOLEAN EFIAPI Name(Where, What) { return TRUE; }
#define AFTER(Name, Where, What)				\
	VOID EFIAPI Name(Where, What) { }

#define PORT	FILTER_IO_WIDTH Width, UINTN Address
#define DATA	VOID *Buffer
#define MSR	UINT32 Index
#define VALUE	UINT64 *Value

BEFORE(FilterBeforeIoRead, PORT, DATA)
AFTER(FilterAfterIoRead, PORT, DATA)
BEFORE(FilterBeforeIoWrite, PORT, DATA)
AFTER(FilterAfterIoWrite, PORT, DATA)
BEFORE(FilterBeforeMmIoRead, PORT, DATA)
AFTER(FilterAfterMmIoRead, PORT, DATA)
BEFORE(FilterBeforeMmIoWrite, PORT, DATA)
AFTER(FilterAfterMmIoWrite, PORT, DATA)
BEFORE(FilterBeforeMsrRead, MSR, VALUE)
AFTER(FilterAfterMsrRead, MSR, VALUE)
BEFORE(FilterBeforeMsrWrite, MSR, VALUE)
AFTER(FilterAfterMsrWrite, MSR, VALUE)
