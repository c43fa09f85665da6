/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file, as it comes through a pipe: gone through once, or spooled. */
#include <unistd.h>

#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct memlog_image *image, int spool, enum look_depth depth)
{
	LOOK_CHECK(!image == (spool >= 0));
	if (image) {
		look_image(image, depth);
		memlog_image_close(image);
	}
	if (spool >= 0)
		close(spool); /* image.c opens it */
}

/* All of it, and as far as a query needs it. */
static void stream_look(int fd, const struct memlog_query *query,
			struct memlog_open_opts *opts, enum look_depth depth)
{
	struct memlog_image *image = NULL;
	struct memlog_err err = { 0 };
	int spool = -1;

	LOOK_CHECK(!lseek(fd, 0, SEEK_SET));
	if (!memlog_stream_open(fd, "stream", opts, NULL, false, &image, &spool,
				&err))
		look(image, spool, depth);
	else
		LOOK_CHECK(err.text[0] && !image);
	opts->keep = 1 << 20;
	LOOK_CHECK(!lseek(fd, 0, SEEK_SET));
	if (!memlog_query_open_pipe(query, fd, "pipe", opts, false, &image,
				    &spool, &err))
		look(image, spool, depth);
	else
		LOOK_CHECK(err.text[0] && !image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_open_opts opts = { .size = sizeof(opts),
					 .window = LOOK_WINDOW };
	char path[LOOK_PATH];
	int fd = look_memfd(data, size, path);
	struct memlog_query *query;
	struct look_memory m;

	look_memory_init(&m, 256u << 20);
	opts.allocator = &m.alloc;
	LOOK_CHECK(!memlog_query_create(&m.alloc, MEMLOG_HOST_LIBRARY, &query,
					NULL));
	stream_look(fd, query, &opts, look_chosen(data, size, LOOK_QUICK));
	memlog_query_destroy(query);
	look_memory_end(&m, LOOK_WINDOW);
	close(fd);
	return 0;
}
