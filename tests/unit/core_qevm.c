/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved guests: migration streams of QEMU, with and without libvirt's header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"
#include "image/bytes/pageindex.h"
#include "libconform.h"

#define PAGE   4096u
#define GIB    (1ull << 30)
#define RAM_ID 2u

enum {
	ZERO = 0x02,
	SIZE = 0x04,
	DATA = 0x08,
	EOS = 0x10,
	SAME = 0x20,
	XBZRLE = 0x40,
	HOOK = 0x80,
	PACKED = 0x100,
	MULTIFD = 0x200,
};

/* ---- a stream ----------------------------------------------------------- */

struct stream {
	uint8_t *p;
	size_t len, cap;
	const char *block; /* of the page before */
	size_t marks[64];  /* where records begin */
	size_t n_marks;
};

static void bytes(struct stream *f, const void *p, size_t len)
{
	if (f->len + len > f->cap) {
		f->cap = 2 * (f->len + len);
		f->p = realloc(f->p, f->cap);
		assert_non_null(f->p);
	}
	if (p)
		memcpy(f->p + f->len, p, len);
	else
		memset(f->p + f->len, 0, len);
	f->len += len;
}

static void num(struct stream *f, uint64_t v, unsigned int width)
{
	uint8_t b;

	while (width--) {
		b = (uint8_t)(v >> 8 * width);
		bytes(f, &b, 1);
	}
}

static void word(struct stream *f, const char *s)
{
	num(f, strlen(s), 1);
	bytes(f, s, strlen(s));
}

static void head(struct stream *f, const char *machine)
{
	bytes(f, "QEVM", 4);
	num(f, 3, 4);
	if (!machine)
		return;
	num(f, 7, 1);
	num(f, strlen(machine), 4);
	bytes(f, machine, strlen(machine));
}

static void start(struct stream *f, const char *device, uint64_t total)
{
	num(f, 1, 1);
	num(f, RAM_ID, 4);
	word(f, device);
	num(f, 0, 4);
	num(f, 4, 4);
	num(f, total | SIZE, 8);
}

static void block(struct stream *f, const char *name, uint64_t len)
{
	word(f, name);
	num(f, len, 8);
}

static void section(struct stream *f, unsigned int type)
{
	num(f, type, 1);
	num(f, RAM_ID, 4);
}

/* The end of a section, with a footer as machines since 2.4 write it. */
static void close_section(struct stream *f)
{
	num(f, EOS, 8);
	section(f, 0x7e);
}

/* A page: filled with one byte, or those at p. */
static void page(struct stream *f, const char *name, uint64_t off, uint8_t fill,
		 const uint8_t *p)
{
	bool same = f->block && !strcmp(f->block, name);

	if (f->n_marks < 64)
		f->marks[f->n_marks++] = f->len;
	num(f, off | (p ? DATA : ZERO) | (same ? SAME : 0), 8);
	if (!same)
		word(f, name);
	f->block = name;
	if (p)
		bytes(f, p, PAGE);
	else
		num(f, fill, 1);
}

/* After memory: a device, of unknown length. */
static void devices(struct stream *f)
{
	num(f, 4, 1);
	num(f, 77, 4);
	word(f, "timer");
	num(f, 0, 4);
	num(f, 2, 4);
	bytes(f, "bytes of a device", 17);
}

static void drop(struct stream *f)
{
	free(f->p);
	*f = (struct stream){ 0 };
}

/* What memory ends up with, what a page had before, and all that came first. */
static uint8_t mem[16 * PAGE], old[PAGE], first[16 * PAGE];

static void fill_mem(void)
{
	size_t i;

	for (i = 0; i < sizeof(mem); i++)
		mem[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + 1);
	memset(old, 'o', sizeof(old));
}

/* 16 pages of memory: 3 is zeros, 5 is filled with a byte, and 2, 4, 6 and 7
 * are written to while the guest runs. */
