/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portsaid.h - what a line in the log of a monitor says about its machine. */
#ifndef ML_FORMAT_PORTSAID_H
#define ML_FORMAT_PORTSAID_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a line says. is_mark: it has a mark with a time, us; boot_timer: of the kind of
 * which a boot has one. has_monitor: it begins with the monitor's time. has_process:
 * it begins with the number of a process, as in a journal; of_monitor: what follows
 * shows that this is a monitor.
 */
struct ml_port_said {
	bool is_mark, boot_timer, has_monitor, has_process, of_monitor;
	uint64_t us, monitor, process;
};

#endif
