/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signature.h - one short key of what went wrong in a boot, the same for every dump in which
 * the same went wrong.
 *
 * The records of all logs of the boot are added, log by log. Their formats know what they
 * mean (say.fault, say.moment). The first assertion, exception or panic of a log is its
 * failure: an assertion in the handler of an exception is no other. Of several logs the
 * one with the best evidence wins, in the order of enum ml_fault_kind, then the first. An
 * error counts only if the boot did not get to a later phase, and no failure to boot came
 * after it.
 */
#ifndef ML_RECORD_SIGNATURE_H
#define ML_RECORD_SIGNATURE_H

#include "format/format.h"

/* Bytes of a key with its NUL, and of its parts. */
#define ML_SIGNATURE_KEY   240u
#define ML_SIGNATURE_WHAT  128u
#define ML_SIGNATURE_WHERE 80u

/* Records between the first line of a failure and one that says more. */
#define ML_SIGNATURE_NEAR 128u

/* A log, as in lists; format is static, NULL: none. */
struct ml_signature_log {
	const char *format;
	enum memlog_space space;
	uint64_t addr;
};

/* A failure, cleaned: printable ASCII. */
struct ml_signature_fault {
	enum ml_fault_kind kind;
	enum ml_stage phase; /* in which it happened */
	char what[ML_SIGNATURE_WHAT], where[ML_SIGNATURE_WHERE], cause[64];
	bool has_number;
	uint64_t number;
	struct ml_signature_log log;
};

/* Zeroed: nothing was added. */
struct ml_signing {
	struct ml_signature_fault best; /* of the logs before */
	struct ml_signature_fault first, error, no_boot; /* of this log */
	struct ml_signature_fault before; /* of a failure that may follow */
	struct ml_signature_log log, phase_log, first_log;
	const struct ml_format *format;
	enum ml_stage phase, log_phase; /* the last of all, and of this log */
	uint64_t record, first_at, before_at;
	bool inside; /* the next record goes on in the line */
	bool next;   /* it is what the failure is about */
	bool cut;    /* not all text was there */
};

/* kind: static: "assert". log.format: NULL if no log tells. whole: all text of the boot was
 * there. key: printable ASCII, never empty. */
struct ml_signature {
	const char *kind;
	char key[ML_SIGNATURE_KEY];
	struct ml_signature_log log;
	bool whole;
};

/* The next records are of this log. */
void ml_signing_log(struct ml_signing *s, const struct memlog_log *log,
		    const struct ml_format *format);

/* Add a record of the boot. */
void ml_signing_take(struct ml_signing *s, const struct memlog_record *rec);

/* The log is over. whole: nothing of it was lost. */
void ml_signing_log_end(struct ml_signing *s, bool whole);

/* What the logs tell; false: there were none. */
bool ml_signing_get(const struct ml_signing *s, struct ml_signature *ret);

/* A signature of an image that has none by its logs. reason: more words, no guest bytes, or
 * NULL. */
void ml_signature_of_image(const char *kind, const char *words,
			   const char *reason, struct ml_signature *ret);

#endif
