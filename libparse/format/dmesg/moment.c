/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* moment.c - what lines of Linux say about the boot. */
#include "dmesg.h"

/* Before Linux 5.0 nothing says that init is started: memory is freed right before. */
void ml_dmesg_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	uint64_t ns;

	ret->phase = ML_STAGE_KERNEL;
	if (ml_moment_starts(rec, "Linux version ")) {
		ret->common = ML_COMMON_KERNEL;
	} else if (ml_moment_starts(rec, "Freeing unused kernel memory")) {
		ret->phase = ML_STAGE_INITRAMFS;
	} else if (ml_moment_starts(rec, "Run ") &&
		   ml_moment_has(rec, " as init process")) {
		ret->phase = ml_moment_starts(rec, "Run /init ") ?
				     ML_STAGE_INITRAMFS :
				     ML_STAGE_USER;
		ret->again = true;
		ret->common = ML_COMMON_INIT;
	} else if (ml_moment_starts(rec, "systemd[1]: Switching root")) {
		ret->phase = ML_STAGE_USER;
	} else if (ml_moment_number(rec, "kvm-clock: using sched offset of ",
				    10, &ns) &&
		   ns <= INT64_MAX) {
		ret->has_machine = true;
		ret->machine_ns = (int64_t)ns;
	}
}
