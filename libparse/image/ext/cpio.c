/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cpio.c - cpio's "new" format, see cpio(5): headers of ASCII hex numbers, each followed
 * by the name and then by the file, both padded to 4 bytes. The older formats cannot ask
 * for names of more than 256 KiB. */
#include "cpio.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Offsets of fields of 8 digits. */
#define CPIO_FILESIZE 54u
#define CPIO_NAMESIZE 94u

static const char cpio_trailer[ML_CPIO_TRAILER + 1] = "TRAILER!!!";

static bool cpio_magic(const uint8_t *head)
{
	return !memcmp(head, "070701", 6) || !memcmp(head, "070702", 6);
}

static bool cpio_hex(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!memchr("0123456789abcdefABCDEF", p[i], 22))
			return false;
	return true;
}

static uint32_t cpio_field(const uint8_t *p)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		v = v << 4 |
		    (p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
	return v;
}

/* How many bytes of head are needed: with the name, if it may be the trailer's. */
static size_t cpio_wanted(const struct ml_cpio *c)
{
	return c->n >= ML_CPIO_HEADER && cpio_field(c->head + CPIO_NAMESIZE) ==
						 sizeof(cpio_trailer) ?
		       sizeof(c->head) :
		       ML_CPIO_HEADER;
}

/* The whole header is there, but not yet what follows it. */
static enum memlog_status cpio_header(struct ml_cpio *c, struct memlog_err *err)
{
	c->done = !c->next && !cpio_magic(c->head);
	if (c->done)
		return MEMLOG_OK;
	/* libarchive would look for the next one, anywhere */
	if (!cpio_magic(c->head) || !cpio_hex(c->head + 6, ML_CPIO_HEADER - 6))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "no cpio header at offset 0x%" PRIx64, c->next);
	if (cpio_field(c->head + CPIO_NAMESIZE) > ML_MAX_CPIO_NAME)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "a name of %" PRIu32
			       " bytes in the cpio header at offset 0x%" PRIx64,
			       cpio_field(c->head + CPIO_NAMESIZE), c->next);
	return MEMLOG_OK;
}

/* Step to the next header. */
static void cpio_step(struct ml_cpio *c)
{
	uint64_t name = cpio_field(c->head + CPIO_NAMESIZE);
	uint64_t file = cpio_field(c->head + CPIO_FILESIZE);

	c->done = c->n == sizeof(c->head) &&
		  !memcmp(c->head + ML_CPIO_HEADER, cpio_trailer,
			  ML_CPIO_TRAILER);
	c->next += ((ML_CPIO_HEADER + name + 3) & ~3ull) + ((file + 3) & ~3ull);
	c->n = 0;
}

enum memlog_status ml_cpio_check(struct ml_cpio *c, const uint8_t *bytes,
				 size_t len, struct memlog_err *err)
{
	enum memlog_status s;
	size_t n;

	for (; len && !c->done; bytes += n, len -= n, c->at += n) {
		if (c->at != c->next + c->n) {
			n = c->at < c->next ? ml_min(c->next - c->at, len) :
					      len;
			continue;
		}
		n = ml_min(cpio_wanted(c) - c->n, len);
		memcpy(c->head + c->n, bytes, n);
		c->n += n;
		s = c->n == ML_CPIO_HEADER ? cpio_header(c, err) : MEMLOG_OK;
		if (s)
			return s;
		if (c->n == cpio_wanted(c) && !c->done)
			cpio_step(c);
	}
	return MEMLOG_OK;
}

void ml_cpio_seek(struct ml_cpio *c, uint64_t at)
{
	c->at = at;
	c->n = 0;
}
