/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files compressed as a whole, and archives, by the corpus. */
#include <string.h>

#include "liblook.h"

/* Seconds go by while a bomb of more is unpacked. */
#define SIZE_MAX_PACKED 8192

/* Bytes before the current one that a file may refer to, by default. */
#define WINDOW (128u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not LZO, of which the library has no codec: bytes are what they are, and the rest is
 * zeros. */
static enum memlog_status expand(void *state, const uint8_t *in, size_t in_len,
				 uint8_t *out, size_t out_len, size_t *ret)
{
	size_t n = in_len < out_len ? in_len : out_len;

	(void)state;
	memset(out, 0, out_len);
	memcpy(out, in, n);
	/* one byte is asked for beyond the end */
	*ret = out_len ? out_len - 1 : 0;
	return MEMLOG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct memlog_codec lzo = { .size = sizeof(lzo),
						 .name = "lzo",
						 .expand = expand };
	static const struct memlog_codec *const codecs[] = { &lzo };
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .codecs = codecs,
					 .n_codecs = 1,
					 .window = WINDOW };

	if (size > SIZE_MAX_PACKED)
		return 0;
	look_bytes(data, size, &opts, look_chosen(data, size, LOOK_QUICK));
	return 0;
}
