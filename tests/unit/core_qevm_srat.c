/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_qevm_srat.c - where the blocks of saved guests are by what QEMU says: the ACPI table
 * of NUMA nodes, the state of virtio-mem, and the order in which dimms are plugged in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "libmem.h"
#include "libqevm.h"

#define MIB    (1ull << 20)
#define NODES  6u
#define PLUGS  3u
#define BLOCKS (NODES + 2 * PLUGS)
#define TABLES "/rom@etc/acpi/tables"
#define PAGES  12u /* of each block */

enum names { RANDOM, NUMBERED };

struct block {
	char name[40];
	uint64_t len, off; /* off: from the start of RAM, of nodes */
	uint64_t addr;	   /* of what is plugged in */
	bool plugged, early, nvdimm;
	uint64_t unit; /* of virtio-mem, 0: 2 MiB */
};

struct guest {
	const char *machine;
	uint64_t base, low, high, size, window;
	size_t n, nodes;
	struct block block[BLOCKS];
	uint8_t tables[4 * PAGE];
	bool has_tables;
};

static uint64_t random_len(void)
{
	return (2 + 2 * ((uint64_t)rand() % 700)) * MIB;
}

static void random_name(char *ret)
{
	size_t i, n = 6 + (size_t)rand() % 8;

	for (i = 0; i < n; i++)
		ret[i] = (char)('a' + rand() % 26);
	ret[n] = '\0';
}

static uint64_t phys_of(const struct guest *g, const struct block *b,
			uint64_t off)
{
	if (b->addr)
		return b->addr + off;
	off += b->off;
	return off < g->low ? g->base + off : off - g->low + g->high;
}

/* ---- the table ------------------------------------------------------------ */

static void put_range(uint8_t **p, uint64_t node, uint64_t start, uint64_t len,
		      uint32_t flags)
{
	memset(*p, 0, 40);
	(*p)[0] = 1;
	(*p)[1] = 40;
	put32(*p + 2, (uint32_t)node);
	put64(*p + 8, start);
	put64(*p + 16, len);
	put32(*p + 28, flags);
	*p += 40;
}

/* The ranges of a node; QEMU leaves out the hole of a PC below 1 MiB. */
static void put_node(const struct guest *g, uint8_t **p, size_t i)
{
	const struct block *b = &g->block[i];
	uint64_t start = b->off, end = start + b->len, low = g->low;

	if (start < low && !g->base && start < MIB) {
		put_range(p, i, 0, 0xa0000, 1);
		put_range(p, i, MIB, (end < low ? end : low) - MIB, 1);
	} else if (start < low) {
		put_range(p, i, g->base + start,
			  (end < low ? end : low) - start, 1);
	}
	if (end > low)
		put_range(p, i, g->high + (start > low ? start : low) - low,
			  end - (start > low ? start : low), 1);
	/* the rest of what QEMU reserved room for */
	put_range(p, 0, 0, 0, 0);
}

static void make_tables(struct guest *g)
{
	uint8_t *p = g->tables + 64 + rand() % 5000, *table = p;
	size_t i;

	memset(g->tables, 0, sizeof(g->tables));
	memcpy(g->tables, "FACS SRAT", 9);
	memcpy(p, "SRAT", 4);
	p[8] = 1;
	p += 48;
	*p = 0; /* a processor */
	p[1] = 16;
	p += 16;
	for (i = 0; i < g->nodes; i++)
		put_node(g, &p, i);
	for (; i < g->n; i++)
		if (g->block[i].nvdimm)
			put_range(&p, 0, g->block[i].addr, g->block[i].len, 5);
	if (g->window)
		put_range(&p, 0, g->window, 64 * GIB, 3);
	put32(table + 4, (uint32_t)(p - table));
	g->has_tables = true;
}

/* ---- guests --------------------------------------------------------------- */

