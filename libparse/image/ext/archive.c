/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* archive.c - unpack what was compressed as a whole: gzip by zlib, the rest by
 * libarchive. Only the filters that it has itself: some builds would run
 * programs for others. */
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "gunzip.h"
#include "image/bytes/spool.h"
#include "image/packed.h"

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>

#define PIECE	(256u << 10)	/* bytes unpacked at once; whole pages */

struct unpack {
	const char *path;
	const struct memlog_open_opts *opts;
	struct memlog_allocator alloc;
	struct archive *a;
	struct ml_gunzip *gunzip;	/* in place of a, for gzip */
	int spool;
	uint64_t size, written, room, packed;
	char *damage;
	size_t damage_size;
	uint8_t *buf;
};

/* NULL: not read here. */
static int (*const filters[ML_PACKED_KINDS])(struct archive *a) = {
	[ML_PACKED_ZSTD] = archive_read_support_filter_zstd,
	[ML_PACKED_XZ] = archive_read_support_filter_xz,
	[ML_PACKED_LZ4] = archive_read_support_filter_lz4,
	[ML_PACKED_BZIP2] = archive_read_support_filter_bzip2,
};

/* Write a piece to its place; pages of zeros stay holes. */
static enum memlog_status put(struct unpack *u, size_t len,
			      struct memlog_err *err)
{
	enum memlog_status s;
	const uint8_t *p;
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = ml_min(ML_PAGE, len - at);
		p = u->buf + at;
		if (!p[0] && !memcmp(p, p + 1, n - 1))
			continue;
		u->written += n;
		if (u->written > u->room)
			return ml_fail(err, MEMLOG_LIMIT, "%s: unpacked it "
				       "takes more than the free space for "
				       "temporary files; set TMPDIR", u->path);
		s = ml_spool_write(u->spool, u->size + at, p, n, err);
		if (s)
			return s;
	}
	u->size += len;
	return MEMLOG_OK;
}

/* Nothing came out. A window of more than 128 MiB, which zstd --long=31 makes,
 * is one reason. */
static enum memlog_status nothing(const struct unpack *u, const char *why,
				  struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_CORRUPT, "%s: cannot unpack it%s%.80s; if "
		       "the program that packed it can (zstd -d --long=31), "
		       "unpack it first", u->path, why ? ": " : "",
		       why ? why : "");
}

/* The next bytes into buf; *ret is 0 at the end. CORRUPT: the file is damaged,
 * and why may say how. */
static enum memlog_status pull(struct unpack *u, size_t *ret,
			       struct memlog_err *why)
{
	const char *text;
	la_ssize_t n;

	if (u->gunzip)
		return ml_gunzip_read(u->gunzip, u->buf, PIECE, ret, why);
	do {
		n = archive_read_data(u->a, u->buf, PIECE);
	} while (n == ARCHIVE_RETRY);
	*ret = n < 0 ? 0 : (size_t)n;
	if (n >= 0)
		return MEMLOG_OK;
	text = archive_error_string(u->a);
	return ml_fail(why, MEMLOG_CORRUPT, "%s", text ? text : "not readable");
}

static uint64_t consumed(const struct unpack *u)
{
	return u->gunzip ? ml_gunzip_consumed(u->gunzip) :
			   (uint64_t)archive_filter_bytes(u->a, -1);
}

static enum memlog_status unpack(struct unpack *u, struct memlog_err *err)
{
	struct memlog_err why = { 0 };
	enum memlog_status s;
	size_t n;

	for (;;) {
		if (u->opts->progress &&
		    u->opts->progress(u->opts->progress_arg, consumed(u),
				      u->packed))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		s = pull(u, &n, &why);
		if (s == MEMLOG_CORRUPT)
			break;
		if (s)
			return ml_fail(err, s, "%s: %.200s", u->path, why.text);
		if (!n)
			return MEMLOG_OK;
		s = put(u, n, err);
		if (s)
			return s;
		if (u->size > ML_MAX_UNPACKED)
			return ml_fail(err, MEMLOG_LIMIT, "%s: unpacked it has "
				       "more than %" PRIu64 " bytes", u->path,
				       (uint64_t)ML_MAX_UNPACKED);
	}
	if (!u->size)
		return nothing(u, why.text, err);
	/* checksums come last: what they are of is spooled by then */
	snprintf(u->damage, u->damage_size, "the compressed file is damaged "
		 "(%.60s): %" PRIu64 " bytes could be unpacked, and any of them "
		 "may be wrong", why.text, u->size);
	return MEMLOG_OK;
}

