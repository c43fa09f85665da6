/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * devices.c - step over the sections of devices in a stream. They have no length, only a
 * footer with their number, which QEMU writes for machines since 2.4.
 */
#include "stream.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

#define FOOTER 5u  /* its type and number */
#define NEXT   13u /* of the section after it: type, number, flags of a page */
#define WINDOW (64u * 1024) /* at most; the first is FIRST */
#define FIRST  512u

/* Can a section begin with these bytes? There are fewer than NEXT at the end of the
 * file. Five bytes of a device's data may look like a footer, and have something else
 * after them. */
static bool devices_follows(const struct ml_qevm *q, const uint8_t *p,
			    size_t len)
{
	const uint64_t flags = ML_QEVM_REC_FILL | ML_QEVM_REC_MEM_SIZE |
			       ML_QEVM_REC_PAGE | ML_QEVM_REC_EOS |
			       ML_QEVM_REC_CONTINUE | ML_QEVM_REC_MULTIFD;

	if (!len)
		return true;
	switch (p[0]) {
	case ML_QEVM_EOF:
	case ML_QEVM_COMMAND:
		return true;
	case ML_QEVM_START:
	case ML_QEVM_FULL:
		/* the length of a name, and its first letter */
		return len < 7 || (p[5] && p[6] > ' ' && p[6] < 0x7f);
	case ML_QEVM_PART:
	case ML_QEVM_END:
		return len < NEXT || ml_be32(p + 1) != q->ram_id ||
		       !(ml_be64(p + 5) % ML_PAGE & ~flags);
	default:
		return false;
	}
}

/* Where in len bytes the footer ends. end: the file does. 0: it is not there. */
static size_t devices_find(const struct ml_qevm *q, const uint8_t *p,
			   size_t len, bool end, uint32_t id)
{
	uint8_t footer[FOOTER] = { ML_QEVM_FOOTER, (uint8_t)(id >> 24),
				   (uint8_t)(id >> 16), (uint8_t)(id >> 8),
				   (uint8_t)id };
	size_t n = end ? len : len - NEXT, at = 0;
	const uint8_t *found;

	while ((found = memmem(p + at, n - at, footer, FOOTER))) {
		at = (size_t)(found - p) + FOOTER;
		if (devices_follows(q, p + at, len - at))
			return at;
		at -= FOOTER - 1;
	}
	return 0;
}

enum memlog_status ml_qevm_device(struct ml_qevm *q, uint32_t id,
				  struct memlog_err *err)
{
	uint8_t *buf = ml_calloc(&q->alloc, 1, WINDOW);
	enum memlog_status s = MEMLOG_OK;
	uint64_t at = q->at;
	size_t got, after, want = FIRST;

	if (!buf)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a device");
	for (;;) {
		s = ml_qevm_tick(q, err);
		if (!s)
			s = ml_file_read_some(q->file, at, buf, want, &got,
					      err);
		if (s)
			break;
		after = devices_find(q, buf, got, got < want, id);
		if (after) {
			q->at = at + after;
			break;
		}
		if (got < want) {
			s = ml_fail(err, MEMLOG_NO_DATA,
				    "the file ends in a device, at offset "
				    "0x%" PRIx64,
				    at + got);
			break;
		}
		at += want - NEXT - FOOTER;
		want = ml_min(2 * want, WINDOW);
	}
	ml_free(&q->alloc, buf);
	return s;
}
