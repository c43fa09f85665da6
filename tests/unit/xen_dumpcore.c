/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xen_dumpcore.c - what `xl dump-core` writes, held against libelf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gelf.h>

#include "image/bytes/file.h"
#include "image/image.h"
#include "image/open.h"
#include "libconform.h"
#include "libmem.h"

#define PAGE  4096u
#define PAGES 12u

/* A file as xg_core.c lays it out: header, section headers, notes, the pages
 * at a page boundary, the table, the names. */
struct core {
	uint8_t *b;
	size_t len, shdr, notes, pages, table, names;
	bool pv;
};

static const char section_names[] =
	"\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_pages\0.xen_p2m\0"
	".xen_pfn";

static uint32_t name_at(const char *name)
{
	size_t i = 1;

	while (strcmp(section_names + i, name))
		i += strlen(section_names + i) + 1;
	return (uint32_t)i;
}

static void shdr(struct core *c, unsigned int i, const char *name,
		 uint32_t type, size_t off, size_t size, size_t entsize)
{
	uint8_t *p = c->b + c->shdr + 64 * i;

	put32(p, name_at(name));
	put32(p + 4, type);
	put64(p + 24, off);
	put64(p + 32, size);
	put64(p + 48, 1);
	put64(p + 56, entsize);
}

static size_t note(uint8_t *p, uint32_t type, uint32_t len)
{
	put32(p, 4);
	put32(p + 4, len);
	put32(p + 8, type);
	memcpy(p + 12, "Xen", 4);
	return 16 + len;
}

static void build_pages(struct core *c, bool pv, size_t pages)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	uint8_t *p, *n;
	unsigned int i;

	*c = (struct core){ .pv = pv, .shdr = 64, .notes = 512 };
	c->pages = 4096;
	c->table = c->pages + pages * PAGE;
	c->names = c->table + pages * (pv ? 16 : 8);
	c->len = c->names + sizeof(section_names);
	p = c->b = calloc(1, c->len);
	memcpy(p, ident, sizeof(ident));
	put16(p + 16, 4);
	put16(p + 18, 62);
	put32(p + 20, 1);
	put64(p + 40, c->shdr);
	put16(p + 52, 64);
	put16(p + 54, 56);
	put16(p + 58, 64);
	put16(p + 60, 6);
	put16(p + 62, 1);
	n = p + c->notes;
	n += note(n, 0x2000000, 0);
	put64(n + 16, pv ? 0xf00febed : 0xf00febee);
	put64(n + 24, 2);
	put64(n + 32, pages);
	put64(n + 40, PAGE);
	n += note(n, 0x2000001, 32);
	put64(n + 16, 4);
	put64(n + 24, 17);
	memcpy(n + 32, ".7", 2);
	memset(n + 16 + 32, 'c', 64); /* fills its field */
	memcpy(n + 16 + 1200, "abc", 3);
	n += note(n, 0x2000002, 1280);
	put64(n + 16, 1);
	n += note(n, 0x2000003, 8);
	shdr(c, 1, ".shstrtab", 3, c->names, sizeof(section_names), 0);
	shdr(c, 2, ".note.Xen", 7, c->notes, (size_t)(n - p) - c->notes, 0);
	shdr(c, 3, ".xen_prstatus", 1, 3000, 0, 8);
	shdr(c, 4, ".xen_pages", 1, c->pages, pages * PAGE, PAGE);
	shdr(c, 5, pv ? ".xen_p2m" : ".xen_pfn", 1, c->table,
	     c->names - c->table, pv ? 16 : 8);
	memcpy(p + c->names, section_names, sizeof(section_names));
	for (i = 0; i < PAGES; i++)
		memset(p + c->pages + i * PAGE, 'A' + (int)i, PAGE);
}

static void build(struct core *c, bool pv)
{
	build_pages(c, pv, PAGES);
}

static void entry(struct core *c, unsigned int i, uint64_t pfn, uint64_t mfn)
{
	put64(c->b + c->table + i * (c->pv ? 16 : 8), pfn);
	if (c->pv)
		put64(c->b + c->table + i * 16 + 8, mfn);
}

