/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.h - the entries of ACRN's trace, and their text.
 *
 * 32 bytes, little endian: time stamp counter u64, 48-bit event number, form of
 * the payload u8, CPU u8, 16 bytes of payload. In the first months of 2018 the
 * event number had 64 bits, and there was no form and no CPU.
 */
#ifndef ML_FORMAT_ACRN_EVENT_H
#define ML_FORMAT_ACRN_EVENT_H

#include "format/event.h"

#define ML_ACRN_ENTRY	   32u
#define ML_ACRN_VM_EXIT	   0x10u
#define ML_ACRN_VM_ENTER   0x11u
#define ML_ACRN_SCHED_NEXT 0x20u
/* from here on: why the VM exited, see reason.c */
#define ML_ACRN_REASON	  0x10000u
#define ML_ACRN_INTERRUPT (ML_ACRN_REASON + 1)
#define ML_ACRN_UNHANDLED 0x20000u

/* Forms of the payload, as entries encode them. */
#define ML_ACRN_2L    2u
#define ML_ACRN_4I    4u
#define ML_ACRN_6C    8u /* single bytes, at most sixteen */
#define ML_ACRN_16STR 16u

struct ml_acrn_event {
	uint64_t tsc, id;
	uint8_t form;		/* ML_ACRN_2L, ... */
	int32_t cpu;		/* -1: the entry does not say */
	uint64_t v[16];		/* its values */
	unsigned int n;		/* how many */
	const uint8_t *payload; /* 16 bytes, borrowed from the entry */
};

/* A known event. names are those of its values, ended by NULL. text is a
 * template, see template.h; NULL: none. */
struct ml_acrn_event_type {
	uint32_t id;
	uint8_t form;
	const char *name;
	const char *names[5];
	const char *text;
};

/* Parse the entry at p. A missing or unknown form is taken from the event. */
void ml_acrn_event_load(const uint8_t *p, struct ml_acrn_event *ret);

/* NULL: an unknown event. */
const struct ml_acrn_event_type *ml_acrn_event_type(uint64_t id);

/* The meaning of a record of the trace, and the names of reasons; see struct
 * ml_format. */
bool ml_acrn_event(const struct memlog_record *rec, struct ml_event *ret);
const char *ml_acrn_event_reason(uint32_t reason);

/* The processor's number for a reason that has an event. */
uint32_t ml_acrn_event_vmx(uint64_t id);

#endif
