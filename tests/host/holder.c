/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holder.c - a process that holds memory as a virtual machine monitor does, for
 * tests of live sources. It takes commands as lines on stdin, answers each
 * with one line on stdout, and ends with the input.
 *
 *	map anon|huge|memfd|shared SIZE	-> INDEX ADDRESS
 *	map file|cow SIZE PATH		-> INDEX ADDRESS
 *	put INDEX OFFSET PATH		copy a file there
 *	zero INDEX OFFSET SIZE
 *	fill INDEX OFFSET SIZE		with bytes that are not 0
 *	punch INDEX OFFSET SIZE		make a hole
 *	ring INDEX OFFSET SIZE		start an OVMF ring of SIZE bytes in all
 *	say INDEX OFFSET TEXT		write a line to the ring
 *	spin INDEX OFFSET		write numbered lines as fast as can be
 *	halt				end that
 *	incore INDEX			-> pages in memory, of the whole mapping
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPS 16
#define HUGE (2u << 20)

static struct {
	uint8_t *p;
	size_t size;
} maps[MAPS];
static unsigned int n_maps;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *map(const char *kind, size_t size, const char *path)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd = -1;
	uint8_t *p;

	if (!strcmp(kind, "shared"))
		flags = MAP_SHARED | MAP_ANONYMOUS;
	else if (!strcmp(kind, "memfd"))
		fd = memfd_create("holder", 0);
	else if (!strcmp(kind, "file") || !strcmp(kind, "cow"))
		fd = open(path, O_RDWR);
	if (fd >= 0)
		flags = !strcmp(kind, "cow") ? MAP_PRIVATE : MAP_SHARED;
	if (!strcmp(kind, "memfd") && ftruncate(fd, (off_t)size))
		die("ftruncate");
	/* no two of them next to each other, and begun where a huge page can
	 * be, as QEMU does */
	p = mmap(NULL, size + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	if (p != MAP_FAILED)
		p = mmap(p + HUGE - (uintptr_t)p % HUGE, size,
			 PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (p == MAP_FAILED)
		die(kind);
	if (!strcmp(kind, "huge"))
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static void set64(volatile uint8_t *p, uint64_t v)
{
	*(volatile uint64_t *)p = v;
}

static void barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Family C, facts of the format as the firmware keeps them. */
static void ring_start(uint8_t *base, size_t size)
{
	memset(base, 0, size);
	memcpy(base, "ovmfmdg1ovmfmdg2", 16);
	set64(base + 0x10, 192);
	set64(base + 0x18, size - 192);
	set64(base + 0x20, 1);
	memcpy(base + 0x40, "holder", 6);
}

static void ring_write(uint8_t *base, const char *text, size_t len)
{
	uint64_t size = get64(base + 0x18), head = get64(base + 0x28);
	uint64_t tail = get64(base + 0x30), first;

	if (len >= size)
		return;
	set64(base + 0x20, 2);
	barrier();
	if (tail + len <= size - 1) {
		memcpy(base + 192 + tail, text, len);
		if (head == tail + 1) {
			head += len;
			if (head > size - 1)
				head = 0;
		}
		tail += len;
	} else {
		first = size - tail;
		memcpy(base + 192 + tail, text, first);
		memcpy(base + 192, text + first, len - first);
		tail = len - first;
		head = tail + 1;
		set64(base + 0x38, 1);
	}
	barrier();
	set64(base + 0x28, head);
	set64(base + 0x30, tail);
	barrier();
	set64(base + 0x20, 1);
}

static volatile int spinning;
static pthread_t spinner;

static void *spin(void *arg)
{
	char line[64];
	unsigned int i;
	int n;

	for (i = 0; spinning; i++) {
		n = snprintf(line, sizeof(line), "line %08u of many\n", i);
		ring_write(arg, line, (size_t)n);
		if (i % 4 == 0)
			usleep(20);
	}
	return NULL;
}

static void halt(void)
{
	if (!spinning)
		return;
	spinning = 0;
	pthread_join(spinner, NULL);
}

static uint8_t *place(unsigned int i, uint64_t off)
{
	if (i >= n_maps || off >= maps[i].size) {
		fprintf(stderr, "no such place: %u +0x%" PRIx64 "\n", i, off);
		exit(1);
	}
	return maps[i].p + off;
}

static void put(uint8_t *to, size_t room, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t got;

	if (!f)
		die(path);
	while ((got = fread(to, 1, room < 4096 ? room : 4096, f)) > 0) {
		to += got;
		room -= got;
	}
	fclose(f);
}

static size_t incore(const uint8_t *p, size_t size)
{
	size_t pages = size / 4096, i, n = 0;
	unsigned char *vec = malloc(pages);

	if (!vec || mincore((void *)(uintptr_t)p, size, vec))
		die("mincore");
	for (i = 0; i < pages; i++)
		n += vec[i] & 1;
	free(vec);
	return n;
}

static void command(char *line)
{
	char kind[16] = "", rest[512] = "";
	uint64_t off = 0;
	size_t size = 0;
	unsigned int i = 0;

	if (sscanf(line, "map %15s %zi %511[^\n]", kind, (ssize_t *)&size,
		   rest) >= 2) {
		if (n_maps == MAPS)
			exit(1);
		maps[n_maps].p = map(kind, size, rest);
		maps[n_maps].size = size;
		printf("%u 0x%" PRIxPTR "\n", n_maps,
		       (uintptr_t)maps[n_maps].p);
		n_maps++;
		return;
	}
	if (sscanf(line, "incore %u", &i) == 1) {
		place(i, 0);
		printf("%zu\n", incore(maps[i].p, maps[i].size));
		return;
	}
	if (sscanf(line, "%15s %u %" SCNi64 " %511[^\n]", kind, &i,
		   (int64_t *)&off, rest) < 1)
		exit(1);
	if (!strcmp(kind, "put"))
		put(place(i, off), maps[i].size - off, rest);
	else if (!strcmp(kind, "zero"))
		memset(place(i, off), 0, strtoull(rest, NULL, 0));
	else if (!strcmp(kind, "fill"))
		memset(place(i, off), 0x5a, strtoull(rest, NULL, 0));
	else if (!strcmp(kind, "punch"))
		madvise(place(i, off), strtoull(rest, NULL, 0), MADV_REMOVE);
	else if (!strcmp(kind, "ring"))
		ring_start(place(i, off), strtoull(rest, NULL, 0));
	else if (!strcmp(kind, "say"))
		ring_write(place(i, off), strcat(rest, "\n"), strlen(rest) + 1);
	else if (!strcmp(kind, "spin")) {
		spinning = 1;
		if (pthread_create(&spinner, NULL, spin, place(i, off)))
			exit(1);
	} else if (!strcmp(kind, "halt"))
		halt();
	else
		exit(1);
	puts("ok");
}

int main(void)
{
	char line[1024];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin))
		command(line);
	halt();
	return 0;
}
