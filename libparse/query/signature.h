/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signature.h - the signature of an image: --signature, and in the summary of JSON. */
#ifndef ML_QUERY_SIGNATURE_H
#define ML_QUERY_SIGNATURE_H

#include "run.h"

/* Of a log that is printed: each record as it is read, before filters; then how reading
 * ended, and how many bytes of it are missing. */
void ml_sign_record(struct ml_job *j, const struct memlog_record *rec);
void ml_sign_log_end(struct ml_job *j, enum memlog_status read,
		     uint64_t missing);

/* The signature of the image; false: not all was read that it depends on. exit: as with
 * --strict; status: what the run ended with. */
bool ml_sign_image(const struct ml_run *run, enum memlog_exit exit,
		   enum memlog_status status, struct ml_signature *ret);

#endif