/* Memory of the board: nodes, with sizes of their own or not. */
static void make_board(struct guest *g, size_t nodes, bool equal)
{
	static const char *const machines[] = { "pc-q35-9.2", "pc-i440fx-7.2",
						"virt-8.0" };
	const char *m = machines[rand() % 3];
	size_t i, k;

	*g = (struct guest){ .machine = m, .nodes = nodes, .n = nodes };
	g->base = m[0] == 'v' ? GIB : 0;
	for (i = 0; i < nodes; i++) {
		g->block[i].off = g->size;
		do {
			g->block[i].len = equal && i ? g->block[0].len :
						       random_len();
			for (k = 0; k < i; k++)
				if (!equal &&
				    g->block[k].len == g->block[i].len)
					break;
		} while (k < i);
		g->size += g->block[i].len;
	}
	g->low = g->size;
	/* of a large guest with an AMD processor */
	g->high = rand() % 4 ? 4 * GIB : 1024 * GIB;
	if (!g->base) {
		/* by the rule of the board, or max-ram-below-4g */
		uint64_t top = m[3] == 'q' ? 0xb0000000 : 0xe0000000;

		if (g->size >= top)
			g->low = m[3] == 'q' ? 2 * GIB : 3 * GIB;
		if (rand() % 2 && g->size > 512 * MIB)
			g->low = 256 * MIB + (uint64_t)(rand() % 256) * MIB;
	}
}

/* After it, in a window of its own, dimms and virtio-mem in any order. */
static void plug(struct guest *g, size_t dimms, size_t mems)
{
	uint64_t at;
	struct block *b;
	size_t i, k, all = dimms + mems;

	at = g->high + (g->base || g->size == g->low ? 0 : g->size - g->low);
	if (g->base)
		at = 256 * GIB;
	at = (at + GIB - 1) / GIB * GIB;
	g->window = at;
	for (i = 0; i < all; i++) {
		b = &g->block[g->n++];
		do {
			b->len = random_len();
			for (k = 0; &g->block[k] != b; k++)
				if (g->block[k].len == b->len)
					break;
		} while (&g->block[k] != b);
		b->addr = at;
		at += b->len;
		b->plugged = (size_t)rand() % (dimms + mems) < mems;
		*(b->plugged ? &mems : &dimms) -= 1;
		b->early = rand() % 2;
	}
}

static void name_blocks(struct guest *g, enum names names)
{
	size_t i, dimm = 0;
	char word[24];

	for (i = 0; i < g->n; i++) {
		random_name(word);
		if (g->block[i].plugged)
			snprintf(g->block[i].name, 40, "0000:%02zx:03.0/%s", i,
				 word);
		else if (names == RANDOM)
			snprintf(g->block[i].name, 40, "%s%s",
				 rand() % 2 ? "/objects/" : "", word);
		else if (i < g->nodes)
			snprintf(g->block[i].name, 40, "mem%zu", i);
		else
			snprintf(g->block[i].name, 40, "plug%zu", dimm++);
	}
}

/* ---- streams -------------------------------------------------------------- */

static void data_page(uint8_t page[PAGE], uint64_t phys)
{
	size_t i;

	for (i = 0; i < PAGE; i += 16) {
		put64(page + i, phys + 2 * i);
		put64(page + i + 8, ~phys);
	}
}

static void put_device(struct qevm *f, const struct block *b, uint32_t id)
{
	char name[80];
	size_t i;

	snprintf(name, sizeof(name), "%.12s/virtio-mem%s", b->name,
		 b->early ? "-device-early" : "");
	qevm_num(f, 4, 1);
	qevm_num(f, id, 4);
	qevm_word(f, name);
	qevm_num(f, 0, 4);
	qevm_num(f, 1, 4);
	for (i = b->early ? 0 : 4096 + (size_t)rand() % 4096; i; i--)
		qevm_num(f, i < 16 ? 0 : (unsigned int)rand() % 256, 1);
	qevm_num(f, b->addr, 8);
	qevm_num(f, b->len, 8);
	qevm_num(f, b->unit ? b->unit : 2 * MIB, 8);
	qevm_num(f, 0, 4);
	qevm_num(f, b->len, 8);
	qevm_bytes(f, NULL, 40);
	qevm_num(f, 0x7e, 1);
	qevm_num(f, id, 4);
}

