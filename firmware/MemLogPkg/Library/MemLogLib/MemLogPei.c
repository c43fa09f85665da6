// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * PEI core and PEIMs. No variables: each message goes to the ring in the log's
 * HOB, or to the early ring until there is such a HOB.
 */
#include "MemLogCommon.h"

#include <MemLogEarly.h>

/*
 * The PI specification stores the PEI services pointer directly before the IDT.
 * PeiServicesTablePointerLib cannot be used to read it, because it calls
 * ASSERT().
 */
STATIC
CONST VOID *
GetHobList(
	VOID
	)
{
	CONST EFI_PEI_SERVICES **PeiServices;
	IA32_DESCRIPTOR Idtr;
	VOID *HobList;

	AsmReadIdtr(&Idtr);
	PeiServices = *(CONST EFI_PEI_SERVICES ***)
		       (Idtr.Base - sizeof(UINTN));
	if (PeiServices == NULL)
		return NULL;
	if (EFI_ERROR((*PeiServices)->GetHobList(PeiServices, &HobList)))
		return NULL;
	return HobList;
}

/* The address of the log, 0 if it is off. */
STATIC
UINT64
FindLog(
	OUT UINT32 *Limit
	)
{
	CONST UINT64 *Address = MemLogFindHob(GetHobList());

	if (Address != NULL && *Address != MEMLOG_EARLY_BASE) {
		*Limit = ML_RING_MAX_BYTES;
		return *Address;
	}
	*Limit = MEMLOG_EARLY_RING_BYTES;
	return *Limit ? MEMLOG_EARLY_BASE : 0;
}

BOOLEAN
EFIAPI
MemLogEnabled(
	VOID
	)
{
	UINT32 Limit;

	return FindLog(&Limit) != 0;
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
	UINT32 Limit;
	UINT64 Address = FindLog(&Limit);

	if (ml_ring_attach((VOID *)(UINTN)Address, Limit, &Ring) == ML_RING_OK)
		MemLogAppend(&Ring, ML_PHASE_PEI, Level, Text, Length);
}