static void small(struct stream *f, const char *machine, const char *ram,
		  bool footers)
{
	static const uint8_t order[] = { 2, 3, 4, 6, 7 };
	size_t i;

	fill_mem();
	memset(mem + 3 * PAGE, 0, PAGE);
	memset(mem + 5 * PAGE, 0xcc, PAGE);
	memset(mem + 7 * PAGE, 0, PAGE);
	head(f, machine);
	start(f, "ram", 16 * PAGE + 2 * PAGE);
	block(f, ram, 16 * PAGE);
	block(f, "pc.bios", 2 * PAGE);
	num(f, EOS, 8);
	if (footers)
		section(f, 0x7e);
	section(f, 2);
	for (i = 0; i < 16; i++) {
		bool late = memchr(order, (int)i, sizeof(order));
		const uint8_t *p = i == 3 || i == 7 || i == 6 ? old :
				   late || i == 5	      ? NULL :
								mem + i * PAGE;

		page(f, ram, i * PAGE, i == 5 ? 0xcc : 0, p);
		memset(first + i * PAGE, i == 5 ? 0xcc : 0, PAGE);
		if (p)
			memcpy(first + i * PAGE, p, PAGE);
	}
	page(f, "pc.bios", 0, 0, old);
	page(f, "pc.bios", PAGE, 0, NULL);
	num(f, EOS, 8);
	if (footers)
		section(f, 0x7e);
	section(f, 2);
	for (i = 0; i < sizeof(order) - 1; i++)
		page(f, ram, order[i] * PAGE, 0,
		     order[i] == 3 ? NULL : mem + order[i] * PAGE);
	num(f, EOS, 8);
	if (footers)
		section(f, 0x7e);
	section(f, 3);
	page(f, "pc.bios", 0, 0, NULL);
	page(f, ram, 7 * PAGE, 0, NULL);
	num(f, EOS, 8);
	if (footers)
		section(f, 0x7e);
	devices(f);
}

static const struct conform_piece small_piece = {
	0, 16 * PAGE, mem, false, 0, 0
};

/* ---- opening ------------------------------------------------------------ */

static struct memlog_image *open_stream(const struct stream *f,
					const struct memlog_allocator *alloc,
					enum memlog_status want,
					struct memlog_err *err)
{
	struct memlog_open_opts o = { .size = sizeof(o), .allocator = alloc };
	struct memlog_image *image = NULL;
	enum memlog_status s;
	struct ml_file file;

	memset(err, 0, sizeof(*err));
	assert_int_equal(ml_file_memory(f->p, f->len, "m", NULL, &file, NULL),
			 0);
	s = ml_image_open_on(&file, &o, &image, err);
	if (s != want)
		fail_msg("open: %s: %s", memlog_status_name(s), err->text);
	return image;
}

static struct memlog_image *open_good(const struct stream *f)
{
	struct memlog_err err;
	struct memlog_image *image = open_stream(f, NULL, MEMLOG_OK, &err);

	if (memlog_image_warning(image, 0))
		fail_msg("warning: %s", memlog_image_warning(image, 0));
	return image;
}

static struct memlog_image_info info_of(struct memlog_image *image)
{
	struct memlog_image_info info = { .size = sizeof(info) };

	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	return info;
}

/* Does one of the notes have this text? */
static bool noted(struct memlog_image *image, const char *text)
{
	struct memlog_note note = { .size = sizeof(note) };
	size_t i;

	for (i = 0; !memlog_image_note(image, i, &note); i++)
		if (!strcmp(note.text, text))
			return true;
	return false;
}

static void refuse(struct stream *f, enum memlog_status status, const char *say)
{
	struct memlog_err err;

	open_stream(f, NULL, status, &err);
	if (!strstr(err.text, say))
		fail_msg("no '%s' in '%s'", say, err.text);
	drop(f);
}

/* ---- tests -------------------------------------------------------------- */

