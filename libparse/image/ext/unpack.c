/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unpack.c - the bytes of a packed file: gzip and zlib with zlib, .xz with liblzma, .zst with
 * libzstd, the rest with libarchive, without filters for which it would run a program. */
#include "unpack.h"

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "gunzip.h"
#include "sevenzip.h"
#include "unlzop.h"
#include "image/bytes/spool.h"

/* NULL: not supported here. */
static int (*const filters[ML_PACKED_KINDS + 1])(struct archive *a) = {
#ifdef HAVE_ZSTD
	[ML_PACKED_ZSTD] = archive_read_support_filter_none,
#else
	/* with windows of up to 128 MiB */
	[ML_PACKED_ZSTD] = archive_read_support_filter_zstd,
#endif
#ifdef HAVE_LZMA
	/* libarchive takes any window */
	[ML_PACKED_XZ] = archive_read_support_filter_none,
#endif
	[ML_PACKED_LZ4] = archive_read_support_filter_lz4,
	[ML_PACKED_BZIP2] = archive_read_support_filter_bzip2,
	[ML_PACKED_GZIP] = archive_read_support_filter_none,
	[ML_PACKED_ZLIB] = archive_read_support_filter_none,
	[ML_PACKED_LZOP] = archive_read_support_filter_none,
	[ML_PACKED_KINDS] = archive_read_support_filter_none,
};

static const struct ml_window_ops *const windows[ML_PACKED_KINDS + 1] = {
#ifdef HAVE_ZSTD
	[ML_PACKED_ZSTD] = &ml_unzstd,
#endif
#ifdef HAVE_LZMA
	[ML_PACKED_XZ] = &ml_unxz,
#endif
};

/* Write bytes that belong at off; pages of zeros become holes. */
enum memlog_status ml_unpack_put(struct ml_unpack *u, const uint8_t *bytes,
				 size_t len, uint64_t off,
				 struct memlog_err *err)
{
	enum memlog_status s;
	const uint8_t *p;
	size_t at, n;

	for (at = 0; at < len; at += n) {
		/* pages of the file, wherever the bytes start */
		n = ml_min(ML_PAGE - (u->before + off + at) % ML_PAGE,
			   len - at);
		p = bytes + at;
		if (!p[0] && !memcmp(p, p + 1, n - 1))
			continue;
		u->written += n;
		if (u->written > u->room)
			return ml_fail(err, MEMLOG_LIMIT,
				       "unpacking it needs "
				       "more than the free space for temporary "
				       "files; set TMPDIR");
		s = ml_spool_write(u->spool, u->before + off + at, p, n, err);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

const char *ml_unpack_error(struct ml_unpack *u)
{
	const char *text = archive_error_string(u->a);
	size_t i;

	if (!text)
		return NULL;
	snprintf(u->text, sizeof(u->text), "%s", text);
	u->text[strcspn(u->text, "\r\n")] = '\0';
	for (i = 0; u->text[i]; i++)
		if (u->text[i] < ' ' || u->text[i] > '~')
			u->text[i] = '?';
	return u->text;
}

/* Nothing could be unpacked. */
enum memlog_status ml_unpack_nothing(const struct ml_unpack *u, const char *why,
				     struct memlog_err *err)
{
	if (u->kind == ML_PACKED_ZLIB)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "begins like a zlib stream, and cannot be "
			       "unpacked%s%.80s; if it is raw guest memory, "
			       "give --map=q35, pc, ... or none",
			       why ? ": " : "", why ? why : "");
	return ml_fail(err, MEMLOG_CORRUPT,
		       "cannot unpack it%s%.80s; if the "
		       "program that packed it can, unpack it first",
		       why ? ": " : "", why ? why : "");
}

static uint64_t unpack_consumed(const struct ml_unpack *u)
{
	return u->gunzip ? ml_gunzip_consumed(u->gunzip) :
	       u->lzop	 ? ml_unlzop_consumed(u->lzop) :
	       u->window ? u->window->consumed(u->window_self) :
			   u->at;
}

enum memlog_status ml_unpack_tick(const struct ml_unpack *u,
				  struct memlog_err *err)
{
	if (u->opts->progress &&
	    u->opts->progress(u->opts->progress_arg, unpack_consumed(u),
			      u->file->size == UINT64_MAX ? 0 : u->file->size))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

/* libarchive sets no limit on these, and says what a file is compressed with only now. */
static bool unpack_zip_unbounded(const struct ml_unpack *u)
{
	static const char *const kinds[] = { "(lzma)", "(xz)", "(ppmd" };
	const char *name = archive_format_name(u->a);
	size_t i;

	if (archive_format(u->a) != ARCHIVE_FORMAT_ZIP)
		return false;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (name && strstr(name, kinds[i]))
			return true;
	return false;
}

static enum memlog_status unpack_failed(const struct ml_unpack *u,
					struct memlog_err *err)
{
	if (err)
		*err = u->why;
	return u->failed;
}

/* The next bytes of the member, and where in it they are; *ret_len 0: its end. CORRUPT: the
 * file is damaged. */
enum memlog_status ml_unpack_next(struct ml_unpack *u, const uint8_t **ret,
				  size_t *ret_len, uint64_t *ret_off,
				  struct memlog_err *err)
{
	const void *p = NULL;
	const char *text;
	la_int64_t off = 0;
	int r;

