/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portcapture.h - records from the lines of a capture of debug ports, as they come and
 * of one that was saved. */
#ifndef ML_FORMAT_PORTCAPTURE_H
#define ML_FORMAT_PORTCAPTURE_H

#include "format.h"
#include "image/bytes/portline.h"

/* The format that they are of. debugport.c */
extern const struct ml_format ml_format_debugport;

/* Machines told apart; those after them are one more. */
#define ML_PORT_VMS 64

/* A machine: how often it was started again, in all lines and in those passed. */
struct ml_port_vm {
	uint8_t name[ML_PORT_VM];
	size_t len;
	uint64_t n, passed;
};

/* What is known from the lines before. Zero at first. */
struct ml_port_records {
	bool has_start;
	uint64_t wall_ns, monotonic_ns;
	struct ml_port_vm vms[ML_PORT_VMS + 1];
	size_t n_vms;
	char date[ML_PORT_DATE]; /* of the current record */
};

/* Count the restarts in a line, before any record is made. */
void ml_port_count(struct ml_port_records *c, const uint8_t *line, size_t len);

/* Fill in rec, which has its text, from that; a line that is none of a capture, or
 * goes on from one, stays plain text. The record borrows from c. */
void ml_port_record(struct ml_port_records *c, struct memlog_record *rec,
		    bool inside);

/* Why a log of a capture is current. */
const char *ml_port_reason(void);

/* portmoment.c: what a line of a capture or of a monitor's log says about the boot. */
void ml_ports_moment(const struct memlog_record *rec, struct ml_moment *ret);

#endif
