/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core_xen_order.c - rings of Xen's console without counters, anywhere in memory: which
 * text is the oldest? Held against a model of the writer, which stops at any byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/xen/console.h"
#include "libxen.h"

#define SIZE   XEN_RING_MIN
#define PAGE   4096u
#define ROUNDS 100u

enum times { NO_TIME, DATE, DATE_MS, BOOT, SHORT, CYCLES, TIMES };
enum others { XEN_ONLY, GUESTS, DOM0_TIMES, DOM0_PLAIN, CR_LF, OTHERS };

static const char *const times_names[TIMES] = { "no time",	  "date",
						"date and ms",	  "boot",
						"8 and 3 digits", "cycles" };
static const char *const others_names[OTHERS] = { "Xen only", "guests",
						  "dom0 with times",
						  "dom0 without", "CR LF" };

/* ---- the writer ---------------------------------------------------------- */

struct writer {
	uint8_t ring[SIZE];
	uint32_t p;
	enum times times;
	enum others others;
	uint64_t us;
};

static void put(struct writer *w, const char *s)
{
	for (; *s; s++)
		w->ring[w->p++ % SIZE] = (uint8_t)*s;
}

static const char *stamp(const struct writer *w, char buf[48])
{
	unsigned int s = (unsigned int)(w->us / 1000000),
		     us = (unsigned int)(w->us % 1000000);

	buf[0] = '\0';
	if (w->times == DATE || w->times == DATE_MS)
		snprintf(buf, 48, "[2024-01-%02u %02u:%02u:%02u", 1 + s / 86400,
			 s / 3600 % 24, s / 60 % 60, s % 60);
	if (w->times == DATE)
		strcat(buf, "] ");
	if (w->times == DATE_MS)
		snprintf(buf + strlen(buf), 24, ".%03u] ", us / 1000);
	if (w->times == BOOT)
		snprintf(buf, 48, "[%5u.%06u] ", s, us);
	if (w->times == SHORT)
		snprintf(buf, 48, "[%08u.%03u] ", s, us / 1000);
	if (w->times == CYCLES)
		snprintf(buf, 48, "[%016llx] ",
			 (unsigned long long)w->us * 2400);
	return buf;
}

/* What lines say; none says which line it is. */
static const char *words(char buf[200])
{
	static const char *const some[] = {
		"CPU",	    "mapping", "for",	  "domain",
		"frame",    "vector",  "IO-APIC", "0xfee00000",
		"disabled", "at",      "enabled", "(no)",
		"[heap]",   "MSI: 4",  "pages",	  "traps.c:2081:d0",
	};
	unsigned int n = 1 + (unsigned int)rand() % 14;

	buf[0] = '\0';
	while (n--) {
		strcat(buf, some[rand() % 16]);
		if (n)
			strcat(buf, " ");
	}
	return buf;
}

static void put_line(struct writer *w)
{
	char line[320], when[48], text[200];
	unsigned int s, us;

	w->us += 1000 + (uint64_t)rand() % 1500000;
	s = (unsigned int)(w->us / 1000000);
	us = (unsigned int)(w->us % 1000000);
	words(text);
	if (w->others == DOM0_TIMES && rand() % 3 == 0)
		snprintf(line, sizeof(line), "[%5u.%06u] %s\r\n", s, us, text);
	else if (w->others == DOM0_PLAIN && rand() % 3 == 0)
		snprintf(line, sizeof(line), "%s\r\n", text);
	else if (w->others == GUESTS && rand() % 4 == 0)
		snprintf(line, sizeof(line), "(d%d) %s%s\n", 1 + rand() % 3,
			 stamp(w, when), text);
	else
		snprintf(line, sizeof(line), "(XEN) %s%s%s\n", stamp(w, when),
			 text, w->others == CR_LF ? "\r" : "");
	put(w, line);
}

