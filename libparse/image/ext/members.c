/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* members.c - unpack files that were compressed as a whole, and the dump in an archive. */
#include "members.h"

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
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
#include "image/bytes/spool.h"
#include "image/prefix.h"
#include "unpack.h"

#define MEMBER_NAME 256u

/* The member that is in the spool file. n: regular files of the archive so far, which are
 * named in names, some of them; known: it begins like a dump. */
struct archive_pick {
	size_t n;
	bool have, known, is_archive;
	uint64_t size;
	char name[MEMBER_NAME], names[160], format[48];
};

static const char *archive_bare(const char *name)
{
	return strncmp(name, "./", 2) ? name : name + 2;
}

static const char *archive_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (!name)
		name = archive_entry_pathname_utf8(entry);
	return name ? archive_bare(name) : "?";
}

/* Write the member whose first bytes these are to the spool file. CORRUPT: some of it is
 * there. */
static enum memlog_status archive_extract(struct ml_unpack *u, const uint8_t *p,
					  size_t len, uint64_t off,
					  struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;

	u->size = u->written = 0;
	if (ftruncate(u->spool, (off_t)u->before))
		return ml_fail_errno(err, MEMLOG_IO, errno, "temporary file");
	while (len && !s) {
		s = ml_unpack_put(u, p, len, off, err);
		u->size = ml_max(u->size, off + len);
		if (!s)
			s = ml_unpack_tick(u, err);
		if (!s)
			s = ml_unpack_next(u, &p, &len, &off, err);
	}
	return s;
}

/* Take a member if it is more likely the dump than the one before: it begins like one,
 * or is larger. */
static enum memlog_status archive_member(struct ml_unpack *u,
					 struct archive_entry *entry,
					 struct archive_pick *pick,
					 struct memlog_err *err)
{
	bool sized = archive_entry_size_is_set(entry);
	uint64_t size = sized ? (uint64_t)archive_entry_size(entry) : 0, off;
	const char *title = NULL;
	enum memlog_status s;
	const uint8_t *p;
	size_t len;

	if (pick->have && pick->known && sized && size <= pick->size)
		return MEMLOG_OK;
	if (size > ML_MAX_UNPACKED)
		return ml_fail(err, MEMLOG_LIMIT,
			       "it has more than %" PRIu64
			       " bytes when unpacked",
			       (uint64_t)ML_MAX_UNPACKED);
	s = ml_unpack_next(u, &p, &len, &off, err);
	if (s)
		return s;
	if (pick->is_archive && !off && len)
		s = ml_prefix_known(p, ml_min(len, ML_UNPACK_IN), u->opts,
				    &title);
	if (s || (pick->have && (title ? pick->known && size <= pick->size :
					 pick->known || size <= pick->size)))
		return s;
	snprintf(pick->name, sizeof(pick->name), "%s", archive_name(entry));
	pick->have = true;
	pick->known = title;
	pick->size = size;
	s = archive_extract(u, p, len, off, err);
	if (!s) /* it may end with a hole */
		u->size = ml_max(u->size, size);
	pick->size = ml_max(size, u->size);
	return s;
}

static void archive_list(struct archive_pick *pick, const char *name)
{
	size_t n = strlen(pick->names);

	if (n + strlen(name) + 3 < sizeof(pick->names))
		snprintf(pick->names + n, sizeof(pick->names) - n, "%s%s",
			 n ? ", " : "", name);
}

/* The next member that is a file; *ret NULL: there are no more. CORRUPT: damaged. */
static enum memlog_status archive_next(struct ml_unpack *u,
				       struct archive_entry **ret,
				       struct memlog_err *err)
{
	const char *text;
	int r;

	do {
		r = archive_read_next_header(u->a, ret);
		if (r == ARCHIVE_EOF) {
			*ret = NULL;
			return MEMLOG_OK;
		}
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
			if (u->failed && u->failed != MEMLOG_CORRUPT) {
				*err = u->why;
				return u->failed;
			}
			text = u->failed ? u->why.text : ml_unpack_error(u);
			return ml_fail(err, MEMLOG_CORRUPT, "%s",
				       text ? text : "not readable");
		}
	} while (archive_entry_filetype(*ret) != AE_IFREG ||
		 archive_entry_hardlink(*ret));
	return MEMLOG_OK;
}

