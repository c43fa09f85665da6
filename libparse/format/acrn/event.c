/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.c - all events of ACRN's trace, v0.1 to v3.3. The numbers never
 * changed. The texts match the rules that ACRN ships for its scripts, so that
 * output can be compared, except where the rules are wrong: "exception or nmi"
 * prints its first two values in place of the last two, and "sched next" has a
 * number that no event has.
 */
#include "event.h"

#include <string.h>

#include "base/bytes.h"

#define L2  ML_ACRN_2L
#define I4  ML_ACRN_4I
#define STR ML_ACRN_16STR

/* Sorted by id. */
static const struct ml_acrn_event_type types[] = {
	{ 0x1,
	  L2,
	  "TIMER_ACTION_ADDED",
	  { "fire_tsc" },
	  "timer added [fire_tsc = 0x%(1)08x]" },
	{ 0x2,
	  L2,
	  "TIMER_ACTION_PCKUP",
	  { "fire_tsc" },
	  "timer pickup [fire tsc = 0x%(1)08x]" },
	{ 0x3, L2, "TIMER_ACTION_UPDAT", { NULL }, NULL },
	{ 0x4, L2, "TIMER_IRQ", { NULL }, "timer irq" },
	{ 0x10,
	  L2,
	  "VM_EXIT",
	  { "reason", "rip" },
	  "vmexit [exit reason = 0x%(1)08x, rIP = 0x%(2)08x]" },
	{ 0x11, L2, "VM_ENTER", { NULL }, "vmenter" },
	{ 0x20, STR, "SCHED_NEXT", { NULL }, NULL },
	{ 0xfc, STR, "CUSTOM", { NULL }, NULL },
	{ 0xfd, STR, "FUNC_ENTER", { NULL }, NULL },
	{ 0xfe, STR, "FUNC_EXIT", { NULL }, NULL },
	{ 0xff, STR, "STR", { NULL }, NULL },
	{ 0x10000,
	  I4,
	  "VMEXIT_EXCEPTION_OR_NMI",
	  { "vector", "err", "d3", "d4" },
	  "exception or nmi [vector = 0x%(1)08x, err = %(2)d, d3 = %(3)d, d4 = %(4)d]" },
	{ 0x10001,
	  L2,
	  "VMEXIT_EXTERNAL_INTERRUPT",
	  { "vector" },
	  "external intr [vector = 0x%(1)08x]" },
	{ 0x10002, L2, "VMEXIT_INTERRUPT_WINDOW", { NULL }, "intr window" },
	{ 0x10004,
	  L2,
	  "VMEXIT_CPUID",
	  { "leaf", "subleaf" },
	  "cpuid [leaf = 0x%(1)08x, subleaf = 0x%(2)08x]" },
	{ 0x10010, L2, "VMEXIT_RDTSC", { NULL }, "rdtsc" },
	{ 0x10012,
	  L2,
	  "VMEXIT_VMCALL",
	  { "vmid", "hypercall" },
	  "hypercall [vmid = %(1)d, hypercall id = 0x%(2)08x]" },
	{ 0x1001c,
	  L2,
	  "VMEXIT_CR_ACCESS",
	  { "access", "cr" },
	  "cr access [access type = 0x%(1)08x, cr num = %(2)d]" },
	{ 0x1001e,
	  I4,
	  "VMEXIT_IO_INSTRUCTION",
	  { "port", "direction", "size", "context" },
	  "IO instruction [port = %(1)d, direction = %(2)d, sz = %(3)d, cur_context_idx = %(4)d]" },
	{ 0x1001f,
	  L2,
	  "VMEXIT_RDMSR",
	  { "msr", "value" },
	  "read msr [msr = 0x%(1)08x, val = 0x%(2)016x]" },
	{ 0x10020,
	  L2,
	  "VMEXIT_WRMSR",
	  { "msr", "value" },
	  "write msr [msr = 0x%(1)08x, val = 0x%(2)016x]" },
	{ 0x10030,
	  L2,
	  "VMEXIT_EPT_VIOLATION",
	  { "qualification", "gpa" },
	  "ept violation [exit qual = 0x%(1)08x, gpa = 0x%(2)08x]" },
	{ 0x10031,
	  L2,
	  "VMEXIT_EPT_MISCONFIGURATION",
	  { NULL },
	  "ept misconfiguration" },
	{ 0x10033, L2, "VMEXIT_RDTSCP", { NULL }, "rdtscp" },
	{ 0x10038,
	  L2,
	  "VMEXIT_APICV_WRITE",
	  { "offset" },
	  "apicv write [offset = 0x%(1)08x]" },
	{ 0x10039,
	  L2,
	  "VMEXIT_APICV_ACCESS",
	  { "qualification", "vlapic" },
	  "apicv access [qual = 0x%(1)08x, vlapic = 0x%(2)08x]" },
	{ 0x1003a,
	  L2,
	  "VMEXIT_APICV_VIRT_EOI",
	  { "vector" },
	  "apicv virt EOI [vector = 0x%(1)08x]" },
	{ 0x20000,
	  L2,
	  "VMEXIT_UNHANDLED",
	  { "reason" },
	  "vmexit unhandled [exit reason = 0x%(1)08x]" },
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

const struct ml_acrn_event_type *ml_acrn_event_type(uint64_t id)
{
	size_t lo = 0, hi = N_TYPES, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (types[mid].id == id)
			return &types[mid];
		if (types[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void ml_acrn_event_load(const uint8_t *p, struct ml_acrn_event *ret)
{
	uint64_t word = ml_le64(p + 8);
	const struct ml_acrn_event_type *type;
	unsigned int i;

	ret->tsc = ml_le64(p);
	ret->id = word & ((UINT64_C(1) << 48) - 1);
	ret->form = (uint8_t)(word >> 48);
	ret->cpu = ret->form ? (int32_t)(word >> 56) : -1;
	ret->payload = p + 16;
	if (ret->form != L2 && ret->form != I4 && ret->form != STR &&
	    ret->form != ML_ACRN_6C) {
		type = ml_acrn_event_type(ret->id);
		ret->form = type ? type->form : L2;
	}
	ret->n = ret->form;
	if (ret->form == ML_ACRN_6C)
		ret->n = 16;
	for (i = 0; i < ret->n; i++)
		ret->v[i] = ret->n == 2 ? ml_le64(p + 16 + 8 * i) :
			    ret->n == 4 ? ml_le32(p + 16 + 4 * i) :
					  p[16 + i];
}

/* Four letters of a scheduler object's name: "vm0:", "vm12", "idle". */
static uint32_t event_user(const uint8_t *p)
{
	uint32_t vm;

	if (!memcmp(p, "idle", 4))
		return ML_EVENT_IDLE;
	if (p[0] != 'v' || p[1] != 'm' || p[2] < '0' || p[2] > '9')
		return ML_EVENT_NOT_VM;
	vm = p[2] - '0';
	if (p[3] >= '0' && p[3] <= '9')
		vm = vm * 10 + p[3] - '0';
	else if (p[3] != ':')
		return ML_EVENT_NOT_VM;
	return vm < ML_EVENT_VMS ? vm : ML_EVENT_NOT_VM;
}

_Static_assert(ML_ACRN_UNHANDLED - ML_ACRN_REASON == ML_EVENT_UNHANDLED,
	       "reasons are numbers of events less the first of them");

bool ml_acrn_event(const struct memlog_record *rec, struct ml_event *ret)
{
	struct ml_acrn_event e;

	if (rec->raw_len != ML_ACRN_ENTRY)
		return false;
	ml_acrn_event_load(rec->raw, &e);
	*ret = (struct ml_event){ .kind = ML_EVENT_OTHER };
	if (e.id == ML_ACRN_VM_EXIT) {
		ret->kind = ML_EVENT_LEAVE;
		ret->reason = e.v[0] & 0xffff;
	} else if (e.id == ML_ACRN_VM_ENTER) {
		ret->kind = ML_EVENT_ENTER;
	} else if (e.id == ML_ACRN_SCHED_NEXT) {
		ret->kind = ML_EVENT_SWITCH;
		ret->prev = event_user(e.payload);
		ret->next = event_user(e.payload + 4);
	} else if (e.id >= ML_ACRN_REASON && e.id <= ML_ACRN_UNHANDLED) {
		ret->kind = ML_EVENT_REASON;
		ret->reason = ml_acrn_event_vmx(e.id);
		ret->has_vector = e.id == ML_ACRN_INTERRUPT;
		ret->vector = e.v[0];
	}
	return true;
}