static void test_running(void **state)
{
	struct memlog_image *image;
	struct stream f = { 0 };

	(void)state;
	small(&f, "pc-q35-7.2", "pc.ram", true);
	image = open_good(&f);
	assert_string_equal(info_of(image).format, "qevm");
	assert_true(info_of(image).missing == 0);
	assert_true(noted(image, "pc-q35-7.2"));
	conform_image(image, MEMLOG_PHYS, &small_piece, 1);
	memlog_image_close(image);
	drop(&f);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"/objects/pc.ram",
		"ram0",
		"/objects/mem",
		"ram-node0",
	};
	struct memlog_image *image;
	struct stream f = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		small(&f, "pc-i440fx-rhel7.6.0", names[i], true);
		image = open_good(&f);
		conform_image(image, MEMLOG_PHYS, &small_piece, 1);
		memlog_image_close(image);
		drop(&f);
	}
}

/* Machines before 2.4 write neither configuration nor footers. */
static void test_old(void **state)
{
	struct memlog_image *image;
	struct stream f = { 0 };

	(void)state;
	small(&f, NULL, "pc.ram", false);
	image = open_good(&f);
	conform_image(image, MEMLOG_PHYS, &small_piece, 1);
	memlog_image_close(image);
	drop(&f);
}

static void test_stingy(void **state)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	struct memlog_image *image = NULL;
	struct stream f = { 0 };
	struct ml_file file;

	(void)state;
	small(&f, "pc-q35-7.2", "pc.ram", true);
	conform_stingy_file(f.p, f.len, &file);
	assert_int_equal(ml_image_open_on(&file, &o, &image, NULL), 0);
	conform_image(image, MEMLOG_PHYS, &small_piece, 1);
	memlog_image_close(image);
	drop(&f);
}

/* A guest of size bytes, all zeros but 16 pages from data on. */
static void large(struct stream *f, const char *machine, uint64_t size,
		  uint64_t data)
{
	uint64_t off;

	fill_mem();
	head(f, machine);
	start(f, "ram", size);
	block(f, "ram0", size);
	close_section(f);
	section(f, 3);
	for (off = 0; off < size; off += PAGE)
		page(f, "ram0", off, 0,
		     off - data < sizeof(mem) ? mem + (off - data) : NULL);
	close_section(f);
	devices(f);
}

static void test_boards(void **state)
{
	static const struct {
		const char *machine;
		uint64_t size, low;
	} t[] = {
		{ "pc-q35-7.2", 0xb0000000 - PAGE, 0xb0000000 - PAGE },
		{ "pc-q35-7.2", 0xb0000000, 2 * GIB },
		{ "pc-i440fx-6.0", 0xe0000000 - PAGE, 0xe0000000 - PAGE },
		{ "pc-i440fx-6.0", 0xe0000000, 3 * GIB },
		{ "microvm", 3 * GIB + PAGE, 3 * GIB },
	};
	struct conform_piece pieces[3];
	struct memlog_image *image;
	struct stream f = { 0 };
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		/* up to the hole, or to the end where there is none */
		uint64_t data = t[i].low - sizeof(mem);

		large(&f, t[i].machine, t[i].size, data);
		image = open_good(&f);
		pieces[0] = (struct conform_piece){ 0, data, NULL, 0, 0, 0 };
		pieces[1] = (struct conform_piece){ data, sizeof(mem), mem,
						    0,	  0,	       0 };
		pieces[2] = (struct conform_piece){
			4 * GIB, t[i].size - t[i].low, NULL, 0, 0, 0
		};
		n = t[i].size == t[i].low ? 2 : 3;
		conform_image(image, MEMLOG_PHYS, pieces, n);
		memlog_image_close(image);
		drop(&f);
	}
}

static void test_virt(void **state)
{
	struct conform_piece piece = small_piece;
	struct memlog_image *image;
	struct stream f = { 0 };

	(void)state;
	small(&f, "virt-8.1", "mach-virt.ram", true);
	image = open_good(&f);
	piece.addr = GIB;
	conform_image(image, MEMLOG_PHYS, &piece, 1);
	memlog_image_close(image);
	drop(&f);
}

