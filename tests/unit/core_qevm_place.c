/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_qevm_place.c - where the blocks of saved guests are, with page tables in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"
#include "libqevm.h"

enum {
	BLOCKS = 5,
	TABLES = 8,
	DATA_PAGES = 20,
	PARENTS = (BLOCKS * TABLES + 3) / 4
};

/* A guest: blocks in the order of their addresses, low bytes of them below 4 GiB. */
struct guest {
	const char *machine;
	size_t n;
	uint64_t len[BLOCKS], low;
	char name[BLOCKS][24];
	size_t listed[BLOCKS]; /* as QEMU lists them */
};

/* Where the byte at offset off of all blocks, one after another, is. */
static uint64_t phys_of(const struct guest *g, uint64_t off)
{
	return off < g->low ? off : off - g->low + 4 * GIB;
}

static uint64_t start_of(const struct guest *g, size_t block)
{
	uint64_t off = 0;
	size_t i;

	for (i = 0; i < block; i++)
		off += g->len[i];
	return off;
}

/* The largest first, as QEMU does; equal ones in any order. */
static void list_blocks(struct guest *g)
{
	size_t i, k, t;

	for (i = 0; i < g->n; i++)
		g->listed[i] = i;
	for (i = 1; i < g->n; i++)
		for (k = i;
		     k && (g->len[g->listed[k]] > g->len[g->listed[k - 1]] ||
			   (g->len[g->listed[k]] == g->len[g->listed[k - 1]] &&
			    rand() % 2));
		     k--) {
			t = g->listed[k];
			g->listed[k] = g->listed[k - 1];
			g->listed[k - 1] = t;
		}
}

/* A page of data that says where it is. */
static void data_page(uint8_t page[PAGE], uint64_t phys)
{
	size_t i;

	for (i = 0; i < PAGE; i += 16) {
		put64(page + i, phys + 2 * i);
		put64(page + i + 8, ~phys);
	}
}

/* The pages of a block: TABLES page tables, whose entries are large pages, and data. The
 * first pages of the first block have the addresses of all tables. */
struct page_of {
	uint64_t off; /* in all blocks */
	bool table;
};

static size_t make_pages(const struct guest *g, struct page_of *ret)
{
	uint64_t pages;
	size_t b, i, k, n = 0, first;

	for (b = 0; b < g->n; b++) {
		pages = g->len[b] / PAGE;
		first = n;
		for (i = 0; i < TABLES + DATA_PAGES && i < pages / 2; i++) {
			do {
				ret[n].off = start_of(g, b) +
					     ((uint64_t)rand() << 16 ^
					      (uint64_t)rand()) %
						     pages * PAGE;
				for (k = first;
				     k < n && ret[k].off != ret[n].off; k++)
					;
			} while (k < n || ret[n].off < PARENTS * PAGE);
			ret[n++].table = i < TABLES;
		}
	}
	return n;
}

static void write_pages(struct qevm *f, const struct guest *g,
			const struct page_of *pages, size_t n)
{
	uint8_t page[PAGE] = { 0 };
	size_t i, k, b;
	uint64_t phys;

	for (i = k = b = 0; i < n; i++) {
		if (pages[i].table)
			put64(page + 8 * k++, phys_of(g, pages[i].off) | 0x63);
		if (k == 4 || (k && i == n - 1)) {
			qevm_page(f, g->name[0], b++ * PAGE, 0, page);
			memset(page, 0, PAGE);
			k = 0;
		}
	}
	for (i = 0; i < n; i++) {
		for (b = g->n - 1; start_of(g, b) > pages[i].off; b--)
			;
		phys = phys_of(g, pages[i].off);
		if (pages[i].table) {
			memset(page, 0, PAGE);
			for (k = 0; k < 40; k++)
				put64(page + 8 * k, (i * 64 + k) << 21 | 0xe3);
		} else {
			data_page(page, phys);
		}
		qevm_page(f, g->name[b], pages[i].off - start_of(g, b), 0,
			  page);
	}
}

