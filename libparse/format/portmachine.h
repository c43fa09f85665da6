/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portmachine.h - which machine, and which boot of it, a line in the log of a virtual
 * machine monitor is of, where several of them write one log.
 *
 * The log is read twice, and each line is given to ml_port_machines_line() both times.
 * The first time counts lives: a machine lives from its creation to its reset. Then
 * ml_port_machines_settle() tells which of them are boots of one machine.
 */
#ifndef ML_FORMAT_PORTMACHINE_H
#define ML_FORMAT_PORTMACHINE_H

#include "base/alloc.h"
#include "portsaid.h"

/* boot: 0 the last one of its machine. vm: the name of the machine, "" if it is not
 * known, or there is only one. */
struct ml_port_whose {
	int32_t boot;
	char vm[24];
};

struct ml_port_machines;

enum memlog_status ml_port_machines_create(const struct memlog_allocator *alloc,
					   struct ml_port_machines **ret,
					   struct memlog_err *err);
void ml_port_machines_destroy(struct ml_port_machines *machines);

/* The next line. *ret is set the second time. */
enum memlog_status ml_port_machines_line(struct ml_port_machines *machines,
					 const struct ml_port_said *said,
					 struct ml_port_whose *ret,
					 struct memlog_err *err);

/* All lines were read once; the first of them comes next. */
enum memlog_status ml_port_machines_settle(struct ml_port_machines *machines,
					   struct memlog_err *err);

#endif
