/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linuxfault.h - what the log of Linux says of a failure, wherever it was kept. */
#ifndef ML_FORMAT_LINUXFAULT_H
#define ML_FORMAT_LINUXFAULT_H

#include "fault.h"

/* A say.fault. */
void ml_linux_fault(const struct memlog_record *rec, struct ml_fault *ret);

#endif
