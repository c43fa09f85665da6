/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader.c - read memory of the target through gdb.
 *
 * target_read() fails if one byte of a block is absent: so read a block, and if
 * that fails, page by page. It may throw (if a connection breaks), so
 * everything held across it must be in struct session.
 */
#include "session.h"

#define BLOCK 65536u
#define PAGE  4096u

/* A block size for slow stubs, small enough for Ctrl-C to stop it soon. */
#define SLOW_BLOCK 4096u

static size_t gdb_reader_read_pages(struct session *s, uint64_t addr, char *buf,
				    size_t len)
{
	size_t done = 0, part;

	while (done < len) {
		part = PAGE - (size_t)((addr + done) % PAGE);
		if (part > len - done)
			part = len - done;
		if (s->read(addr + done, buf + done, (int)part) != GDB_SUCCESS)
			break;
		done += part;
	}
	return done;
}

static enum memlog_status target_read(void *self, uint64_t addr, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct session *s = self;
	size_t block = s->flags & MEMLOG_READER_SLOW ? SLOW_BLOCK : BLOCK;
	size_t n, got;
	char *p = buf;

	*ret = 0;
	if (!s->read) {
		if (err)
			*err = (struct memlog_err){
				.status = MEMLOG_IO,
				.text = "gdb no longer lets us read memory"
			};
		return MEMLOG_IO;
	}
	while (*ret < len) {
		if (plugin_interrupted())
			return MEMLOG_STOP;
		n = len - *ret < block ? len - *ret : block;
		got = n;
		if (s->read(addr + *ret, p + *ret, (int)n) != GDB_SUCCESS)
			got = gdb_reader_read_pages(s, addr + *ret, p + *ret,
						    n);
		*ret += got;
		if (got < n)
			return *ret ? MEMLOG_OK : MEMLOG_NO_DATA;
	}
	return MEMLOG_OK;
}

enum memlog_status session_wrap(struct session *s,
				const struct memlog_reader_ops *ops,
				enum memlog_space space, const char *name,
				struct memlog_err *err)
{
	enum memlog_status st;

	st = memlog_image_wrap(ops, s, space, name, &s->arena.alloc, &s->image,
			       err);
	return st ? st :
		    memlog_image_set_ranges(s->image, s->ranges, s->n_ranges,
					    err);
}

enum memlog_status session_wrap_target(struct session *s, const char *name,
				       struct memlog_err *err)
{
	const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.flags = s->flags,
		.page_size = PAGE,
		.read = target_read,
	};

	return session_wrap(s, &ops, s->space, name, err);
}