/* Data pages that are at their address, and those that another address has. */
static void check_pages(struct memlog_image *image, const struct guest *g,
			const struct page_of *pages, size_t n, size_t *right,
			size_t *wrong)
{
	uint8_t page[PAGE], want[PAGE];
	uint64_t phys;
	size_t i, got;

	for (i = 0; i < n; i++) {
		phys = phys_of(g, pages[i].off);
		if (pages[i].table ||
		    memlog_image_read(image, MEMLOG_PHYS, phys, page, PAGE,
				      &got, NULL) ||
		    got != PAGE)
			continue;
		data_page(want, phys);
		*(memcmp(page, want, PAGE) ? wrong : right) += 1;
	}
}

/* Save it and look where its pages are. Returns those at their address, of *all. */
static size_t try_guest(struct guest *g, size_t *all)
{
	struct page_of pages[BLOCKS * (TABLES + DATA_PAGES)];
	size_t i, n, right = 0, wrong = 0;
	struct memlog_image *image;
	struct qevm f = { 0 };
	struct memlog_err err;

	list_blocks(g);
	n = make_pages(g, pages);
	qevm_head(&f, g->machine);
	qevm_start(&f, "ram", start_of(g, g->n));
	for (i = 0; i < g->n; i++)
		qevm_block(&f, g->name[g->listed[i]], g->len[g->listed[i]]);
	qevm_close_section(&f);
	qevm_section(&f, 3);
	write_pages(&f, g, pages, n);
	qevm_close_section(&f);
	qevm_devices(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	check_pages(image, g, pages, n, &right, &wrong);
	if (wrong)
		fail_msg("%zu pages at a wrong address", wrong);
	for (i = *all = 0; i < n; i++)
		*all += !pages[i].table;
	memlog_image_close(image);
	qevm_drop(&f);
	return right;
}

static void random_name(char *ret)
{
	size_t i, n = 3 + (size_t)rand() % 8;

	for (i = 0; i < n; i++)
		ret[i] = (char)('a' + rand() % 26);
	ret[n] = '\0';
}

/* Backends of any size, order and name: their pages are at the right addresses. */
static void test_orders(void **state)
{
	size_t i, k, all, right, guests = 0, whole = 0;
	struct guest g;

	(void)state;
	srand(1);
	for (i = 0; i < 600; i++) {
		g = (struct guest){ .machine = i % 3 ? "pc-q35-9.2" :
						       "pc-i440fx-7.2",
				    .n = 2 + i % 3 };
		for (k = 0; k < g.n; k++) {
			/* half of them of one size */
			g.len[k] =
				(64 + (i % 2 ? 0 : 32 * (rand() % 8))) * PAGE;
			random_name(g.name[k]);
		}
		g.low = start_of(&g, g.n);
		guests++;
		right = try_guest(&g, &all);
		whole += right == all;
	}
	print_message("# %zu of %zu guests are whole\n", whole, guests);
	assert_true(whole > guests * 95 / 100);
}

/* The most blocks of which all orders are tried, in the order that is tried last: the smallest
 * first. A place counts once, however many orders it is part of. */
static void test_last_order(void **state)
{
	struct guest g = { .machine = "pc-q35-9.2", .n = BLOCKS };
	size_t k, all, right;

	(void)state;
	srand(2);
	for (k = 0; k < g.n; k++) {
		g.len[k] = (64 + 32 * k) * PAGE;
		random_name(g.name[k]);
	}
	g.low = start_of(&g, g.n);
	right = try_guest(&g, &all);
	assert_int_equal(right, all);
}

/* 3 and 5 GiB, on both boards, with the hole where it is by default and elsewhere. */
static void test_holes(void **state)
{
	static const struct {
		const char *machine;
		uint64_t mib[BLOCKS], low; /* in MiB */
	} t[] = {
		{ "pc-q35-9.2", { 1536, 1536 }, 2048 },
		{ "pc-q35-9.2", { 2560, 2560 }, 2048 },
		{ "pc-q35-9.2", { 512, 4608 }, 2048 },
		{ "pc-q35-9.2", { 1024, 1536, 2560 }, 2048 },
		{ "pc-i440fx-7.2", { 1536, 1536 }, 3072 },
		{ "pc-i440fx-7.2", { 2560, 2560 }, 3072 },
		{ "pc-i440fx-7.2", { 3072, 1024, 512, 512 }, 3072 },
		{ "pc-q35-9.2", { 2560, 2560 }, 1024 },
		{ "pc-q35-9.2", { 2560, 2560 }, 3072 },
		{ "pc-i440fx-7.2", { 1536, 1536 }, 2048 },
		{ "pc-i440fx-7.2", { 512, 4608 }, 1024 },
	};
	size_t i, k, all, right;
	struct guest g;

	(void)state;
	srand(2);
	for (i = 0; i < 2 * sizeof(t) / sizeof(t[0]); i++) {
		g = (struct guest){ .machine = t[i / 2].machine };
		for (k = 0; k < BLOCKS && t[i / 2].mib[k]; k++) {
			g.len[k] = t[i / 2].mib[k] << 20;
			random_name(g.name[k]);
			if (i % 2)
				snprintf(g.name[k], sizeof(g.name[k]),
					 "ram-node%zu", k);
		}
		g.n = k;
		g.low = t[i / 2].low << 20;
		if (g.low > start_of(&g, g.n))
			g.low = start_of(&g, g.n);
		right = try_guest(&g, &all);
		/* of what is above the hole there may be no table */
		if (right * 10 < all * 8)
			fail_msg("%zu: %zu of %zu pages", i, right, all);
	}
}

/* A block of memory that was plugged in, larger than the others, has no address, and the
 * others have theirs. */
static void test_plugged(void **state)
{
	struct guest g = { .machine = "pc-q35-9.2",
			   .n = 1,
			   .len = { 64 << 20 },
			   .low = 64 << 20,
			   .name = { "base" } };
	struct page_of pages[BLOCKS * (TABLES + DATA_PAGES)];
	size_t n, i, right = 0, wrong = 0, got;
	struct memlog_image *image;
	uint8_t page[PAGE], want[PAGE];
	struct qevm f = { 0 };
	struct memlog_err err;

	(void)state;
	srand(3);
	n = make_pages(&g, pages);
	qevm_head(&f, g.machine);
	qevm_start(&f, "ram", 192 << 20);
	qevm_block(&f, "anything", 128 << 20);
	qevm_block(&f, "base", 64 << 20);
	qevm_close_section(&f);
	qevm_section(&f, 3);
	write_pages(&f, &g, pages, n);
	data_page(want, 12345);
	qevm_page(&f, "anything", 5 * PAGE, 0, want);
	qevm_close_section(&f);
	qevm_devices(&f);
	image = qevm_open(&f, NULL, MEMLOG_OK, &err);
	check_pages(image, &g, pages, n, &right, &wrong);
	assert_int_equal(wrong, 0);
	assert_int_equal(right, DATA_PAGES);
	for (i = 0; memlog_image_warning(image, i) &&
		    !strstr(memlog_image_warning(image, i), "(anything)");
	     i++)
		;
	assert_non_null(memlog_image_warning(image, i));
	assert_int_equal(memlog_image_read(image, MEMLOG_FILE, 5 * PAGE, page,
					   PAGE, &got, NULL),
			 0);
	assert_memory_equal(page, want, PAGE);
	memlog_image_close(image);
	qevm_drop(&f);
}

struct ticks {
	unsigned int calls, stop_at;
};

static int tick(void *arg, uint64_t done, uint64_t all)
{
	struct ticks *t = arg;

	(void)done, (void)all;
	return ++t->calls == t->stop_at;
}

/* To try places takes longer than to read the stream: it can be stopped. */
static void test_stop(void **state)
{
	struct ticks t = { 0 };
	struct memlog_open_opts o = { .size = sizeof(o),
				      .progress = tick,
				      .progress_arg = &t };
	struct memlog_image *image;
	uint8_t page[PAGE] = { 0 };
	struct memlog_err err;
	struct qevm f = { 0 };
	unsigned int all;
	struct ml_file file;
	size_t i, k, n;
	char name[8];

	(void)state;
	srand(4);
	qevm_head(&f, "pc-q35-9.2");
	qevm_start(&f, "ram", 5 * 102 * PAGE);
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "%c", (int)('p' + i));
		qevm_block(&f, name, (104 - i) * PAGE);
	}
	qevm_close_section(&f);
	qevm_section(&f, 3);
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "%c", (int)('p' + i));
		for (k = 0; k < 104 - i; k++) {
			for (n = 0; n < 4; n++)
				put64(page + 8 * n,
				      (uint64_t)(rand() % 510) * PAGE | 0x63);
			qevm_page(&f, name, k * PAGE, 0, page);
		}
	}
	qevm_close_section(&f);
	qevm_devices(&f);
	for (all = 0; all < 2; all++) {
		assert_int_equal(
			ml_file_memory(f.p, f.len, "m", NULL, &file, NULL), 0);
		if (ml_image_open_on(&file, &o, &image, &err) !=
		    (all ? MEMLOG_STOP : MEMLOG_OK))
			fail_msg("%u: %s", all, err.text);
		if (all)
			break;
		memlog_image_close(image);
		/* the stream has far fewer records than are between two */
		print_message("# asked %u times\n", t.calls);
		assert_true(t.calls > 4);
		t = (struct ticks){ .stop_at = t.calls };
	}
	qevm_drop(&f);
}