/* More pages than the index keeps in memory, and few bytes. */
static void test_large(void **state)
{
	const struct conform_piece pieces[] = {
		{ 0, 2 * GIB, NULL, false, 0, 0 },
		{ 4 * GIB, GIB, NULL, false, 0, 0 },
		{ 5 * GIB, sizeof(mem), mem, false, 0, 0 },
		{ 5 * GIB + sizeof(mem), 2 * GIB - sizeof(mem), NULL, false, 0,
		  0 },
	};
	struct conform_memory memory;
	struct memlog_image *image;
	struct stream f = { 0 };
	struct memlog_err err;

	(void)state;
	large(&f, "pc-q35-7.2", 5 * GIB, 3 * GIB);
	conform_memory_init(&memory);
	image = open_stream(&f, &memory.alloc, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, pieces, 4);
	assert_in_range(memory.most, 1, 10u << 20);
	memlog_image_close(image);
	assert_true(memory.now == 0);
	drop(&f);
}

static void test_index(void **state)
{
	const uint64_t pages = 1ull << 28; /* 1 TiB */
	const uint64_t step = (1ull << 15) + 3;
	struct conform_memory memory;
	struct ml_pageindex x;
	uint64_t i, v;

	(void)state;
	conform_memory_init(&memory);
	assert_int_equal(
		ml_pageindex_init(&x, pages, NULL, &memory.alloc, NULL), 0);
	for (i = 0; i < pages; i += step)
		assert_int_equal(ml_pageindex_put(&x, i, i + 1, NULL), 0);
	assert_true(x.set == (pages + step - 1) / step);
	for (i = 0; i < pages; i += step) {
		assert_int_equal(ml_pageindex_get(&x, i, &v, NULL), 0);
		assert_true(v == i + 1);
		assert_int_equal(ml_pageindex_get(&x, i + 1, &v, NULL), 0);
		assert_true(v == 0);
		v = ml_pageindex_skip(&x, i + 512);
		assert_true(v == pages || v / 512 == (i + step) / 512);
	}
	/* an earlier number is replaced, wherever it is */
	assert_int_equal(ml_pageindex_put(&x, 0, 9, NULL), 0);
	assert_int_equal(ml_pageindex_get(&x, step, &v, NULL), 0);
	assert_int_equal(ml_pageindex_get(&x, 0, &v, NULL), 0);
	assert_true(v == 9);
	assert_true(x.set == (pages + step - 1) / step);
	assert_in_range(memory.most, 1, 10u << 20);
	ml_pageindex_fini(&x);
	assert_true(memory.now == 0);
	assert_int_equal(ml_pageindex_init(&x, (1ull << 32) + 1, NULL,
					   &memory.alloc, NULL),
			 MEMLOG_LIMIT);
	ml_pageindex_fini(&x);
}

static void test_nodes(void **state)
{
	static const uint8_t order[] = { 1, 0 };
	struct conform_piece piece = { 0, 16 * PAGE, mem, false, 0, 0 };
	struct memlog_image *image;
	struct stream f = { 0 };
	struct memlog_err err;
	size_t i, k;

	(void)state;
	fill_mem();
	head(&f, "pc-q35-7.2");
	start(&f, "ram", 32 * PAGE);
	block(&f, "memdimm0", 16 * PAGE);
	block(&f, "ram-node1", 10 * PAGE);
	block(&f, "ram-node0", 6 * PAGE);
	close_section(&f);
	section(&f, 3);
	page(&f, "memdimm0", 3 * PAGE, 0, old);
	for (k = 0; k < 2; k++)
		for (i = 0; i < (order[k] ? 10 : 6); i++)
			page(&f, order[k] ? "ram-node1" : "ram-node0", i * PAGE,
			     0, mem + (order[k] ? 6 + i : i) * PAGE);
	close_section(&f);
	image = open_stream(&f, NULL, MEMLOG_OK, &err);
	conform_image(image, MEMLOG_PHYS, &piece, 1);
	assert_non_null(strstr(memlog_image_warning(image, 0), "memdimm0"));
	assert_null(memlog_image_warning(image, 1));
	assert_true(info_of(image).missing == 16 * PAGE);
	memlog_image_close(image);
	drop(&f);
}

