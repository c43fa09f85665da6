/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbpage.h - the events of one page of the ring buffer of Linux. */
#ifndef ML_IMAGE_BYTES_RBPAGE_H
#define ML_IMAGE_BYTES_RBPAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events in [pos, len) of bytes, the data of a page; time is that of the last
 * event, in ns, modulo 2^64. */
struct ml_rb_events {
	const uint8_t *bytes;
	size_t len, pos;
	uint64_t time;
	bool bad; /* what is at pos is not an event */
};

/* An event: all of its bytes, and the payload in them. */
struct ml_rb_event {
	const uint8_t *raw, *payload;
	size_t raw_len, payload_len, pos;
};

/* The next one that is not a padding or a time stamp; false after the last. */
bool ml_rb_event_next(struct ml_rb_events *e, struct ml_rb_event *ret);

/* After the last: leave the rest of a page out, if that is not events. Returns how many bytes
 * that are; 0 from then on. */
size_t ml_rb_event_skip(struct ml_rb_events *e);

#endif
