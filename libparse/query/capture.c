/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture.c - records of lines that are printed as they come. */
#include "capture.h"

#include <stdio.h>

void ml_capture_init(struct ml_capture *capture)
{
	struct memlog_log *log = &capture->log.pub;

	*capture = (struct ml_capture){ .state.has_start = false };
	capture->extent = (struct memlog_extent){
		.space = MEMLOG_PHYS,
		.len = 1,
		.cpu = -1,
	};
	capture->log.fmt = &ml_format_debugport;
	capture->log.extents = &capture->extent;
	*log = (struct memlog_log){
		.size = sizeof(*log),
		.format = ml_format_debugport.name,
		.title = ml_format_debugport.title,
		.extents = &capture->extent,
		.n_extents = 1,
		.flags = MEMLOG_LOG_PLAIN,
		.state = MEMLOG_STATE_CURRENT,
		.has_boot = true,
	};
	snprintf(log->reason, sizeof(log->reason), "%s", ml_port_reason());
}

void ml_capture_record(struct ml_capture *capture, const uint8_t *text,
		       size_t len, struct memlog_record *ret)
{
	*ret = (struct memlog_record){
		.size = sizeof(*ret),
		.log = &capture->log.pub,
		.cpu = -1,
		.text = text,
		.text_len = len,
		.raw = text,
		.raw_len = len,
	};
	ml_port_record(&capture->state, ret, false);
}