static void put_banner(struct writer *w)
{
	put(w, " __  __            _____  _\n"
	       " \\ \\/ /___ _ __   |___ / / |\n"
	       "  \\  // _ \\ '_ \\    |_ \\ | |\n"
	       "  /  \\  __/ | | |  ___) || |\n"
	       " /_/\\_\\___|_| |_| |____(_)_|\n\n"
	       " Xen version 3.1.4 (root@build) (gcc 4.1.2) Tue 1 Apr\n"
	       " Latest ChangeSet: unavailable\n\n");
}

/* A boot, until p bytes are written, or the line that they end in. */
static void write_ring(struct writer *w, uint32_t p, bool lines)
{
	static struct writer before;

	put_banner(w);
	do {
		before = *w;
		put_line(w);
	} while (w->p < p);
	while (!lines && w->p > p) {
		w->p--;
		w->ring[w->p % SIZE] = before.ring[w->p % SIZE];
	}
}

/* ---- in memory ----------------------------------------------------------- */

enum beside { ZEROS, ONES, RANDOM, BESIDES };

#define MEMORY (8u * SIZE)

static void place(uint8_t *m, const struct writer *w, uint32_t at,
		  enum beside beside)
{
	uint32_t i;

	memset(m, 0, MEMORY);
	for (i = at - 600; beside && i < at + SIZE + 600; i++)
		m[i] = beside == ONES ? 0xff : (uint8_t)rand();
	memcpy(m + at, w->ring, SIZE);
}

/* Is it in the right order? What is in the line that both the newest text and the oldest
 * are in has no order. */
static bool is_right(const struct writer *w, uint64_t start)
{
	uint64_t from = w->p % SIZE, to = start, i;
	int way;

	for (way = 0; way < 2; way++) {
		for (i = from; i != to && w->ring[i] != '\n';)
			i = (i + 1) % SIZE;
		if (i == to || (i + 1) % SIZE == to)
			return true;
		from = start;
		to = w->p % SIZE;
	}
	return false;
}

struct counts {
	unsigned int rings, found, right, sure_wrong;
};

static const struct xen_ring *ring_of(const struct memlog_log *log)
{
	return ml_xen_ring_const((const struct ml_log *)(const void *)log);
}

static void look(struct counts *n, struct mem *mem, const struct writer *w,
		 uint32_t at)
{
	struct memlog_image *image = mem_image(mem, MEMLOG_PHYS);
	struct memlog_logs *logs = xen_scan(image, NULL);
	const struct memlog_log *log;
	bool right, doubt;

	n->rings++;
	assert_in_range(memlog_logs_count(logs), 0, 1);
	if (memlog_logs_count(logs)) {
		log = memlog_logs_get(logs, 0);
		doubt = ring_of(log)->doubt;
		right = log->extents[0].addr == at &&
			is_right(w, ring_of(log)->start);
		n->found++;
		n->right += right;
		n->sure_wrong += !right && !doubt;
		assert_true(log->flags & MEMLOG_LOG_GUESSED);
		assert_true(log->flags & MEMLOG_LOG_WRAPPED);
		assert_int_equal(!!strstr(log->reason, "begins is a guess"),
				 doubt);
	}
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* Does anything in such a ring tell the line in which it starts? Without times a line
 * that is cut may look like a whole one. */
static bool has_evidence(enum times times, enum others others, bool lines)
{
	return times || (lines && others != DOM0_PLAIN);
}

static void count(enum times times, enum others others, bool lines)
{
	static const uint32_t step[] = { SIZE, 32, 1, PAGE };
	struct counts n = { 0 };
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, MEMORY);
	struct writer w;
	uint32_t i, at;
	/* where some rings do not tell, count more */
	uint32_t rounds = others == DOM0_PLAIN ? 3 * ROUNDS : ROUNDS;

	srand(100 * times + 10 * others + lines);
	for (i = 0; i < rounds; i++) {
		memset(&w, 0, sizeof(w));
		w.times = times;
		w.others = others;
		write_ring(&w, SIZE + 1 + (uint32_t)rand() % (6 * SIZE), lines);
		at = 2 * SIZE + (uint32_t)rand() % SIZE;
		at -= at % step[i % 4];
		/* where any byte may begin it, the first text does */
		place(m, &w, at, i % 4 == 2 ? ZEROS : i / 4 % BESIDES);
		look(&n, &mem, &w, at);
	}
	mem_free(&mem);
	print_message("# %s, %s, stops %s: %u of %u found, %u in order\n",
		      times_names[times], others_names[others],
		      lines ? "after a line" : "at any byte", n.found, n.rings,
		      n.right);
	assert_int_equal(n.sure_wrong, 0);
	if (has_evidence(times, others, lines))
		assert_in_range(n.right, rounds * 95 / 100, rounds);
}

