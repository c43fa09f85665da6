/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* files.c - which files the name of an image means: one, a file in an archive, the pieces
 * of one, or the parts of a dump. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/bytes/joined.h"
#include "image/bytes/piecename.h"
#include "open.h"

/* "FILE:MEMBER", where there is a file FILE: what is in the archive FILE. NOT_MINE: there is
 * none. names outlives *ret. */
static enum memlog_status files_open_member(const char *names,
					    const struct memlog_open_opts *opts,
					    struct ml_file *ret,
					    struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	char *path = ml_strdup(&a, names), *colon;
	enum memlog_status s = MEMLOG_NOT_MINE;

	if (!path)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	for (colon = path; s && (colon = strchr(colon, ':')); colon++) {
		*colon = '\0';
		s = ml_file_open(path, opts, ret, NULL);
		*colon = ':';
		if (!s)
			ret->member = names + (colon - path) + 1;
	}
	ml_free(&a, path);
	return s == MEMLOG_NO_MEMORY ? s : s ? MEMLOG_NOT_MINE : MEMLOG_OK;
}

/* Is there no file of this name, or cannot there be one? */
static bool files_is_missing(enum memlog_status s, const struct memlog_err *err)
{
	return s == MEMLOG_IO && (err->sys == ENOENT || err->sys == ENOTDIR ||
				  err->sys == ENAMETOOLONG);
}

static void files_note_pieces(struct memlog_image *image, const char *names,
			      size_t n, bool sorted)
{
	struct ml_piece_gap gap;
	char words[64];

	snprintf(words, sizeof(words), "of %zu files, joined", n);
	ml_image_add_note(image, "memlog", 0, "one file in pieces", words, NULL,
			  0);
	if (!sorted)
		ml_image_warn(image, "the pieces of the file are joined as "
				     "they are named, which is not the order "
				     "of their names");
	else if (ml_piece_gap(names, &gap))
		ml_image_warn_cut(
			image,
			"going by the names, pieces of the file are missing "
			"between %.*s and %.*s: what follows is in the wrong "
			"place",
			(int)ml_min(gap.before_len, 100), gap.before,
			(int)ml_min(gap.after_len, 100), gap.after);
}

/* The pieces cannot be read as one file, perhaps because some are missing. */
static enum memlog_status files_fail_pieces(enum memlog_status s,
					    const char *names,
					    struct memlog_err *err)
{
	struct ml_piece_gap gap;
	char text[sizeof(err->text)];

	if (!ml_piece_gap(names, &gap))
		return s;
	memcpy(text, err->text, sizeof(text));
	return ml_fail(err, s, "pieces are missing between %.*s and %.*s: %s",
		       (int)ml_min(gap.before_len, 60), gap.before,
		       (int)ml_min(gap.after_len, 60), gap.after, text);
}

/* Does the first file of a list have all that its headers promise? What is packed does
 * not tell. */
static bool files_first_is_whole(const char *names,
				 const struct memlog_open_opts *opts)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	char *first = ml_strdup(&a, names);
	struct memlog_image *image = NULL;
	struct ml_file file;
	bool whole;

	if (first)
		first[strcspn(first, ",")] = '\0';
	whole = first && !ml_file_open(first, opts, &file, NULL) &&
		!ml_image_open_on(&file, opts, &image, NULL) && !image->cut &&
		!image->missing && !image->lost;
	memlog_image_close(image);
	ml_free(&a, first);
	return whole;
}

/* A list of files, or one with an address. */
static enum memlog_status files_open_list(const char *names,
					  ml_image_layer *const *layers,
					  const struct memlog_open_opts *opts,
					  struct memlog_image **ret,
					  struct memlog_err *err)
{
	struct memlog_err why;
	struct ml_file file;
	enum memlog_status s;
	bool sorted;
	size_t n;

	s = ml_joined_open(names, opts, &file, &n, &sorted, &why);
	if (s == MEMLOG_NOT_MINE)
		return ml_set_open(names, layers, opts, ret, err);
	if (s && s != MEMLOG_INVALID) {
		*err = why;
		return s;
	}
	if (files_first_is_whole(names, opts)) {
		if (!s)
			ml_file_close(&file);
		return ml_fail(err, MEMLOG_INVALID,
			       "%.*s has all of its memory: the others are not "
			       "pieces of it",
			       (int)ml_min(strcspn(names, ","), 100), names);
	}
	if (s) {
		*err = why;
		return s;
	}
	s = ml_image_open_layers(&file, layers, opts, ret, err);
	if (s)
		return files_fail_pieces(s, names, err);
	files_note_pieces(*ret, names, n, sorted);
	return MEMLOG_OK;
}

enum memlog_status ml_image_open_files(const char *names,
				       ml_image_layer *const *layers,
				       const struct memlog_open_opts *opts,
				       struct memlog_image **ret,
				       struct memlog_err *err)
{
	struct memlog_err why;
	struct ml_file file;
	enum memlog_status s, in;

	s = ml_file_open(names, opts, &file, err);
	if (files_is_missing(s, err) && strpbrk(names, ",@")) {
		s = files_open_list(names, layers, opts, ret, err);
		if (!files_is_missing(s, err))
			return s;
	}
	if (files_is_missing(s, err)) {
		in = files_open_member(names, opts, &file, &why);
		if (in == MEMLOG_NO_MEMORY)
			*err = why;
		s = in == MEMLOG_NOT_MINE ? s : in;
	}
	return s ? s : ml_image_open_layers(&file, layers, opts, ret, err);
}

enum memlog_status memlog_image_open_file(const char *path,
					  const struct memlog_open_opts *opts,
					  struct memlog_image **ret,
					  struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s = ml_open_opts_check(opts, err);

	if (s)
		return s;
	s = ml_image_open_files(path, ml_image_layers, &o, ret, &why);
	return ml_open_done(s, o.name ? o.name : path, &why, err);
}
