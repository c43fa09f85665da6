/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portmark.h - marks in the text that a virtual machine monitor writes: a guest wrote
 * a progress code to a port, and the monitor logged that with a time;
 * docs/facts/debugport.md.
 */
#ifndef ML_IMAGE_BYTES_PORTMARK_H
#define ML_IMAGE_BYTES_PORTMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What image/vmmlog.c puts before such text, and format/debugport.c looks for: the
 * magic, the length of the text, and what it is of, an enum ml_ports_of. */
#define ML_PORTS_MAGIC	"memlog-dbgports\0"
#define ML_PORTS_LEN_AT 16u
#define ML_PORTS_OF_AT	24u
#define ML_PORTS_HEADER 64u

enum ml_ports_of {
	ML_PORTS_OF_MONITOR, /* its first mark is a progress code */
	ML_PORTS_OF_TIMER,   /* its first mark is of a boot timer */
	ML_PORTS_OF_CAPTURE, /* portline.h */
};

/*
 * at: where in the line the mark starts. us: its time, if has_time, which digits bytes
 * from digits_at on have in the line, right or wrong; 0: none. component: static,
 * never NULL. port: 0, if it is no port or not known. boot_timer: a line of
 * Firecracker's, which a guest writes once; cpu_us: with has_cpu, the time on a CPU.
 */
struct ml_port_mark {
	size_t at, digits_at, digits;
	const char *component;
	uint64_t us, cpu_us;
	uint32_t code, port;
	bool has_time, has_cpu, boot_timer;
};

/* The component whose range a code is in: "firmware". Static. */
const char *ml_port_component(uint32_t code);

/* The first mark in a line of len bytes; false: it has none. */
bool ml_port_mark_find(const uint8_t *line, size_t len,
		       struct ml_port_mark *ret);

/*
 * Where in a line the monitor's own line starts, in its default format, and the
 * time since the monitor started. The first one, or the last, as text before it may
 * look like one. false: there is none.
 */
bool ml_port_monitor_line(const uint8_t *line, size_t len, bool last,
			  size_t *ret, uint64_t *ret_us);

/*
 * What a journal or syslog puts before a line, up to "name[1234]: " with the number of
 * the process. *ret: where that ends; *ret_monitor: is it the name of a monitor? false:
 * there is none.
 */
bool ml_port_process(const uint8_t *line, size_t len, size_t *ret,
		     uint64_t *ret_process, bool *ret_monitor);

#endif
