/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.h - from an event of ftrace to a record. */
#ifndef ML_FORMAT_FTRACE_TEXT_H
#define ML_FORMAT_FTRACE_TEXT_H

#include "ftrace.h"

/* The line of the record before, size bytes of room. */
struct ftrace_text {
	struct memlog_allocator alloc;
	char *line;
	size_t len, size;
	char *hex; /* the payload in JSON */
	size_t hex_size;
};

enum memlog_status ml_ftrace_text_init(struct ftrace_text *t,
				       struct ml_source *source,
				       const struct ml_decoder_opts *opts,
				       struct memlog_err *err);
void ml_ftrace_text_fini(struct ftrace_text *t);

/* The line that says that events are missing; lost 0: nobody knows how many. */
void ml_ftrace_text_lost(struct ftrace_text *t, int32_t cpu, uint64_t lost,
			 struct memlog_record *rec);

/* Fill in text, message, component and fields for a payload; cpu and time of the
 * record are set. ns: the time is in ns. */
void ml_ftrace_text_event(struct ftrace_text *t, const uint8_t *payload,
			  size_t len, bool ns, struct memlog_record *rec);

#endif