/* All members, or up to the one that is wanted. */
static enum memlog_status archive_members(struct ml_unpack *u, const char *want,
					  struct archive_pick *pick,
					  struct memlog_err *err)
{
	struct archive_entry *entry;
	enum memlog_status s;
	int format;

	for (;;) {
		s = ml_unpack_tick(u, err);
		if (!s)
			s = archive_next(u, &entry, err);
		if (s)
			return s;
		format = archive_format(u->a);
		pick->is_archive = format != ARCHIVE_FORMAT_RAW &&
				   format != ARCHIVE_FORMAT_EMPTY;
		if (u->kind == ML_PACKED_KINDS && !pick->is_archive)
			return ml_fail(err, MEMLOG_CORRUPT,
				       "an archive that is damaged");
		if (!entry)
			return MEMLOG_OK;
		snprintf(pick->format, sizeof(pick->format), "%s",
			 archive_format_name(u->a));
		if (want && !pick->is_archive)
			return MEMLOG_OK;
		pick->n++;
		if (want && strcmp(archive_bare(want), archive_name(entry))) {
			archive_list(pick, archive_name(entry));
			continue;
		}
		s = archive_member(u, entry, pick, err);
		if (s || want)
			return s;
	}
}

static enum memlog_status archive_unpack(struct ml_unpack *u, const char *want,
					 struct archive_pick *pick,
					 struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s = archive_members(u, want, pick, &why);
	uint64_t least = u->kind == ML_PACKED_ZLIB ? ML_PAGE : 1;

	if (!s && pick->is_archive)
		s = ml_unpack_rest(u, &why);
	if (s == MEMLOG_CORRUPT && u->size < least)
		return ml_unpack_nothing(u, why.text, err);
	if (s && s != MEMLOG_CORRUPT)
		return ml_fail(err, s, "%.200s", why.text);
	if (want && !pick->is_archive)
		return ml_fail(err, MEMLOG_INVALID,
			       "it is not an archive, and has no file %.100s",
			       want);
	if (!pick->have && (want || pick->is_archive))
		return ml_fail(err, MEMLOG_INVALID,
			       "the archive has no %s%.60s%s%s",
			       want ? "file " :
				      "file in it: make it again, with tar -h "
				      "if the dump is a link",
			       want ? want : "",
			       pick->names[0] ? "; it has " : "", pick->names);
	if (!s)
		return MEMLOG_OK;
	/* checksums follow the data: the bytes are in the spool file already */
	u->image->suspect = true;
	ml_image_warn(u->image,
		      "the %s is damaged (%.60s): %" PRIu64
		      " bytes could be unpacked, and any of them may "
		      "be wrong",
		      pick->is_archive ? "archive" : "compressed file",
		      why.text, u->size);
	return MEMLOG_OK;
}

/* ---- the layer ---------------------------------------------------------- */

/* Nine tenths of the free space of the file system, in bytes. */
static uint64_t free_space(int fd)
{
	struct statvfs v;
	uint64_t bytes;

	if (fstatvfs(fd, &v) || !ml_mul(v.f_bavail, v.f_frsize, &bytes))
		return UINT64_MAX;
	return bytes / 10 * 9;
}

/* The bytes of a file of libvirt before what is packed, and that it is not. */
static enum memlog_status spool_header(struct ml_unpack *u,
				       struct memlog_err *err)
{
	static const uint8_t plain[4];
	enum memlog_status s = MEMLOG_OK;
	uint64_t at;
	size_t got;

	for (at = 0; at < u->before && !s; at += got) {
		s = ml_file_read_some(u->file, at, u->in,
				      ml_min(ML_UNPACK_IN, u->before - at),
				      &got, err);
		if (!s && !got)
			return ml_fail(err, MEMLOG_CORRUPT,
				       "the file ends at offset 0x%" PRIx64,
				       at);
		if (!s)
			s = ml_spool_write(u->spool, at, u->in, got, err);
	}
	return s || !u->before ? s :
				 ml_spool_write(u->spool, ML_LIBVIRT_PACKED,
						plain, sizeof(plain), err);
}

/* Is there an archive in what is compressed? libarchive takes zeros, as memory often
 * begins, for an empty tar. */
static enum memlog_status spool_archive(const struct ml_unpack *u, bool *ret,
					struct memlog_err *err)
{
	struct ml_unpack p = *u;
	struct archive_entry *entry;
	enum memlog_status s;
	const uint8_t *bytes;
	uint64_t off;
	size_t len;

