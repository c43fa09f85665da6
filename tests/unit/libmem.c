/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libmem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint8_t *mem_add(struct mem *m, uint64_t addr, size_t len)
{
	uint8_t *bytes = calloc(1, len);
	size_t i;

	assert_true(m->n < MEM_PIECES);
	assert_non_null(bytes);
	for (i = m->n++; i && m->piece[i - 1].addr > addr; i--)
		m->piece[i] = m->piece[i - 1];
	m->piece[i] = (struct mem_piece){ addr, bytes, len };
	return bytes;
}

void mem_free(struct mem *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->piece[i].bytes);
	m->n = 0;
}

static enum memlog_status mem_read(void *self, uint64_t addr, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	struct mem *m = self;
	size_t i, n;

	*ret = 0;
	m->reads++;
	if (!len)
		return MEMLOG_OK;
	for (i = 0; i < m->n; i++) {
		const struct mem_piece *p = &m->piece[i];

		if (addr < p->addr || addr - p->addr >= p->len)
			continue;
		n = p->len - (addr - p->addr);
		*ret = n < len ? n : len;
		memcpy(buf, p->bytes + (addr - p->addr), *ret);
		m->bytes += *ret;
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

static enum memlog_status mem_next(void *self, uint64_t addr,
				   struct memlog_range *ret,
				   struct memlog_err *err)
{
	struct mem *m = self;
	size_t i;

	if (m->low && m->n && addr < m->piece[0].addr) {
		*ret = (struct memlog_range){ addr, m->piece[0].addr };
		return MEMLOG_OK;
	}
	for (i = 0; i < m->n; i++) {
		const struct mem_piece *p = &m->piece[i];

		if (p->addr + p->len <= addr)
			continue;
		ret->start = p->addr > addr ? p->addr : addr;
		ret->end = p->addr + p->len;
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

const struct memlog_reader_ops mem_ops = {
	.size = sizeof(mem_ops),
	.read = mem_read,
	.next_range = mem_next,
};

static enum memlog_status mem_map(void *self, uint64_t addr, size_t len,
				  const uint8_t **ret_ptr, size_t *ret,
				  struct memlog_err *err)
{
	struct mem *m = self;
	size_t i, n;

	for (i = 0; i < m->n; i++) {
		const struct mem_piece *p = &m->piece[i];

		if (addr < p->addr || addr - p->addr >= p->len)
			continue;
		n = p->len - (addr - p->addr);
		*ret = n < len ? n : len;
		*ret_ptr = p->bytes + (addr - p->addr);
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

const struct memlog_reader_ops mem_map_ops = {
	.size = sizeof(mem_map_ops),
	.read = mem_read,
	.next_range = mem_next,
	.map = mem_map,
};

struct memlog_image *mem_image(struct mem *m, enum memlog_space space)
{
	struct memlog_image *image;
	struct memlog_err err;

	if (memlog_image_wrap(&mem_ops, m, space, "test", NULL, &image, &err))
		fail_msg("%s", err.text);
	return image;
}

void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}
