/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.c - open an image by whatever name the user gave it. */
#include "image/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "archive.h"
#include "codec.h"
#include "source.h"

/* A file: as it is, or unpacked. */
static enum memlog_status open_file(const char *path,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err)
{
	char damage[192], words[96];
	const char *how = "";
	struct ml_file file;
	enum memlog_status s;

	if (opts->force_raw)
		return memlog_image_open_file(path, opts, ret, err);
	s = ml_archive_open(path, opts, &file, &how, damage, sizeof(damage),
			    err);
	if (s == MEMLOG_NOT_MINE)
		return memlog_image_open_file(path, opts, ret, err);
	if (s)
		return s;
	s = ml_image_open_on(&file, opts, ret, err);
	if (s) {
		ml_file_close(&file);
		return s;
	}
	if (*damage) {
		(*ret)->suspect = true;
		ml_image_warn(*ret, "%s", damage);
	}
	snprintf(words, sizeof(words), "%s, unpacked to a temporary file of %"
		 PRIu64 " bytes", how, (*ret)->file.size);
	ml_image_add_note(*ret, "memlog", 0, "compressed as a whole", words,
			  NULL, 0);
	return MEMLOG_OK;
}

enum memlog_status memlog_image_open(const char *name,
				     const struct memlog_open_opts *opts,
				     struct memlog_image **ret,
				     struct memlog_err *err)
{
	const struct memlog_codec *list[ML_CODECS_MAX];
	struct memlog_open_opts o = ml_with_codecs(opts, list);
	const struct ml_image_source *const *s = ml_image_sources;
	enum memlog_status status;
	size_t n;

	status = ml_open_opts_check(opts, err);
	if (status)
		return status;
	if (o.via_qemu && strncmp(name, "qmp:", 4))
		return ml_fail(err, MEMLOG_INVALID, "--via-qemu goes with "
			       "qmp:SOCKET alone");
	for (; *s; s++) {
		n = strlen((*s)->prefix);
		if ((*s)->whole ? !strcmp(name, (*s)->prefix) :
				  !strncmp(name, (*s)->prefix, n))
			return (*s)->open(name + n, &o, ret, err);
	}
	return open_file(name, &o, ret, err);
}
