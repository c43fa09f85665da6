// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Measures the cycles per message of formatting, a ring in memory, the debug
 * port and the serial port. Uses a ring of its own, so the log is not
 * overwritten. Prints one DEBUG() line for each.
 */
#include <PiDxe.h>

#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DebugLib.h>
#include <Library/IoLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PcdLib.h>
#include <Library/PrintLib.h>
#include <Library/SerialPortLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiDriverEntryPoint.h>
#include <MemLogRing.h>

#define RING_PAGES	32
#define RING_ENTRIES	1024
#define MESSAGES	2000
#define SERIAL_MESSAGES	200
#define FORMAT		"%a: entry %d at 0x%lx, status %r\n"

STATIC CHAR8 mText[0x200];
STATIC UINTN mLength;
STATIC UINTN mNumber;
STATIC VOID *mRing;

STATIC
VOID
Format(
	VOID
	)
{
	mLength = AsciiSPrint(mText, sizeof(mText), FORMAT, __FUNCTION__,
			      mNumber++, (UINT64)(UINTN)mText, EFI_SUCCESS);
}

STATIC
VOID
ToMemory(
	VOID
	)
{
	struct ml_ring_message Message;
	struct ml_ring Ring;

	ZeroMem(&Message, sizeof(Message));
	Message.text = mText;
	Message.length = (UINT32)mLength;
	Message.time = AsmReadTsc();
	if (ml_ring_attach(mRing, (UINT32)EFI_PAGES_TO_SIZE(RING_PAGES),
			   &Ring) == ML_RING_OK)
		ml_ring_append(&Ring, &Message);
}

STATIC
VOID
ToPort(
	VOID
	)
{
	IoWriteFifo8(PcdGet16(PcdDebugIoPort), mLength, mText);
}

STATIC
VOID
ToSerial(
	VOID
	)
{
	SerialPortWrite((UINT8 *)mText, mLength);
}

STATIC
VOID
Measure(
	IN CONST CHAR8 *Name,
	IN VOID (*Function)(VOID),
	IN UINTN Count
	)
{
	UINT64 Begin, Total;
	EFI_TPL Tpl;
	UINTN Index;

	Tpl = gBS->RaiseTPL(TPL_HIGH_LEVEL);
	Function();
	Begin = AsmReadTsc();
	for (Index = 0; Index < Count; Index++)
		Function();
	Total = AsmReadTsc() - Begin;
	gBS->RestoreTPL(Tpl);
	DEBUG((DEBUG_INFO, "memory log bench: %a %Lu cycles for a message of "
	       "%u bytes\n", Name, DivU64x32(Total, (UINT32)Count),
	       (UINT32)mLength));
}

STATIC
VOID
EFIAPI
Run(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	gBS->CloseEvent(Event);
	mRing = AllocatePages(RING_PAGES);
	if (mRing == NULL)
		return;
	ml_ring_init(mRing, (UINT32)EFI_PAGES_TO_SIZE(RING_PAGES),
		     RING_ENTRIES, NULL);
	Measure("format", Format, MESSAGES);
	Measure("memory", ToMemory, MESSAGES);
	if (IoRead8(PcdGet16(PcdDebugIoPort)) == 0xe9)
		Measure("port", ToPort, MESSAGES);
	Measure("serial", ToSerial, SERIAL_MESSAGES);
	ml_ring_retire(mRing);
	FreePages(mRing, RING_PAGES);
}

EFI_STATUS
EFIAPI
MemLogBenchEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	EFI_EVENT Event;

	return gBS->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_CALLBACK, Run, NULL,
				  &gEfiEventReadyToBootGuid, &Event);
}
