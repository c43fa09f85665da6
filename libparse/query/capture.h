/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture.h - lines that are printed as they come: they are those of a capture of debug
 * ports, which is an image again once it is saved. */
#ifndef ML_QUERY_CAPTURE_H
#define ML_QUERY_CAPTURE_H

#include "format/portcapture.h"
#include "run.h"

/* The log that the records are of, as if it had been saved. */
struct ml_capture {
	struct ml_port_records state;
	struct ml_log log;
	struct memlog_extent extent;
};

/* capture must stay where it is. */
void ml_capture_init(struct ml_capture *capture);

/* The record of a line of len bytes, which it borrows until the next one. */
void ml_capture_record(struct ml_capture *capture, const uint8_t *text,
		       size_t len, struct memlog_record *ret);

/* arrival.c: the lines of another log, each with the time at which it was seen. */
struct ml_arrival;

/* Begin a capture, now. The caller destroys *ret with ml_free(). */
enum memlog_status ml_arrival_create(const struct memlog_allocator *alloc,
				     struct ml_arrival **ret,
				     struct memlog_err *err);

/* The log of the capture. */
const struct memlog_log *ml_arrival_log(const struct ml_arrival *arrival);

/* What comes next was seen now. */
void ml_arrival_look(struct ml_arrival *arrival);

/* The line of the capture itself: it began, or the guest was started again. */
enum memlog_status ml_arrival_began(struct ml_job *job, struct memlog_err *err);
enum memlog_status ml_arrival_again(struct ml_job *job, struct memlog_err *err);

/* Another one, with these words. */
enum memlog_status ml_arrival_note(struct ml_job *job, const char *words,
				   struct memlog_err *err);

/* The text of a record, as lines. */
enum memlog_status ml_arrival_take(struct ml_job *job,
				   const struct memlog_record *rec,
				   struct memlog_err *err);

#endif