static void put_devices(struct qevm *f, const struct guest *g, bool early)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (g->block[i].plugged && g->block[i].early == early)
			put_device(f, &g->block[i], (uint32_t)(40 + i));
}

static uint64_t page_at(const struct block *b, size_t i)
{
	return i * (b->len / PAGE / PAGES) * PAGE;
}

static void write_stream(struct qevm *f, const struct guest *g)
{
	size_t order[BLOCKS], i, k, t;
	uint64_t total = g->has_tables ? sizeof(g->tables) : 0;
	uint8_t page[PAGE];

	for (i = 0; i < g->n; i++) {
		total += g->block[i].len;
		k = (size_t)rand() % (i + 1);
		t = order[k];
		order[k] = i;
		if (k < i)
			order[i] = t;
	}
	qevm_head(f, g->machine);
	qevm_start(f, "ram", total);
	for (i = 0; i < g->n; i++)
		qevm_block(f, g->block[order[i]].name, g->block[order[i]].len);
	if (g->has_tables)
		qevm_block(f, TABLES, sizeof(g->tables));
	qevm_close_section(f);
	put_devices(f, g, true);
	qevm_section(f, 3);
	for (k = 0; k < g->n; k++)
		for (i = 0; i < PAGES; i++) {
			data_page(page, phys_of(g, &g->block[k],
						page_at(&g->block[k], i)));
			qevm_page(f, g->block[k].name, page_at(&g->block[k], i),
				  0, page);
		}
	for (i = 0; g->has_tables && i < sizeof(g->tables); i += PAGE)
		qevm_page(f, TABLES, i, 0, g->tables + i);
	qevm_close_section(f);
	put_devices(f, g, false);
	qevm_num(f, 0, 1);
}

struct found {
	size_t all, right, wrong, sure; /* sure: right, and not guessed */
};

static void look(struct memlog_image *image, const struct guest *g,
		 struct found *ret)
{
	uint8_t page[PAGE], want[PAGE];
	uint64_t phys;
	size_t i, k, got;
	bool guessed;

	for (k = 0; k < g->n; k++)
		for (i = 0; i < PAGES; i++) {
			phys = phys_of(g, &g->block[k],
				       page_at(&g->block[k], i));
			ret->all++;
			if (memlog_image_read(image, MEMLOG_PHYS, phys, page,
					      PAGE, &got, NULL) ||
			    got != PAGE)
				continue;
			guessed = ml_space_guessed(&image->spaces[MEMLOG_PHYS],
						   phys);
			data_page(want, phys);
			if (!memcmp(page, want, PAGE)) {
				ret->right++;
				ret->sure += !guessed;
			} else if (!guessed) {
				ret->wrong++;
			}
		}
}

static struct found try_guest(const struct guest *g)
{
	struct found ret = { 0 };
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;

	write_stream(&f, g);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	if (memlog_image_has_space(image, MEMLOG_PHYS))
		look(image, g, &ret);
	if (ret.wrong)
		fail_msg("%zu pages at a wrong address, and not guessed",
			 ret.wrong);
	memlog_image_close(image);
	qevm_drop(&f);
	return ret;
}

/* ---- tests ---------------------------------------------------------------- */

/* Nodes of different sizes: the table tells all, whatever their names. */
static void test_sizes(void **state)
{
	struct found r;
	struct guest g;
	int i;

	(void)state;
	for (i = 0; i < 400; i++) {
		srand((unsigned int)i);
		make_board(&g, 1 + (size_t)rand() % NODES, false);
		name_blocks(&g, RANDOM);
		make_tables(&g);
		r = try_guest(&g);
		assert_int_equal(r.sure, r.all);
	}
}

