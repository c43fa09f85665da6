// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * DebugLib: formats each message once and sends it to the device, if present,
 * and to the memory log, if enabled. Without either, nothing is formatted.
 */
#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DebugLib.h>
#include <Library/DebugPrintErrorLevelLib.h>
#include <Library/MemLogLib.h>
#include <Library/PcdLib.h>
#include <Library/PrintLib.h>

#include "Device.h"

/* The same limit as in OvmfPkg's PlatformDebugLibIoPort. */
#define MESSAGE_BYTES	0x200

/* Masks of levels do not apply to assertions. */
#define ASSERT_LEVEL	DEBUG_ERROR
#define DEAD_LOOP	"memory log: the processor stops after this assertion\n"

STATIC VA_LIST mNoVaList;

RETURN_STATUS
EFIAPI
MemLogDebugLibConstructor(
	VOID
	)
{
	return DeviceInitialize();
}

STATIC
VOID
Print(
	IN UINTN Level,
	IN CONST CHAR8 *Format,
	IN VA_LIST VaList,
	IN BASE_LIST BaseList
	)
{
	CHAR8 Text[MESSAGE_BYTES];
	BOOLEAN Wanted, ToDevice, ToMemory;
	UINTN Length;

	ASSERT(Format != NULL);
	Wanted = (Level & GetDebugPrintErrorLevel()) != 0;
	ToMemory = MemLogTakes(Level, Wanted);
	ToDevice = Wanted && DevicePresent();
	if (!ToDevice && !ToMemory)
		return;
	if (BaseList == NULL)
		Length = AsciiVSPrint(Text, sizeof(Text), Format, VaList);
	else
		Length = AsciiBSPrint(Text, sizeof(Text), Format, BaseList);
	if (ToDevice)
		DeviceWrite(Text, Length);
	if (ToMemory)
		MemLogWrite(Level, Text, Length);
}

VOID
EFIAPI
DebugPrint(
	IN UINTN ErrorLevel,
	IN CONST CHAR8 *Format,
	...
	)
{
	VA_LIST VaList;

	VA_START(VaList, Format);
	Print(ErrorLevel, Format, VaList, NULL);
	VA_END(VaList);
}

VOID
EFIAPI
DebugVPrint(
	IN UINTN ErrorLevel,
	IN CONST CHAR8 *Format,
	IN VA_LIST VaListMarker
	)
{
	Print(ErrorLevel, Format, VaListMarker, NULL);
}

VOID
EFIAPI
DebugBPrint(
	IN UINTN ErrorLevel,
	IN CONST CHAR8 *Format,
	IN BASE_LIST BaseListMarker
	)
{
	Print(ErrorLevel, Format, mNoVaList, BaseListMarker);
}

STATIC
VOID
PrintAssert(
	IN CONST CHAR8 *Text,
	IN UINTN Length,
	IN BOOLEAN Stops
	)
{
	if (DevicePresent())
		DeviceWrite(Text, Length);
	MemLogWrite(Stops ? ASSERT_LEVEL | MEMLOG_FINAL : ASSERT_LEVEL, Text,
		    Length);
}

/* Not CpuDeadLoop(), which may print a line of its own. */
STATIC
VOID
Stop(
	VOID
	)
{
	volatile UINTN Stays = 1;	/* a debugger can go on from here */

	while (Stays != 0)
		CpuPause();
}

VOID
EFIAPI
DebugAssert(
	IN CONST CHAR8 *FileName,
	IN UINTN LineNumber,
	IN CONST CHAR8 *Description
	)
{
	UINT8 Mask = PcdGet8(PcdDebugPropertyMask);
	CHAR8 Text[MESSAGE_BYTES];
	BOOLEAN Breaks, Loops;
	UINTN Length;

	Length = AsciiSPrint(Text, sizeof(Text), "ASSERT %a(%Lu): %a\n",
			     FileName, (UINT64)LineNumber, Description);
	Breaks = (Mask & DEBUG_PROPERTY_ASSERT_BREAKPOINT_ENABLED) != 0;
	Loops = (Mask & DEBUG_PROPERTY_ASSERT_DEADLOOP_ENABLED) != 0;
	PrintAssert(Text, Length, Breaks || Loops);
	if (Breaks) {
		CpuBreakpoint();
	} else if (Loops) {
		PrintAssert(DEAD_LOOP, sizeof(DEAD_LOOP) - 1, TRUE);
		Stop();
	}
}

VOID *
EFIAPI
DebugClearMemory(
	OUT VOID *Buffer,
	IN UINTN Length
	)
{
	ASSERT(Buffer != NULL);
	return SetMem(Buffer, Length, PcdGet8(PcdDebugClearMemoryValue));
}

STATIC
BOOLEAN
Property(
	IN UINT8 Bit
	)
{
	return (PcdGet8(PcdDebugPropertyMask) & Bit) != 0;
}

BOOLEAN
EFIAPI
DebugAssertEnabled(
	VOID
	)
{
	return Property(DEBUG_PROPERTY_DEBUG_ASSERT_ENABLED);
}

BOOLEAN
EFIAPI
DebugPrintEnabled(
	VOID
	)
{
	return Property(DEBUG_PROPERTY_DEBUG_PRINT_ENABLED);
}

BOOLEAN
EFIAPI
DebugCodeEnabled(
	VOID
	)
{
	return Property(DEBUG_PROPERTY_DEBUG_CODE_ENABLED);
}

BOOLEAN
EFIAPI
DebugClearMemoryEnabled(
	VOID
	)
{
	return Property(DEBUG_PROPERTY_CLEAR_MEMORY_ENABLED);
}

BOOLEAN
EFIAPI
DebugPrintLevelEnabled(
	IN CONST UINTN ErrorLevel
	)
{
	return (ErrorLevel & PcdGet32(PcdFixedDebugPrintErrorLevel)) != 0;
}
