/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_wrap.c - readers and symbols that the caller brings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "libmem.h"

static void plant(uint8_t *p, const char *text)
{
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	put64(p + 0x10, 192);
	put64(p + 0x18, 4096 - 192);
	put64(p + 0x20, 1);
	put64(p + 0x30, strlen(text));
	memcpy(p + 192, text, strlen(text));
}

static size_t count(struct memlog_image *image,
		    const struct memlog_symbols *symbols)
{
	struct memlog_scan_opts opts = { .size = sizeof(opts),
					 .symbols = symbols };
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t n;

	if (memlog_scan(image, &opts, &logs, NULL, &err))
		fail_msg("%s", err.text);
	n = memlog_logs_count(logs);
	memlog_logs_destroy(logs);
	return n;
}

/* ---- tables of another size --------------------------------------------- */

/* What follows the end of a shorter table. */
static void poison(void)
{
	fail_msg("called beyond the size of its table");
}

/* A copy of the first size bytes of a table, in as many bytes; pointers are
 * all that follows them in the table itself. */
static void *shorter(const void *table, size_t size, size_t whole)
{
	void (*bad)(void) = poison;
	uint8_t *p = malloc(whole);
	size_t i;

	assert_non_null(p);
	memcpy(p, table, size);
	memcpy(p, &size, sizeof(size));
	for (i = size; i + sizeof(bad) <= whole; i += sizeof(bad))
		memcpy(p + i, &bad, sizeof(bad));
	return p;
}

/* The same without the poison: the sanitizers see what is read beyond it. */
static void *exact(const void *table, size_t size)
{
	uint8_t *p = malloc(size);

	assert_non_null(p);
	memcpy(p, table, size);
	memcpy(p, &size, sizeof(size));
	return p;
}

static void look(struct memlog_reader_ops *ops, size_t size, struct mem *m)
{
	bool enough = size >= offsetof(struct memlog_reader_ops, next_range);
	const struct memlog_range all = { 0, 0x10000 };
	struct memlog_image *image = NULL;
	struct memlog_range r;
	struct memlog_err err;
	enum memlog_status s;

	s = memlog_image_wrap(ops, m, MEMLOG_PHYS, "m", NULL, &image, &err);
	free(ops);
	assert_int_equal(s, enough ? MEMLOG_OK : MEMLOG_INVALID);
	if (!enough)
		return;
	if (size < offsetof(struct memlog_reader_ops, map))
		assert_int_equal(memlog_image_set_ranges(image, &all, 1, &err),
				 0);
	assert_int_equal(count(image, NULL), 2);
	assert_int_equal(
		memlog_image_next_data(image, MEMLOG_PHYS, 0, &r, &err), 0);
	memlog_image_close(image);
}

static void short_readers(void **state)
{
	const size_t whole = sizeof(struct memlog_reader_ops);
	struct mem m = { .n = 0 };
	size_t size;

	plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	plant(mem_add(&m, 0x4000, 0x1000), "two\n");
	for (size = sizeof(size_t); size <= whole; size += sizeof(size_t)) {
		look(shorter(&mem_map_ops, size, whole), size, &m);
		look(exact(&mem_map_ops, size), size, &m);
	}
	mem_free(&m);
}

/* A table of a later edition: what it has beyond ours is not looked at. */
static void long_reader(void **state)
{
	struct {
		struct memlog_reader_ops ops;
		void (*later)(void);
	} longer = { mem_ops, poison };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_err err;

	longer.ops.size = sizeof(longer);
	plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	assert_int_equal(memlog_image_wrap(&longer.ops, &m, MEMLOG_PHYS, "m",
					   NULL, &image, &err),
			 0);
	assert_int_equal(count(image, NULL), 1);
	memlog_image_close(image);
	mem_free(&m);
}

static enum memlog_status no_addr(void *self, const char *name, uint64_t *ret)
{
	++*(size_t *)self;
	return MEMLOG_NO_DATA;
}

