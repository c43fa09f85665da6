// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Installs the configuration table of the memory log, and stores in the log how
 * fast its clock is and what time of day it was.
 */
#include <PiDxe.h>

#include <Guid/EventGroup.h>
#include <Guid/MemDebugLog.h>
#include <Library/DebugLib.h>
#include <Library/HobLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiDriverEntryPoint.h>
#include <Library/UefiRuntimeServicesTableLib.h>
#include <MemLogClock.h>
#include <MemLogCounter.h>
#include <MemLogRing.h>

STATIC struct ml_ring mRing;

STATIC
VOID
EFIAPI
OnReadyToBoot(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	EFI_TIME Time;
	UINT64 Counter = MemLogCounter();

	gBS->CloseEvent(Event);
	MemLogClock(&mRing, ML_MOMENT_READY_TO_BOOT);
	if (!EFI_ERROR(gRT->GetTime(&Time, NULL)))
		ml_ring_wall_clock(&mRing, &Time, Counter);
}

STATIC
VOID
EFIAPI
OnExitBootServices(
	IN EFI_EVENT Event,
	IN VOID *Context
	)
{
	MemLogClock(&mRing, ML_MOMENT_EXIT_BOOT);
}

#if defined(MDE_CPU_IA32) || defined(MDE_CPU_X64)

#define CPUID_TSC		0x15U
#define CPUID_HYPERVISOR	0x40000000U
#define CPUID_HYPERVISOR_TSC	0x40000010U

/* The rate of the counter in Hz, as the processor or the hypervisor says it; 0:
 * neither does, or it is in the log already. */
STATIC
UINT64
CounterRate(
	VOID
	)
{
	UINT32 Eax, Ebx, Ecx, Most;

	AsmCpuid(CPUID_HYPERVISOR, &Most, NULL, NULL, NULL);
	if (Most >= CPUID_HYPERVISOR_TSC && Most < CPUID_HYPERVISOR + 0x100) {
		AsmCpuid(CPUID_HYPERVISOR_TSC, &Eax, NULL, NULL, NULL);
		if (Eax != 0)
			return MultU64x32(Eax, 1000);
	}
	AsmCpuid(0, &Most, NULL, NULL, NULL);
	if (Most < CPUID_TSC)
		return 0;
	AsmCpuid(CPUID_TSC, &Eax, &Ebx, &Ecx, NULL);
	if (Eax == 0)
		return 0;
	return DivU64x32(MultU64x32(Ecx, Ebx), Eax);
}

#else

STATIC
UINT64
CounterRate(
	VOID
	)
{
	return 0;
}

#endif

STATIC
VOID
StoreClock(
	IN UINT64 Address
	)
{
	EFI_EVENT Event;
	UINT64 Rate;

	if (ml_ring_attach((VOID *)(UINTN)Address, ML_RING_MAX_BYTES,
			   &mRing) != ML_RING_OK)
		return;
	MemLogClock(&mRing, ML_MOMENT_DXE);
	Rate = CounterRate();
	if (Rate != 0)
		ml_ring_hz(&mRing, Rate, 0);
	gBS->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_CALLBACK, OnReadyToBoot, NULL,
			   &gEfiEventReadyToBootGuid, &Event);
	gBS->CreateEvent(EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY,
			 OnExitBootServices, NULL, &Event);
}

EFI_STATUS
EFIAPI
MemLogDxeEntry(
	IN EFI_HANDLE ImageHandle,
	IN EFI_SYSTEM_TABLE *SystemTable
	)
{
	EFI_STATUS Status;
	CONST MEM_DEBUG_LOG_HOB *Data;
	UINT64 Address = 0;
	VOID *Hob;

	Hob = GetFirstGuidHob(&gMemDebugLogHobGuid);
	if (Hob != NULL && GET_GUID_HOB_DATA_SIZE(Hob) >= sizeof(*Data)) {
		Data = GET_GUID_HOB_DATA(Hob);
		Address = Data->Address;
	}
	if (Address == 0 || Address > MAX_UINTN)
		return EFI_UNSUPPORTED;
	Status = gBS->InstallConfigurationTable(&gMemDebugLogHobGuid,
						(VOID *)(UINTN)Address);
	if (EFI_ERROR(Status)) {
		DEBUG((DEBUG_ERROR, "memory log: no configuration table: %r\n",
		       Status));
		return Status;
	}
	StoreClock(Address);
	return EFI_SUCCESS;
}
