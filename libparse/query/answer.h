/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* answer.h - what a query ends with. */
#ifndef ML_QUERY_ANSWER_H
#define ML_QUERY_ANSWER_H

#include "run.h"

/* What decides the exit status of a query on one image. */
struct ml_answer {
	enum memlog_status status; /* of the run */
	bool printed;		   /* something was */
	bool damaged;		   /* what was printed is incomplete */
	bool missing; /* bytes that should have been searched are truncated,
			 unreadable or damaged */
	bool strict;
};

/* The exit status: the one place where it is decided. */
enum memlog_exit ml_answer_exit(const struct ml_answer *answer);

/* The end of a run that returned s: fill in run->result, and write the summary
 * if the output is JSON. s is returned, or why that failed. */
enum memlog_status ml_answer_run(struct ml_run *run, enum memlog_status s,
				 struct memlog_err *err);

#endif
