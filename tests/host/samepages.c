/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * samepages.c IMAGE DUMP - does each page of IMAGE have the bytes that it has in DUMP of
 * the same guest, at the same physical address? Prints how many are the same, how many
 * IMAGE lacks that are not all zeros, and how many have addresses in the file only.
 * Fails if one differs. Below 1 MiB a dump of QEMU has ROMs in the place of RAM.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memlog.h"

#define PAGE	4096u
#define ROM	0xa0000u
#define ROM_END 0x100000u

static struct memlog_image *open_image(const char *name)
{
	struct memlog_image *image;
	struct memlog_err err;

	if (!memlog_image_open(name, NULL, &image, &err))
		return image;
	fprintf(stderr, "%s\n", err.text);
	return NULL;
}

static size_t read_page(struct memlog_image *image, enum memlog_space space,
			uint64_t addr, uint8_t *buf)
{
	size_t got;

	return memlog_image_read(image, space, addr, buf, PAGE, &got, NULL) ||
			       got != PAGE ?
		       0 :
		       got;
}

static uint64_t in_space(struct memlog_image *image, enum memlog_space space)
{
	struct memlog_range r;
	uint64_t sum = 0, addr = 0;

	for (; memlog_image_has_space(image, space) &&
	       !memlog_image_next_range(image, space, addr, &r, NULL);
	     addr = r.end)
		sum += (r.end - r.start) / PAGE;
	return sum;
}

int main(int argc, char **argv)
{
	static const uint8_t zeros[PAGE];
	uint64_t same = 0, lacks = 0, differ = 0, addr = 0, page;
	struct memlog_image *image, *dump;
	uint8_t a[PAGE], b[PAGE];
	struct memlog_range r;

	if (argc != 3)
		return 2;
	image = open_image(argv[1]);
	dump = open_image(argv[2]);
	if (!image || !dump)
		return 2;
	for (; !memlog_image_next_range(dump, MEMLOG_PHYS, addr, &r, NULL);
	     addr = r.end)
		for (page = r.start; page < r.end; page += PAGE) {
			if ((page >= ROM && page < ROM_END) ||
			    !read_page(dump, MEMLOG_PHYS, page, b))
				continue;
			if (!read_page(image, MEMLOG_PHYS, page, a))
				lacks += memcmp(b, zeros, PAGE) != 0;
			else if (!memcmp(a, b, PAGE))
				same++;
			else if (!differ++)
				printf("phys:0x%" PRIx64 " differs\n", page);
		}
	printf("%" PRIu64 " same, %" PRIu64 " differ, %" PRIu64
	       " lacking, %" PRIu64 " in the file only\n",
	       same, differ, lacks, in_space(image, MEMLOG_FILE));
	memlog_image_close(image);
	memlog_image_close(dump);
	return differ > 0;
}
