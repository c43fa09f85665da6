/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec.c - find a codec by name among the caller's. */
#include "codec.h"

#include "base/sized.h"

struct memlog_codec ml_codec_find(const struct memlog_open_opts *opts,
				  const char *name)
{
	struct memlog_codec c, ret = { 0 };
	size_t i;

	for (i = 0; i < opts->n_codecs; i++) {
		ml_sized_in(&c, sizeof(c), opts->codecs[i]);
		if (c.name && c.expand && !strcmp(c.name, name))
			ret = c;
	}
	return ret;
}
