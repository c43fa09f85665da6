/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reason.c - the names of VM exits. ACRN's trace has events of its own for some of
 * them; the rest have only the processor's number, in the event of the exit.
 */
#include "event.h"

/* By basic exit reason, as in appendix C of volume 3 of Intel's Software Developer's
 * Manual; those that have an event are named as it is. */
static const char *const reasons[] = {
	[0] = "VMEXIT_EXCEPTION_OR_NMI",
	[1] = "VMEXIT_EXTERNAL_INTERRUPT",
	[2] = "VMEXIT_TRIPLE_FAULT",
	[3] = "VMEXIT_INIT_SIGNAL",
	[4] = "VMEXIT_STARTUP_IPI",
	[5] = "VMEXIT_IO_SMI",
	[6] = "VMEXIT_OTHER_SMI",
	[7] = "VMEXIT_INTERRUPT_WINDOW",
	[8] = "VMEXIT_NMI_WINDOW",
	[9] = "VMEXIT_TASK_SWITCH",
	[10] = "VMEXIT_CPUID",
	[11] = "VMEXIT_GETSEC",
	[12] = "VMEXIT_HLT",
	[13] = "VMEXIT_INVD",
	[14] = "VMEXIT_INVLPG",
	[15] = "VMEXIT_RDPMC",
	[16] = "VMEXIT_RDTSC",
	[17] = "VMEXIT_RSM",
	[18] = "VMEXIT_VMCALL",
	[19] = "VMEXIT_VMCLEAR",
	[20] = "VMEXIT_VMLAUNCH",
	[21] = "VMEXIT_VMPTRLD",
	[22] = "VMEXIT_VMPTRST",
	[23] = "VMEXIT_VMREAD",
	[24] = "VMEXIT_VMRESUME",
	[25] = "VMEXIT_VMWRITE",
	[26] = "VMEXIT_VMXOFF",
	[27] = "VMEXIT_VMXON",
	[28] = "VMEXIT_CR_ACCESS",
	[29] = "VMEXIT_DR_ACCESS",
	[30] = "VMEXIT_IO_INSTRUCTION",
	[31] = "VMEXIT_RDMSR",
	[32] = "VMEXIT_WRMSR",
	[33] = "VMEXIT_ENTRY_INVALID_STATE",
	[34] = "VMEXIT_ENTRY_MSR_LOADING",
	[36] = "VMEXIT_MWAIT",
	[37] = "VMEXIT_MONITOR_TRAP_FLAG",
	[39] = "VMEXIT_MONITOR",
	[40] = "VMEXIT_PAUSE",
	[41] = "VMEXIT_ENTRY_MACHINE_CHECK",
	[43] = "VMEXIT_TPR_BELOW_THRESHOLD",
	[44] = "VMEXIT_APICV_ACCESS",
	[45] = "VMEXIT_APICV_VIRT_EOI",
	[46] = "VMEXIT_GDTR_IDTR_ACCESS",
	[47] = "VMEXIT_LDTR_TR_ACCESS",
	[48] = "VMEXIT_EPT_VIOLATION",
	[49] = "VMEXIT_EPT_MISCONFIGURATION",
	[50] = "VMEXIT_INVEPT",
	[51] = "VMEXIT_RDTSCP",
	[52] = "VMEXIT_PREEMPTION_TIMER",
	[53] = "VMEXIT_INVVPID",
	[54] = "VMEXIT_WBINVD",
	[55] = "VMEXIT_XSETBV",
	[56] = "VMEXIT_APICV_WRITE",
	[57] = "VMEXIT_RDRAND",
	[58] = "VMEXIT_INVPCID",
	[59] = "VMEXIT_VMFUNC",
	[60] = "VMEXIT_ENCLS",
	[61] = "VMEXIT_RDSEED",
	[62] = "VMEXIT_PAGE_LOG_FULL",
	[63] = "VMEXIT_XSAVES",
	[64] = "VMEXIT_XRSTORS",
	[65] = "VMEXIT_PCONFIG",
	[66] = "VMEXIT_SPP_EVENT",
	[67] = "VMEXIT_UMWAIT",
	[68] = "VMEXIT_TPAUSE",
	[69] = "VMEXIT_LOADIWKEY",
	[70] = "VMEXIT_ENCLV",
	[72] = "VMEXIT_ENQCMD_PASID",
	[73] = "VMEXIT_ENQCMDS_PASID",
	[74] = "VMEXIT_BUS_LOCK",
	[75] = "VMEXIT_INSTRUCTION_TIMEOUT",
	[76] = "VMEXIT_SEAMCALL",
	[77] = "VMEXIT_TDCALL",
};
#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

/* Events whose number is not that of the processor. */
static const struct {
	uint32_t event, reason;
} reason_events[] = {
	{ 0x2, 7 },   /* interrupt window */
	{ 0x4, 10 },  /* CPUID */
	{ 0x39, 44 }, /* APIC access */
	{ 0x3a, 45 }, /* virtual EOI */
};

uint32_t ml_acrn_event_vmx(uint64_t id)
{
	uint32_t n = (uint32_t)(id - ML_ACRN_REASON);
	size_t i;

	for (i = 0; i < sizeof(reason_events) / sizeof(reason_events[0]); i++)
		if (reason_events[i].event == n)
			return reason_events[i].reason;
	return n;
}

const char *ml_acrn_event_reason(uint32_t reason)
{
	if (reason == ML_EVENT_UNHANDLED)
		return "VMEXIT_UNHANDLED";
	return reason < N_REASONS ? reasons[reason] : NULL;
}
