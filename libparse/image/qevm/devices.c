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

#define FOOTER	5u   /* its type and number */
#define NEXT	269u /* of the section after it, with the longest name */
#define WINDOW	(64u * 1024) /* at most; the first is FIRST */
#define FIRST	512u
#define PADDING 4096u /* zeros after the end of the stream: a block of a disk */

/* More than any version is, and any command of the stream. */
#define MAX_VERSION 0xffffu
#define MAX_COMMAND 0x1fu
#define MAX_VMDESC  (64u << 20)

/* Bytes of the file after a footer: len of them, fewer than NEXT only at its end. */
struct follow {
	const uint8_t *p;
	size_t len;
	uint64_t at; /* their offset in the file */
};

/* The name, and what comes with it, of a section that begins. */
static bool devices_header(const struct follow *f)
{
	size_t i, n;

	if (f->len >= 5 && ml_be32(f->p + 1) >= ML_QEVM_IDS)
		return false;
	n = f->len > 5 ? f->p[5] : 1;
	for (i = 6; i < 6 + n && i < f->len; i++)
		if (f->p[i] < ' ' + (i == 6) || f->p[i] >= 0x7f)
			return false;
	/* the instance may be any */
	return n &&
	       (f->len < 6 + n + 8 || ml_be32(f->p + 10 + n) <= MAX_VERSION);
}

/* A section that has begun and goes on; one of RAM, with the first page. */
static bool devices_part(const struct ml_qevm *q, const struct follow *f)
{
	const uint64_t flags = ML_QEVM_REC_FILL | ML_QEVM_REC_PAGE |
			       ML_QEVM_REC_EOS | ML_QEVM_REC_CONTINUE |
			       ML_QEVM_REC_MULTIFD;
	uint64_t record;
	uint32_t id;

	if (f->len < 5)
		return true;
	id = ml_be32(f->p + 1);
	if (id >= ML_QEVM_IDS || !(q->begun[id / 8] >> id % 8 & 1))
		return false;
	if (id != q->ram_id)
		return true;
	record = f->len < 13 ? ML_QEVM_REC_EOS : ml_be64(f->p + 5);
	return record % ML_PAGE && !(record % ML_PAGE & ~flags);
}

static bool devices_command(const struct follow *f)
{
	uint32_t command = f->len < 3 ? 1 : (uint32_t)f->p[1] << 8 | f->p[2];
	size_t n = f->len < 5 ? NEXT : 5 + ((size_t)f->p[3] << 8 | f->p[4]);

	if (!command || command > MAX_COMMAND)
		return false;
	/* and the section after it */
	return n >= f->len ||
	       (f->p[n] <= ML_QEVM_FULL || f->p[n] == ML_QEVM_COMMAND);
}

/* The end of the stream: of the file, too, but for a description of the devices, or
 * zeros. */
static bool devices_end(const struct ml_qevm *q, const struct follow *f)
{
	uint64_t size = q->file->size, off;
	uint8_t buf[256];
	size_t got = 0, i;

	if (f->len < 2)
		return true;
	if (f->p[1] == ML_QEVM_VMDESC)
		return f->len < 7 ||
		       (f->p[6] == '{' && ml_be32(f->p + 2) <= MAX_VMDESC);
	if (size < f->at || size - f->at > PADDING)
		return false;
	for (off = f->at; off < size; off += got) {
		if (ml_file_read_some(q->file, off, buf, sizeof(buf), &got,
				      NULL) ||
		    !got)
			return false;
		for (i = 0; i < got; i++)
			if (buf[i])
				return false;
	}
	return true;
}

/* Can a section begin with these bytes? Five bytes of a device's data may look like a
 * footer, and have something else after them. */
static bool devices_follows(const struct ml_qevm *q, const struct follow *f)
{
	if (!f->len)
		return true;
	switch (f->p[0]) {
	case ML_QEVM_EOF:
		return devices_end(q, f);
	case ML_QEVM_COMMAND:
		return devices_command(f);
	case ML_QEVM_START:
	case ML_QEVM_FULL:
		return devices_header(f);
	case ML_QEVM_PART:
	case ML_QEVM_END:
		return devices_part(q, f);
	default:
		return false;
	}
}

/* Where in len bytes, which are at offset from of the file, the footer ends. end: the file
 * does. 0: it is not there. */
static size_t devices_find(const struct ml_qevm *q, uint64_t from,
			   const uint8_t *p, size_t len, bool end, uint32_t id)
{
	uint8_t footer[FOOTER] = { ML_QEVM_FOOTER, (uint8_t)(id >> 24),
				   (uint8_t)(id >> 16), (uint8_t)(id >> 8),
				   (uint8_t)id };
	size_t n = end ? len : len - NEXT, at = 0;
	const uint8_t *found;

	while ((found = memmem(p + at, n - at, footer, FOOTER))) {
		at = (size_t)(found - p) + FOOTER;
		if (devices_follows(q, &(struct follow){ p + at, len - at,
							 from + at }))
			return at;
		at -= FOOTER - 1;
	}
	return 0;
}

enum memlog_status ml_qevm_device(struct ml_qevm *q, uint32_t id,
				  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t at = q->at;
	size_t got, after, want = FIRST;

	/* there may be as many devices as records */
	if (!q->window)
		q->window = ml_calloc(&q->alloc, 1, WINDOW);
	if (!q->window)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a device");
	for (;;) {
		s = ml_qevm_tick(q, err);
		if (!s)
			s = ml_file_read_some(q->file, at, q->window, want,
					      &got, err);
		if (s)
			return s;
		after = devices_find(q, at, q->window, got, got < want, id);
		if (after) {
			q->at = at + after;
			return MEMLOG_OK;
		}
		if (got < want)
			return ml_fail(err, MEMLOG_NO_DATA,
				       "the file ends in a device, at offset "
				       "0x%" PRIx64,
				       at + got);
		at += want - NEXT - FOOTER;
		want = ml_min(2 * want, WINDOW);
	}
}