/* Of one size: names may tell, and it is a guess; others have file addresses. */
static void test_equal(void **state)
{
	struct found r;
	struct guest g;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		srand((unsigned int)i);
		make_board(&g, 2 + (size_t)rand() % (NODES - 1), true);
		name_blocks(&g, i % 2 ? NUMBERED : RANDOM);
		make_tables(&g);
		r = try_guest(&g);
		if (g.nodes <= 5)
			assert_int_equal(r.right, i % 2 ? r.all : 0);
		assert_int_equal(r.sure, 0);
	}
}

/* virtio-mem has its address, and one dimm is where QEMU would put it; of several, if
 * their names have numbers. Only dimms are guessed. */
static void test_plugged(void **state)
{
	size_t dimms, mems;
	struct found r;
	struct guest g;
	int i;

	(void)state;
	for (i = 0; i < 400; i++) {
		srand((unsigned int)i);
		make_board(&g, 1 + (size_t)rand() % 3, false);
		dimms = (size_t)rand() % (PLUGS + 1);
		mems = (size_t)rand() % (PLUGS + 1);
		plug(&g, dimms, mems);
		name_blocks(&g, i % 3 ? NUMBERED : RANDOM);
		make_tables(&g);
		r = try_guest(&g);
		assert_true(r.sure >= g.nodes * PAGES);
		if (!dimms)
			assert_int_equal(r.sure, r.all);
		if (i % 3 || dimms < 2)
			assert_int_equal(r.right, r.all);
	}
}

/* virtio-mem of huge pages: all its fields are valid too if read from a byte before. */
static void test_units(void **state)
{
	struct found r;
	struct guest g;
	int i;

	(void)state;
	for (i = 0; i < 60; i++) {
		srand((unsigned int)i);
		make_board(&g, 1 + (size_t)rand() % 3, false);
		plug(&g, 0, 1 + (size_t)rand() % PLUGS);
		name_blocks(&g, RANDOM);
		make_tables(&g);
		for (size_t k = g.nodes; k < g.n; k++) {
			g.block[k].unit = 256 * MIB << i % 3;
			g.block[k].addr = g.window + k * 16 * GIB;
			g.block[k].len = (1 + (uint64_t)rand() % 8) * GIB;
		}
		r = try_guest(&g);
		assert_int_equal(r.sure, r.all);
	}
}

/* The table has an NVDIMM where RAM above 4 GiB would be. */
static void test_nvdimm(void **state)
{
	struct found r;
	struct guest g = {
		.machine = "pc-q35-9.2", .high = 4 * GIB, .nodes = 1, .n = 1
	};

	(void)state;
	srand(1);
	g.block[0].len = g.size = g.low = 2 * GIB;
	plug(&g, 1, 0);
	g.block[1].nvdimm = true;
	assert_true(g.block[1].addr == 4 * GIB);
	name_blocks(&g, RANDOM);
	make_tables(&g);
	r = try_guest(&g);
	assert_int_equal(r.sure, PAGES);
	assert_int_equal(r.right, r.all);
}

/* One block has all nodes, and two dimms have their sizes. */
static void test_one_block(void **state)
{
	struct guest g = { .machine = "pc-q35-9.2", .nodes = 2, .n = 2 };
	struct found r;
	int i;

	(void)state;
	srand(1);
	g.block[0].len = g.block[1].off = GIB;
	g.block[1].len = 3 * GIB;
	g.size = 4 * GIB;
	g.low = 2 * GIB;
	g.window = 6 * GIB;
	make_tables(&g);
	g.nodes = 1;
	g.n = 3;
	g.block[0] = (struct block){ .name = "abc", .len = 4 * GIB };
	for (i = 1; i < 3; i++) {
		g.block[i] = (struct block){ .len = i == 1 ? GIB : 3 * GIB };
		snprintf(g.block[i].name, 40, "mem%d", i);
		g.block[i].addr = i == 1 ? 6 * GIB : 7 * GIB;
	}
	r = try_guest(&g);
	assert_int_equal(r.wrong, 0);
}

