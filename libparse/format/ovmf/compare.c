/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* compare.c - compare the text of one log with that of another. */
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "ovmf.h"

/* Byte at of the text, which is used bytes long. Reads go through a window, so
 * that comparing two rings does not take one read per byte. */
struct compared {
	struct ml_source source;
	const struct ovmf *o;
	uint64_t from;
	size_t len;
	uint8_t win[1024];
};

static bool ovmf_compare_read(struct compared *t, uint64_t at, uint8_t *buf,
			      size_t len)
{
	while (len) {
		uint64_t pos = (t->o->head + at) % t->o->size;
		size_t n = ml_min(len, t->o->size - pos), got;

		if (ml_source_read(&t->source, 0, t->o->header_size + pos, buf,
				   n, &got, NULL, NULL) ||
		    !got)
			return false;
		buf += got;
		at += got;
		len -= got;
	}
	return true;
}

/* Are the n bytes of a from a_at on equal to those of b from b_at on? */
bool ml_ovmf_same_text(const struct ml_log *a, uint64_t a_at,
		       const struct ml_log *b, uint64_t b_at, uint64_t n,
		       struct memlog_image *image)
{
	struct compared x = { .source = { .image = image, .log = a },
			      .o = ml_ovmf_const(a) };
	struct compared y = { .source = { .image = image, .log = b },
			      .o = ml_ovmf_const(b) };
	uint64_t at;
	size_t k;

	for (at = 0; at < n; at += k) {
		k = ml_min(sizeof(x.win), n - at);
		if (!ovmf_compare_read(&x, a_at + at, x.win, k) ||
		    !ovmf_compare_read(&y, b_at + at, y.win, k) ||
		    memcmp(x.win, y.win, k))
			return false;
	}
	return true;
}

/* What a PEIM of edk2 prints on a resume from S3, a few KiB into the log. */
#define RESUME_SAYS "Enter S3 PEIM"

bool ml_ovmf_of_resume(const struct ml_log *log, struct memlog_image *image)
{
	struct compared t = { .source = { .image = image, .log = log },
			      .o = ml_ovmf_const(log) };
	uint64_t at, end = ml_min(log->pub.used, ML_OVMF_RESUME);
	size_t again = sizeof(RESUME_SAYS) - 2; /* it may cross windows */
	size_t k;

	for (at = 0; at<end; at += k> again ? k - again : k) {
		k = ml_min(sizeof(t.win), end - at);
		if (!ovmf_compare_read(&t, at, t.win, k))
			return false;
		if (memmem(t.win, k, RESUME_SAYS, sizeof(RESUME_SAYS) - 1))
			return true;
	}
	return false;
}

/* The text of a main log, byte by byte, without prefixes. */
struct unprefixed {
	struct compared text;
	uint64_t at, end; /* of what follows win */
	size_t n, pos;
	bool within; /* a line */
};

static bool ovmf_compare_next(struct unprefixed *u, uint8_t *ret)
{
	struct ovmf_prefix prefix;

	if (u->n - u->pos <= OVMF_PREFIX && u->at < u->end) {
		size_t left = u->n - u->pos, more;

		memmove(u->text.win, u->text.win + u->pos, left);
		more = ml_min(sizeof(u->text.win) - left, u->end - u->at);
		if (!ovmf_compare_read(&u->text, u->at, u->text.win + left,
				       more))
			return false;
		u->at += more;
		u->n = left + more;
		u->pos = 0;
	}
	if (!u->within)
		u->pos += ml_ovmf_prefix(u->text.win + u->pos, u->n - u->pos,
					 &prefix);
	if (u->pos == u->n)
		return false;
	*ret = u->text.win[u->pos++];
	u->within = *ret != '\n';
	return true;
}

bool ml_ovmf_filled_from(const struct ml_log *main_log,
			 const struct ml_log *early, struct memlog_image *image,
			 bool whole)
{
	struct unprefixed m = {
		.text = { .source = { .image = image, .log = main_log },
			  .o = ml_ovmf_const(main_log) },
		.end = main_log->pub.used,
	};
	struct compared e = { .source = { .image = image, .log = early },
			      .o = ml_ovmf_const(early) };
	uint64_t at = 0, end = early->pub.used;
	size_t n = 0, pos = 0;
	uint8_t c;

	for (; ovmf_compare_next(&m, &c); pos++) {
		if (pos == n) {
			n = ml_min(sizeof(e.win), end - at);
			if (!n || !ovmf_compare_read(&e, at, e.win, n))
				return false;
			at += n;
			pos = 0;
		}
		if (c != e.win[pos])
			return false;
	}
	return m.at == m.end && m.pos == m.n &&
	       (!whole || (at == end && pos == n));
}

/* The main log was just filled from this early one: it has the same text, or is
 * so small that only the end fitted. */
bool ml_ovmf_copied_from(const struct ml_log *main_log,
			 const struct ml_log *early, struct memlog_image *image)
{
	uint64_t m = main_log->pub.used, e = early->pub.used;

	if (m == e)
		return ml_ovmf_same_text(main_log, 0, early, 0, e, image);
	if (m > e && (m - e) % OVMF_PREFIX == 0)
		return ml_ovmf_filled_from(main_log, early, image, true);
	return m < e && (main_log->pub.flags & MEMLOG_LOG_WRAPPED) &&
	       ml_ovmf_same_text(main_log, 0, early, e - m, m, image);
}
