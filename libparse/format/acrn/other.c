/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * other.c - shared buffers of ACRN that are neither a log nor a trace. They
 * hold nothing to print; --list says what they are.
 */
#include "acrn.h"

#include <stdio.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"

static enum memlog_status sbuf_probe(const struct ml_probe *probe,
				     struct ml_log *log, struct ml_found *ret,
				     struct memlog_err *err)
{
	const char *variant = "unknown", *what = "of a driver of its own";
	enum memlog_status s;
	struct ml_sbuf h;

	s = ml_sbuf_parse(probe->bytes, probe->len, &h, err);
	if (s && s != MEMLOG_CORRUPT)
		return s;
	switch (ml_sbuf_kind(&h)) {
	case ML_SBUF_LOG:
	case ML_SBUF_TRACE:
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "a log or a trace: slots of %u byte%s",
			       h.ele_size, ml_s(h.ele_size));
	case ML_SBUF_ASYNCIO:
		variant = "asyncio";
		what = "of I/O that a VM hands over without waiting";
		break;
	case ML_SBUF_VM_EVENT:
		variant = "vm_event";
		what = "of events of a VM for the device model";
		break;
	case ML_SBUF_OTHER:
		break;
	}
	ml_acrn_log_of_ring(log, &h, probe->addr, &ret->extent);
	log->pub.flags |= MEMLOG_LOG_NOT_A_LOG;
	snprintf(log->pub.variant, sizeof(log->pub.variant), "%s", variant);
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "a ring %s: %u slots of %u byte%s, %u in use", what, h.ele_num,
		 h.ele_size, ml_s(h.ele_size), ml_sbuf_unread(&h) / h.ele_size);
	return s;
}

const struct ml_format ml_format_acrn_sbuf = {
	.name = "acrn-sbuf",
	.title = "ACRN shared buffer",
	.magics = ml_acrn_magics,
	.probe = sbuf_probe,
	.probe_min = ML_SBUF_HEADER,
	.probe_len = ML_SBUF_HEADER,
	.find.needs_random = true,
	.find.reach = ML_STREAM_BACK,
	.group.text = ml_text_of_extent,
	.say.absent = "ACRN's shared buffers are in the memory of the Service "
		      "VM: dump that VM",
};