/* The frames out of order, with a hole, one twice, and a tail without any. */
static void fill(struct core *c)
{
	static const uint64_t pfn[PAGES] = {
		7,   0, 1,	2,	    5,		6,
		100, 1, 0xffff, UINT64_MAX, UINT64_MAX, UINT64_MAX,
	};
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		entry(c, i, pfn[i], pfn[i] == UINT64_MAX ? pfn[i] : 500 - i);
}

static struct memlog_image *open_core(struct core *c, size_t len,
				      enum memlog_status want)
{
	struct memlog_image *image = NULL;
	struct memlog_err err = { 0 };
	struct ml_file file;

	assert_int_equal(ml_file_memory(c->b, len, "core", NULL, &file, &err),
			 0);
	if (ml_image_open_on(&file, NULL, &image, &err) != want)
		fail_msg("%s", err.text);
	return image;
}

static int byte_at(struct memlog_image *image, enum memlog_space space,
		   uint64_t addr)
{
	uint8_t b;
	size_t got;

	if (memlog_image_read(image, space, addr, &b, 1, &got, NULL))
		return -1;
	return b;
}

static uint64_t alias(struct memlog_image *image, enum memlog_space from,
		      uint64_t addr)
{
	enum memlog_space to;
	uint64_t ret;

	if (ml_image_alias(image, from, addr, &to, &ret))
		return UINT64_MAX;
	assert_int_equal(to, from == MEMLOG_MACH ? MEMLOG_PHYS : MEMLOG_MACH);
	return ret;
}

static void check_memory(struct memlog_image *image, bool pv)
{
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 0), 'B');
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 1 * PAGE), 'C');
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 2 * PAGE + 9), 'D');
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 3 * PAGE), -1);
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 7 * PAGE), 'A');
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 100 * PAGE), 'G');
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 0xffff * PAGE), 'I');
	assert_int_equal(memlog_image_has_space(image, MEMLOG_MACH), pv);
	if (!pv)
		return;
	assert_int_equal(byte_at(image, MEMLOG_MACH, 500 * PAGE), 'A');
	assert_int_equal(byte_at(image, MEMLOG_MACH, 493 * PAGE), 'H');
	assert_int_equal(alias(image, MEMLOG_PHYS, 7 * PAGE + 3),
			 500 * PAGE + 3);
	assert_int_equal(alias(image, MEMLOG_MACH, 497 * PAGE + 3),
			 2 * PAGE + 3);
	assert_true(alias(image, MEMLOG_PHYS, 3 * PAGE) == UINT64_MAX);
}

static void test_dumpcore(void **state)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_note n = { .size = sizeof(n) };
	struct memlog_image *image;
	struct memlog_range r;
	struct core c;
	int pv;

	for (pv = 0; pv < 2; pv++) {
		build(&c, pv);
		fill(&c);
		image = open_core(&c, c.len, MEMLOG_OK);
		memlog_image_info(image, &info, NULL);
		assert_string_equal(info.format, "xen-core");
		assert_int_equal(info.traits,
				 MEMLOG_IMAGE_RANGES | MEMLOG_IMAGE_PLAIN);
		assert_string_equal(info.machine, "x86_64");
		assert_int_equal(info.space, MEMLOG_PHYS);
		assert_int_equal(info.present, 8 * PAGE);
		assert_int_equal(info.n_warnings, 1);
		assert_string_equal(memlog_image_warning(image, 0),
				    "4096 bytes of memory are not read, as "
				    "ranges overlap: the first one counts");
		assert_true(image->suspect);
		check_memory(image, pv);
		assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, 0,
							 &r, NULL),
				 0);
		assert_int_equal(r.end, 3 * PAGE);
		assert_int_equal(info.n_notes, 4);
		memlog_image_note(image, 1, &n);
		assert_string_equal(
			n.text,
			pv ? "PV guest, 2 virtual CPUs, 12 pages of 4096 bytes" :
			     "HVM or PVH guest, 2 virtual CPUs, 12 pages of 4096 "
			     "bytes");
		memlog_image_note(image, 2, &n);
		assert_int_equal(
			strncmp(n.text, "version 4.17.7\ncompiler ccc", 27), 0);
		assert_non_null(strstr(n.text, "c\nchangeset abc"));
		memlog_image_note(image, 3, &n);
		assert_string_equal(n.text, "version 0.1");
		memlog_image_close(image);
		free(c.b);
	}
}

