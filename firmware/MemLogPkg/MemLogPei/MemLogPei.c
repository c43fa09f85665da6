// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Moves the log from the early ring to the main ring once memory is discovered.
 */
#include <PiPei.h>

#include <Guid/MemDebugLog.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DebugLib.h>
#include <Library/HobLib.h>
#include <Library/MemLogLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PeimEntryPoint.h>
#include <Library/PeiServicesLib.h>
#include <MemLogEarly.h>
#include <MemLogRing.h>
#include <MemLogVersion.h>
#include <Ppi/MemoryDiscovered.h>

STATIC
struct memlog_note *
Note(
	VOID
	)
{
	if (MEMLOG_EARLY_RING_BYTES == 0)
		return NULL;
	return (struct memlog_note *)(UINTN)
		(MEMLOG_EARLY_BASE + MEMLOG_EARLY_RING_BYTES);
}

STATIC
VOID
WriteNote(
	IN UINT64 MainLog
	)
{
	struct memlog_note *Latest = Note();

	if (Latest == NULL)
		return;
	Latest->Tag = MEMLOG_NOTE_TAG;
	Latest->MainLog = MainLog;
	Latest->Check = ~(MEMLOG_NOTE_TAG ^ MainLog);
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

/*
 * A reset does not clear memory: the previous boot's main log is still there.
 * Clear its magic, because readers use the first log that they find.
 */
STATIC
VOID
RetireLogOfLastBoot(
	VOID
	)
{
	struct memlog_note *Last = Note();
	struct ml_ring Ring;
	UINT64 Address;

	if (Last == NULL || Last->Tag != MEMLOG_NOTE_TAG)
		return;
	Address = Last->MainLog;
	if (Last->Check != ~(MEMLOG_NOTE_TAG ^ Address))
		return;
	WriteNote(0);
	if ((Address & EFI_PAGE_MASK) != 0 || Address == MEMLOG_EARLY_BASE ||
	    Address >= BASE_4GB || !IsMemory(Address, EFI_PAGE_SIZE))
		return;
	if (ml_ring_attach((VOID *)(UINTN)Address, ML_RING_MAX_BYTES,
			   &Ring) == ML_RING_OK)
		ml_ring_retire((VOID *)(UINTN)Address);
}

/* Clears the text as well, so that no copy of it stays in memory. */
STATIC
VOID
ClearEarly(
	VOID
	)
{
	if (MEMLOG_EARLY_RING_BYTES == 0)
		return;
	ml_ring_retire((VOID *)(UINTN)MEMLOG_EARLY_BASE);
	ZeroMem((VOID *)(UINTN)MEMLOG_EARLY_BASE, MEMLOG_EARLY_RING_BYTES);
}

/*
 * Copies the early text before the HOB is updated, and clears the early ring
 * only after that: at every moment one of the two rings has the whole text.
 */
STATIC
VOID
MoveTo(
	IN VOID *Main,
	IN UINT32 Bytes,
	IN UINT32 Entries,
	OUT UINT64 *Address
	)
{
	CHAR8 Version[ML_RING_VERSION_BYTES];
	struct ml_ring Early, Ring;

	MemLogVersion(Version);
	ml_ring_init(Main, Bytes, Entries, Version);
	if (ml_ring_attach(Main, Bytes, &Ring) == ML_RING_OK &&
	    ml_ring_attach((VOID *)(UINTN)MEMLOG_EARLY_BASE,
			   MEMLOG_EARLY_RING_BYTES, &Early) == ML_RING_OK)
		ml_ring_copy(&Ring, &Early);
	*Address = (UINTN)Main;
	ClearEarly();
	WriteNote(*Address);
}

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
	UINT64 *Address;
	UINT32 Pages, AllPages;
	VOID *Main;

	Address = BuildGuidHob(&gMemDebugLogHobGuid, sizeof(*Address));
	if (Address == NULL)
		return EFI_OUT_OF_RESOURCES;
	*Address = MEMLOG_EARLY_RING_BYTES ? MEMLOG_EARLY_BASE : 0;

	/*
	 * On S3 resume the boot's log stays at the address that the operating
	 * system has, and the text of the resume goes to the early ring.
	 */
	if (EFI_ERROR(PeiServicesGetBootMode(&BootMode)) ||
	    BootMode == BOOT_ON_S3_RESUME)
		return EFI_SUCCESS;

	if (MEMLOG_EARLY_SIZE != 0)
		BuildMemoryAllocationHob(MEMLOG_EARLY_BASE, MEMLOG_EARLY_SIZE,
					 EfiACPIMemoryNVS);
	RetireLogOfLastBoot();
	Pages = MemLogPages();
	if (Pages == 0) {
		*Address = 0;
		ClearEarly();
		return EFI_SUCCESS;
	}
	AllPages = ml_ring_pages(Pages);
	Main = AllocateRuntimePages(AllPages);
	if (Main == NULL) {
		DEBUG((DEBUG_WARN, "memory log: no room for %u pages, "
		       "staying at 0x%lx\n", AllPages, *Address));
		return EFI_SUCCESS;
	}
	MoveTo(Main, (UINT32)EFI_PAGES_TO_SIZE(AllPages),
	       ml_ring_entries((UINT32)EFI_PAGES_TO_SIZE(Pages)), Address);
	DEBUG((DEBUG_INFO, "memory log: at 0x%lx, %u pages\n", *Address,
	       Pages));
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
	return PeiServicesNotifyPpi(&mNotify);
}
