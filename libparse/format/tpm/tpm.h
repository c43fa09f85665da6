/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tpm.h - shared by the files of the TCG event log: what firmware measured into a TPM;
 * docs/facts/tpm-log.md.
 */
#ifndef ML_FORMAT_TPM_H
#define ML_FORMAT_TPM_H

#include "format/format.h"

/* The first event has the form of TPM 1.2, and begins with its signature. */
enum { TPM_SHA1 = 20, TPM_FIRST = 32, TPM_SIGNATURE = 16 };
enum { TPM_DIGEST_MAX = 64, TPM_BANKS = 8 };
enum { TPM_NO_ACTION = 3 };

struct tpm_bank {
	uint16_t algorithm, size;
};

/* The longest header of an event. */
enum { TPM_HEADER = 16 + TPM_BANKS * (2 + TPM_DIGEST_MAX) };

/* In priv of the log. agile: events have a digest for each bank; else one SHA-1. longer:
 * than what is read of it. */
struct tpm_log {
	struct tpm_bank bank[TPM_BANKS];
	uint8_t banks;
	bool agile, longer;
};

static inline const struct tpm_log *ml_tpm_log(const struct ml_log *log)
{
	return (const struct tpm_log *)log->priv;
}

/* It names modules. */
extern const struct ml_format ml_format_ovmf;

/* An event. data: got bytes, of len, by the reader of the event. */
struct tpm_event {
	uint64_t off, from, next; /* of it, its data, and the one after it */
	uint32_t pcr, type, len;
	struct tpm_digest {
		uint16_t algorithm, size;
		uint8_t bytes[TPM_DIGEST_MAX];
	} digest[TPM_BANKS];
	size_t digests, got;
	const uint8_t *data;
};

enum tpm_end {
	TPM_MORE,
	TPM_END,     /* no event follows */
	TPM_DAMAGED, /* what follows is none */
	TPM_LIMIT,   /* it ends after ML_TPM_LOG */
	TPM_MISSING /* it is not all in the image; next is known to be after it */
};

/* Read the event at off of the log, without its data. event.c */
enum tpm_end ml_tpm_event(struct ml_source *source, uint64_t off,
			  struct tpm_event *ret);

/* "EV_IPL"; NULL: unknown. "sha256"; NULL. types.c */
const char *ml_tpm_type(uint32_t type);
const char *ml_tpm_algorithm(uint16_t algorithm);

/* The description of an event: text of the guest in UTF-8, without control
 * characters; "": nothing. False: it is longer, and ends with "...". words.c */
bool ml_tpm_words(const struct tpm_event *e, const struct memlog_names *names,
		  char *ret, size_t size);

/* A GUID as text. */
#define TPM_GUID_TEXT 37
void ml_tpm_guid(const uint8_t *p, char ret[TPM_GUID_TEXT]);

#endif