/* libelf finds the same sections where we do. */
/* A larger one, as a toolstack populates it: 2 MiB at a time. */
static void test_memory(void **state)
{
	const unsigned int n = 1 << 16;
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct conform_memory mem;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct ml_file file;
	struct core c;
	unsigned int i, pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		build_pages(&c, pv, n);
		for (i = 0; i < n; i++)
			entry(&c, i, i + i / 512,
			      3 * n - (i / 512 * 1024) + i % 512);
		conform_memory_init(&mem);
		o.allocator = &mem.alloc;
		assert_int_equal(ml_file_memory(c.b, c.len, "core", o.allocator,
						&file, NULL),
				 0);
		assert_int_equal(ml_image_open_on(&file, &o, &image, NULL), 0);
		assert_int_equal(byte_at(image, MEMLOG_PHYS,
					 (512 + 512 / 512) * PAGE),
				 0);
		assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL),
				 0);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		assert_in_range(mem.most, 1, 1 << 20);
		assert_true(mem.now == 0);
		free(c.b);
	}
}

static void test_libelf(void **state)
{
	Elf_Scn *scn = NULL;
	unsigned int seen = 0;
	struct core c;
	GElf_Shdr sh;
	size_t names;
	Elf *elf;

	elf_version(EV_CURRENT);
	build(&c, true);
	elf = elf_memory((char *)c.b, c.len);
	assert_non_null(elf);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;

		assert_non_null(gelf_getshdr(scn, &sh));
		name = elf_strptr(elf, names, sh.sh_name);
		if (!strcmp(name, ".xen_pages"))
			seen += sh.sh_offset == c.pages &&
				sh.sh_size == PAGES * PAGE;
		if (!strcmp(name, ".xen_p2m"))
			seen += sh.sh_offset == c.table &&
				sh.sh_size == PAGES * 16;
	}
	assert_int_equal(seen, 2);
	elf_end(elf);
	free(c.b);
}

/* A log whose pages follow each other for the guest alone. */
static void test_log(void **state)
{
	static const unsigned int place[] = { 6, 2, 9 };
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct core c;
	uint8_t header[192] = { 0 };
	unsigned int i;

	build(&c, true);
	for (i = 0; i < PAGES; i++)
		entry(&c, i, 200 + i, 300 + i);
	for (i = 0; i < 3; i++) {
		entry(&c, place[i], 40 + i, 700 - i);
		memset(c.b + c.pages + place[i] * PAGE, 'x', PAGE);
	}
	memcpy(header, "ovmfmdg1ovmfmdg2", 16);
	put64(header + 16, 192);
	put64(header + 24, 3 * PAGE - 192);
	put64(header + 32, 1);
	put64(header + 48, 3 * PAGE - 200);
	memcpy(c.b + c.pages + place[0] * PAGE, header, sizeof(header));
	image = open_core(&c, c.len, MEMLOG_OK);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_int_equal(log->extents[0].space, MEMLOG_PHYS);
	assert_int_equal(log->extents[0].addr, 40 * PAGE);
	assert_true(log->extents[0].has_alias);
	assert_int_equal(log->extents[0].alias_addr, 700 * PAGE);
	assert_int_equal(byte_at(image, MEMLOG_PHYS, 43 * PAGE - 1), 'x');
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	free(c.b);
}

/* Every cut and every flipped bit of the headers: no crash, no lie. */
static void test_damage(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	struct ml_file file;
	struct core c;
	size_t i;

	build(&c, true);
	fill(&c);
	for (i = 0; i < c.len; i += i < 600 ? 1 : 997) {
		assert_int_equal(
			ml_file_memory(c.b, i, "core", NULL, &file, &err), 0);
		if (!ml_image_open_on(&file, NULL, &image, &err))
			memlog_image_close(image);
	}
	for (i = 0; i < 512 * 8; i++) {
		c.b[i / 8] ^= 1u << i % 8;
		assert_int_equal(ml_file_memory(c.b, c.len, "core", NULL, &file,
						&err),
				 0);
		if (!ml_image_open_on(&file, NULL, &image, &err)) {
			byte_at(image, MEMLOG_PHYS, 0);
			memlog_image_close(image);
		}
		c.b[i / 8] ^= 1u << i % 8;
	}
	free(c.b);
}

