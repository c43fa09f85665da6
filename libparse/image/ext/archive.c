/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* archive.c - unpack files that were compressed as a whole: gzip with zlib, the
 * rest with libarchive, without filters for which it would run a program. */
#include "archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "gunzip.h"
#include "image/bytes/spool.h"
#include "image/packed.h"

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>

#define PIECE	 (256u << 10) /* bytes unpacked at once; whole pages */
#define PIECE_IN (64u << 10)  /* packed bytes read at once */

struct unpack {
	struct memlog_image *image;
	const struct ml_file *file; /* the packed file */
	const struct memlog_open_opts *opts;
	struct archive *a;
	struct ml_gunzip *gunzip; /* instead of a, for gzip */
	enum ml_packed_kind kind;
	int spool;
	uint64_t at;		      /* offset in the packed file */
	uint64_t size, written, room; /* bytes of the unpacked file */
	uint8_t *in, *buf;
};

/* NULL: not supported here. */
static int (*const filters[ML_PACKED_KINDS])(struct archive *a) = {
	[ML_PACKED_ZSTD] = archive_read_support_filter_zstd,
	[ML_PACKED_XZ] = archive_read_support_filter_xz,
	[ML_PACKED_LZ4] = archive_read_support_filter_lz4,
	[ML_PACKED_BZIP2] = archive_read_support_filter_bzip2,
};

/* Append a piece to the spool file; pages of zeros become holes. */
static enum memlog_status archive_put(struct unpack *u, size_t len,
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
			return ml_fail(err, MEMLOG_LIMIT,
				       "unpacking it needs "
				       "more than the free space for temporary "
				       "files; set TMPDIR");
		s = ml_spool_write(u->spool, u->size + at, p, n, err);
		if (s)
			return s;
	}
	u->size += len;
	return MEMLOG_OK;
}

/* Nothing could be unpacked. One reason is a window of zstd of more than 128 MiB, as
 * --long=31 uses. */
static enum memlog_status
archive_nothing(const struct unpack *u, const char *why, struct memlog_err *err)
{
	if (u->kind == ML_PACKED_ZLIB)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "begins like a zlib stream, and cannot be "
			       "unpacked%s%.80s; if it is raw guest memory, "
			       "give --map=q35, pc, ... or none",
			       why ? ": " : "", why ? why : "");
	return ml_fail(err, MEMLOG_CORRUPT,
		       "cannot unpack it%s%.80s; if the "
		       "program that packed it can%s, unpack it first",
		       why ? ": " : "", why ? why : "",
		       u->kind == ML_PACKED_ZSTD ? " (zstd -d --long=31)" : "");
}

/* Unpack the next *ret bytes into buf, 0 at the end. CORRUPT: the file is
 * damaged; why has the reason. */