static void test_wrapped(void **state)
{
	int times, others, lines;

	for (times = 0; times < TIMES; times++)
		for (others = 0; others < OTHERS; others++)
			for (lines = 0; lines < 2; lines++)
				count((enum times)times, (enum others)others,
				      lines);
}

/* ---- a ring that was never full ------------------------------------------ */

static struct memlog_logs *scan(struct memlog_image *image, const char *formats,
				enum memlog_scan_mode mode)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = formats,
				      .mode = mode };
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan(image, &o, &logs, NULL, &err))
		fail_msg("%s", err.text);
	return logs;
}

/* The only log is the ring with what was written. */
static void expect_begun(struct memlog_image *image,
			 const struct memlog_logs *logs, const struct writer *w,
			 uint32_t at)
{
	const struct memlog_log *log;

	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_true(log->extents[0].addr == at);
	assert_true(log->flags & MEMLOG_LOG_GUESSED);
	assert_false(log->flags & (MEMLOG_LOG_WRAPPED | MEMLOG_LOG_LOST_HEAD));
	assert_false(ring_of(log)->doubt);
	xen_expect(image, log, w->ring, SIZE, w->p);
}

/* It begins at any byte, after other data. Where no page starts in it, only who reads
 * all bytes finds it. */
static void test_begun(void **state)
{
	unsigned int round, rings = 0, found = 0;
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, MEMORY);
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	struct memlog_logs *logs;
	struct writer w;
	uint32_t at;

	srand(5);
	for (round = 0; round < 300; round++) {
		memset(&w, 0, sizeof(w));
		w.times = (enum times)(round % TIMES);
		w.others = (enum others)(round / 7 % OTHERS);
		if (round % 2)
			put(&w, "(XEN) Xen version 3.4.2 (Debian 3.4.2-2)\n"
				"(XEN) Latest ChangeSet: unavailable\n");
		write_ring(&w, 600 + (uint32_t)rand() % (SIZE - 2000), false);
		do
			at = 2 * SIZE + (uint32_t)rand() % SIZE;
		while (at % SIZE == 0 || (at + w.p) % PAGE == 0 ||
		       w.p % PAGE == 0);
		place(m, &w, at, (enum beside)(round % BESIDES));
		logs = scan(image, "xen-console", MEMLOG_SCAN_PAGES);
		expect_begun(image, logs, &w, at);
		memlog_logs_destroy(logs);
		logs = scan(image, NULL, MEMLOG_SCAN_EXHAUSTIVE);
		expect_begun(image, logs, &w, at);
		memlog_logs_destroy(logs);
		logs = scan(image, NULL, MEMLOG_SCAN_PAGES);
		if (memlog_logs_count(logs))
			expect_begun(image, logs, &w, at);
		if (at / PAGE != (at + w.p - 300) / PAGE) {
			rings++;
			found += memlog_logs_count(logs) == 1;
		}
		memlog_logs_destroy(logs);
	}
	print_message("# %u of %u with a page start found by it\n", found,
		      rings);
	assert_true(rings > 200 && found >= rings * 95 / 100);
	memlog_image_close(image);
	mem_free(&mem);
}

/* ---- copies -------------------------------------------------------------- */

/* What memory was written, in its order. */
static uint32_t in_order(const struct writer *w, uint8_t ret[SIZE])
{
	uint32_t n = w->p < SIZE ? w->p : SIZE, i;

	for (i = 0; i < n; i++)
		ret[i] = w->ring[(w->p - n + i) % SIZE];
	return n;
}

