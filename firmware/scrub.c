// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * scrub.c - zero the pages of a guest's memory that are unrelated to the log,
 * so that a dump of it compresses well.
 *
 *	scrub [-b BASE] RAM [CR3]
 *
 * RAM is the file that backs the memory of a stopped guest, which starts at BASE
 * (hexadecimal, by default 0). These pages are
 * kept: rings, pages with one half of the magic, pages with the log's GUID
 * followed by the address of a ring (or by 0, in a HOB), pages with an EFI
 * system table, ACPI's FPDT with the times of the boot and what leads to it, and
 * the page tables of CR3 (hexadecimal). Prints the number of pages zeroed and
 * kept, then the address of each ring on a line of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE		4096UL
#define MAX_RINGS	64

static const char guid[16] = "\x39\x51\x30\x95\x0f\xb2\x23\x47"
			     "\x84\x25\x62\x7c\x88\x8f\xf1\x21";

static uint8_t *ram;
static uint64_t base;
static size_t pages;
static uint8_t *keep;
static uint64_t rings[MAX_RINGS];
static unsigned int ring_count;

static uint64_t get64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static void keep_range(uint64_t from, uint64_t length)
{
	uint64_t page;

	for (page = from / PAGE; page * PAGE < from + length; page++)
		if (page < pages)
			keep[page] = 1;
}

static void find_rings(void)
{
	uint64_t header_size, size;
	size_t page;

	for (page = 0; page < pages; page++) {
		const uint8_t *at = ram + page * PAGE;

		/* of this boot, of a resume, kept from the boot before */
		if (memcmp(at, "ovmfmdg1ovmfmdg", 15) ||
		    !memchr("2sp", at[15], 3))
			continue;
		header_size = get64(at + 0x10);
		size = get64(at + 0x18);
		if (header_size > pages * PAGE || size > pages * PAGE)
			continue;
		keep_range(page * PAGE, header_size + size);
		if (ring_count < MAX_RINGS)
			rings[ring_count++] = base + page * PAGE;
	}
}

static int points_to_ring(uint64_t address)
{
	unsigned int i;

	for (i = 0; i < ring_count; i++)
		if (rings[i] == address)
			return 1;
	return 0;
}

static int interesting(const uint8_t *page, size_t at)
{
	const uint8_t *here = page + at;

	if (!memcmp(here, "ovmfmdg1", 8) || !memcmp(here, "ovmfmdg2", 8) ||
	    !memcmp(here, "IBI SYST", 8))
		return 1;
	if (at + 24 > PAGE || memcmp(here, guid, sizeof(guid)))
		return 0;
	if (points_to_ring(get64(here + 16)))
		return 1;
	return at >= 8 && get64(here - 8) == 0x200004 && !get64(here + 16);
}

static void find_pointers(void)
{
	size_t page, at;

	for (page = 0; page < pages; page++)
		for (at = 0; !keep[page] && at + 8 <= PAGE; at += 4)
			if (interesting(ram + page * PAGE, at))
				keep[page] = 1;
}

static int adds_up(uint64_t at, uint64_t length)
{
	uint8_t sum = 0;

	if (at > pages * PAGE || length > pages * PAGE - at)
		return 0;
	while (length--)
		sum += ram[at + length];
	return !sum;
}

/* A table and its length; both are in the first 8 bytes. */
static void keep_table(uint64_t at)
{
	if (at && at + 8 <= pages * PAGE)
		keep_range(at, get32(ram + at + 4));
}

/* The FPDT is a list of pointers to tables. Returns whether there is one. */
static int find_fpdt(void)
{
	uint64_t at, record, length;
	int found = 0;

	for (at = 0; at + 36 <= pages * PAGE; at += 4) {
		if (memcmp(ram + at, "FPDT", 4))
			continue;
		length = get32(ram + at + 4);
		if (length < 36 || !adds_up(at, length))
			continue;
		keep_range(at, length);
		for (record = at + 36; record + 16 <= at + length;
		     record += 16)
			keep_table(get64(ram + record + 8));
		found = 1;
	}
	return found;
}

/* The pointers to ACPI's tables, and their lists. */
static void find_acpi(void)
{
	uint64_t at;

	for (at = 0; at + 36 <= pages * PAGE; at += 8) {
		if (memcmp(ram + at, "RSD PTR ", 8) || !adds_up(at, 20))
			continue;
		keep_range(at, 36);
		keep_table(get32(ram + at + 16));
		keep_table(get64(ram + at + 24));
	}
}

/* 4-level paging, with 2 MiB and 1 GiB pages. */
static void keep_tables(uint64_t table, int level)
{
	uint64_t entry;
	size_t i;

	table &= 0x000ffffffffff000ULL;
	if (table / PAGE >= pages)
		return;
	keep[table / PAGE] = 1;
	if (level == 1)
		return;
	for (i = 0; i < PAGE; i += 8) {
		entry = get64(ram + table + i);
		if ((entry & 1) && (level == 4 || !(entry & 0x80)))
			keep_tables(entry, level - 1);
	}
}

int main(int argc, char **argv)
{
	static const uint8_t zero[PAGE];
	size_t page, zeroed = 0, kept = 0;
	struct stat st;
	int fd;

	if (argc > 2 && !strcmp(argv[1], "-b")) {
		base = strtoull(argv[2], NULL, 16);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: scrub [-b BASE] RAM [CR3]\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "scrub: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	pages = st.st_size / PAGE;
	ram = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	keep = calloc(pages, 1);
	if (ram == MAP_FAILED || !keep) {
		fprintf(stderr, "scrub: no memory\n");
		return 1;
	}
	find_rings();
	find_pointers();
	if (find_fpdt())
		find_acpi();
	if (argc == 3)
		keep_tables(strtoull(argv[2], NULL, 16), 4);
	for (page = 0; page < pages; page++) {
		if (!memcmp(ram + page * PAGE, zero, PAGE))
			continue;
		kept += keep[page];
		if (keep[page])
			continue;
		memset(ram + page * PAGE, 0, PAGE);
		zeroed++;
	}
	printf("%zu zeroed, %zu kept\n", zeroed, kept);
	for (page = 0; page < ring_count; page++)
		printf("0x%" PRIx64 "\n", rings[page]);
	return 0;
}