static enum memlog_status archive_pull(struct unpack *u, size_t *ret,
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

static uint64_t archive_consumed(const struct unpack *u)
{
	return u->gunzip ? ml_gunzip_consumed(u->gunzip) : u->at;
}

static enum memlog_status archive_unpack(struct unpack *u,
					 struct memlog_err *err)
{
	struct memlog_err why = { 0 };
	enum memlog_status s;
	size_t n;

	for (;;) {
		if (u->opts->progress &&
		    u->opts->progress(
			    u->opts->progress_arg, archive_consumed(u),
			    u->file->size == UINT64_MAX ? 0 : u->file->size))
			return ml_fail(err, MEMLOG_STOP, "stopped");
		s = archive_pull(u, &n, &why);
		if (s == MEMLOG_CORRUPT)
			break;
		if (s)
			return ml_fail(err, s, "%.200s", why.text);
		if (!n)
			return MEMLOG_OK;
		s = archive_put(u, n, err);
		if (s)
			return s;
		if (u->size > ML_MAX_UNPACKED)
			return ml_fail(err, MEMLOG_LIMIT,
				       "it has more than "
				       "%" PRIu64 " bytes when unpacked",
				       (uint64_t)ML_MAX_UNPACKED);
	}
	if (u->size < (u->kind == ML_PACKED_ZLIB ? ML_PAGE : 1u))
		return archive_nothing(u, why.text, err);
	/* checksums follow the data: the bytes are in the spool file already */
	u->image->suspect = true;
	ml_image_warn(u->image,
		      "the compressed file is damaged (%.60s): %" PRIu64
		      " bytes could be unpacked, and any of them may "
		      "be wrong",
		      why.text, u->size);
	return MEMLOG_OK;
}

static la_ssize_t read_in(struct archive *a, void *arg, const void **ret)
{
	struct unpack *u = arg;
	struct memlog_err err;
	size_t got;

	if (ml_file_read_some(u->file, u->at, u->in, PIECE_IN, &got, &err)) {
		archive_set_error(a, err.sys, "%s", err.text);
		return -1;
	}
	u->at += got;
	*ret = u->in;
	return (la_ssize_t)got;
}

static bool archive_by_zlib(const struct ml_packed *f)
{
	return f->kind == ML_PACKED_GZIP || f->kind == ML_PACKED_ZLIB;
}

static enum memlog_status archive_start(struct unpack *u,
					const struct ml_packed *f,
					struct memlog_err *err)
{
	struct archive_entry *entry;

	u->kind = f->kind;
	if (archive_by_zlib(f))
		return ml_gunzip_create(u->file, f->kind == ML_PACKED_GZIP,
					&u->image->alloc, &u->gunzip, err);
	/* ARCHIVE_WARN: it would run a program */
	if (filters[f->kind](u->a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(u->a) != ARCHIVE_OK)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "compressed with %s, "
			       "which this build cannot unpack",
			       f->name);
	if (archive_read_open(u->a, u, NULL, read_in, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(u->a, &entry) != ARCHIVE_OK)
		return archive_nothing(u, archive_error_string(u->a), err);
	return MEMLOG_OK;
}

/* Nine tenths of the free space of the file system, in bytes. */
static uint64_t free_space(int fd)
{
	struct statvfs v;
	uint64_t bytes;

	if (fstatvfs(fd, &v) || !ml_mul(v.f_bavail, v.f_frsize, &bytes))
		return UINT64_MAX;
	return bytes / 10 * 9;
}

static enum memlog_status spool_all(struct unpack *u, const struct ml_packed *f,
				    struct ml_file *ret, struct memlog_err *err)
{
	enum memlog_status s = ml_spool_create(u->opts->tmpdir, &u->spool, err);

	if (s)
		return s;
	u->room = free_space(u->spool);
	s = archive_start(u, f, err);
	if (!s)
		s = archive_unpack(u, err);
	if (!s && ftruncate(u->spool, (off_t)u->size))
		s = ml_fail_errno(err, MEMLOG_IO, errno, "temporary file");
	if (!s)
		s = ml_file_open_fd(u->spool, u->file->name, u->opts, ret, err);
	if (s)
		close(u->spool);
	return s;
}

/* How the file is compressed. NULL: it is not, or not supported here. */
static const struct ml_packed *archive_look(const struct ml_file *file,
					    const struct memlog_open_opts *opts)
{
	uint8_t head[ML_PACKED_MAGIC];
	const struct ml_packed *f;
	size_t got;

	if (ml_file_read_some(file, 0, head, sizeof(head), &got, NULL))
		return NULL;
	f = ml_packed_find(head, got);
	/* what the user calls memory may begin like that */
	if (f && f->kind == ML_PACKED_ZLIB &&
	    (opts->map || opts->raw_base || opts->force_raw))
		return NULL;
	return f && (archive_by_zlib(f) || filters[f->kind]) ? f : NULL;
}

enum memlog_status ml_archive_open(struct memlog_image *image,
				   struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	struct unpack u = { .image = image, .file = file, .opts = opts };
	const struct ml_packed *f = archive_look(file, opts);
	struct ml_file unpacked;
	enum memlog_status s;
	char words[96];

	if (!f)
		return MEMLOG_NOT_MINE;
	u.a = archive_read_new();
	u.in = ml_calloc(&image->alloc, PIECE_IN, 1);
	u.buf = ml_calloc(&image->alloc, PIECE, 1);
	if (u.a && u.in && u.buf)
		s = spool_all(&u, f, &unpacked, err);
	else
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack it");
	if (u.a)
		archive_read_free(u.a);
	ml_gunzip_destroy(u.gunzip);
	ml_free(&image->alloc, u.in);
	ml_free(&image->alloc, u.buf);
	if (s)
		return s;
	ml_file_close(file);
	*file = unpacked;
	image->unpacked = true;
	snprintf(words, sizeof(words),
		 "%s, unpacked to a temporary file of %" PRIu64 " byte%s",
		 f->name, u.size, ml_s(u.size));
	ml_image_add_note(image, "memlog", 0, "compressed as a whole", words,
			  NULL, 0);
	return MEMLOG_OK;
}
#else
enum memlog_status ml_archive_open(struct memlog_image *image,
				   struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	(void)image, (void)file, (void)opts, (void)err;
	return MEMLOG_NOT_MINE; /* refuse.c reports the format */
}
#endif