enum copy { IN_ORDER, TAIL, TWICE, PIECE, ALLOCATED, PAGES, COPIES };

/* Make a copy of a kind in m at at: all of a full ring as it is read; its last lines from
 * a whole one on, in a buffer as large; two boots; the first bytes of a boot that fill a
 * buffer; the first lines of one that has allocated a ring; those in pages of a file. */
static void put_copy(uint8_t *m, uint32_t at, enum copy kind, struct writer *w)
{
	uint8_t text[SIZE], *lf;
	uint32_t n;

	write_ring(w, kind < PIECE ? 3 * SIZE : 6000, true);
	if (kind == ALLOCATED)
		put(w, "(XEN) Allocated console ring of 16 KiB.\n");
	n = in_order(w, text);
	if (kind == TAIL) {
		lf = memchr(text, '\n', n);
		n -= (uint32_t)(lf + 1 - text);
		memmove(text, lf + 1, n);
	}
	if (kind == PIECE)
		n = PAGE;
	if (kind == PAGES) {
		at -= at % PAGE;
		n = 2 * PAGE - 1;
		memset(text, 'x', PAGE);
		memcpy(m + at - PAGE, text, PAGE);
		m[at - 1] = '\n';
		n = in_order(w, text);
	}
	memcpy(m + at, text, n);
	if (kind == TWICE)
		memcpy(m + at + n, text, n);
}

static void test_copies(void **state)
{
	unsigned int kind, round;
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, MEMORY);
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	struct memlog_logs *logs;
	struct writer w;
	uint32_t at;

	srand(6);
	for (kind = 0; kind < COPIES; kind++)
		for (round = 0; round < 60; round++) {
			memset(&w, 0, sizeof(w));
			w.times = (enum times)(round % TIMES);
			w.others = (enum others)(round / TIMES % DOM0_PLAIN);
			memset(m, 0, MEMORY);
			at = 2 * SIZE + (uint32_t)rand() % SIZE;
			put_copy(m, at + (at % SIZE == 0), (enum copy)kind, &w);
			logs = scan(image, "xen-console",
				    MEMLOG_SCAN_EXHAUSTIVE);
			/* aligned ones are judged as ever */
			if (memlog_logs_count(logs) &&
			    memlog_logs_get(logs, 0)->extents[0].addr % SIZE)
				fail_msg("copy %u, round %u, at 0x%x", kind,
					 round, at);
			memlog_logs_destroy(logs);
		}
	memlog_image_close(image);
	mem_free(&mem);
}

/* Beside one that was allocated it is a copy; of two in doubt the one in a file is. */
static void test_original(void **state)
{
	static const uint32_t where[2] = { 5 * SIZE, 5 * SIZE + PAGE };
	struct memlog_logs *logs;
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, MEMORY);
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	struct writer w;
	int i, original;

	for (i = 0; i < 2; i++) {
		srand(7);
		memset(&w, 0, sizeof(w));
		write_ring(&w, 6000, true);
		place(m, &w, 2 * SIZE + 0x460, ZEROS);
		memcpy(m + where[i], w.ring, SIZE);
		logs = xen_scan(image, NULL);
		assert_int_equal(memlog_logs_count(logs), 2);
		original = !i;
		assert_int_equal(memlog_logs_get(logs, (size_t)original)->state,
				 MEMLOG_STATE_CURRENT);
		assert_int_equal(
			memlog_logs_get(logs, (size_t)!original)->state,
			MEMLOG_STATE_COPY);
		memlog_logs_destroy(logs);
	}
	memlog_image_close(image);
	mem_free(&mem);
}

/* A long file of lines with times of Xen and of dom0: its end is cut in one line and its
 * start in another, and few pieces of it are such that both make one. */
