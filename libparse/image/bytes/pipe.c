/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pipe.c - an input that comes once: read in sequence, or on demand. */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "spool.h"

/* Bytes read at once; a pipe has no more. */
#define CHUNK (64u << 10)

/*
 * end: bytes of the input that were read. The temporary file has those before kept, and
 * chunk the others, up to end, as they could not be written. pos: of the reader in sequence.
 * left: bytes that may still be written.
 */
struct ml_pipe {
	struct memlog_allocator alloc;
	struct memlog_open_opts opts;
	char *tmpdir;
	int fd, spool;
	uint64_t end, kept, pos, left;
	bool ended, keeps, owned;
	uint8_t chunk[CHUNK];
};

enum memlog_status ml_pipe_create(int fd, const struct memlog_open_opts *opts,
				  struct ml_pipe **ret, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	struct ml_pipe *p = ml_calloc(&a, 1, sizeof(*p));

	if (p && opts->tmpdir)
		p->tmpdir = ml_strdup(&a, opts->tmpdir);
	if (!p || (opts->tmpdir && !p->tmpdir)) {
		ml_free(&a, p);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a pipe");
	}
	p->alloc = a;
	p->opts = *opts;
	p->spool = -1;
	p->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (p->fd < 0) {
		ml_pipe_destroy(p);
		return ml_fail_errno(err, MEMLOG_IO, errno,
				     "cannot read the input");
	}
	*ret = p;
	return MEMLOG_OK;
}

static void pipe_close_spool(struct ml_pipe *p)
{
	if (p->spool >= 0)
		close(p->spool);
	p->spool = -1;
}

void ml_pipe_destroy(struct ml_pipe *p)
{
	struct memlog_allocator a;

	if (!p)
		return;
	a = p->alloc;
	pipe_close_spool(p);
	if (p->fd >= 0)
		close(p->fd);
	ml_free(&a, p->tmpdir);
	ml_free(&a, p);
}

/* ---- what is kept ------------------------------------------------------- */

/* The bytes before the next page of zeros. */
static size_t pipe_run(const uint8_t *bytes, size_t len, uint64_t off)
{
	size_t n = 0, page;

	for (; n < len; n += page) {
		page = (size_t)ml_min(len - n, ML_PAGE - (off + n) % ML_PAGE);
		if (ml_is_zero(bytes + n, page))
			break;
	}
	return n;
}

/* Append bytes; those of pages of zeros are left out. */
static enum memlog_status pipe_append(struct ml_pipe *p, const uint8_t *bytes,
				      size_t len, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	uint64_t off = p->kept;
	size_t at = 0, n;

	while (at < len && !s) {
		n = pipe_run(bytes + at, len - at, off + at);
		if (n > p->left)
			return ml_fail(err, MEMLOG_LIMIT,
				       "more of the input would have to be "
				       "kept than may be");
		if (n)
			s = ml_spool_write(p->spool, off + at, bytes + at, n,
					   err);
		p->left -= n;
		at += n ? n :
			  (size_t)ml_min(len - at,
					 ML_PAGE - (off + at) % ML_PAGE);
	}
	if (!s)
		p->kept += len;
	return s;
}

static uint64_t pipe_room(const struct ml_pipe *p, uint64_t most)
{
	struct statvfs fs;

	if (most == UINT64_MAX)
		return most;
	if (fstatvfs(p->spool, &fs))
		return 0;
	return ml_min(most, (uint64_t)fs.f_bavail / 2 * (uint64_t)fs.f_frsize);
}

enum memlog_status ml_pipe_keep(struct ml_pipe *p, uint64_t most,
				const uint8_t *before, size_t len,
				struct memlog_err *err)
{
	enum memlog_status s;

	if (p->spool >= 0) {
		p->left = most == UINT64_MAX ? most : p->left;
		p->keeps = true;
		return MEMLOG_OK;
	}
	s = ml_spool_create(p->tmpdir, &p->spool, err);
	if (s)
		return s;
	p->left = pipe_room(p, most);
	p->kept = 0;
	s = pipe_append(p, before, len, err);
	if (s)
		pipe_close_spool(p);
	else
		p->keeps = true;
	return s;
}

