/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.c - read memory with crash's readmem().
 *
 * readmem() is much faster in blocks, but fails if one page of a block is
 * absent: so read a block, and if that fails, page by page.
 */
#include "crash-ext.h"

#define BLOCK 65536u

static bool read_block(struct session *s, uint64_t addr, void *buf, size_t len)
{
	ulong flags = pc->curcmd_flags;
	int ok;

	/* for a Xen dom0, crash translates physical addresses by the p2m
	 * unless this flag says that they are machine addresses */
	if (s->machine)
		pc->curcmd_flags |= XEN_MACHINE_ADDR;
	ok = readmem(addr, PHYSADDR, buf, (long)len, "memlog",
		     RETURN_ON_ERROR | QUIET);
	pc->curcmd_flags = flags;
	return ok;
}

/* Read page by page up to the first absent one. Returns how many bytes. */
static size_t crash_reader_read_pages(struct session *s, uint64_t addr,
				      char *buf, size_t len)
{
	size_t done = 0, part;

	while (done < len) {
		part = PAGESIZE() - (size_t)((addr + done) % PAGESIZE());
		if (part > len - done)
			part = len - done;
		if (!read_block(s, addr + done, buf + done, part))
			break;
		done += part;
	}
	return done;
}

static enum memlog_status reader_read(void *self, uint64_t addr, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct session *s = self;
	size_t n, got;
	char *p = buf;

	(void)err;
	*ret = 0;
	while (*ret < len) {
		if (ext_interrupted())
			return MEMLOG_STOP;
		n = len - *ret < BLOCK ? len - *ret : BLOCK;
		got = n;
		if (!read_block(s, addr + *ret, p + *ret, n))
			got = crash_reader_read_pages(s, addr + *ret, p + *ret,
						      n);
		*ret += got;
		if (got < n)
			return *ret ? MEMLOG_OK : MEMLOG_NO_DATA;
	}
	return MEMLOG_OK;
}

enum memlog_status ext_reader_wrap(struct session *s, const char *name,
				   struct memlog_err *err)
{
	const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.flags = ACTIVE() ? MEMLOG_READER_LIVE : 0,
		.page_size = (uint32_t)PAGESIZE(),
		.read = reader_read,
	};
	enum memlog_status st;

	st = memlog_image_wrap(&ops, s, s->space, name, &s->arena.alloc,
			       &s->image, err);
	if (st)
		return st;
	if (!s->dump)
		return memlog_image_set_ranges(s->image, s->ranges, s->n_ranges,
					       err);
	memlog_image_describe(s->image, s->dump);
	return MEMLOG_OK;
}
