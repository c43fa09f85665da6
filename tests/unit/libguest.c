/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libguest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "libmem.h"

static enum memlog_status guest_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct guest *g = self;

	*ret = 0;
	if (g->ended)
		return ml_fail(err, MEMLOG_IO, "live: the guest is gone");
	if (!len)
		return MEMLOG_OK;
	if (addr >= GUEST_SIZE)
		return MEMLOG_NO_DATA;
	*ret = len < GUEST_SIZE - addr ? len : GUEST_SIZE - (size_t)addr;
	memcpy(buf, g->p + addr, *ret);
	return MEMLOG_OK;
}

static enum memlog_status guest_next(void *self, uint64_t addr,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	if (addr >= GUEST_SIZE)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr, GUEST_SIZE };
	return MEMLOG_OK;
}

static const struct memlog_reader_ops live_ops = {
	.size = sizeof(live_ops),
	.flags = MEMLOG_READER_LIVE,
	.read = guest_read,
	.next_range = guest_next,
};

void guest_start(struct guest *g)
{
	g->ended = false;
	g->p = calloc(1, GUEST_SIZE);
	assert_non_null(g->p);
	assert_int_equal(memlog_image_wrap(&live_ops, g, MEMLOG_PHYS, "live",
					   NULL, &g->image, NULL),
			 0);
}

void guest_stop(struct guest *g)
{
	memlog_image_close(g->image);
	free(g->p);
}

uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

uint8_t *ring_start(struct guest *g, uint32_t at, uint32_t header)
{
	uint8_t *p = g->p + at;

	memset(p, 0, GUEST_RING);
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, header);
	put64(p + 0x18, GUEST_RING - header);
	put64(p + 0x20, 1);
	if (header == GUEST_EXT_HEADER) {
		put64(p + header - 16, GUEST_EXT);
		memcpy(p + header - 8, "memlogx1", 8);
		put32(p + GUEST_EXT, 0xc0);
	}
	return p;
}

void ring_say_n(uint8_t *p, const char *text, size_t len)
{
	uint64_t header = get64(p + 0x10), size = get64(p + 0x18);
	uint64_t head = get64(p + 0x28), tail = get64(p + 0x30), first;
	uint8_t *t = p + header;

	if (header == GUEST_EXT_HEADER)
		put64(p + GUEST_EXT + 0x10, get64(p + GUEST_EXT + 0x10) + len);
	if (tail + len <= size - 1) {
		memcpy(t + tail, text, len);
		if (head == tail + 1)
			head = head + len > size - 1 ? 0 : head + len;
		tail += len;
	} else {
		first = size - tail;
		memcpy(t + tail, text, first);
		memcpy(t, text + first, len - first);
		tail = len - first;
		head = tail + 1;
		put64(p + 0x38, 1);
	}
	put64(p + 0x28, head);
	put64(p + 0x30, tail);
}

void ring_say(uint8_t *p, const char *text)
{
	ring_say_n(p, text, strlen(text));
}
