/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.c - open an image by the user's name for it: a file, a directory or another
 * source. */
#include "image/open.h"

#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "image/bytes/flattened.h"
#include "members.h"
#include "cloudhv.h"
#include "codec.h"
#include "hint.h"
#include "source.h"

static ml_image_layer *const layers[] = {
	ml_archive_open,
	ml_flattened_open,
	NULL,
};

static enum memlog_status open_source(const char *name,
				      const struct memlog_open_opts *opts,
				      struct memlog_image **ret,
				      struct memlog_err *err)
{
	const struct ml_image_source *const *s = ml_image_sources;
	struct memlog_image *image;
	enum memlog_status status;
	struct stat st;
	size_t n;

	if (opts->via_qemu && strncmp(name, "qmp:", 4))
		return ml_fail(err, MEMLOG_INVALID,
			       "--via-qemu works only with qmp:SOCKET");
	for (; *s; s++) {
		n = strlen((*s)->prefix);
		if ((*s)->whole ? !strcmp(name, (*s)->prefix) :
				  !strncmp(name, (*s)->prefix, n))
			break;
	}
	if (!*s && !stat(name, &st) && S_ISDIR(st.st_mode))
		return ml_cloudhv_open(name, opts, ret, err);
	if (!*s) {
		status = ml_image_open_files(name, layers, opts, ret, err);
		if (status == MEMLOG_IO)
			ml_hint(status, name, opts, err);
		return status;
	}
	if (opts->force_raw || opts->map || opts->raw_base)
		return ml_fail(err, MEMLOG_INVALID,
			       "--map is for files of raw memory");
	status = (*s)->open(name + n, opts, &image, err);
	return status ? status : ml_image_opened(image, ret, err);
}

enum memlog_status memlog_image_open(const char *name,
				     const struct memlog_open_opts *opts,
				     struct memlog_image **ret,
				     struct memlog_err *err)
{
	const struct memlog_codec *list[ML_CODECS_MAX];
	struct memlog_open_opts o = ml_with_codecs(opts, list);
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s = ml_open_opts_check(opts, err);

	if (!s)
		s = ml_codecs_check(opts, err);
	if (s)
		return s;
	if (!o.name)
		o.name = name;
	s = open_source(name, &o, ret, &why);
	return ml_open_done(s, o.name, &why, err);
}
