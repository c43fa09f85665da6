// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Moves the log from the early ring to the main ring once memory is discovered.
 *
 * There are two places for a main ring, and boots take turns: a reset does not
 * clear memory, so the log of the boot before is still in the other one. Both are
 * allocated at every boot, so that the memory map is always the same.
 */
#include <PiPei.h>

#include <Guid/MemDebugLog.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DebugLib.h>
#include <Library/HobLib.h>
#include <Library/MemLogLib.h>
#include <Library/MemLogUartLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PeimEntryPoint.h>
#include <Library/PeiServicesLib.h>
#include <MemLogClock.h>
#include <MemLogCounter.h>
#include <MemLogRing.h>
#include <MemLogEarly.h>
#include <MemLogVersion.h>
#include <Ppi/EndOfPeiPhase.h>
#include <Ppi/MemoryDiscovered.h>

#define PLACES	2

/* The address of the main log of the last boot that had one, or 0. */
STATIC
UINT64
LastMainLog(
	VOID
	)
{
	UINT64 Address;

	if (MEMLOG_EARLY_HALF == 0 || !MemLogNoteIsValid())
		return 0;
	Address = MEMLOG_NOTE->MainLog;
	return (Address & EFI_PAGE_MASK) == 0 ? Address : 0;
}

STATIC
VOID
MarkClock(
	IN UINT64 Address,
	IN enum ml_ring_moment Moment
	)
{
	struct ml_ring Ring;

	if (ml_ring_attach((VOID *)(UINTN)Address, MemLogLimitOf(Address),
			   &Ring) == ML_RING_OK)
		MemLogClock(&Ring, Moment);
}

/* From here on the lines of the ring at Address begin with time and level. */
STATIC
VOID
Prefix(
	IN UINT64 Address
	)
{
	struct ml_ring Ring;

	if (ml_ring_attach((VOID *)(UINTN)Address, MemLogLimitOf(Address),
			   &Ring) == ML_RING_OK)
		ml_ring_prefix(&Ring);
}

/* From here on PEI writes to Address. */
STATIC
VOID
Use(
	IN UINT64 Address,
	IN OUT MEM_DEBUG_LOG_HOB *Hob
	)
{
	Hob->Address = Address;
	if (MEMLOG_EARLY_HALF == 0)
		return;
	MEMLOG_NOTE->Level = Hob->Level;
	MEMLOG_NOTE->Current = Address;
}

STATIC
VOID
WriteNote(
	IN UINT64 MainLog
	)
{
	if (MEMLOG_EARLY_HALF == 0)
		return;
	MEMLOG_NOTE->Resumes = 0;
	MemLogWriteNote(MainLog);
}

/* TRUE if a resource descriptor HOB reports the range as system memory. */
STATIC
BOOLEAN
IsMemory(
	IN UINT64 Address,
	IN UINT64 Length
	)
{
	EFI_PEI_HOB_POINTERS Hob;
	UINT64 Start, Size;

	for (Hob.Raw = GetHobList(); !END_OF_HOB_LIST(Hob);
	     Hob.Raw = GET_NEXT_HOB(Hob)) {
		if (GET_HOB_TYPE(Hob) != EFI_HOB_TYPE_RESOURCE_DESCRIPTOR ||
		    Hob.ResourceDescriptor->ResourceType !=
		    EFI_RESOURCE_SYSTEM_MEMORY)
			continue;
		Start = Hob.ResourceDescriptor->PhysicalStart;
		Size = Hob.ResourceDescriptor->ResourceLength;
		if (Address >= Start && Address - Start < Size &&
		    Length <= Size - (Address - Start))
			return TRUE;
	}
	return FALSE;
}

/* TRUE if a memory allocation HOB already covers part of the range. */
STATIC
BOOLEAN
IsAllocated(
	IN UINT64 Address,
	IN UINT64 Length
	)
{
	EFI_HOB_MEMORY_ALLOCATION_HEADER *Part;
	EFI_PEI_HOB_POINTERS Hob;

	for (Hob.Raw = GetHobList(); !END_OF_HOB_LIST(Hob);
	     Hob.Raw = GET_NEXT_HOB(Hob)) {
		if (GET_HOB_TYPE(Hob) != EFI_HOB_TYPE_MEMORY_ALLOCATION)
			continue;
		Part = &Hob.MemoryAllocation->AllocDescriptor;
		if (Part->MemoryBaseAddress < Address + Length &&
		    Address < Part->MemoryBaseAddress + Part->MemoryLength)
			return TRUE;
	}
	return FALSE;
}