	*ret_len = 0;
	if (unpack_zip_unbounded(u))
		return ml_fail(
			err, MEMLOG_UNSUPPORTED,
			"the file in the zip is compressed with LZMA or "
			"PPMd, which can take any memory; unzip it first");
	do {
		r = archive_read_data_block(u->a, &p, ret_len, &off);
	} while (r == ARCHIVE_RETRY || (r == ARCHIVE_OK && !*ret_len));
	*ret = p;
	*ret_off = (uint64_t)off;
	if (r == ARCHIVE_OK || (r == ARCHIVE_WARN && *ret_len))
		return off < 0 || *ret_off > ML_MAX_UNPACKED ||
				       *ret_len > ML_MAX_UNPACKED - *ret_off ?
			       ml_fail(err, MEMLOG_LIMIT,
				       "it has more than "
				       "%" PRIu64 " bytes when unpacked",
				       (uint64_t)ML_MAX_UNPACKED) :
			       MEMLOG_OK;
	*ret_len = 0;
	if (r == ARCHIVE_EOF)
		return MEMLOG_OK;
	if (u->failed && u->failed != MEMLOG_CORRUPT)
		return unpack_failed(u, err);
	text = ml_unpack_error(u);
	return ml_fail(err, MEMLOG_CORRUPT, "%s",
		       u->failed ? u->why.text :
		       text	 ? text :
				   "not readable");
}

static enum memlog_status unpack_window(struct ml_unpack *u, size_t *ret,
					struct memlog_err *err)
{
	*ret = 0;
	if (!u->late)
		u->late = u->window->read(u->window_self, u->in, ML_UNPACK_IN,
					  ret, &u->late_why);
	if (!u->late || *ret)
		return MEMLOG_OK;
	if (err)
		*err = u->late_why;
	return u->late;
}

/* The next bytes for libarchive into u->in. */
static enum memlog_status unpack_read(struct ml_unpack *u, size_t *ret,
				      struct memlog_err *err)
{
	if (u->gunzip)
		return ml_gunzip_read(u->gunzip, u->in, ML_UNPACK_IN, ret, err);
	if (u->lzop)
		return ml_unlzop_read(u->lzop, u->in, ML_UNPACK_IN, ret, err);
	if (u->window)
		return unpack_window(u, ret, err);
	return ml_file_read_some(u->file, u->at, u->in, ML_UNPACK_IN, ret, err);
}

static la_ssize_t unpack_more(struct archive *a, void *arg, const void **ret)
{
	struct ml_unpack *u = arg;
	size_t got;

	u->failed = unpack_read(u, &got, &u->why);
	if (!u->failed)
		u->failed = ml_cpio_check(&u->cpio, u->in, got, &u->why);
	if (u->failed) {
		archive_set_error(a, u->why.sys, "%s", u->why.text);
		return -1;
	}
	u->at += got;
	*ret = u->in;
	return (la_ssize_t)got;
}

static la_int64_t unpack_seek(struct archive *a, void *arg, la_int64_t off,
			      int whence)
{
	struct ml_unpack *u = arg;
	uint64_t from = whence == SEEK_END ? u->file->size :
			whence == SEEK_CUR ? u->at :
					     0;

	if (off < 0 ? (uint64_t)-off > from :
		      !ml_add(from, (uint64_t)off, &u->at)) {
		archive_set_error(a, EINVAL, "a position outside of the file");
		return ARCHIVE_FATAL;
	}
	u->at = from + (uint64_t)off;
	ml_cpio_seek(&u->cpio, u->at);
	return (la_int64_t)u->at;
}

/* The largest window. */
static uint64_t unpack_max(const struct memlog_open_opts *opts)
{
	return opts->window ? opts->window : ML_MAX_WINDOW;
}

static bool unpack_is_sevenzip(const struct ml_unpack *u)
{
	static const uint8_t magic[] = { '7', 'z', 0xbc, 0xaf, 0x27, 0x1c };
	uint8_t h[sizeof(magic)];

	return !ml_file_read(u->file, u->at, h, sizeof(h), NULL) &&
	       !memcmp(h, magic, sizeof(h));
}

enum memlog_status ml_unpack_start(struct ml_unpack *u, bool archive,
				   struct memlog_err *err)
{
	const struct memlog_allocator *alloc = &u->image->alloc;
	enum memlog_status s = MEMLOG_OK;
	bool seeks = u->kind == ML_PACKED_KINDS && u->file->size != UINT64_MAX;
	bool sevenzip = seeks && unpack_is_sevenzip(u);
	/* ARCHIVE_WARN: it would run a program */
	bool ok = filters[u->kind](u->a) == ARCHIVE_OK &&
		  archive_read_support_format_raw(u->a) == ARCHIVE_OK &&
		  archive_read_support_format_empty(u->a) == ARCHIVE_OK;

