/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portline.h - the lines of a capture of debug ports, which is text. Each has the time
 * since the capture began, in nanoseconds; docs/facts/debugport.md.
 *
 *	[    0.000000000] capture: began 2026-11-28T21:05:28.123456789Z, monotonic 5.000000000
 *	[    0.402744123] 0x80 = 0x03 firmware
 *	[    0.402744123] vm1 0x402: a line
 *	[    0.602744123] vm1 0x402+: more of that line
 *	[    2.000000000] capture: restart of vm1
 */
#ifndef ML_IMAGE_BYTES_PORTLINE_H
#define ML_IMAGE_BYTES_PORTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for what is before the message, for a date, and for the name of a machine. */
#define ML_PORT_PREFIX 96u
#define ML_PORT_DATE   56u
#define ML_PORT_VM     32u

enum ml_port_kind {
	ML_PORT_MARK,  /* a byte, with its component */
	ML_PORT_TEXT,  /* a line, or a piece of one */
	ML_PORT_BEGAN, /* of the capture itself: when it began */
	ML_PORT_AGAIN, /* a machine was started again */
	ML_PORT_NOTE,  /* anything else about it */
};

/*
 * ns: since the capture began. vm: the machine's name, not ended by NUL; vm_len 0:
 * it has none. port: with has_port. goes_on: the text is of the same line as the
 * text of that port before. at: where the message starts. code, component: of a mark;
 * component is static. wall_ns, monotonic_ns: with ML_PORT_BEGAN, since 1970 and of
 * CLOCK_MONOTONIC.
 */
struct ml_port_line {
	enum ml_port_kind kind;
	uint64_t ns, wall_ns, monotonic_ns;
	const uint8_t *vm;
	size_t vm_len, at;
	bool has_port, goes_on;
	uint32_t port, code;
	const char *component;
};

/* Parse a line of len bytes; false: it is not one of a capture. */
bool ml_port_line(const uint8_t *line, size_t len, struct ml_port_line *ret);

/* Write everything before the message to buf, or the whole line if it has no text;
 * returns its length, without a NUL. The line's own at and component are not used. */
size_t ml_port_line_put(const struct ml_port_line *line,
			char buf[2 * ML_PORT_PREFIX]);

/* "2026-11-28T21:05:28.123456789Z" */
void ml_port_date(uint64_t wall_ns, char buf[ML_PORT_DATE]);

/* May a machine have this name? Letters, digits, and . - _ after the first. */
bool ml_port_vm_valid(const char *name, size_t len);

#endif