/* A warning is about a part because of its kind, not because a guest's block
 * has a name with the words of such warnings. */
static void test_block_name_in_set(void **state)
{
	static const char name[] = "one part of a split dump, "
				   "only machine addresses, dom0's p2m tree";
	char dir[] = "/tmp/memlog-set-XXXXXX", path[2][64], list[200];
	struct memlog_image *image;
	struct stream f = { 0 };
	size_t i;
	FILE *out;

	(void)state;
	fill_mem();
	head(&f, "pc-q35-7.2");
	start(&f, "ram", 32 * PAGE);
	block(&f, "pc.ram", 16 * PAGE);
	block(&f, name, 16 * PAGE);
	close_section(&f);
	section(&f, 3);
	for (i = 0; i < 16; i++)
		page(&f, "pc.ram", i * PAGE, 0, mem + i * PAGE);
	close_section(&f);
	assert_non_null(mkdtemp(dir));
	for (i = 0; i < 2; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%zu", dir, i);
		out = fopen(path[i], "wb");
		assert_non_null(out);
		assert_int_equal(fwrite(f.p, 1, f.len, out), f.len);
		assert_int_equal(fclose(out), 0);
	}
	snprintf(list, sizeof(list), "%s,%s", path[0], path[1]);
	assert_int_equal(memlog_image_open_file(list, NULL, &image, NULL), 0);
	assert_non_null(memlog_image_warning(image, 0));
	assert_non_null(strstr(memlog_image_warning(image, 0), name));
	assert_null(memlog_image_warning(image, 1));
	memlog_image_close(image);
	for (i = 0; i < 2; i++)
		unlink(path[i]);
	rmdir(dir);
	drop(&f);
}

static void le32(struct stream *f, uint32_t v, bool be)
{
	num(f, be ? v : __builtin_bswap32(v), 4);
}

static void libvirt(struct stream *f, const char *magic, uint32_t compression,
		    bool be)
{
	static const char xml[] = "<domain type='kvm'>\n  <name>web-3</name>\n"
				  "  <uuid>x</uuid>\n</domain>\n";

	bytes(f, magic, 16);
	le32(f, 2, be);
	le32(f, sizeof(xml), be);
	le32(f, 1, be);
	le32(f, compression, be);
	bytes(f, NULL, 92 - 32);
	bytes(f, xml, sizeof(xml));
}

static void test_libvirt(void **state)
{
	struct memlog_image *image;
	struct stream f = { 0 };
	struct memlog_err err;
	int k;

	(void)state;
	for (k = 0; k < 4; k++) {
		libvirt(&f, k & 1 ? "LibvirtQemudPart" : "LibvirtQemudSave", 0,
			k & 2);
		small(&f, "pc-q35-7.2", "pc.ram", true);
		image = open_stream(&f, NULL, MEMLOG_OK, &err);
		assert_non_null(strstr(info_of(image).title, "libvirt"));
		assert_true(noted(image, "web-3"));
		assert_true(!memlog_image_warning(image, 0) == !(k & 1));
		conform_image(image, MEMLOG_PHYS, &small_piece, 1);
		memlog_image_close(image);
		drop(&f);
	}
	libvirt(&f, "LibvirtQemudSave", 5, false);
	refuse(&f, MEMLOG_UNSUPPORTED, "tail -c +162 FILE | unzstd");
	libvirt(&f, "LibvirtQemudSave", 1, true);
	refuse(&f, MEMLOG_UNSUPPORTED, "| gunzip | memlog-dump -");
	libvirt(&f, "LibvirtQemudSave", 0, false);
	refuse(&f, MEMLOG_CORRUPT, "invalid");
	bytes(&f, "LibvirtQemudSave", 16);
	refuse(&f, MEMLOG_CORRUPT, "invalid");
}

static void capability(struct stream *f, const char *name)
{
	num(f, 5, 1);
	word(f, "configuration/capabilities");
	num(f, 1, 4);
	num(f, 1, 4);
	word(f, name);
}