/* Two page tables may be an accident: the place is right, and marked as a guess. */
static void test_few(void **state)
{
	struct qevm f = { 0 };
	struct memlog_image *image;
	uint8_t page[PAGE] = { 0 }, table[PAGE] = { 0 };
	struct memlog_err err;
	size_t n, i;

	(void)state;
	for (n = 2; n < 6; n++) {
		qevm_head(&f, "pc-q35-9.2");
		qevm_start(&f, "ram", 2 << 20);
		qevm_block(&f, "right", 1 << 20);
		qevm_block(&f, "left", 1 << 20);
		qevm_close_section(&f);
		qevm_section(&f, 3);
		put64(table, 0xe3);
		for (i = 0; i < n; i++) {
			put64(page + 8 * (i % 4),
			      0x100000 + 0x3000 * (i + 1) + 0x63);
			qevm_page(&f, "right", 0x3000 * (i + 1), 0, table);
			if (i % 4 < 3 && i < n - 1)
				continue;
			qevm_page(&f, "left", 0x10000 * (i + 1), 0, page);
			memset(page, 0, PAGE);
		}
		qevm_close_section(&f);
		qevm_devices(&f);
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		assert_true(memlog_image_has_space(image, MEMLOG_PHYS));
		assert_int_equal(image->spaces[MEMLOG_PHYS].guessed.end > 0,
				 n < 4);
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

/* Nothing tells: names that suggest an order are taken for a guess, others have file
 * addresses. */
static void test_nothing(void **state)
{
	static const struct {
		const char *name[3];
		bool guess;
	} t[] = {
		{ { "mem0", "mem1", NULL }, true },
		{ { "m1", "m2", "m3" }, true },
		{ { "base", "dimm1", "dimm2" }, true },
		{ { "left", "right", NULL }, false },
		{ { "mem0", "other1", NULL }, false },
		{ { "mem0", "mem00", NULL }, false },
	};
	struct memlog_image *image;
	struct memlog_err err;
	struct qevm f = { 0 };
	uint8_t page[PAGE], want[PAGE];
	size_t i, k, n, got;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		n = t[i].name[2] ? 3 : 2;
		qevm_head(&f, "pc-q35-9.2");
		qevm_start(&f, "ram", n << 20);
		for (k = n; k--;)
			qevm_block(&f, t[i].name[k], 1 << 20);
		qevm_close_section(&f);
		qevm_section(&f, 3);
		for (k = 0; k < n; k++) {
			data_page(page, k << 20);
			qevm_page(&f, t[i].name[k], 0, 0, page);
		}
		qevm_close_section(&f);
		qevm_devices(&f);
		image = qevm_open(&f, NULL, MEMLOG_OK, &err);
		assert_int_equal(memlog_image_has_space(image, MEMLOG_PHYS),
				 t[i].guess);
		for (k = 0; k < n; k++) {
			if (!t[i].guess || !strncmp(t[i].name[k], "dimm", 4))
				continue;
			assert_int_equal(memlog_image_read(image, MEMLOG_PHYS,
							   k << 20, page, PAGE,
							   &got, NULL),
					 0);
			data_page(want, k << 20);
			assert_memory_equal(page, want, PAGE);
		}
		memlog_image_close(image);
		qevm_drop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_last_order),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_plugged),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
