/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* event.c - one event of the log: a header, digests, data. */
#include <string.h>

#include "base/bytes.h"
#include "tpm.h"

/* PCRs of a TPM; firmware gives some events that are not measured the last number. */
enum { PCRS = 32, ANY_PCR = 0xffffffff };
enum { HEAD = 8, COUNT = 4, LENGTH = 4, ALGORITHM = 2 };

/* All n bytes at *off, which moves on. */
static bool event_read(struct ml_source *source, uint64_t *off, void *ret,
		       size_t n)
{
	bool all = ml_source_fill(source, 0, *off, ret, n) == n;

	*off += n;
	return all;
}

/* What ends a log: the memory was filled with these before. */
static bool event_is_end(const uint8_t *head)
{
	static const uint8_t ones[HEAD] = { 0xff, 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff, 0xff };
	static const uint8_t zeros[HEAD];

	return !memcmp(head, ones, HEAD) || !memcmp(head, zeros, HEAD);
}

static uint16_t event_size(const struct tpm_log *log, uint16_t algorithm)
{
	size_t i;

	for (i = 0; i < log->banks; i++)
		if (log->bank[i].algorithm == algorithm)
			return log->bank[i].size;
	return 0;
}

static enum tpm_end event_digests(struct ml_source *source, uint64_t *off,
				  struct tpm_event *ret)
{
	const struct tpm_log *log = ml_tpm_log(source->log);
	uint8_t b[COUNT];
	struct tpm_digest *d;
	uint32_t n, i, k;

	if (!event_read(source, off, b, COUNT))
		return TPM_MISSING;
	n = ml_le32(b);
	if (n > log->banks)
		return TPM_DAMAGED;
	ret->digests = 0;
	for (i = 0; i < n; i++) {
		d = &ret->digest[ret->digests];
		if (!event_read(source, off, b, ALGORITHM))
			return TPM_MISSING;
		d->algorithm = ml_le16(b);
		d->size = event_size(log, d->algorithm);
		if (!d->size)
			return TPM_DAMAGED;
		if (!event_read(source, off, d->bytes, d->size))
			return TPM_MISSING;
		/* the first of an algorithm counts, as there is one field for each */
		for (k = 0; ret->digest[k].algorithm != d->algorithm; k++)
			;
		ret->digests += &ret->digest[k] == d;
	}
	return TPM_MORE;
}

static enum tpm_end event_sha1(struct ml_source *source, uint64_t *off,
			       struct tpm_event *ret)
{
	ret->digests = 1;
	ret->digest[0].algorithm = 4;
	ret->digest[0].size = TPM_SHA1;
	return event_read(source, off, ret->digest[0].bytes, TPM_SHA1) ?
		       TPM_MORE :
		       TPM_MISSING;
}

static enum tpm_end event_load(struct ml_source *source, uint64_t *off,
			       struct tpm_event *ret)
{
	const uint64_t end = source->log->extents->len;
	bool first = !*off;
	enum tpm_end e;
	uint8_t b[HEAD];

	if (*off >= end)
		return TPM_END;
	if (!event_read(source, off, b, HEAD))
		return TPM_MISSING;
	/* the first has a PCR of 0, and a type */
	if (event_is_end(b))
		return TPM_END;
	if (*off > ML_TPM_LOG)
		return TPM_LIMIT;
	ret->pcr = ml_le32(b);
	ret->type = ml_le32(b + 4);
	if (ret->pcr >= PCRS &&
	    (ret->pcr != ANY_PCR || ret->type != TPM_NO_ACTION))
		return TPM_DAMAGED;
	e = first || !ml_tpm_log(source->log)->agile ?
		    event_sha1(source, off, ret) :
		    event_digests(source, off, ret);
	if (e)
		return e;
	if (!event_read(source, off, b, LENGTH))
		return TPM_MISSING;
	ret->len = ml_le32(b);
	ret->from = *off;
	if (ret->len > ML_TPM_LOG)
		return TPM_DAMAGED;
	*off += ret->len;
	if (*off > ML_TPM_LOG)
		return TPM_LIMIT;
	/* all of it is there if its last byte is */
	return !ret->len || ml_source_fill(source, 0, *off - 1, b, 1) ?
		       TPM_MORE :
		       TPM_MISSING;
}

enum tpm_end ml_tpm_event(struct ml_source *source, uint64_t off,
			  struct tpm_event *ret)
{
	uint64_t missing = source->missing;
	enum tpm_end e;

	ret->off = ret->next = off;
	ret->digests = ret->got = ret->len = 0;
	ret->data = NULL;
	e = event_load(source, &off, ret);
	source->missing = missing;
	if (e == TPM_MORE || e == TPM_MISSING)
		ret->next = off;
	return e;
}
