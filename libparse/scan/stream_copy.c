/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream_copy.c - a copy of a pipe in a temporary file, as long as there is room, in
 * case that something in it needs random access. Zeros become holes. */
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "image/bytes/spool.h"
#include "image/vmcoreinfo.h"
#include "stream.h"

static void stream_copy_drop(struct ml_stream_copy *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void ml_stream_copy_init(struct ml_stream *st)
{
	struct ml_stream_copy *c = &st->copy;
	bool random = false;
	struct statvfs fs;
	size_t i;

	c->fd = -1;
	for (i = 0; ml_formats[i]; i++)
		random |= ml_formats[i]->find.needs_random &&
			  ml_format_asked(st->formats, ml_formats[i]);
	if (!random || !st->opts.keep ||
	    ml_spool_create(st->opts.tmpdir, &c->fd, NULL))
		return;
	c->left = st->opts.keep;
	if (fstatvfs(c->fd, &fs))
		stream_copy_drop(c);
	else
		c->left = ml_min(c->left, (uint64_t)fs.f_bavail / 2 *
						  (uint64_t)fs.f_frsize);
}

void ml_stream_copy_add(struct ml_stream *st, uint64_t off,
			const uint8_t *bytes, size_t len)
{
	struct ml_stream_copy *c = &st->copy;
	size_t n;

	for (; len && c->fd >= 0; off += n, bytes += n, len -= n) {
		n = (size_t)ml_min(len, ML_PAGE - off % ML_PAGE);
		c->end = off + n;
		if (!bytes[0] && !memcmp(bytes, bytes + 1, n - 1))
			continue;
		/* all that is left of the piece at once, up to zeros */
		while (n < len && len - n >= ML_PAGE &&
		       (bytes[n] ||
			memcmp(bytes + n, bytes + n + 1, ML_PAGE - 1)))
			n += ML_PAGE;
		c->end = off + n;
		if (n > c->left || ml_spool_write(c->fd, off, bytes, n, NULL))
			stream_copy_drop(c);
		else
			c->left -= n;
	}
}

bool ml_stream_copy_take(struct ml_stream *st, const struct memlog_image *image,
			 int *ret)
{
	struct ml_stream_copy *c = &st->copy;
	size_t len;

	/* what may be anything is looked at closely if it has no log at page starts */
	bool all = image->unsure && !st->found;

	if (c->fd < 0 ||
	    (!st->random && !all && !ml_vmcoreinfo(image, "OSRELEASE", &len)) ||
	    ftruncate(c->fd, (off_t)c->end))
		return false;
	*ret = c->fd;
	c->fd = -1;
	return true;
}

void ml_stream_copy_fini(struct ml_stream *st)
{
	stream_copy_drop(&st->copy);
}
