// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Measures the cycles per message of formatting, a ring in memory with and without
 * index and prefixes, the debug port and the serial port. Uses a ring of its own,
 * so the log is not overwritten. Prints one DEBUG() line for each, and first, on
 * the serial port, the counter when a boot loader is about to be started.
 */
#include <PiDxe.h>

#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DebugLib.h>
#include <Library/IoLib.h>
#include <Library/MemLogUartLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PcdLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiDriverEntryPoint.h>
#include <MemLogRing.h>

#define RING_PAGES	32
#define RING_ENTRIES	1024
#define MESSAGES	10000
#define CLOCK_HZ	1000000000	/* any: what the prefixes have is not read */
#define FORMAT		"%a: entry %d at 0x%lx, status %r\n"

/* What a message changes is not in the image: an emulator that translates code is
 * slow where code and data are in one page. */
typedef struct {
	CHAR8 Text[0x200];
	UINTN Length;
	UINTN Number;
} WORK;

STATIC WORK *mWork;
STATIC UINT8 *mPages;
STATIC struct ml_ring mRing;

STATIC
VOID
Format(
	VOID
	)
{
	mWork->Length = AsciiSPrint(mWork->Text, sizeof(mWork->Text), FORMAT,
				    __FUNCTION__, mWork->Number++,
				    (UINT64)(UINTN)mWork, EFI_SUCCESS);
}

STATIC
VOID
ToMemory(
	VOID
	)
{
	struct ml_ring_message Message;

	ZeroMem(&Message, sizeof(Message));
	Message.text = mWork->Text;
	Message.length = (UINT32)mWork->Length;
	Message.level = DEBUG_INFO;
	Message.time = AsmReadTsc();
	ml_ring_append(&mRing, &Message);
}

STATIC
VOID
ToPort(
	VOID
	)
{
	IoWriteFifo8(PcdGet16(PcdDebugIoPort), mWork->Length, mWork->Text);
}

STATIC
VOID
ToSerial(
	VOID
	)
{
	MemLogUartWrite(mWork->Text, mWork->Length);
}

STATIC
VOID
Measure(
	IN CONST CHAR8 *Name,
	IN VOID (*Function)(VOID)
	)
{
	UINT64 Begin, Total;
	EFI_TPL Tpl;
	UINTN Index;

	Tpl = gBS->RaiseTPL(TPL_HIGH_LEVEL);
	Function();
	Begin = AsmReadTsc();
	for (Index = 0; Index < MESSAGES; Index++)
		Function();
	Total = AsmReadTsc() - Begin;
	gBS->RestoreTPL(Tpl);
	DEBUG((DEBUG_INFO, "memory log bench: %a %Lu cycles for a message of "
	       "%u bytes\n", Name, DivU64x32(Total, MESSAGES),
	       (UINT32)mWork->Length));
}

/* In a ring of its own, as a driver writes there. */
STATIC
VOID
MeasureRing(
	IN CONST CHAR8 *Name,
	IN BOOLEAN Indexed,
	IN BOOLEAN Prefixed
	)
{
	UINT32 Bytes = (UINT32)EFI_PAGES_TO_SIZE(RING_PAGES);

	ml_ring_init(mPages, Bytes, RING_ENTRIES, NULL);
	if (ml_ring_attach(mPages, Bytes, &mRing) != ML_RING_OK)
		return;
	if (!Indexed)
		mRing.entries = 0;
	if (Prefixed) {
		ml_ring_hz(&mRing, CLOCK_HZ, 0);
		ml_ring_prefix(&mRing);
	}
	Measure(Name, ToMemory);
	ml_ring_retire(mPages);
}

STATIC
VOID
PrintBoot(
	VOID
	)
{
	UINT64 Now = AsmReadTsc();
	CHAR8 Text[64];

	MemLogUartWrite(Text, AsciiSPrint(Text, sizeof(Text), "memory log "
			"bench: boot %Lu cycles\r\n", Now));
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
	PrintBoot();
	mPages = AllocatePages(RING_PAGES + 1);
	if (mPages == NULL)
		return;
	mWork = (WORK *)(mPages + EFI_PAGES_TO_SIZE(RING_PAGES));
	ZeroMem(mWork, sizeof(*mWork));
	Measure("format", Format);
	MeasureRing("text", FALSE, FALSE);
	MeasureRing("index", TRUE, FALSE);
	MeasureRing("prefix", FALSE, TRUE);
	MeasureRing("both", TRUE, TRUE);
	if (IoRead8(PcdGet16(PcdDebugIoPort)) == 0xe9)
		Measure("port", ToPort);
	Measure("serial", ToSerial);
	FreePages(mPages, RING_PAGES + 1);
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
