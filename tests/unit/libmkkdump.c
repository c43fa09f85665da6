/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libmkkdump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct out {
	uint8_t *p;
	size_t len, cap;
	bool be;
};

static uint8_t *at(struct out *o, size_t off, size_t len)
{
	if (off + len > o->cap) {
		size_t cap = (off + len) * 2;

		o->p = realloc(o->p, cap);
		assert_non_null(o->p);
		memset(o->p + o->cap, 0, cap - o->cap);
		o->cap = cap;
	}
	if (off + len > o->len)
		o->len = off + len;
	return o->p + off;
}

static void num(struct out *o, size_t off, unsigned int width, uint64_t v)
{
	uint8_t *p = at(o, off, width);
	unsigned int i;

	for (i = 0; i < width; i++)
		p[o->be ? width - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

static void headers(struct out *o, const struct mkkdump *m, size_t bitmaps)
{
	size_t n = m->is32 ? 412 : 424, w = m->is32 ? 4 : 8, s = m->block, f, i;
	size_t info = m->vmcoreinfo ? strlen(m->vmcoreinfo) : 0;

	memcpy(at(o, 0, 8), "KDUMP   ", 8);
	num(o, 8, 4, m->version ? m->version : 6);
	if (m->machine)
		memcpy(at(o, 272, 65), m->machine, strlen(m->machine) + 1);
	num(o, n, 4, m->status);
	num(o, n + 4, 4, m->block);
	num(o, n + 8, 4, 1);
	num(o, n + 12, 4, bitmaps);
	num(o, n + 16, 4, m->max_pfn);
	num(o, s + w, 4, 1); /* dump_level */
	num(o, s + w + 4, 4, m->split);
	num(o, s + w + 8, w, m->start_pfn);
	num(o, s + 2 * w + 8, w, m->end_pfn);
	/* VMCOREINFO, notes, what was erased, and page numbers of 64 bits */
	f = 3 * w + 8;
	for (i = 0; i < 6; i++) {
		f = m->is32 && !m->aligned ? f : (f + 7) / 8 * 8;
		num(o, s + f, 8,
		    i == 0 ? (info ? 2 * m->block - 1024 : 0) :
		    i == 1 ? (m->note_len ? 2 * m->block - 2048 : 0) :
		    i == 3 ? m->start_pfn :
		    i == 4 ? m->end_pfn :
		    i == 5 ? m->max_pfn :
			     0);
		f += 8;
		if (i < 3) {
			num(o, s + f, w,
			    i == 0 ? info :
			    i == 1 ? m->note_len :
				     0);
			f += w;
		}
	}
	if (info)
		memcpy(at(o, 2 * m->block - 1024, info), m->vmcoreinfo, info);
	if (m->note_len)
		memcpy(at(o, 2 * m->block - 2048, m->note_len), m->note,
		       m->note_len);
}

static void put_page(struct out *o, const struct mkkdump *m,
		     const struct mkpage *p, size_t desc)
{
	uint8_t *buf = calloc(1, 2 * m->block);
	uint32_t flag = p->flag;
	size_t len = 0, data = o->len;

	assert_non_null(buf);
	if (flag && m->compress)
		len = m->compress(flag, p->bytes, m->block, buf, 2 * m->block);
	if (!len || len >= m->block) {
		memcpy(buf, p->bytes, m->block);
		len = m->block;
		flag = 0;
	}
	memcpy(at(o, data, len), buf, len);
	free(buf);
	num(o, desc, 8, data);
	num(o, desc + 8, 4, len);
	num(o, desc + 12, 4, flag);
}

uint8_t *mkkdump(const struct mkkdump *m, const struct mkpage *pages, size_t n,
		 size_t *ret_len)
{
	struct out o = { .be = m->big_endian };
	uint8_t *zeros = calloc(1, m->block);
	size_t half = (m->max_pfn / 8 + m->block) / m->block, i, desc, zero = 0;
	struct mkpage z = { 0, zeros, 1, false };

	assert_non_null(zeros);
	headers(&o, m, 2 * half);
	at(&o, 2 * m->block, 2 * half * m->block);
	for (i = 0; i < n; i++) {
		*at(&o, 2 * m->block + pages[i].pfn / 8, 1) |=
			(uint8_t)(1u << pages[i].pfn % 8);
		*at(&o, (2 + half) * m->block + pages[i].pfn / 8, 1) |=
			(uint8_t)(1u << pages[i].pfn % 8);
	}
	desc = (2 + 2 * half) * m->block;
	at(&o, desc, n * 24);
	for (i = 0; i < n; i++) {
		if (m->split &&
		    (pages[i].pfn < m->start_pfn || pages[i].pfn >= m->end_pfn))
			continue;
		if (pages[i].lost) {
			num(&o, desc, 8, 0);
		} else if (pages[i].bytes) {
			put_page(&o, m, &pages[i], desc);
		} else if (zero) {
			memcpy(at(&o, desc, 24), at(&o, zero, 24), 24);
		} else {
			zero = desc;
			put_page(&o, m, &z, desc);
		}
		desc += 24;
	}
	free(zeros);
	*ret_len = o.len;
	return o.p;
}

static void record(struct out *o, uint64_t off, const uint8_t *p, size_t len,
		   bool wrong)
{
	size_t i, where = o->len;

	num(o, where, 8, off);
	num(o, where + 8, 8, len);
	memcpy(at(o, where + 16, len), p, len);
	for (i = 0; wrong && i < len; i++)
		o->p[where + 16 + i] ^= 0x55;
}

uint8_t *mkflat(const uint8_t *file, size_t len, size_t step, unsigned int seed,
		size_t *ret_len)
{
	struct out o = { .be = true };
	size_t n = (len + step - 1) / step, i, k;
	size_t *order = calloc(n, sizeof(*order));

	assert_non_null(order);
	memcpy(at(&o, 0, 4096), "makedumpfile", 13);
	num(&o, 16, 8, 1);
	num(&o, 24, 8, 1);
	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = 0; seed && i + 1 < n; i++) {
		size_t t = order[i];

		seed = seed * 1103515245u + 12345u;
		k = i + (seed >> 8) % (n - i);
		order[i] = order[k];
		order[k] = t;
	}
	/* wrong bytes that later records overwrite, across their edges */
	for (i = step / 2; seed && i < len; i += 3 * step)
		record(&o, i, file + i, len - i < step ? len - i : step, true);
	for (i = 0; i < n; i++)
		record(&o, order[i] * step, file + order[i] * step,
		       len - order[i] * step < step ? len - order[i] * step :
						      step,
		       false);
	num(&o, o.len, 8, UINT64_MAX);
	num(&o, o.len, 8, UINT64_MAX);
	free(order);
	*ret_len = o.len;
	return o.p;
}
