/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* port.c - the source port:PATH, a debug port of a guest. */
#include "base/err.h"
#include "image/ports/ports.h"
#include "source.h"

static enum memlog_status port_open(const char *rest,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err)
{
	return ml_ports_image(&rest, 1, opts, ret, err);
}

static const char *const port_prefixes[] = { "port:", NULL };

const struct ml_image_source ml_image_source_port = {
	.name = "port",
	.prefixes = port_prefixes,
	.open = port_open,
};
