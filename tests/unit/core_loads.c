/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory in a sparse file, with and without program headers: which of it has data, and how
 * often the file is asked for it, or read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/range.h"
#include "image/bytes/loads.h"
#include "image/open.h"
#include "libmem.h"
#include "libmkelf.h"

#define PAGE  0x1000u
#define PAGES 256u

/* A file that counts how often it is asked for data, and how often memory is read. */
struct sparse {
	bool data[4 * PAGES];
	const struct mkelf *m;	/* its bytes; NULL: zeros */
	uint64_t pages, memory; /* where that begins */
	unsigned int asked, reads;
};

static enum memlog_status sparse_read(void *self, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct sparse *f = self;

	(void)err;
	f->reads += off >= f->memory;
	*ret = 0;
	if (off >= f->pages * PAGE)
		return MEMLOG_NO_DATA;
	*ret = len < f->pages * PAGE - off ? len :
					     (size_t)(f->pages * PAGE - off);
	memset(buf, 0, *ret);
	if (f->m && off < f->m->len)
		memcpy(buf, f->m->p + off,
		       *ret < f->m->len - off ? *ret :
						(size_t)(f->m->len - off));
	return MEMLOG_OK;
}

static enum memlog_status sparse_next_range(void *self, uint64_t off,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	const struct sparse *f = self;

	(void)err;
	*ret = (struct memlog_range){ off, f->pages * PAGE };
	return off < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status sparse_next_data(void *self, uint64_t off,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct sparse *f = self;
	uint64_t i = off / PAGE;

	(void)err;
	f->asked++;
	while (i < f->pages && !f->data[i])
		i++;
	if (i >= f->pages)
		return MEMLOG_NO_DATA;
	ret->start = i * PAGE > off ? i * PAGE : off;
	while (i < f->pages && f->data[i])
		i++;
	ret->end = i * PAGE;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops sparse_ops = {
	.size = sizeof(sparse_ops),
	.read = sparse_read,
	.next_range = sparse_next_range,
	.next_data = sparse_next_data,
};

static struct ml_file sparse_file(struct sparse *f)
{
	return (struct ml_file){ .ops = &sparse_ops,
				 .self = f,
				 .size = f->pages * PAGE,
				 .name = "sparse" };
}

static void make(struct ml_loads *l, const struct ml_load *in, size_t n)
{
	struct ml_load copy[PAGES];
	struct memlog_image *image;

	memcpy(copy, in, n * sizeof(*in));
	assert_int_equal(ml_image_create("m", NULL, NULL, &image, NULL), 0);
	assert_int_equal(ml_loads_init(l, copy, n, PAGES * (uint64_t)PAGE,
				       image, NULL),
			 0);
	memlog_image_close(image);
}

static struct ml_load one_page(uint64_t addr, uint64_t page)
{
	return (struct ml_load){ addr, PAGE, page * PAGE, PAGE };
}

/* Loads in one hole cost one question, and a search downwards, whose windows all lead to
 * the same data, one for each window. */
static void test_hole(void **state)
{
	struct sparse f = { .pages = PAGES };
	struct ml_file file = sparse_file(&f);
	struct ml_load in[PAGES];
	struct memlog_range r;
	struct ml_loads l;
	unsigned int i;

	(void)state;
	f.data[PAGES - 1] = true;
	for (i = 0; i < PAGES; i++)
		in[i] = one_page(i * 2u * PAGE, i);
	make(&l, in, PAGES);
	assert_int_equal(ml_loads_next_data(&l, &file, 0, &r, NULL), 0);
	assert_true(r.start == (PAGES - 1) * 2u * PAGE);
	assert_int_equal(f.asked, 2); /* the hole, and the data */
	ml_loads_fini(&l);

	/* now each load is in a hole of its own, and their data nowhere */
	for (i = 0; i < PAGES; i++) {
		f.data[i] = i % 2;
		in[i] = one_page(i * 2u * PAGE, i & ~1u);
	}
	make(&l, in, PAGES);
	f.asked = 0;
	for (i = PAGES; i-- > 0;)
		assert_int_equal(ml_loads_next_data(&l, &file, i * 2u * PAGE,
						    &r, NULL),
				 MEMLOG_NO_DATA);
	assert_true(f.asked <= PAGES);
	ml_loads_fini(&l);
}

/* The file has this page of memory, and no page below has the same bytes. */
static bool has(const struct ml_loads *l, const struct sparse *f, uint64_t page)
{
	uint64_t addr = page * PAGE;
	size_t i = ml_loads_after(l, addr);
	struct memlog_range r;

	return i < l->n_loads && l->loads[i].addr <= addr &&
	       f->data[(l->loads[i].off + addr - l->loads[i].addr) / PAGE] &&
	       (!l->fresh || (!ml_ranges_next(l->fresh, l->n_fresh, addr, &r) &&
			      r.start == addr));
}

/* Whatever was asked before, the answer is the first memory that has data. */
static void test_same(void **state)
{
	struct sparse f = { .pages = PAGES };
	struct ml_file file = sparse_file(&f);
	unsigned int round, k, i, fresh = 0;
	struct ml_load in[64];
	struct memlog_range r;
	struct ml_loads l;
	uint64_t page;
	int s;

	(void)state;
	srand(1);
	for (round = 0; round < 100; round++) {
		for (i = 0; i < PAGES; i++)
			f.data[i] = rand() % (round % 2 ? 2 : 16) == 0;
		for (i = 0; i < 64; i++) {
			bool once = round % 4 < 2;

			in[i] = one_page(i * 8u * PAGE,
					 once ? i * 4u :
						(unsigned int)rand() % 248);
			in[i].len = (1u + rand() % (once ? 4 : 8)) * PAGE;
			in[i].promised = in[i].len;
		}
		make(&l, in, 64);
		fresh += l.fresh != NULL;
		for (k = 0; k < 40; k++) {
			page = (uint64_t)(rand() % 520);
			s = ml_loads_next_data(&l, &file, page * PAGE, &r,
					       NULL);
			while (page < 520 && !has(&l, &f, page))
				page++;
			assert_int_equal(s, page < 520 ? 0 : MEMLOG_NO_DATA);
			if (s)
				continue;
			assert_true(r.start == page * PAGE && r.end > r.start);
			for (; page < r.end / PAGE; page++)
				assert_true(has(&l, &f, page));
		}
		ml_loads_fini(&l);
	}
	assert_in_range(fresh, 1, 99);
}

/* Memory in use, as of a memory-backend-file, gets data where there was none. */
static void test_in_use(void **state)
{
	struct sparse f = { .pages = PAGES };
	struct ml_file file = sparse_file(&f);
	const struct ml_load in = { 0, PAGES * PAGE, 0, PAGES * PAGE };
	struct memlog_range r;
	struct ml_loads l;

	(void)state;
	make(&l, &in, 1);
	assert_int_equal(ml_loads_next_data(&l, &file, 0, &r, NULL),
			 MEMLOG_NO_DATA);
	f.data[7] = true;
	assert_int_equal(ml_loads_next_data(&l, &file, 0, &r, NULL), 0);
	assert_true(r.start == 7 * PAGE && r.end == 8 * PAGE);
	ml_loads_fini(&l);
}

/* Between program headers, in holes, are bytes that none of them has. */
static void test_orphans(void **state)
{
	enum { N = 40, FIRST = 4 };
	struct sparse f = { .pages = FIRST + 2 * N };
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_image *image;
	struct memlog_range r;
	struct ml_file file;
	unsigned int i;
	uint64_t addr;

	(void)state;
	mkelf_ehdr(m, 62, 64, 0, N, 0, 64);
	for (i = 0; i < N; i++)
		mkelf_phdr(m, (struct mkelf_phdr){ 1, (FIRST + 2 * i) * PAGE, 0,
						   (1 + 3 * i) * PAGE, PAGE,
						   PAGE, 0 });
	/* the loads have data, and all but one orphan between them none */
	for (i = 0; i < N; i++)
		f.data[FIRST + 2 * i] = true;
	f.data[f.pages - 1] = true;
	f.m = m;
	file = sparse_file(&f);
	assert_int_equal(ml_image_open_on(&file, NULL, &image, NULL), 0);
	f.asked = 0;
	for (addr = (f.pages - 1) * PAGE; addr; addr -= PAGE) {
		assert_int_equal(memlog_image_next_data(image, MEMLOG_FILE,
							addr, &r, NULL),
				 0);
		if (addr > FIRST * PAGE)
			assert_true(r.start == (f.pages - 1) * PAGE);
	}
	/* the hole, if it is a new one, and the data */
	assert_true(f.asked <= 2 * f.pages);
	memlog_image_close(image);
	free(m);
}

/* How often memory is read while a dump is opened that has n loads and n CPUs, and after
 * each load a page that its size promises. same: the CPUs have the same page tables, in the
 * first load; otherwise each has its own, in one of those pages. */
static unsigned int open_reads(unsigned int n, unsigned int cpus, bool same)
{
	struct mkelf *m = mkelf_new(true, false);
	struct sparse f = { .m = m };
	uint8_t cpu[432] = { 1 };
	struct memlog_image *image;
	struct ml_file file;
	uint64_t first;
	unsigned int i;
	size_t notes;

	notes = 64 + 56 * (size_t)(n + 1);
	first = (notes + cpus * 452 + PAGE) / PAGE;
	f.memory = first * PAGE;
	f.pages = first + 2 * n;
	assert_in_range(f.pages, 1, 4 * PAGES);
	mkelf_ehdr(m, 62, 64, 0, (uint16_t)(n + 1), 0, 64);
	mkelf_phdr(m, (struct mkelf_phdr){ 4, notes, 0, 0, cpus * 452,
					   cpus * 452, 0 });
	for (i = 0; i < n; i++)
		mkelf_phdr(m, (struct mkelf_phdr){ 1, (first + 2 * i) * PAGE, 0,
						   (1 + 3 * i) * PAGE, PAGE,
						   2 * PAGE, 0 });
	cpu[395] = 0x80; /* CR0.PG */
	for (i = 0; i < cpus; i++) {
		put32(cpu + 416, same ? PAGE : (2 + 3 * i) * PAGE); /* CR3 */
		mkelf_note(m, "QEMU", 0, cpu, sizeof(cpu), 4);
	}
	assert_int_equal(m->len, notes + cpus * 452);
	file = sparse_file(&f);
	assert_int_equal(ml_image_open_on(&file, NULL, &image, NULL), 0);
	memlog_image_close(image);
	free(m);
	return f.reads;
}

/* CPUs do not cost reads for each part of the file without a header, unless their page
 * tables are there, and then not without end. */
static void test_cpus(void **state)
{
	unsigned int one = open_reads(100, 1, true);

	(void)state;
	assert_int_equal(open_reads(100, 100, true), one);
	assert_in_range(open_reads(100, 1, false), one + 1, one + 3);
	/* of its 300 walks for each part one reads something */
	assert_in_range(open_reads(300, 300, false), one + 200,
			one + ML_ORPHAN_WALKS / 300 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hole),   cmocka_unit_test(test_same),
		cmocka_unit_test(test_in_use), cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_cpus),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