/*
 * Keeps the early area from everybody else. If the log has left it, and no resume
 * from S3 will write to it, the operating system may have all but the note.
 */
STATIC
VOID
ReserveEarly(
	IN BOOLEAN InUse
	)
{
	UINT64 Note = (UINTN)MEMLOG_NOTE;

	if (MEMLOG_EARLY_HALF == 0 ||
	    IsAllocated(MEMLOG_EARLY_BASE, MEMLOG_EARLY_SIZE))
		return;
	BuildMemoryAllocationHob(MEMLOG_EARLY_BASE, Note - MEMLOG_EARLY_BASE,
				 InUse || PcdGetBool(PcdAcpiS3Enable) ?
				 EfiACPIMemoryNVS : EfiBootServicesData);
	BuildMemoryAllocationHob(Note, MEMLOG_NOTE_BYTES, EfiACPIMemoryNVS);
}

/*
 * Clears the early ring with its text, so that no copy of it stays in memory. The
 * text of a resume in the other half is of the boot before.
 */
STATIC
VOID
LeaveEarly(
	IN UINT64 Early
	)
{
	UINTN Index;
	VOID *Half;

	for (Index = 0; Early != 0 && Index < 2; Index++) {
		Half = MemLogEarlyHalf(Index);
		if ((UINTN)Half == Early) {
			ml_ring_retire(Half);
			ZeroMem(Half, MEMLOG_EARLY_HALF);
		} else if (ml_ring_mark(Half) == ML_RING_RESUME) {
			ml_ring_set_mark(Half, ML_RING_KEPT);
		}
	}
}

/* Clears the magic of the ring at Address and returns its size, or returns 0. */
STATIC
UINT32
RetireAt(
	IN UINT64 Address,
	IN enum ml_ring_mark Mark
	)
{
	struct ml_ring_header *Header = (VOID *)(UINTN)Address;
	UINT64 Bytes;

	if (Address == 0 || Address >= BASE_4GB ||
	    MemLogLimitOf(Address) != ML_RING_MAX_BYTES ||
	    !IsMemory(Address, EFI_PAGE_SIZE) || ml_ring_mark(Header) != Mark)
		return 0;
	Bytes = (UINT64)Header->header_size.low + Header->size.low;
	if (Bytes > ML_RING_MAX_BYTES || !IsMemory(Address, Bytes))
		return 0;
	ml_ring_retire(Header);
	return (UINT32)Bytes;
}

/*
 * The log of the boot before is not where this boot can keep it. Clears its
 * magic, because readers use the first log that they find, and that of the boot
 * before it, in the other place.
 */
STATIC
VOID
GiveUp(
	IN UINT64 Last
	)
{
	UINT32 Bytes = RetireAt(Last, ML_RING_CURRENT);

	if (Bytes == 0)
		return;
	RetireAt(Last + Bytes, ML_RING_KEPT);
	RetireAt(Last - Bytes, ML_RING_KEPT);
	DEBUG((DEBUG_WARN, "memory log: gave up that of the boot before, 0x%x "
	       "bytes at 0x%lx: its size or place is not this boot's\n", Bytes,
	       Last));
}

/* Marks the ring at Place as kept, if it is one as this boot would have made. */
STATIC
BOOLEAN
Keep(
	IN UINT8 *Place,
	IN UINT32 Bytes
	)
{
	struct ml_ring Ring;

	if (ml_ring_attach(Place, Bytes, &Ring) != ML_RING_OK ||
	    (UINTN)(Ring.text - Place) + Ring.size != Bytes)
		return FALSE;
	if (Ring.ext != NULL)
		Ring.ext->previous.low = 0;
	ml_ring_set_mark(Place, ML_RING_KEPT);
	return TRUE;
}

/*
 * Returns the place for the log of this boot. The log of the boot before is in the
 * other one and becomes the kept one, which was in this place until now.
 */
