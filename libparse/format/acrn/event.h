/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.h - the entries of ACRN's trace, and their text.
 *
 * 32 bytes, little endian: time stamp counter u64, event number of 48 bits, form
 * of the payload u8, CPU u8, payload of 16 bytes. In the first months of 2018
 * the event number had 64 bits, and form and CPU were not there.
 */
#ifndef ML_FORMAT_ACRN_EVENT_H
#define ML_FORMAT_ACRN_EVENT_H

#include "format/event.h"

#define ML_ACRN_ENTRY		32u
#define ML_ACRN_VM_EXIT		0x10u
#define ML_ACRN_VM_ENTER	0x11u
#define ML_ACRN_SCHED_NEXT	0x20u
/* from here on: what was the reason of the exit, by VMX number */
#define ML_ACRN_REASON		0x10000u
#define ML_ACRN_INTERRUPT	(ML_ACRN_REASON + 1)
#define ML_ACRN_UNHANDLED	0x20000u

/* Forms of the payload, as entries name them. */
#define ML_ACRN_2L		2u
#define ML_ACRN_4I		4u
#define ML_ACRN_6C		8u	/* single bytes, sixteen at most */
#define ML_ACRN_16STR		16u

struct ml_acrn_event {
	uint64_t tsc, id;
	uint8_t form;		/* ML_ACRN_2L, ... */
	int32_t cpu;		/* -1: the entry does not say */
	uint64_t v[16];		/* its values */
	unsigned int n;		/* how many */
	const uint8_t *payload;	/* 16 bytes, borrowed from the entry */
};

/* What is known of an event. names are of its values, ended by NULL. text is a
 * template, see template.h; NULL: none. */
struct ml_acrn_event_type {
	uint32_t id;
	uint8_t form;
	const char *name;
	const char *names[5];
	const char *text;
};

/* The entry at p. A form that is not there or not known follows the event. */
void ml_acrn_event_load(const uint8_t *p, struct ml_acrn_event *ret);

/* NULL: nobody has heard of it. */
const struct ml_acrn_event_type *ml_acrn_event_type(uint64_t id);

/* What a record of the trace means, and the names of reasons; see struct
 * ml_format. */
bool ml_acrn_event(const struct memlog_record *rec, struct ml_event *ret);
const char *ml_acrn_event_reason(uint32_t reason);

#endif