static void short_symbols(void **state)
{
	const size_t whole = sizeof(struct memlog_symbols);
	size_t asked = 0, size;
	const struct memlog_symbols symbols = {
		.size = whole,
		.self = &asked,
		.addr = no_addr,
	};
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_symbols *p;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;

	plant(mem_add(&m, 0x1000, 0x1000), "one\n");
	image = mem_image(&m, MEMLOG_PHYS);
	for (size = sizeof(size_t); size <= whole; size += sizeof(size_t)) {
		asked = 0;
		p = shorter(&symbols, size, whole);
		assert_int_equal(count(image, p), 1);
		free(p);
		p = exact(&symbols, size);
		assert_int_equal(count(image, p), 1);
		free(p);
		assert_int_equal(asked != 0,
				 size >= offsetof(struct memlog_symbols,
						  member_offset));
	}
	size = 0;
	opts.symbols = (void *)&size;
	assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err),
			 MEMLOG_INVALID);
	memlog_image_close(image);
	mem_free(&m);
}

/* ---- ranges ------------------------------------------------------------- */

/* A reader of one range that it cannot tell well. */
struct teller {
	struct mem mem;
	struct memlog_range says;
	size_t asked;
};

static enum memlog_status teller_read(void *self, uint64_t addr, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	return mem_ops.read(&((struct teller *)self)->mem, addr, buf, len, ret,
			    err);
}

static enum memlog_status teller_next(void *self, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	struct teller *t = self;

	if (++t->asked > 100)
		fail_msg("asked without end");
	if (addr >= 0x3000)
		return MEMLOG_NO_DATA;
	*ret = t->says;
	return MEMLOG_OK;
}

static void bad_ranges(void **state)
{
	static const struct {
		struct memlog_range says;
		enum memlog_status want;
	} t[] = {
		{ { 0x1000, 0x2000 }, MEMLOG_INVALID }, /* again and again */
		{ { 0x2000, 0x1000 }, MEMLOG_INVALID },
		{ { 0x4000, 0x3000 }, MEMLOG_INVALID },
		{ { 0, 0 }, MEMLOG_INVALID },
		{ { 0, 0x3000 }, MEMLOG_OK }, /* not cut */
	};
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.read = teller_read,
	};
	struct memlog_range r = { 1, 2 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct teller teller = { .asked = 0 };
	size_t i;

	plant(mem_add(&teller.mem, 0x1000, 0x1000), "one\n");
	for (i = 0; i < 2 * sizeof(t) / sizeof(*t); i++) {
		enum memlog_status want = t[i / 2].want;

		teller.says = t[i / 2].says;
		ops.next_range = teller_next;
		ops.next_data = i % 2 ? teller_next : NULL;
		assert_int_equal(memlog_image_wrap(&ops, &teller, MEMLOG_PHYS,
						   "told", NULL, &image, &err),
				 0);
		assert_int_equal(memlog_image_info(image, &info, &err), want);
		if (want) {
			assert_non_null(strstr(err.text, "the reader "));
			r = (struct memlog_range){ 1, 2 };
			assert_int_equal(
				memlog_image_next_range(image, MEMLOG_PHYS,
							0x2000, &r, &err),
				want);
			assert_int_equal(r.start, 1);
		} else {
			assert_int_equal(
				memlog_image_next_data(image, MEMLOG_PHYS,
						       0x2345, &r, &err),
				0);
			assert_int_equal(r.start, 0x2345);
			assert_int_equal(r.end, 0x3000);
		}
		teller.asked = 0;
		assert_int_equal(memlog_scan(image, &opts, &logs, NULL, &err),
				 want);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		teller.asked = 0;
	}
	mem_free(&teller.mem);
}

