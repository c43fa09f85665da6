/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - the sources that are not files, by how their names begin. */
#include "live.h"
#include "source.h"

const struct ml_image_source ml_image_sources[] = {
	{ "pid:", false, ml_pid_open },
	{ "domain:", false, ml_domain_open },
	{ "qmp:", false, ml_qmp_source },
	{ "acrn:", false, ml_acrn_open },
	{ "/dev/mem", true, ml_devmem_open },
	{ 0 },
};
