/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.c - try all layers and formats on a file. */
#include "open.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/sized.h"
#include "image/bytes/flattened.h"
#include "prefix.h"

struct memlog_open_opts ml_open_opts(const struct memlog_open_opts *opts)
{
	struct memlog_open_opts o;

	ml_sized_in(&o, sizeof(o), opts);
	return o;
}

enum memlog_status ml_open_opts_check(const struct memlog_open_opts *opts,
				      struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	enum memlog_status s;
	size_t i;

	s = ml_sized_check(opts, "memlog_open_opts", err);
	if (!s && (unsigned int)o.map > MEMLOG_MAP_VIRT)
		s = ml_fail(err, MEMLOG_INVALID, "unknown memory layout %u",
			    (unsigned int)o.map);
	for (i = 0; !s && i < o.n_codecs; i++)
		s = ml_sized_check(o.codecs[i], "memlog_codec", err);
	return s;
}

/* As many bytes of a file as headers need to be recognised. */
#define OPEN_LOOK (64u << 10)

/* Plain memory, because the caller says so: say what else it is. */
static void open_warn_raw(struct memlog_image *image,
			  const struct memlog_open_opts *opts)
{
	uint8_t *buf = ml_calloc(&image->alloc, OPEN_LOOK, 1);
	const char *title = NULL;
	size_t n;

	image->starved |= !buf;
	if (buf &&
	    !ml_file_read_some(&image->file, 0, buf, OPEN_LOOK, &n, NULL))
		image->starved |= ml_prefix_known(buf, n, opts, &title) ==
				  MEMLOG_NO_MEMORY;
	if (title)
		ml_image_warn(
			image,
			"its headers (%s) are ignored: it is read as plain "
			"memory",
			title);
	ml_free(&image->alloc, buf);
}

/* Open with the first format that does not return NOT_MINE. If all do, err is
 * the last one's. */
static enum memlog_status open_ask(struct memlog_image *image,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err)
{
	const struct ml_image_format *const *f = ml_image_formats;
	enum memlog_status s = MEMLOG_NOT_MINE;

	for (; *f && s == MEMLOG_NOT_MINE; f++) {
		if (opts->force_raw && !(*f)->raw)
			continue;
		image->format = (*f)->name;
		image->title = (*f)->title;
		image->traits = (*f)->traits;
		s = (*f)->open(image, &image->file, opts, err);
	}
	if (!s && opts->force_raw)
		open_warn_raw(image, opts);
	return s;
}

ml_image_layer *const ml_image_layers[] = { ml_flattened_open, NULL };

enum memlog_status ml_image_open_layers(struct ml_file *file,
					ml_image_layer *const *layers,
					const struct memlog_open_opts *opts,
					struct memlog_image **ret,
					struct memlog_err *err)
{
	struct memlog_image *image;
	enum memlog_status s;

	s = ml_image_create(opts->name ? opts->name : file->name, opts->tmpdir,
			    opts->allocator, &image, err);
	if (s) {
		ml_file_close(file);
		return s;
	}
	image->file = *file;
	*file = (struct ml_file){ 0 };
	for (; *layers && !s; layers++) {
		if (opts->force_raw && *layers == ml_flattened_open)
			continue;
		s = (*layers)(image, &image->file, opts, err);
		if (s == MEMLOG_NOT_MINE)
			s = MEMLOG_OK;
	}
	if (!s && image->file.member)
		s = ml_fail(err, MEMLOG_INVALID,
			    "it is not an archive, and has no file %.100s",
			    image->file.member);
	if (!s)
		s = open_ask(image, opts, err);
	if (s) {
		memlog_image_close(image);
		return s;
	}
	return ml_image_opened(image, ret, err);
}

enum memlog_status ml_image_opened(struct memlog_image *image,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	enum memlog_status s = ml_image_complete(image, err);

	if (s)
		memlog_image_close(image);
	else
		*ret = image;
	return s;
}

enum memlog_status ml_image_attached(const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	return opts->attached ? opts->attached(opts->attached_arg, err) :
				MEMLOG_OK;
}

/* The most bytes of a name in an error: the rest of the text has to fit. */
#define NAME_SHOWN 120

enum memlog_status ml_open_done(enum memlog_status s, const char *name,
				struct memlog_err *why, struct memlog_err *err)
{
	const char *dots = "";
	size_t n = strlen(name);

	if (!s)
		return s;
	if (n > NAME_SHOWN) {
		name += n - NAME_SHOWN;
		n = NAME_SHOWN;
		dots = "...";
	}
	/* the name of a source, as in "pid:", has a colon already */
	if (n && name[n - 1] == ':')
		n--;
	ml_prefix(why, s, "%s%.*s", dots, (int)n, name);
	if (err)
		*err = *why;
	return s;
}

enum memlog_status ml_image_open_on(struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err)
{
	static const struct memlog_open_opts none;

	return ml_image_open_layers(file, ml_image_layers, opts ? opts : &none,
				    ret, err);
}