STATIC
VOID *
TakeTurns(
	IN UINT8 *Places,
	IN UINT32 Bytes,
	IN UINT64 Last,
	OUT UINT64 *Kept
	)
{
	UINT8 *Old = Last == (UINTN)Places ? Places : Places + Bytes;
	UINT8 *New = Last == (UINTN)Places ? Places + Bytes : Places;

	ml_ring_retire(New);
	*Kept = Last == (UINTN)Old && Keep(Old, Bytes) ? Last : 0;
	if (*Kept == 0) {
		GiveUp(Last);
		ml_ring_retire(Old);
	}
	return New;
}

/*
 * Copies the early text before the ring is used, and clears the early ring only
 * after that: at every moment one of the two has the whole text. Returns FALSE if
 * the ring has less than that.
 */
STATIC
BOOLEAN
MoveTo(
	IN VOID *Main,
	IN UINT32 Bytes,
	IN UINT32 Entries,
	IN UINT64 Kept,
	IN BOOLEAN Prefixed,
	IN OUT MEM_DEBUG_LOG_HOB *Hob
	)
{
	CHAR8 Version[ML_RING_VERSION_BYTES];
	UINT64 Earlier = Hob->Address;
	struct ml_ring Early, Ring;
	BOOLEAN Whole = TRUE;

	MemLogVersion(Version);
	ml_ring_init(Main, Bytes, Entries, Version);
	if (Prefixed)
		Prefix((UINTN)Main);
	if (ml_ring_attach(Main, Bytes, &Ring) == ML_RING_OK) {
		MemLogCounterRate(&Ring);
		if (Ring.ext != NULL)
			Ring.ext->previous.low = (UINT32)Kept;
		if (ml_ring_attach((VOID *)(UINTN)Earlier, MEMLOG_EARLY_HALF,
				   &Early) == ML_RING_OK)
			Whole = ml_ring_copy(&Ring, &Early) == ML_RING_OK;
	}
	Use((UINTN)Main, Hob);
	LeaveEarly(Earlier);
	WriteNote((UINTN)Main);
	return Whole;
}

STATIC
VOID
StartMain(
	IN UINT32 Pages,
	IN BOOLEAN Prefixed,
	IN OUT MEM_DEBUG_LOG_HOB *Hob
	)
{
	UINT32 AllPages = ml_ring_pages(Pages);
	UINT32 Bytes = (UINT32)EFI_PAGES_TO_SIZE(AllPages);
	UINT64 Last = LastMainLog(), Kept;
	UINT8 *Places;
	VOID *Main;

	Places = AllocateRuntimePages(PLACES * AllPages);
	if (Places == NULL) {
		DEBUG((DEBUG_WARN, "memory log: no room for 2 x %u pages, "
		       "staying at 0x%lx\n", AllPages, Hob->Address));
		GiveUp(Last);
		WriteNote(Hob->Address);
		if (Prefixed)
			Prefix(Hob->Address);
		return;
	}
	Main = TakeTurns(Places, Bytes, Last, &Kept);
	if (!MoveTo(Main, Bytes,
		    ml_ring_entries((UINT32)EFI_PAGES_TO_SIZE(Pages)), Kept,
		    Prefixed, Hob))
		DEBUG((DEBUG_WARN, "memory log: messages before this are "
		       "missing\n"));
	DEBUG((DEBUG_INFO, "memory log: at 0x%lx, %u pages", Hob->Address,
	       Pages));
	if (Kept != 0)
		DEBUG((DEBUG_INFO, ", the boot before at 0x%lx", Kept));
	DEBUG((DEBUG_INFO, "\n"));
}

/* SEC took the resume for a boot. */
STATIC
VOID
CountResume(
	VOID
	)
{
	struct ml_ring Ring;

	MEMLOG_NOTE->Boots--;
	MEMLOG_NOTE->Resumes++;
	if (ml_ring_attach((VOID *)(UINTN)MEMLOG_NOTE->Current,
			   MEMLOG_EARLY_HALF, &Ring) != ML_RING_OK ||
	    Ring.ext == NULL)
		return;
	Ring.ext->boots = MEMLOG_NOTE->Boots;
	Ring.ext->resumes = MEMLOG_NOTE->Resumes;
}

/*
 * At the end of PEI of a resume from S3: QEMU would take the early ring for the
 * log of the boot. If that log was an early ring itself, SEC took it for that of
 * another boot.
 */