/* Ranges apart from the reader, as a debugger finds them: in any order. */
static void set_ranges(void **state)
{
	static const struct memlog_range list[] = {
		{ 0x5000, 0x6000 }, { 0x1000, 0x3000 }, { 0x2000, 0x2800 },
		{ 0x3000, 0x4000 }, { 0x9000, 0x9000 }, { 0x9001, 0x9000 },
	};
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_reader_ops ops = mem_ops;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_range r;
	struct memlog_err err;

	plant(mem_add(&m, 0x3000, 0x1000), "one\n");
	plant(mem_add(&m, 0x8000, 0x1000), "two\n");
	ops.next_range = NULL;
	assert_int_equal(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "m", NULL,
					   &image, &err),
			 0);
	assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, 0, &r,
						 &err),
			 MEMLOG_NO_DATA);
	assert_int_equal(count(image, NULL), 0);
	assert_int_equal(memlog_image_set_ranges(image, list, 6, &err), 0);
	assert_int_equal(memlog_image_info(image, &info, &err), 0);
	assert_int_equal(info.n_ranges, 2);
	assert_int_equal(info.present, 0x4000);
	assert_int_equal(
		memlog_image_next_range(image, MEMLOG_PHYS, 0, &r, &err), 0);
	assert_int_equal(r.start, 0x1000);
	assert_int_equal(r.end, 0x4000);
	assert_int_equal(memlog_image_next_data(image, MEMLOG_PHYS, 0x3fff, &r,
						&err),
			 0);
	assert_int_equal(r.start, 0x3fff);
	assert_int_equal(memlog_image_next_range(image, MEMLOG_PHYS, 0x6000, &r,
						 &err),
			 MEMLOG_NO_DATA);
	assert_int_equal(count(image, NULL), 1);
	/* said anew, and taken back */
	r = (struct memlog_range){ 0, 0x10000 };
	assert_int_equal(memlog_image_set_ranges(image, &r, 1, &err), 0);
	assert_int_equal(count(image, NULL), 2);
	assert_int_equal(memlog_image_set_ranges(image, NULL, 0, &err), 0);
	assert_int_equal(count(image, NULL), 0);
	memlog_image_close(image);
	/* instead of what the reader says */
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(count(image, NULL), 2);
	assert_int_equal(memlog_image_set_ranges(image, list, 6, &err), 0);
	assert_int_equal(count(image, NULL), 1);
	memlog_image_close(image);
	mem_free(&m);
}

/* The ranges of a dump of which only the pages are read by the caller. */
static void ranges_of_dump(void **state)
{
	const struct memlog_open_opts raw = { .size = sizeof(raw),
					      .force_raw = true };
	struct memlog_reader_ops pages = mem_ops;
	struct mem m = { .n = 0 }, zero = { .n = 0 };
	struct memlog_image *dump, *image;
	struct memlog_range r;
	struct memlog_err err;
	uint8_t byte;
	size_t got;

	plant(mem_add(&m, 0x3000, 0x1000), "one\n");
	plant(mem_add(&m, 0x8000, 0x1000), "two\n");
	mem_add(&zero, 0x3000, 0x1000);
	dump = mem_image(&zero, MEMLOG_PHYS);
	pages.next_range = NULL;
	assert_int_equal(memlog_image_wrap(&pages, &m, MEMLOG_PHYS, "m", NULL,
					   &image, &err),
			 0);
	memlog_image_describe(image, dump);
	assert_int_equal(count(image, NULL), 1);
	assert_int_equal(
		memlog_image_next_range(image, MEMLOG_PHYS, 0, &r, &err), 0);
	assert_int_equal(r.start, 0x3000);
	memlog_image_close(image);
	/* a reader that tells its ranges itself keeps them */
	image = mem_image(&m, MEMLOG_PHYS);
	memlog_image_describe(image, dump);
	assert_int_equal(count(image, NULL), 2);
	memlog_image_close(image);
	memlog_image_close(dump);
	/* a dump that has other addresses only */
	dump = mem_image(&zero, MEMLOG_MACH);
	assert_int_equal(memlog_image_wrap(&pages, &m, MEMLOG_PHYS, "m", NULL,
					   &image, &err),
			 0);
	memlog_image_describe(image, dump);
	assert_int_equal(memlog_image_read(image, MEMLOG_PHYS, 0x1000, &byte, 1,
					   &got, &err),
			 MEMLOG_NO_DATA);
	memlog_image_close(image);
	memlog_image_close(dump);
	/* a file that the library opened is not wrapped */
	assert_int_equal(memlog_image_open_file("/proc/self/exe", &raw, &image,
						&err),
			 0);
	assert_int_equal(memlog_image_set_ranges(image, &r, 1, &err),
			 MEMLOG_INVALID);
	memlog_image_close(image);
	mem_free(&m);
	mem_free(&zero);
}

/* ---- a reader that says OK and gives nothing, over and over ------------- */

struct standing {
	uint8_t page[4096];
	uint64_t good; /* bytes that there are; the rest stands still */
	unsigned int reads;
};

static enum memlog_status standing_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	struct standing *s = self;

	(void)err;
	s->reads++;
	assert_true(s->reads < 100000);
	*ret = addr < s->good ? ml_min(len, s->good - addr) : 0;
	memcpy(buf, s->page + (addr < s->good ? addr : 0), *ret);
	return MEMLOG_OK;
}