/* mapped-ram: 16 pages of which 3 is not written, after other things. */
static void mapped(struct stream *f)
{
	size_t list;

	fill_mem();
	memset(mem + 3 * PAGE, 0, PAGE);
	head(f, "pc-q35-11.1");
	num(f, 5, 1);
	word(f, "configuration/target-page-bits");
	num(f, 1, 4);
	num(f, 12, 4);
	capability(f, "mapped-ram");
	num(f, 5, 1);
	word(f, "configuration/uuid");
	num(f, 1, 4);
	bytes(f, NULL, 16);
	start(f, "ram", 17 * PAGE);
	block(f, "vga.vram", PAGE);
	num(f, 1, 4);
	num(f, PAGE, 8);
	num(f, 0x400, 8);
	num(f, 0x1000, 8);
	bytes(f, NULL, 0x2000 - f->len);
	block(f, "pc.ram", 16 * PAGE);
	num(f, 1, 4);
	num(f, PAGE, 8);
	list = f->len + 16;
	num(f, list, 8);
	num(f, 0x3000, 8);
	num(f, 0xf7ff, 2);
	bytes(f, NULL, 0x3000 - f->len);
	bytes(f, mem, 3 * PAGE);
	bytes(f, old, PAGE);
	bytes(f, mem + 4 * PAGE, 12 * PAGE);
	close_section(f);
	section(f, 2);
	num(f, MULTIFD, 8);
	close_section(f);
	section(f, 3);
	close_section(f);
	devices(f);
}

static void test_mapped(void **state)
{
	const struct conform_piece cut[] = {
		{ 0, 3 * PAGE, mem, false, 0, 0 },
		{ 4 * PAGE, 11 * PAGE, mem + 4 * PAGE, false, 0, 0 },
	};
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct stream f = { 0 };
	struct memlog_err err;

	(void)state;
	mapped(&f);
	image = open_good(&f);
	conform_image(image, MEMLOG_PHYS, &small_piece, 1);
	memlog_image_close(image);
	/* without its end a page without a bit may have anything in it: it was not
	 * searched */
	f.len = 0x3000 + 15 * PAGE + 1;
	image = open_stream(&f, NULL, MEMLOG_OK, &err);
	assert_true(info_of(image).missing == 2 * PAGE);
	assert_true(info_of(image).present == 14 * PAGE);
	conform_image(image, MEMLOG_PHYS, cut, 2);
	assert_int_equal(memlog_scan(image, NULL, &logs, &stats, NULL), 0);
	assert_int_equal(stats.covered, 14 * PAGE);
	memlog_logs_destroy(logs);
	assert_non_null(strstr(memlog_image_warning(image, 0), "incomplete"));
	memlog_image_close(image);
	drop(&f);
}

/* Two blocks whose pages are the same bytes of the file. */
static void test_mapped_overlap(void **state)
{
	struct stream f = { 0 };
	struct memlog_err err;
	size_t i;

	(void)state;
	mapped(&f);
	/* where the pages of pc.ram are: after vga.vram's */
	for (i = 0; i + 8 <= f.len && i < 0x3000; i++)
		if (f.p[i + 6] == 0x30 && !f.p[i + 7] &&
		    !memcmp(f.p + i, "\0\0\0\0\0\0", 6))
			f.p[i + 6] = 0x10;
	open_stream(&f, NULL, MEMLOG_CORRUPT, &err);
	drop(&f);
}

static void page_with(struct stream *f, unsigned int flags)
{
	head(f, "pc-q35-7.2");
	start(f, "ram", 2 * PAGE);
	block(f, "pc.ram", 2 * PAGE);
	close_section(f);
	section(f, 2);
	page(f, "pc.ram", 0, 0, NULL);
	num(f, PAGE | flags, 8);
	bytes(f, NULL, 2 * PAGE);
}