/* A page whose frame cannot be, and pages without an entry: they have their offsets. */
static void test_no_frame(void **state)
{
	static const struct {
		uint64_t frame;
		unsigned int pages; /* with an entry */
		unsigned int from, to;
		const char *say;
	} t[] = {
		{ UINT64_C(1) << 60, PAGES, 5, 6,
		  "the table of frames is damaged: 1 page would be above" },
		{ UINT64_MAX - 1, PAGES, 5, 6,
		  "the table of frames is damaged: 1 page would be above" },
		{ 5, 7, 7, PAGES,
		  "the table of frames has 7 entries for 12 pages" },
	};
	struct memlog_image *image;
	struct memlog_range r;
	unsigned int i, k;
	struct core c;

	(void)state;
	for (i = 0; i < 2 * sizeof(t) / sizeof(t[0]); i++) {
		build(&c, i % 2);
		for (k = 0; k < PAGES; k++)
			entry(&c, k, k == 5 ? t[i / 2].frame : k, 500 - k);
		shdr(&c, 5, c.pv ? ".xen_p2m" : ".xen_pfn", 1, c.table,
		     t[i / 2].pages * (c.pv ? 16 : 8), c.pv ? 16 : 8);
		image = open_core(&c, c.len, MEMLOG_OK);
		assert_int_equal(strncmp(memlog_image_warning(image, 0),
					 t[i / 2].say, strlen(t[i / 2].say)),
				 0);
		assert_true(image->suspect);
		assert_int_equal(memlog_image_next_range(image, MEMLOG_FILE, 0,
							 &r, NULL),
				 0);
		assert_true(r.start == c.pages + t[i / 2].from * PAGE);
		assert_true(r.end == c.pages + t[i / 2].to * PAGE);
		assert_int_equal(byte_at(image, MEMLOG_FILE, r.start),
				 'A' + (int)t[i / 2].from);
		memlog_image_close(image);
		free(c.b);
	}
}

/* A page with this many bytes written to its console, of which the ring has the last. */
static void console(struct core *c, unsigned int page, const char *line)
{
	uint8_t *p = c->b + c->pages + page * PAGE;
	size_t n = 0;

	memset(p, 0, PAGE);
	for (; *line && n + strlen(line) <= 2048; n += strlen(line))
		memcpy(p + 1024 + n, line, strlen(line));
	put32(p + 3080, (uint32_t)n);
	put32(p + 3084, (uint32_t)n);
}

/* The console of an HVM or PVH guest is on the last page that Xen's builder puts below the
 * local APIC: found without a search of all pages. */
static void test_console(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .mode = MEMLOG_SCAN_LIKELY };
	struct memlog_scan_stats st;
	struct memlog_image *image;
	struct memlog_logs *logs;
	unsigned int i;
	struct core c;

	(void)state;
	/* there, on another page, and an empty one */
	for (i = 0; i < 3; i++) {
		build(&c, false);
		fill(&c);
		entry(&c, 8, i == 1 ? 0xfdfff : 0xfefff, 0);
		console(&c, 8, i == 2 ? "" : "Welcome to the guest\r\n");
		image = open_core(&c, c.len, MEMLOG_OK);
		st = (struct memlog_scan_stats){ .size = sizeof(st) };
		assert_int_equal(memlog_scan(image, &o, &logs, &st, NULL),
				 MEMLOG_OK);
		assert_int_equal(memlog_logs_count(logs), i == 0);
		assert_true(st.likely_only);
		if (!i) {
			assert_string_equal(memlog_logs_get(logs, 0)->format,
					    "xencons");
			assert_int_equal(
				memlog_logs_get(logs, 0)->extents[0].addr,
				0xfefff000);
		}
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		free(c.b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dumpcore),
		cmocka_unit_test(test_libelf),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_no_frame),
		cmocka_unit_test(test_console),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