static void test_slices(void **state)
{
	static char text[SIZE + 200];
	size_t n = 0, len;
	unsigned int i, k, line = 0, found = 0;
	struct xen_ring r = { .size = SIZE };
	char *cut;

	(void)state;
	srand(5);
	for (i = 0; i < 1000; i++) {
		while (n < SIZE) {
			line += 1 + (unsigned int)rand() % 90;
			len = 12 + (size_t)rand() % 50;
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s[%5u.%06u] ",
					      rand() % 3 ? "(XEN) " : "",
					      line / 100, line % 100 * 9973);
			cut = strrchr(text, '\n');
			cut = cut ? cut + 1 : text;
			for (k = 0; k < len; k++)
				text[n++] = (char)('a' + rand() % 26);
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s\n", *cut == '(' ? "" : "\r");
		}
		found += ml_xen_order((uint8_t *)text, SIZE, &r) && !r.doubt;
		n -= SIZE;
		memmove(text, text + SIZE, n);
		text[n] = '\0';
	}
	print_message("# %u of 1000 slices of a file look like a ring\n",
		      found);
	assert_true(found < 10);
}

/* ---- by address, and live ------------------------------------------------ */

/* The same text by address, from a dump and from memory of a process, which may change. */
static void test_at(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xen-console" };
	struct memlog_reader_ops ops = mem_ops;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, MEMORY);
	uint32_t at = 2 * SIZE + 0x2461;
	enum memlog_space space;
	struct writer w;
	int full, live, search;

	for (full = 0; full < 2; full++)
		for (live = 0; live < 2; live++)
			for (search = 0; search < 2; search++) {
				srand(8);
				space = live ? MEMLOG_HOST : MEMLOG_PHYS;
				memset(&w, 0, sizeof(w));
				w.times = BOOT;
				write_ring(&w, full ? 5 * SIZE : 6000, true);
				place(m, &w, at, ZEROS);
				ops.flags = mem_ops.flags |
					    (live ? MEMLOG_READER_LIVE : 0);
				assert_int_equal(
					memlog_image_wrap(&ops, &mem, space,
							  "test", NULL, &image,
							  &err),
					0);
				if (search)
					logs = xen_scan(image, NULL);
				else if (memlog_scan_at(image, space, at, &o,
							&logs, &err))
					fail_msg("%s", err.text);
				assert_int_equal(memlog_logs_count(logs), 1);
				xen_expect(image, memlog_logs_get(logs, 0),
					   w.ring, SIZE, w.p);
				memlog_logs_destroy(logs);
				memlog_image_close(image);
			}
	mem_free(&mem);
}

/* ---- symbols without counters -------------------------------------------- */

static enum memlog_status few_symbols(void *self, const char *name,
				      uint64_t *ret)
{
	return strcmp(name, "conring") && strcmp(name, "conring_size") &&
			       strcmp(name, "xen_phys_start") ?
		       MEMLOG_NO_DATA :
		       xen_symbols.addr(self, name, ret);
}

/* A ring that is there for sure, and its order is not: it is a guess if nothing tells
 * it. */
static void test_doubt(void **state)
{
	struct memlog_symbols symbols = xen_symbols;
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xen-console",
				      .symbols = &symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct xen_world w;
	int times;

	symbols.addr = few_symbols;
	for (times = 0; times < 2; times++) {
		srand(9);
		xen_world_init(&w, MEMLOG_MACH, true);
		w.r.times = times;
		conring_lines(&w.r, 2000);
		/* in mid-line, and a line goes on there */
		conring_put(&w.r, "(XEN) CPU7: ente");
		if (memlog_scan(w.image, &o, &logs, NULL, &err))
			fail_msg("%s", err.text);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_GUESSED), !times);
		assert_int_equal(!!strstr(log->reason, "begins is a guess"),
				 !times);
		assert_int_equal(ring_of(log)->how, XEN_BY_SYMBOLS);
		memlog_logs_destroy(logs);
		xen_world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped), cmocka_unit_test(test_begun),
		cmocka_unit_test(test_copies),	cmocka_unit_test(test_original),
		cmocka_unit_test(test_slices),	cmocka_unit_test(test_at),
		cmocka_unit_test(test_doubt),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