static void test_refused(void **state)
{
	static const struct {
		unsigned int flags;
		const char *say;
	} flags[] = {
		{ XBZRLE | SAME, "xbzrle" },
		{ PACKED | SAME, "compress" },
		{ MULTIFD, "multifd" },
		{ HOOK, "RDMA" },
	};
	struct stream f = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		page_with(&f, flags[i].flags);
		refuse(&f, MEMLOG_UNSUPPORTED, flags[i].say);
	}
	head(&f, "pc-q35-7.2");
	f.p[7] = 2;
	refuse(&f, MEMLOG_UNSUPPORTED, "version 2");
	head(&f, "virt-8.1");
	num(&f, 5, 1);
	word(&f, "configuration/target-page-bits");
	num(&f, 1, 4);
	num(&f, 16, 4);
	refuse(&f, MEMLOG_UNSUPPORTED, "4096");
	head(&f, "pc-q35-7.2");
	capability(&f, "x-ignore-shared");
	refuse(&f, MEMLOG_UNSUPPORTED, "shared");
	head(&f, "pc-q35-7.2");
	start(&f, "vfio", 0);
	refuse(&f, MEMLOG_UNSUPPORTED, "dump-guest-memory");
	head(&f, "pc-q35-7.2");
	devices(&f);
	refuse(&f, MEMLOG_UNSUPPORTED, "dump-guest-memory");
	small(&f, "pseries-7.2", "ppc_spapr.ram", true);
	refuse(&f, MEMLOG_UNSUPPORTED, "unknown machine type");
	head(&f, NULL);
	start(&f, "ram", 0xb0000000);
	block(&f, "pc.ram", 0xb0000000);
	refuse(&f, MEMLOG_UNSUPPORTED, "unknown machine type");
	head(&f, "pc-q35-7.2");
	start(&f, "ram", 1ull << 44 | 1ull << 45);
	block(&f, "pc.ram", 1ull << 44 | 1ull << 45);
	refuse(&f, MEMLOG_LIMIT, "pages");
	head(&f, "pc-q35-7.2");
	start(&f, "ram", PAGE);
	block(&f, "pc.bios", PAGE);
	refuse(&f, MEMLOG_CORRUPT, "no memory");
	head(&f, "pc-q35-7.2");
	start(&f, "ram", PAGE);
	block(&f, "pc.ram", 2 * PAGE);
	refuse(&f, MEMLOG_CORRUPT, "list of blocks");
}

/* background-snapshot: memory has no END, but all its pages. */
static void test_no_end(void **state)
{
	struct memlog_image *image;
	struct stream f = { 0 };
	struct memlog_err err;
	size_t i;

	(void)state;
	fill_mem();
	head(&f, "pc-q35-7.2");
	start(&f, "ram", 16 * PAGE);
	block(&f, "pc.ram", 16 * PAGE);
	close_section(&f);
	for (i = 0; i < 16; i++) {
		section(&f, 2);
		page(&f, "pc.ram", (15 - i) * PAGE, 0, mem + (15 - i) * PAGE);
		close_section(&f);
	}
	devices(&f);
	image = open_stream(&f, NULL, MEMLOG_OK, &err);
	assert_true(info_of(image).missing == 0);
	assert_null(memlog_image_warning(image, 0));
	conform_image(image, MEMLOG_PHYS, &small_piece, 1);
	memlog_image_close(image);
	drop(&f);
	/* the early state of virtio-mem */
	head(&f, "pc-q35-8.0");
	start(&f, "ram", 16 * PAGE);
	block(&f, "pc.ram", 16 * PAGE);
	close_section(&f);
	devices(&f);
	refuse(&f, MEMLOG_UNSUPPORTED, "virtio-mem");
}