	if (ok && archive)
		ok = archive_read_support_format_tar(u->a) == ARCHIVE_OK &&
		     archive_read_support_format_cpio(u->a) == ARCHIVE_OK;
	if (ok && archive && seeks)
		ok = archive_read_support_format_zip(u->a) == ARCHIVE_OK &&
		     archive_read_set_seek_callback(u->a, unpack_seek) ==
			     ARCHIVE_OK;
	/* it also finds one within a program, which nobody checked */
	if (ok && archive && sevenzip)
		ok = archive_read_support_format_7zip(u->a) == ARCHIVE_OK;
	if (ok && archive && sevenzip)
		s = ml_sevenzip_check(u->file, u->at, unpack_max(u->opts),
				      alloc, err);
	if (s)
		return s;
	if (!ok)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "this build cannot unpack it");
	if (u->kind == ML_PACKED_GZIP || u->kind == ML_PACKED_ZLIB)
		s = ml_gunzip_create(u->file, u->at, u->kind == ML_PACKED_GZIP,
				     alloc, &u->gunzip, err);
	else if (u->kind == ML_PACKED_LZOP)
		s = ml_unlzop_create(u->file, u->at, u->opts, alloc, &u->lzop,
				     err);
	else if (windows[u->kind])
		s = windows[u->kind]->create(u->file, u->at,
					     unpack_max(u->opts), alloc,
					     &u->window_self, err);
	if (!s)
		u->window = windows[u->kind];
	if (!s &&
	    archive_read_open(u->a, u, NULL, unpack_more, NULL) != ARCHIVE_OK)
		s = u->failed && u->failed != MEMLOG_CORRUPT ?
			    unpack_failed(u, err) :
			    ml_unpack_nothing(u, ml_unpack_error(u), err);
	return s;
}

enum memlog_status ml_unpack_rest(struct ml_unpack *u, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t got = 1;

	while ((u->gunzip || u->lzop || u->window) && got && !s) {
		s = ml_unpack_tick(u, err);
		if (!s)
			s = unpack_read(u, &got, err);
	}
	return s;
}

void ml_unpack_end(struct ml_unpack *u)
{
	if (u->a)
		archive_read_free(u->a);
	ml_gunzip_destroy(u->gunzip);
	ml_unlzop_destroy(u->lzop);
	if (u->window)
		u->window->destroy(u->window_self);
	ml_free(&u->image->alloc, u->in);
}

bool ml_unpack_can(enum ml_packed_kind kind)
{
	return filters[kind];
}
#endif