/* What was read is still needed as long as it was not read in sequence. */
void ml_pipe_drop(struct ml_pipe *p)
{
	p->keeps = false;
	if (p->pos >= p->end)
		pipe_close_spool(p);
}

bool ml_pipe_keeps(const struct ml_pipe *p)
{
	return p->keeps;
}

/* Of the temporary file, len bytes before p->kept. */
static enum memlog_status pipe_kept(const struct ml_pipe *p, uint64_t off,
				    uint8_t *buf, size_t len,
				    struct memlog_err *err)
{
	size_t got;
	enum memlog_status s =
		ml_spool_read_some(p->spool, off, buf, len, &got, err);

	/* zeros at its end are not in it */
	memset(buf + got, 0, len - got);
	return s;
}

/* ---- reading ------------------------------------------------------------ */

static bool pipe_stopped(const struct ml_pipe *p)
{
	return p->opts.progress &&
	       p->opts.progress(p->opts.progress_arg, p->end, 0);
}

/* Read what has come, at least a byte unless it ends. Nothing is asked of the writer that
 * was not needed, as it may wait. */
static enum memlog_status pipe_chunk(struct ml_pipe *p, size_t *ret,
				     struct memlog_err *err)
{
	ssize_t n;

	do {
		n = read(p->fd, p->chunk, CHUNK);
		if (n < 0 && errno != EINTR)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read the input");
		if (pipe_stopped(p))
			return ml_fail(err, MEMLOG_STOP, "stopped");
	} while (n < 0);
	p->ended = !n;
	p->end += (uint64_t)n;
	*ret = (size_t)n;
	return MEMLOG_OK;
}

/* Wait for len bytes, fewer only if the input ends. */
static enum memlog_status pipe_read(const struct ml_pipe *p, uint8_t *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	ssize_t n;

	*ret = 0;
	while (*ret < len) {
		n = read(p->fd, buf + *ret, len - *ret);
		if (n < 0 && errno == EINTR) {
			if (pipe_stopped(p))
				return ml_fail(err, MEMLOG_STOP, "stopped");
			continue;
		}
		if (n < 0)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read the input");
		if (!n)
			break;
		*ret += (size_t)n;
	}
	return MEMLOG_OK;
}

/* What could not be written may be written now. */
static enum memlog_status pipe_retry(struct ml_pipe *p, struct memlog_err *err)
{
	return p->kept < p->end ? pipe_append(p, p->chunk,
					      (size_t)(p->end - p->kept), err) :
				  MEMLOG_OK;
}

/* Read and keep the input up to offset to. */
static enum memlog_status pipe_pull(struct ml_pipe *p, uint64_t to,
				    struct memlog_err *err)
{
	enum memlog_status s = to > p->kept ? pipe_retry(p, err) : MEMLOG_OK;
	size_t got;

	while (!s && p->end < to && !p->ended) {
		s = pipe_chunk(p, &got, err);
		if (!s)
			s = pipe_append(p, p->chunk, got, err);
	}
	return s;
}

/* The next bytes in sequence of what was read already; *ret of them. */
static enum memlog_status pipe_again(struct ml_pipe *p, uint8_t *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t n;

	for (*ret = 0; *ret < len && p->pos < p->end && !s; *ret += n) {
		if (p->pos < p->kept) {
			n = (size_t)ml_min(len - *ret, p->kept - p->pos);
			s = pipe_kept(p, p->pos, buf + *ret, n, err);
		} else {
			n = (size_t)ml_min(len - *ret, p->end - p->pos);
			memcpy(buf + *ret, p->chunk + (p->pos - p->kept), n);
		}
		p->pos += n;
	}
	return s;
}