/* What a device in between hides is said, and what came before is there. */
static void test_incomplete(void **state)
{
	struct memlog_image *image;
	struct stream f = { 0 };
	struct memlog_err err;
	uint8_t buf[PAGE];
	size_t got;

	(void)state;
	fill_mem();
	head(&f, "pc-q35-7.2");
	start(&f, "ram", 4 * PAGE);
	block(&f, "pc.ram", 4 * PAGE);
	close_section(&f);
	num(&f, 8, 1); /* a command: stepped over */
	num(&f, 3, 2);
	num(&f, 4, 2);
	num(&f, 1, 4);
	section(&f, 2);
	page(&f, "pc.ram", PAGE, 0, mem + PAGE);
	page(&f, "pc.ram", 2 * PAGE, 0, NULL);
	close_section(&f);
	devices(&f);
	image = open_stream(&f, NULL, MEMLOG_OK, &err);
	assert_true(info_of(image).missing == 2 * PAGE);
	assert_non_null(strstr(memlog_image_warning(image, 0), "incomplete"));
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, PAGE, buf, PAGE,
					   &got, NULL),
			 0);
	assert_int_equal(got, PAGE);
	assert_memory_equal(buf, mem + PAGE, PAGE);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, 0, buf, PAGE,
					   &got, NULL),
			 MEMLOG_NO_DATA);
	conform_exercise(image, 1 << 20);
	memlog_image_close(image);
	/* another device's iterations are not RAM's */
	f.len -= 36;
	num(&f, 2, 1);
	num(&f, RAM_ID + 1, 4);
	page(&f, "pc.ram", 3 * PAGE, 0, mem);
	close_section(&f);
	image = open_stream(&f, NULL, MEMLOG_OK, &err);
	assert_true(info_of(image).missing == 2 * PAGE);
	assert_non_null(strstr(memlog_image_warning(image, 0), "a device"));
	memlog_image_close(image);
	drop(&f);
}

/* ---- damage ------------------------------------------------------------- */

static void try_bytes(const uint8_t *p, size_t len)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	uint8_t *copy = malloc(len ? len : 1);
	struct memlog_image *image = NULL;
	struct ml_file f;

	assert_non_null(copy);
	memcpy(copy, p, len);
	assert_int_equal(ml_file_memory(copy, len, "m", NULL, &f, NULL), 0);
	if (!ml_image_open_on(&f, &o, &image, NULL))
		conform_exercise(image, 1 << 17);
	memlog_image_close(image);
	free(copy);
}

/* A stream that ends where a record begins has exactly what came before it. */
static void test_cut(void **state)
{
	struct conform_piece piece = { 0, 0, first, false, 0, 0 };
	struct memlog_image *image;
	struct stream f = { 0 };
	struct memlog_err err;
	size_t i, len;

	(void)state;
	small(&f, "pc-q35-7.2", "pc.ram", true);
	len = f.len;
	for (i = 0; i < 16; i++) {
		f.len = f.marks[i];
		image = open_stream(&f, NULL, MEMLOG_OK, &err);
		assert_true(info_of(image).missing == (16 - i) * PAGE);
		piece.len = i * PAGE;
		conform_image(image, MEMLOG_PHYS, &piece, i != 0);
		assert_non_null(memlog_image_warning(image, 0));
		memlog_image_close(image);
	}
	for (i = 0; i < len; i += i < 400 || i + 400 > len ? 1 : 61)
		try_bytes(f.p, i);
	drop(&f);
}

static void flips(struct stream *f, size_t from, size_t to)
{
	size_t bit;

	for (bit = from * 8; bit < to * 8; bit++) {
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		try_bytes(f->p, f->len);
		f->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void test_flips(void **state)
{
	struct stream f = { 0 };
	size_t i;

	(void)state;
	libvirt(&f, "LibvirtQemudSave", 0, false);
	small(&f, "pc-q35-7.2", "pc.ram", true);
	flips(&f, 0, f.marks[0]);
	for (i = 0; i < f.n_marks; i++)
		flips(&f, f.marks[i], f.marks[i] + 16);
	flips(&f, f.len - 70, f.len);
	drop(&f);
	mapped(&f);
	flips(&f, 0, 250);
	flips(&f, 0x2000, 0x2040);
	flips(&f, 0x3000 + 16 * PAGE, f.len);
	drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_stingy),
		cmocka_unit_test(test_boards),
		cmocka_unit_test(test_virt),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_block_name_in_set),
		cmocka_unit_test(test_libvirt),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_mapped_overlap),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flips),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
