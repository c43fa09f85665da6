/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare - what a whole scan cannot be faster than.
 *
 *	bare loop FILE	one load for every 4 KiB page of a mapping of FILE
 *	bare evict FILE	push FILE out of the page cache
 *	bare empty FILE	map it and touch nothing
 *	bare cached FILE	how much of FILE is in the page cache, in MiB
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* Pages of a mapping that are in memory. */
static int cached(void *p, size_t len)
{
	size_t pages = (len + 4095) / 4096, n = 0, i;
	unsigned char *in = malloc(pages);

	if (!in || mincore(p, len, in))
		return fail("mincore");
	for (i = 0; i < pages; i++)
		n += in[i] & 1;
	printf("%.1f\n", (double)n / 256);
	free(in);
	return 0;
}

int main(int argc, char **argv)
{
	volatile uint32_t seen;
	const uint8_t *p;
	struct stat st;
	uint32_t v, hits = 0;
	off_t i;
	int fd;

	if (argc != 3) {
		fputs("usage: bare loop|evict|empty|cached FILE\n", stderr);
		return 2;
	}
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		return fail(argv[2]);
	if (!strcmp(argv[1], "evict")) {
		fdatasync(fd);
		return posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return fail("mmap");
	if (!strcmp(argv[1], "cached"))
		return cached((void *)(uintptr_t)p, (size_t)st.st_size);
	if (!strcmp(argv[1], "loop"))
		for (i = 0; i + 4096 <= st.st_size; i += 4096) {
			memcpy(&v, p + i, 4);
			hits += v == 0x666d766f;
		}
	seen = hits;
	(void)seen;
	return 0;
}
