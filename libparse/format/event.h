/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.h - the meaning of a record of a hypervisor's trace, for any
 * hypervisor.
 *
 * An exit lasts from LEAVE to the next ENTER on the same CPU; records of kind
 * REASON in between say why.
 */
#ifndef ML_FORMAT_EVENT_H
#define ML_FORMAT_EVENT_H

#include "memlog.h"

enum ml_event_kind {
	ML_EVENT_OTHER,
	ML_EVENT_LEAVE,	 /* a VM exit */
	ML_EVENT_ENTER,	 /* a VM entry */
	ML_EVENT_REASON, /* why the VM exited */
	ML_EVENT_SWITCH, /* the CPU switches to another task */
};

/* Reasons have the processor's 16-bit numbers, and one more: nothing handled
 * the exit. */
#define ML_EVENT_UNHANDLED 0x10000u

/* Who has a CPU: VM 0 to 15, nobody, or something other than a VM. */
#define ML_EVENT_VMS	16u
#define ML_EVENT_IDLE	ML_EVENT_VMS
#define ML_EVENT_NOT_VM (ML_EVENT_VMS + 1)

/*
 * reason: of LEAVE and REASON; name: its name, name_len bytes, borrowed from the
 * record, NULL if the event has none. vector: of the interrupt that was the
 * reason, if has_vector. prev, next: of SWITCH. task: the thread whose virtual CPU
 * the event is about, if has_task; 0: the host.
 */
struct ml_event {
	enum ml_event_kind kind;
	uint32_t reason;
	bool has_vector;
	uint64_t vector;
	uint32_t prev, next;
	const char *name;
	size_t name_len;
	bool has_task;
	int32_t task;
};

#endif