	*ret = u->kind == ML_PACKED_KINDS;
	if (*ret)
		return MEMLOG_OK;
	p.a = archive_read_new();
	p.in = ml_calloc(&u->image->alloc, ML_UNPACK_IN, 1);
	s = p.a && p.in ?
		    ml_unpack_start(&p, false, err) :
		    ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack it");
	/* what is wrong with it is reported when it is read again */
	if (!s && !archive_read_next_header(p.a, &entry) &&
	    !ml_unpack_next(&p, &bytes, &len, &off, NULL))
		*ret = ml_packed_archive(bytes, len);
	ml_unpack_end(&p);
	return s;
}

static enum memlog_status spool_all(struct ml_unpack *u,
				    struct archive_pick *pick,
				    struct ml_file *ret, struct memlog_err *err)
{
	enum memlog_status s = ml_spool_create(u->opts->tmpdir, &u->spool, err);
	bool archive;

	if (s)
		return s;
	u->room = free_space(u->spool);
	s = spool_header(u, err);
	if (!s)
		s = spool_archive(u, &archive, err);
	if (!s)
		s = ml_unpack_start(u, archive, err);
	if (!s)
		s = archive_unpack(u, u->file->member, pick, err);
	if (!s && ftruncate(u->spool, (off_t)(u->before + u->size)))
		s = ml_fail_errno(err, MEMLOG_IO, errno, "temporary file");
	if (!s)
		s = ml_file_open_fd(u->spool, u->file->name, u->opts, ret, err);
	if (s)
		close(u->spool);
	return s;
}

/* How the file is compressed, ML_PACKED_KINDS: it is an archive, and from which offset on.
 * false: neither, or not supported here. */
static bool archive_look(const struct ml_file *file,
			 const struct memlog_open_opts *opts,
			 enum ml_packed_kind *ret, const char **ret_name,
			 uint64_t *ret_at)
{
	const struct ml_packed *f;
	uint8_t head[512];
	size_t got;

	if (ml_file_read_some(file, 0, head, sizeof(head), &got, NULL))
		return false;
	f = ml_packed_libvirt(head, got, ret_at);
	if (!f)
		f = ml_packed_find(head, got);
	*ret = f ? f->kind : ML_PACKED_KINDS;
	*ret_name = f ? f->name : NULL;
	/* what the user calls memory may begin like that */
	if (f && f->kind == ML_PACKED_ZLIB &&
	    (opts->map || opts->raw_base || opts->force_raw))
		return false;
	return f ? ml_unpack_can(f->kind) : ml_packed_archive(head, got);
}

static void archive_describe(struct memlog_image *image,
			     const struct ml_unpack *u,
			     const struct archive_pick *pick, const char *name)
{
	char words[MEMBER_NAME + 128];

	if (name) {
		snprintf(words, sizeof(words),
			 "%s, unpacked to a temporary file of %" PRIu64
			 " byte%s",
			 name, u->size, ml_s(u->size));
		ml_image_add_note(image, "memlog", 0, "compressed as a whole",
				  words, NULL, 0);
	}
	if (!pick->is_archive)
		return;
	snprintf(words, sizeof(words), "%s (%s), of %" PRIu64 " byte%s",
		 pick->name, pick->format, u->size, ml_s(u->size));
	ml_image_add_note(image, "memlog", 0, "file in an archive", words, NULL,
			  0);
	if (pick->n > 1 && !u->file->member)
		ml_image_warn(image,
			      "the archive has %zu files; this is %s, the "
			      "largest%s: FILE:NAME picks another",
			      pick->n, pick->name, pick->known ? " dump" : "");
}

enum memlog_status ml_archive_open(struct memlog_image *image,
				   struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	struct ml_unpack u = { .image = image, .file = file, .opts = opts };
	struct archive_pick pick = { .n = 0 };
	struct ml_file unpacked;
	enum memlog_status s;
	const char *name;

	if (!archive_look(file, opts, &u.kind, &name, &u.before))
		return MEMLOG_NOT_MINE;
	u.at = u.before;
	u.a = archive_read_new();
	u.in = ml_calloc(&image->alloc, ML_UNPACK_IN, 1);
	if (u.a && u.in)
		s = spool_all(&u, &pick, &unpacked, err);
	else
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory to unpack it");
	ml_unpack_end(&u);
	if (s)
		return s;
	archive_describe(image, &u, &pick, name);
	ml_file_close(file);
	*file = unpacked;
	image->unpacked = true;
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
