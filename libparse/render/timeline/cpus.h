/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cpus.h - draw what CPUs did. */
#ifndef ML_RENDER_TIMELINE_CPUS_H
#define ML_RENDER_TIMELINE_CPUS_H

#include "sheet.h"
#include "strips.h"

/* A log: a figure with a row for each CPU, and a table of reasons. */
void ml_cpus_draw(struct ml_sheet *p, const struct ml_strips *s);

#endif
