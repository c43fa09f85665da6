/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libovmf.c - a writer of OVMF's log, from its description only. */
#include "libovmf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

void ring_store(struct ring *r)
{
	uint8_t *p = r->hdr;

	if (r->family == 'A') {
		memcpy(p, "ovmfmemdebugmagc", 16);
		p[16] = 1;
		put32(p + 17, (uint32_t)r->size);
		put32(p + 21, (uint32_t)r->head);
		put32(p + 25, (uint32_t)r->tail);
		put64(p + 29, r->lock);
		p[37] = (uint8_t)r->truncated;
		return;
	}
	memcpy(p, r->family == 'B' ? "ovmfmdgl" : "ovmfmdg1", 8);
	p += 8;
	if (r->family == 'C') {
		memcpy(p, "ovmfmdg2", 8);
		p += 8;
	}
	put64(p, r->header);
	put64(p + 8, r->size);
	put64(p + 16, r->lock);
	put64(p + 24, r->head);
	put64(p + 32, r->tail);
	put64(p + 40, r->truncated);
}

void ring_init(struct ring *r, uint8_t *hdr, char family, uint64_t bytes,
	       uint64_t header)
{
	memset(r, 0, sizeof(*r));
	r->hdr = hdr;
	r->family = family;
	r->header = header;
	r->size = bytes - header;
	r->lock = 1;
	ring_store(r);
}

void ring_put(struct ring *r, const void *text, size_t len)
{
	uint8_t *data = r->hdr + r->header;
	const uint8_t *p = text;
	size_t i;

	if (!len || len >= r->size)
		return;
	memcpy(r->all + r->n_all, text, len);
	r->n_all += len;
	for (i = 0; i < len; i++) {
		data[r->tail] = p[i];
		r->tail = (r->tail + 1) % r->size;
		if (r->truncated || r->tail == 0) {
			r->truncated = 1;
			r->head = (r->tail + 1) % r->size;
		}
	}
	ring_store(r);
}

struct memlog_logs *ovmf_scan(struct memlog_image *image)
{
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan(image, NULL, &logs, NULL, &err))
		fail_msg("%s", err.text);
	return logs;
}
