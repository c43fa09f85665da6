/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kallsyms.h - the kernel's own table of symbols. */
#ifndef ML_FORMAT_FTRACE_KALLSYMS_H
#define ML_FORMAT_FTRACE_KALLSYMS_H

#include "kernel.h"

/* Where it is; false: VMCOREINFO does not say. */
bool ml_ftrace_kallsyms_place(const struct memlog_image *image,
			      struct ftrace_kallsyms *ret);

/* Load it. kernel and at must outlive it. NULL: it is damaged, not there, or there
 * is no memory. */
struct memlog_symbols *
ml_ftrace_kallsyms_open(struct ftrace_kernel *kernel,
			const struct ftrace_kallsyms *at);
void ml_ftrace_kallsyms_close(struct memlog_symbols *symbols);

#endif
