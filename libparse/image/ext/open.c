/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.c - open an image by the user's name for it: a file, a directory or another
 * source. */
#include "image/open.h"

#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"
#include "cloudhv.h"
#include "codec.h"
#include "hint.h"
#include "image/shown.h"
#include "layers.h"
#include "source.h"

static enum memlog_status open_source(const char *name,
				      const struct memlog_open_opts *opts,
				      struct memlog_image **ret,
				      struct memlog_err *err)
{
	const char *rest;
	const struct ml_image_source *source = ml_image_source_of(name, &rest);
	struct memlog_image *image;
	enum memlog_status status;
	struct stat st;

	if (opts->via_qemu && strncmp(name, "qmp:", 4))
		return ml_fail(err, MEMLOG_INVALID,
			       "--via-qemu works only with qmp:SOCKET");
	if (!source && !stat(name, &st) && S_ISDIR(st.st_mode))
		return ml_cloudhv_open(name, opts, ret, err);
	if (!source) {
		status = ml_image_open_files(name, ml_source_layers, opts, ret,
					     err);
		if (status == MEMLOG_IO)
			ml_hint(status, name, opts, err);
		return status;
	}
	if (!source->file && (opts->force_raw || opts->map || opts->raw_base))
		return ml_fail(err, MEMLOG_INVALID,
			       "--map is for files of raw memory");
	status = source->open(rest, opts, &image, err);
	if (status)
		return status;
	/* that of a file was called before its headers were read */
	status = source->file ? MEMLOG_OK : ml_image_attached(opts, err);
	if (status) {
		memlog_image_close(image);
		return status;
	}
	return ml_image_opened(image, ret, err);
}

bool memlog_image_is_file(const char *name)
{
	const char *rest;

	return !ml_image_source_of(name, &rest);
}

enum memlog_status memlog_image_open(const char *name,
				     const struct memlog_open_opts *opts,
				     struct memlog_image **ret,
				     struct memlog_err *err)
{
	const struct memlog_codec *list[ML_CODECS_MAX];
	struct memlog_open_opts o = ml_with_codecs(opts, list);
	struct memlog_allocator a = ml_allocator(o.allocator);
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s = ml_open_opts_check(opts, err);
	size_t size = ML_SHOWN_TIMES * strlen(name) + 1;
	char *shown;

	if (!s)
		s = ml_codecs_check(opts, err);
	if (s)
		return s;
	shown = ml_calloc(&a, size, 1);
	if (!shown)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	if (!o.name)
		o.name = memlog_image_shown(name, shown, size);
	s = open_source(name, &o, ret, &why);
	s = ml_open_done(s, o.name, &why, err);
	ml_free(&a, shown);
	return s;
}