static void standing_reader(void **state)
{
	static const enum memlog_scan_mode modes[] = { MEMLOG_SCAN_PAGES,
						       MEMLOG_SCAN_EXHAUSTIVE };
	static const uint64_t good[] = { 4096, 1000, 0 };
	const struct memlog_reader_ops ops = { .size = sizeof(ops),
					       .page_size = 4096,
					       .read = standing_read };
	const struct memlog_range r = { 0, 1 << 20 };
	struct memlog_scan_opts opts = { .size = sizeof(opts) };
	struct memlog_scan_stats stats = { .size = sizeof(stats) };
	const struct memlog_record *rec;
	struct standing s = { .good = 0 };
	struct memlog_decoder *d;
	struct memlog_image *image;
	struct memlog_logs *logs;
	size_t i;

	plant(s.page, "one\n");
	/* a ring that goes on where the reader stands still */
	put64(s.page + 0x18, 0x10000 - 192);
	put64(s.page + 0x30, 0x8000);
	memset(s.page + 192, 'a', sizeof(s.page) - 192);
	for (i = 0; i < 6; i++) {
		s.good = good[i / 2];
		s.reads = 0;
		opts.mode = modes[i % 2];
		assert_int_equal(memlog_image_wrap(&ops, &s, MEMLOG_PHYS, "m",
						   NULL, &image, NULL),
				 0);
		assert_int_equal(memlog_image_set_ranges(image, &r, 1, NULL),
				 0);
		assert_int_equal(memlog_scan(image, &opts, &logs, &stats, NULL),
				 0);
		assert_int_equal(memlog_logs_count(logs), s.good > 0);
		assert_true(stats.unreadable >= r.end - 4096);
		if (s.good) {
			assert_int_equal(
				memlog_decoder_open(image,
						    memlog_logs_get(logs, 0),
						    NULL, &d, NULL),
				0);
			while (!memlog_decoder_next(d, &rec, NULL))
				assert_true(rec->raw_len <= s.good);
			assert_int_equal(memlog_decoder_missing(d),
					 192 + 0x8000 - s.good);
			memlog_decoder_close(d);
		}
		memlog_logs_destroy(logs);
		memlog_image_close(image);
	}
}

/* ---- errors ---------------------------------------------------------------- */

/* A candidate that is rejected, a page past the end and the end of a log are
 * errors on the way; after MEMLOG_OK none of them is left in err. */
static void no_error_after_ok(void **state)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_names *names;
	struct memlog_logs *logs;
	struct memlog_err err;
	size_t n = 0;
	uint8_t *p;

	p = mem_add(&m, 0x1000, 0x3000);
	plant(p, "bad\n");
	put64(p + 0x18, 1ull << 60);
	plant(p + 0x1000, "one\ntwo\n");
	image = mem_image(&m, MEMLOG_PHYS);
	strcpy(err.text, "stale");
	assert_int_equal(memlog_image_info(image, &info, &err), 0);
	assert_string_equal(err.text, "");
	strcpy(err.text, "stale");
	assert_int_equal(memlog_scan(image, NULL, &logs, &st, &err), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(st.rejected, 1);
	memlog_logs_destroy(logs);
	strcpy(err.text, "stale");
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x2000, NULL, &logs,
					&err),
			 0);
	assert_string_equal(err.text, "");
	strcpy(err.text, "stale");
	assert_int_equal(memlog_names_load(image, logs, &names, &err), 0);
	assert_string_equal(err.text, "");
	memlog_names_free(names);
	strcpy(err.text, "stale");
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, &err),
			 0);
	assert_string_equal(err.text, "");
	for (strcpy(err.text, "stale"); !memlog_decoder_next(d, &rec, &err);
	     strcpy(err.text, "stale"), n++)
		assert_string_equal(err.text, "");
	assert_int_equal(n, 2);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_readers),
		cmocka_unit_test(long_reader),
		cmocka_unit_test(short_symbols),
		cmocka_unit_test(bad_ranges),
		cmocka_unit_test(set_ranges),
		cmocka_unit_test(ranges_of_dump),
		cmocka_unit_test(standing_reader),
		cmocka_unit_test(no_error_after_ok),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