STATIC
EFI_STATUS
EFIAPI
OnEndOfResume(
	IN EFI_PEI_SERVICES **PeiServices,
	IN EFI_PEI_NOTIFY_DESCRIPTOR *NotifyDescriptor,
	IN VOID *Ppi
	)
{
	UINT64 Boot = LastMainLog();
	UINTN Index;
	VOID *Half;

	for (Index = 0; Index < 2; Index++) {
		Half = MemLogEarlyHalf(Index);
		if ((UINTN)Half == MEMLOG_NOTE->Current)
			ml_ring_set_mark(Half, ML_RING_RESUME);
		else if (ml_ring_mark(Half) == ML_RING_RESUME)
			ml_ring_retire(Half);
	}
	for (Index = 0; Index < 2; Index++) {
		Half = MemLogEarlyHalf(Index);
		if ((UINTN)Half == Boot && ml_ring_mark(Half) == ML_RING_KEPT)
			ml_ring_set_mark(Half, ML_RING_CURRENT);
	}
	return EFI_SUCCESS;
}

STATIC CONST EFI_PEI_NOTIFY_DESCRIPTOR mEndOfResume = {
	EFI_PEI_PPI_DESCRIPTOR_NOTIFY_CALLBACK |
	EFI_PEI_PPI_DESCRIPTOR_TERMINATE_LIST,
	&gEfiEndOfPeiSignalPpiGuid,
	OnEndOfResume
};

STATIC
EFI_STATUS
EFIAPI
OnMemoryDiscovered(
	IN EFI_PEI_SERVICES **PeiServices,
	IN EFI_PEI_NOTIFY_DESCRIPTOR *NotifyDescriptor,
	IN VOID *Ppi
	)
{
	EFI_BOOT_MODE BootMode;
	MEM_DEBUG_LOG_HOB *Hob;
	BOOLEAN Prefixed;
	UINT32 Pages;

	Hob = BuildGuidHob(&gMemDebugLogHobGuid, sizeof(*Hob));
	if (Hob == NULL)
		return EFI_OUT_OF_RESOURCES;
	ZeroMem(Hob, sizeof(*Hob));
	if (MEMLOG_EARLY_HALF != 0)
		Hob->Address = MEMLOG_NOTE->Current;
	Hob->Uart = MemLogUartAddress();
	MemLogSettings(&Pages, &Hob->Level, &Prefixed);

	/*
	 * On S3 resume the boot's log stays at the address that the operating
	 * system has, and the text of the resume goes to the early ring.
	 */
	if (EFI_ERROR(PeiServicesGetBootMode(&BootMode)))
		return EFI_SUCCESS;
	if (BootMode == BOOT_ON_S3_RESUME) {
		Use(Hob->Address, Hob);
		if (MEMLOG_EARLY_HALF == 0)
			return EFI_SUCCESS;
		CountResume();
		if (Prefixed)
			Prefix(Hob->Address);
		return PeiServicesNotifyPpi(&mEndOfResume);
	}
	if (Pages == 0) {
		UINT64 Early = Hob->Address;

		GiveUp(LastMainLog());
		WriteNote(0);
		Use(0, Hob);
		LeaveEarly(Early);
	} else {
		MarkClock(Hob->Address, ML_MOMENT_MEMORY);
		StartMain(Pages, Prefixed, Hob);
		if (MEMLOG_EARLY_HALF == 0)
			MarkClock(Hob->Address, ML_MOMENT_MEMORY);
	}
	ReserveEarly(Hob->Address != 0 &&
		     MemLogLimitOf(Hob->Address) == MEMLOG_EARLY_HALF);
	return EFI_SUCCESS;
}

STATIC CONST EFI_PEI_NOTIFY_DESCRIPTOR mNotify = {
	EFI_PEI_PPI_DESCRIPTOR_NOTIFY_CALLBACK |
	EFI_PEI_PPI_DESCRIPTOR_TERMINATE_LIST,
	&gEfiPeiMemoryDiscoveredPpiGuid,
	OnMemoryDiscovered
};

EFI_STATUS
EFIAPI
MemLogPeiEntry(
	IN EFI_PEI_FILE_HANDLE FileHandle,
	IN CONST EFI_PEI_SERVICES **PeiServices
	)
{
	if (MEMLOG_EARLY_HALF != 0)
		MarkClock(MEMLOG_NOTE->Current, ML_MOMENT_PEI);
	return PeiServicesNotifyPpi(&mNotify);
}
