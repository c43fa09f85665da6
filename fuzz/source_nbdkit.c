/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nbdkit: names of images to command lines. Nothing is started. */
#include <stdlib.h>
#include <string.h>

#include "image/ext/nbdkitwords.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each word is one, in text, and the plugin is no option. */
static void look(const struct ml_nbdkit_words *w)
{
	size_t i;

	LOOK_CHECK(w->n > ML_NBDKIT_PLUGIN && w->n <= ML_NBDKIT_MOST);
	LOOK_CHECK(!w->argv[w->n]);
	for (i = 0; i < w->n; i++) {
		LOOK_CHECK(w->argv[i] >= w->text &&
			   w->argv[i] < w->text + w->used);
		LOOK_CHECK(w->argv[i] + strlen(w->argv[i]) < w->text + w->used);
	}
	LOOK_CHECK(w->argv[ML_NBDKIT_PLUGIN][0] != '-');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const prefixes[] = { "https://", "ssh://", "s3://",
						ML_NBDKIT_PREFIX };
	static struct ml_nbdkit_words w;
	char *name;
	size_t n;

	if (!size)
		return 0;
	n = strlen(prefixes[data[0] % 4]);
	name = calloc(n + size, 1);
	LOOK_CHECK(name);
	memcpy(name, prefixes[data[0] % 4], n);
	memcpy(name + n, data + 1, size - 1);
	if (!ml_nbdkit_words(&w, name, data[0] & 4, NULL))
		look(&w);
	free(name);
	return 0;
}