enum memlog_status ml_pipe_next(struct ml_pipe *p, uint8_t *buf, size_t len,
				size_t *ret, struct memlog_err *err)
{
	enum memlog_status s = pipe_again(p, buf, len, ret, err);
	size_t n = 0, more = len - *ret;

	if (!s && more && !p->ended) {
		s = pipe_read(p, buf + *ret, more, &n, err);
		p->ended = !s && n < more;
		if (p->keeps &&
		    (p->kept < p->end || pipe_append(p, buf + *ret, n, NULL)))
			p->keeps = false;
		p->end += n;
		p->pos += n;
		*ret += n;
	}
	if (!p->keeps)
		ml_pipe_drop(p);
	return s;
}

enum memlog_status ml_pipe_take(struct ml_pipe *p, bool rest, int *ret,
				struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	if (rest) {
		p->left = UINT64_MAX;
		s = pipe_pull(p, UINT64_MAX, err);
	}
	if (!s && ftruncate(p->spool, (off_t)p->end))
		s = ml_fail_errno(err, MEMLOG_IO, errno,
				  "cannot write the temporary file");
	if (s)
		return s;
	*ret = p->spool;
	p->spool = -1;
	p->keeps = false;
	return MEMLOG_OK;
}

/* ---- as a file ---------------------------------------------------------- */

static enum memlog_status pipe_file_read(void *self, uint64_t off, void *buf,
					 size_t len, size_t *ret,
					 struct memlog_err *err)
{
	struct ml_pipe *p = self;
	enum memlog_status s;
	uint64_t to;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (!ml_add(off, len, &to))
		to = UINT64_MAX;
	s = pipe_pull(p, to, err);
	if (s)
		return s;
	if (off >= p->end)
		return ml_fail_at(err, MEMLOG_NO_DATA, off,
				  "the input ends before offset 0x%llx",
				  (unsigned long long)off);
	len = (size_t)ml_min(len, p->end - off);
	s = pipe_kept(p, off, buf, len, err);
	*ret = s ? 0 : len;
	return s;
}

/* What was not read yet may be there. */
static enum memlog_status pipe_next_range(void *self, uint64_t off,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	const struct ml_pipe *p = self;

	(void)err;
	*ret = (struct memlog_range){ off, p->ended ? p->end : UINT64_MAX };
	return off < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status pipe_next_data(void *self, uint64_t off,
					 struct memlog_range *ret,
					 struct memlog_err *err)
{
	const struct ml_pipe *p = self;
	off_t data, hole;

	if (off >= p->kept)
		return pipe_next_range(self, off, ret, err);
	data = lseek(p->spool, (off_t)off, SEEK_DATA);
	if (data < 0 && errno == ENXIO) /* zeros up to the end */
		return pipe_next_range(self, p->kept, ret, err);
	if (data < (off_t)off) /* unsupported: assume data */
		return pipe_next_range(self, off, ret, err);
	hole = lseek(p->spool, data, SEEK_HOLE);
	ret->start = (uint64_t)data;
	ret->end = hole > data ? (uint64_t)hole : p->kept;
	return MEMLOG_OK;
}

static void pipe_file_close(void *self)
{
	struct ml_pipe *p = self;

	if (p->owned)
		ml_pipe_destroy(p);
}

static const struct memlog_reader_ops pipe_ops = {
	.size = sizeof(pipe_ops),
	.flags = MEMLOG_READER_SLOW,
	.read = pipe_file_read,
	.next_range = pipe_next_range,
	.next_data = pipe_next_data,
	.close = pipe_file_close,
};

void ml_pipe_file(struct ml_pipe *p, const char *name, struct ml_file *ret)
{
	*ret = (struct ml_file){ .ops = &pipe_ops,
				 .self = p,
				 .size = p->ended ? p->end : UINT64_MAX,
				 .name = name };
}

void ml_pipe_own(struct ml_pipe *p)
{
	p->owned = true;
	p->left = UINT64_MAX;
}

bool ml_pipe_count(const struct ml_file *file, uint64_t *ret_bytes,
		   bool *ret_ended)
{
	const struct ml_pipe *p;

	file = ml_file_layer(file, &pipe_ops);
	if (!file)
		return false;
	p = file->self;
	*ret_bytes = p->end;
	*ret_ended = p->ended;
	return true;
}
