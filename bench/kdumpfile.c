/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kdumpfile - what a search over libkdumpfile costs.
 *
 *	kdumpfile FILE [N]
 *
 * One read of four bytes for every page that the file holds, upwards, and a
 * comparison: the least that such a search can do. N: an address to end at.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

static int fail(kdump_ctx_t *ctx, const char *what)
{
	fprintf(stderr, "kdumpfile: %s: %s\n", what,
		ctx ? kdump_get_err(ctx) : "no memory");
	return 1;
}

/* The pages [*pfn, *end) that follow; false when there are none. */
static int next_run(kdump_bmp_t *map, kdump_addr_t *pfn, kdump_addr_t *end)
{
	if (kdump_bmp_find_set(map, pfn) != KDUMP_OK)
		return 0;
	*end = *pfn;
	return kdump_bmp_find_clear(map, end) == KDUMP_OK;
}

int main(int argc, char **argv)
{
	kdump_addr_t pfn, end, addr;
	unsigned long pages = 0, hits = 0;
	kdump_ctx_t *ctx = kdump_new();
	kdump_num_t size;
	kdump_attr_t map = { .type = KDUMP_BITMAP };
	uint32_t v;
	size_t n;
	int fd;

	if (argc < 2) {
		fputs("usage: kdumpfile FILE [END]\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (!ctx || fd < 0 || kdump_open_fd(ctx, fd) != KDUMP_OK)
		return fail(ctx, argv[1]);
	if (kdump_get_number_attr(ctx, KDUMP_ATTR_PAGE_SIZE, &size) != KDUMP_OK)
		size = 4096;
	if (kdump_get_typed_attr(ctx, KDUMP_ATTR_MEMORY_PAGEMAP, &map) !=
	    KDUMP_OK)
		return fail(ctx, "which pages there are");
	for (pfn = 0; next_run(map.val.bitmap, &pfn, &end); pfn = end)
		for (; pfn < end; pfn++, pages++) {
			addr = pfn * size;
			n = sizeof(v);
			if (kdump_read(ctx, KDUMP_MACHPHYSADDR, addr, &v, &n) !=
			    KDUMP_OK)
				return fail(ctx, "read");
			hits += v == 0x666d766f;
		}
	printf("%lu pages, %lu hits\n", pages, hits);
	return 0;
}