static enum memlog_status start(struct unpack *u, const struct ml_packed *f,
				int fd, struct memlog_err *err)
{
	struct archive_entry *entry;

	if (f->kind == ML_PACKED_GZIP)
		return ml_gunzip_create(fd, &u->alloc, &u->gunzip, err);
	/* ARCHIVE_WARN: it would run a program */
	if (filters[f->kind](u->a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(u->a) != ARCHIVE_OK)
		return ml_fail(err, MEMLOG_UNSUPPORTED, "%s: compressed with "
			       "%s, which this build cannot unpack", u->path,
			       f->name);
	if (archive_read_open_fd(u->a, fd, 65536) != ARCHIVE_OK ||
	    archive_read_next_header(u->a, &entry) != ARCHIVE_OK)
		return nothing(u, archive_error_string(u->a), err);
	return MEMLOG_OK;
}

/* Leave a tenth of the file system free. */
static uint64_t free_space(int fd)
{
	struct statvfs v;
	uint64_t bytes;

	if (fstatvfs(fd, &v) || !ml_mul(v.f_bavail, v.f_frsize, &bytes))
		return UINT64_MAX;
	return bytes / 10 * 9;
}

static enum memlog_status spool_all(struct unpack *u, const struct ml_packed *f,
				    int fd, struct ml_file *ret,
				    struct memlog_err *err)
{
	enum memlog_status s = ml_spool_create(u->opts->tmpdir, &u->spool, err);

	if (s)
		return ml_prefix(err, s, "%s", u->path);
	u->room = free_space(u->spool);
	s = start(u, f, fd, err);
	if (!s)
		s = unpack(u, err);
	if (!s && ftruncate(u->spool, (off_t)u->size))
		s = ml_fail_errno(err, MEMLOG_IO, errno,
				  "%s: temporary file", u->path);
	if (!s)
		s = ml_file_open_fd(u->spool, u->path, u->opts, ret, err);
	if (s)
		close(u->spool);
	return s;
}

/* Which filter a file needs; NULL for none. The descriptor stays at its start.
 * *ret_size is the file's. */
static const struct ml_packed *look(int fd, uint64_t *ret_size)
{
	uint8_t head[ML_PACKED_MAGIC];
	const struct ml_packed *f;
	off_t end;

	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		return NULL;
	end = lseek(fd, 0, SEEK_END);
	if (end < 0 || lseek(fd, 0, SEEK_SET))
		return NULL;
	*ret_size = (uint64_t)end;
	f = ml_packed_find(head, sizeof(head));
	return f && (f->kind == ML_PACKED_GZIP || filters[f->kind]) ? f : NULL;
}

enum memlog_status ml_archive_open(const char *path,
				   const struct memlog_open_opts *opts,
				   struct ml_file *ret, const char **ret_how,
				   char *ret_damage, size_t size,
				   struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct unpack u = { .path = path, .opts = opts, .alloc = a,
			    .damage = ret_damage, .damage_size = size };
	const struct ml_packed *f = fd < 0 ? NULL : look(fd, &u.packed);
	enum memlog_status s;

	*ret_damage = '\0';
	if (!f) {
		if (fd >= 0)
			close(fd);
		return MEMLOG_NOT_MINE;
	}
	*ret_how = f->name;
	u.a = archive_read_new();
	u.buf = ml_calloc(&a, PIECE, 1);
	if (u.a && u.buf)
		s = spool_all(&u, f, fd, ret, err);
	else
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack %s",
			    path);
	if (u.a)
		archive_read_free(u.a);
	ml_gunzip_destroy(u.gunzip);
	ml_free(&a, u.buf);
	close(fd);
	return s;
}
#else
enum memlog_status ml_archive_open(const char *path,
				   const struct memlog_open_opts *opts,
				   struct ml_file *ret, const char **ret_how,
				   char *ret_damage, size_t size,
				   struct memlog_err *err)
{
	(void)path, (void)opts, (void)ret, (void)ret_how;
	(void)ret_damage, (void)size, (void)err;
	return MEMLOG_NOT_MINE;	/* then refuse.c says what it is */
}
#endif