/* Bytes of memory that have no address. */
static uint64_t unplaced(struct memlog_image *image)
{
	uint64_t addr = 0, bytes = 0;
	struct memlog_range r;

	for (; !memlog_image_next_range(image, MEMLOG_FILE, addr, &r, NULL);
	     addr = r.end)
		bytes += r.end - r.start;
	return bytes;
}

/* A device's memory whose address is not known has none, and is not left out. */
static void test_unknown(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	struct guest g;

	(void)state;
	srand(1);
	make_board(&g, 2, false);
	plug(&g, 0, 1);
	name_blocks(&g, RANDOM);
	g.block[2].plugged = false; /* no state of it */
	make_tables(&g);
	write_stream(&f, &g);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_int_equal(unplaced(image), PAGES * PAGE);
	memlog_image_close(image);
	qevm_drop(&f);
}

/* The state of a device puts its memory where there is other memory: it is read, but has
 * no address. */
static void test_taken(void **state)
{
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;
	struct guest g;

	(void)state;
	srand(1);
	make_board(&g, 2, false);
	plug(&g, 0, 1);
	name_blocks(&g, RANDOM);
	g.block[2].addr = g.base + 2 * MIB;
	make_tables(&g);
	write_stream(&f, &g);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_int_equal(unplaced(image), PAGES * PAGE);
	assert_false(image->suspect);
	memlog_image_close(image);
	qevm_drop(&f);
}

/* A table that is changed anywhere, or cut: it opens, and what it says is within the
 * blocks. */
static void test_hostile(void **state)
{
	struct memlog_image *image;
	struct memlog_range range;
	struct memlog_err err;
	struct guest g, bad;
	uint8_t *table;
	uint64_t addr;
	size_t k;

	(void)state;
	srand(7);
	make_board(&g, 3, false);
	plug(&g, 1, 1);
	name_blocks(&g, NUMBERED);
	make_tables(&g);
	table = memmem(g.tables + 16, sizeof(g.tables) - 16, "SRAT", 4);
	assert_non_null(table);
	for (k = 0; k < 8 * ml_le32(table + 4); k++) {
		struct qevm f = { 0 };

		bad = g;
		bad.tables[(size_t)(table - g.tables) + k / 8] ^=
			(uint8_t)(1u << k % 8);
		write_stream(&f, &bad);
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		for (addr = 0; !memlog_image_next_range(image, MEMLOG_PHYS,
							addr, &range, NULL);
		     addr = range.end)
			assert_true(range.end > range.start);
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

/* A table begins everywhere, and each is as long as what follows: parsing all of them
 * would take a minute. */
static void test_many_tables(void **state)
{
	static uint8_t tables[512 * PAGE];
	struct memlog_image *image;
	struct memlog_err err;
	struct qevm f = { 0 };
	clock_t begin;
	size_t i;

	(void)state;
	for (i = 0; i + 10 <= sizeof(tables); i += 10) {
		memcpy(tables + i, "SRAT", 4);
		put32(tables + i + 4, (uint32_t)(sizeof(tables) - i));
		tables[i + 9] = 10;
	}
	qevm_head(&f, "pc-q35-9.2");
	qevm_start(&f, "ram", 2 * PAGE + sizeof(tables));
	qevm_block(&f, "one", PAGE);
	qevm_block(&f, "other", PAGE);
	qevm_block(&f, TABLES, sizeof(tables));
	qevm_close_section(&f);
	qevm_section(&f, 3);
	for (i = 0; i < sizeof(tables); i += PAGE)
		qevm_page(&f, TABLES, i, 0, tables + i);
	qevm_close_section(&f);
	qevm_num(&f, 0, 1);
	begin = clock();
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	assert_true(clock() - begin < 3 * CLOCKS_PER_SEC);
	memlog_image_close(image);
	qevm_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_plugged),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_nvdimm),
		cmocka_unit_test(test_one_block),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many_tables),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
