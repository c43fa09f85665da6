// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * PEI core and PEIMs. No variables: each message goes to the ring that the note
 * in the early area has. Without an early area it is the one in the log's HOB,
 * which only the boot processor finds.
 */
#include "MemLogCommon.h"

#include <Guid/MemDebugLog.h>
#include <MemLogEarly.h>

/*
 * The PI specification has the PEI services pointer directly before the IDT, on Arm
 * in a register. PeiServicesTablePointerLib cannot be used to read it, because it
 * calls ASSERT().
 */
STATIC
CONST EFI_PEI_SERVICES **
GetPeiServices(
	VOID
	)
{
#ifdef MDE_CPU_AARCH64
	CONST EFI_PEI_SERVICES **PeiServices;

	__asm__ volatile ("mrs %0, tpidr_el0" : "=r" (PeiServices));
	return PeiServices;
#else
	IA32_DESCRIPTOR Idtr;

	AsmReadIdtr(&Idtr);
	return *(CONST EFI_PEI_SERVICES ***)(Idtr.Base - sizeof(UINTN));
#endif
}

STATIC
CONST VOID *
GetHobList(
	VOID
	)
{
	CONST EFI_PEI_SERVICES **PeiServices = GetPeiServices();
	VOID *HobList;

	if (PeiServices == NULL)
		return NULL;
	if (EFI_ERROR((*PeiServices)->GetHobList(PeiServices, &HobList)))
		return NULL;
	return HobList;
}

/* The address of the log, 0 if it is off, and its mask. */
STATIC
UINT64
FindLog(
	OUT UINT32 *Mask
	)
{
	CONST MEM_DEBUG_LOG_HOB *Hob;

	if (MEMLOG_EARLY_HALF != 0) {
		*Mask = MEMLOG_NOTE->Level;
		return MEMLOG_NOTE->Current;
	}
	Hob = MemLogFindHob(GetHobList());
	if (Hob == NULL)
		return 0;
	*Mask = Hob->Level;
	return Hob->Address;
}

BOOLEAN
EFIAPI
MemLogTakes(
	IN UINTN Level,
	IN BOOLEAN DeviceTakes
	)
{
	UINT32 Mask;

	return FindLog(&Mask) != 0 && MemLogMaskTakes(Mask, Level, DeviceTakes);
}

VOID
EFIAPI
MemLogWrite(
	IN UINTN Level,
	IN CONST CHAR8 *Text,
	IN UINTN Length
	)
{
	struct ml_ring Ring;
	UINT32 Mask;
	UINT64 Address = FindLog(&Mask);

	if (ml_ring_attach((VOID *)(UINTN)Address, MemLogLimitOf(Address),
			   &Ring) == ML_RING_OK)
		MemLogAppend(&Ring, ML_PHASE_PEI, Level, Text, Length);
}
