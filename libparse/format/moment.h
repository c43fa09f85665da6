/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* moment.h - what a record of any log says about the boot of its machine. */
#ifndef ML_FORMAT_MOMENT_H
#define ML_FORMAT_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memlog.h"

/* What a machine goes through, in this order; not every boot has all of them. */
enum ml_stage {
	ML_STAGE_NONE,
	ML_STAGE_FIRMWARE,   /* whose steps are not known */
	ML_STAGE_SEC,	     /* from the reset; also what comes before PEI */
	ML_STAGE_PEI,	     /* memory is set up */
	ML_STAGE_DXE,	     /* drivers of the firmware */
	ML_STAGE_BDS,	     /* devices are connected, boot options tried */
	ML_STAGE_LOADER,     /* from the last boot option that was tried */
	ML_STAGE_HANDOVER,   /* ExitBootServices() to the first message of what
				was started: decompression */
	ML_STAGE_HYPERVISOR, /* until dom0 or the service VM starts */
	ML_STAGE_KERNEL,     /* from its first message */
	ML_STAGE_INITRAMFS,  /* its init was started */
	ML_STAGE_USER,	     /* of the root file system */
	ML_STAGES	     /* how many there are */
};

/* "SEC", "boot loader"; static. */
const char *ml_stage_name(enum ml_stage phase);

/* Marks that logs of one machine have in common, from the most exact one on. A
 * progress code of a debug port is ML_COMMON_CODE + the code. */
enum ml_common {
	ML_COMMON_NONE,
	ML_COMMON_CODE,
	ML_COMMON_EXIT_BOOT = ML_COMMON_CODE + 256,
	ML_COMMON_LINE, /* the same line of the firmware, in either log */
	ML_COMMON_LINES = ML_COMMON_LINE + 8,
	ML_COMMON_KERNEL, /* its first message */
	ML_COMMON_INIT,	  /* the first program was started */
	ML_COMMON_DOM0,	  /* Xen starts dom0 */
	ML_COMMONS
};

/*
 * What one record says. Zeroed: nothing.
 *
 * phase: this phase has begun; only the first record that says so counts, or with again
 *	the last; weak: some time before; exact: whatever said so before.
 * common, also: enum ml_common, of that very time; also: shortly after it.
 * is_mark: a progress code, or a point in time that its writer marked; has_code, code,
 *	port (0: not known): what was written to a port.
 * took_ns: what has ended now took that long; 0: nothing has. name: of it, or NULL;
 *	guest bytes, borrowed from the record.
 * part: the driver that wrote it, or NULL; as name.
 * guid, loaded: the module with this GUID is loaded, and this is its name; in one record
 *	or in two, the GUID first. Empty: neither.
 * aside: it is not of the machine: what a capture says about itself.
 * has_machine: the machine's clock (since it was created) was machine_ns when the clock
 *	of the log was 0.
 * vm: the name of the machine, vm_len bytes of guest text as name, in a log of several;
 *	NULL: it is not known, or there is only one.
 */
struct ml_moment {
	enum ml_stage phase;
	unsigned int common, also;
	bool again, weak, exact, is_mark, has_code, has_machine, aside;
	uint8_t code;
	uint16_t port;
	uint64_t took_ns;
	const char *name, *part, *vm;
	size_t vm_len;
	char guid[40], loaded[40];
	int64_t machine_ns;
};

/* Fill in ret by what edk2 writes when a phase begins, and by the lines that our firmware
 * writes with each progress code. False: it says nothing. */
bool ml_moment_firmware(const struct memlog_record *rec, struct ml_moment *ret);

/* Does the message of a record start with, or have, these words? */
bool ml_moment_starts(const struct memlog_record *rec, const char *words);
bool ml_moment_has(const struct memlog_record *rec, const char *words);

/* The number after these words; false: it has none. base: 10 or 16. */
bool ml_moment_number(const struct memlog_record *rec, const char *words,
		      unsigned int base, uint64_t *ret);

#endif
