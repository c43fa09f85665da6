/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console of coreboot, and the headers that lead to it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcbmem.h"
#include "libmem.h"
#include "libroot32.h"
#include "libtell.h"

#define TEXT                        \
	"\x15"                      \
	"coreboot-1 starting\n\x17" \
	"two\nplain\n\x18"          \
	"spew\n\x10"                \
	"end\n"

/* ---- what is found ------------------------------------------------------- */

static void line(FILE *f, const struct memlog_record *rec)
{
	fprintf(f, "%d%s ", rec->has_level ? (int)rec->level : -1,
		rec->flags & MEMLOG_REC_TRUNCATED_HEAD ? "<" : "");
	fwrite(rec->text, 1, rec->text_len, f);
}

static void head(FILE *f, const struct memlog_log *log)
{
	assert_string_equal(log->format, "cbmem");
	fprintf(f, "%s:%llx+%llx %llu %x\n",
		memlog_space_name(log->extents->space),
		(unsigned long long)log->extents->addr,
		(unsigned long long)log->extents->len,
		(unsigned long long)log->used, log->flags);
}

static char *tell(struct memlog_image *image, enum memlog_scan_mode mode)
{
	struct tell t = { .mode = mode, .head = head, .line = line };

	return tell_all(image, &t);
}

static void finds(struct mem *m, enum memlog_space space, const char *want)
{
	struct memlog_image *image = mem_image(m, space);
	char *got = tell(image, MEMLOG_SCAN_PAGES);

	assert_string_equal(got, want);
	free(got);
	got = tell(image, MEMLOG_SCAN_EXHAUSTIVE);
	assert_string_equal(got, want);
	free(got);
	memlog_image_close(image);
}

#define LINES	     "5 coreboot-1 starting\n7 two\n-1 plain\n7 spew\n0 end\n"
#define FOUND(where) where "+108 43 0\n" LINES

static struct mem mem;

static uint8_t *piece(uint64_t addr, size_t len)
{
	return mem_add(&mem, addr, len);
}

static int setup(void **state)
{
	memset(&mem, 0, sizeof(mem));
	return 0;
}

static int teardown(void **state)
{
	mem_free(&mem);
	return 0;
}

/* Low memory, the table of CBMEM, the console, the root; each may be missing. */
static void lay_out(bool low, bool high, bool top)
{
	uint8_t *p;

	assert_int_equal(strlen(TEXT), 43);
	p = piece(0, CBMEM_PAGE);
	if (low)
		cbmem_forward(p + 0x500, 0x3e98000);
	p = piece(0x3e98000, CBMEM_PAGE);
	if (high)
		cbmem_table(p, 0x3fde000, 0x108, 0x3e98000);
	cbmem_console(piece(0x3fde000, CBMEM_PAGE), 0x100, 43, TEXT);
	p = piece(0x3fff000, CBMEM_PAGE);
	if (top)
		cbmem_root(p, -0x21000, 0x108);
}

static void indexes(void **state)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		lay_out(i & 1, i & 2, i & 4);
		finds(&mem, MEMLOG_PHYS, i & 6 ? FOUND("phys:3fde000") : "");
		mem_free(&mem);
	}
	/* the forwarding table alone leads to one that no page starts with */
	cbmem_forward(piece(0, CBMEM_PAGE) + 0x500, 0x3e98010);
	cbmem_table(piece(0x3e98000, CBMEM_PAGE) + 0x10, 0x3fde000, 0, 0);
	cbmem_console(piece(0x3fde000, CBMEM_PAGE), 0x100, 43, TEXT);
	finds(&mem, MEMLOG_PHYS, FOUND("phys:3fde000"));
}

/* Both sizes of a root, where a size_t has 32 bits; a distance is the size's own. */
static void root32(void **state)
{
	static const uint32_t sizes[] = { CBMEM_PAGE, 1024 };
	uint8_t page[CBMEM_PAGE];
	uint64_t at = 0;
	size_t i;

	for (i = 0; i < 2; i++) {
		memset(page, 0, sizeof(page));
		cbmem_root(page, -0x21000, 0x108);
		memset(page + CBMEM_PAGE - 8, 0, 8);
		put32(page + sizes[i] - 8, 0xc0389481);
		put32(page + sizes[i] - 4, 8 - sizes[i]);
		assert_true(root32_leads(page, sizes[i], 0x3fff000, 0x434f4e53,
					 &at));
		assert_true(at == 0x3fde000);
		put32(page + sizes[i] - 4, 16 - sizes[i]);
		assert_false(root32_leads(page, sizes[i], 0x3fff000, 0x434f4e53,
					  &at));
	}
}

/* Memory of a process: nothing is at the address that it has for the guest. */
static void elsewhere(void **state)
{
	cbmem_table(piece(0x7f0003e98000, CBMEM_PAGE), 0x3fde000, 0x108,
		    0x3e98000);
	cbmem_console(piece(0x7f0003fde000, CBMEM_PAGE), 0x100, 43, TEXT);
	finds(&mem, MEMLOG_HOST, FOUND("host:7f0003fde000"));
	mem_free(&mem);
	cbmem_console(piece(0x7f0003fde000, CBMEM_PAGE), 0x100, 43, TEXT);
	cbmem_root(piece(0x7f0003fff000, CBMEM_PAGE), -0x21000, 0x108);
	finds(&mem, MEMLOG_HOST, FOUND("host:7f0003fde000"));
}

static void at(void **state)
{
	static const uint64_t addr[] = { 0x500, 0x3e98000, 0x3fff000,
					 0x3fde000 };
	struct memlog_image *image;
	struct memlog_logs *logs;
	size_t i;

	lay_out(true, true, true);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (i = 0; i < 4; i++) {
		assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, addr[i],
						NULL, &logs, NULL),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_true(memlog_logs_get(logs, 0)->extents->addr ==
			    0x3fde000);
		memlog_logs_destroy(logs);
	}
	assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, 0x3fde010, NULL,
					&logs, NULL),
			 MEMLOG_NOT_MINE);
	memlog_image_close(image);
}

static void rings(void **state)
{
	uint8_t *p;

	/* wrapped: the oldest text is at the cursor */
	lay_out(false, true, true);
	p = mem.piece[2].bytes;
	cbmem_console(p, 0x20, 0x80000000 | 11,
		      "ond\n\x13"
		      "third\nrst, cut\n\x15"
		      "a line\nsec2");
	cbmem_root(mem.piece[3].bytes, -0x21000, 0x28);
	cbmem_table(mem.piece[1].bytes, 0x3fde000, 0x28, 0x3e98000);
	finds(&mem, MEMLOG_PHYS,
	      "phys:3fde000+28 32 1\n"
	      "-1< rst, cut\n5 a line\n-1 sec2ond\n3 third\n");
	/* before 2017: what did not fit is lost */
	cbmem_console(p, 0x20, 0x50, "0123456789012345678901234567890\n");
	finds(&mem, MEMLOG_PHYS,
	      "phys:3fde000+28 32 0\n"
	      "-1 0123456789012345678901234567890\n");
	/* nothing yet */
	put32(p + 4, 0);
	finds(&mem, MEMLOG_PHYS, "phys:3fde000+28 0 40\n");
}

/* Sizes that are not the entry's, a cursor that cannot be, no text. */
static void refused(void **state)
{
	static const struct {
		uint32_t off, value;
	} bad[] = {
		{ 0, 0x101 },	   { 0, 0 },	      { 0, 0xffffffff },
		{ 4, 0x10000000 }, { 4, 0x80000100 }, { 4, 0x81000000 },
		{ 8, 0 },
	};
	uint8_t *p, old[4];
	size_t i;

	lay_out(true, true, true);
	p = mem.piece[2].bytes;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(old, p + bad[i].off, 4);
		put32(p + bad[i].off, bad[i].value);
		finds(&mem, MEMLOG_PHYS, "");
		memcpy(p + bad[i].off, old, 4);
	}
	finds(&mem, MEMLOG_PHYS, FOUND("phys:3fde000"));
	/* a NUL in the text does not make it another's memory */
	p[8 + 27] = 0;
	finds(&mem, MEMLOG_PHYS,
	      "phys:3fde000+108 43 0\n5 coreboot-1 starting\n"
	      "7 two\n-1 p");
}

/* Headers that lead in a circle, or nowhere. */
static void circles(void **state)
{
	cbmem_forward(piece(0x10000, CBMEM_PAGE), 0x10000);
	cbmem_forward(piece(0x20000, CBMEM_PAGE), 0x30000);
	cbmem_forward(piece(0x30000, CBMEM_PAGE), 0x20000);
	cbmem_forward(piece(0x40000, CBMEM_PAGE), UINT64_MAX);
	cbmem_table(piece(0x50000, CBMEM_PAGE), UINT64_MAX - 4, 0x108, 0x60000);
	cbmem_root(piece(0x60000, CBMEM_PAGE), INT32_MIN, 0x108);
	finds(&mem, MEMLOG_PHYS, "");
}

/* A console that is longer than the rest of the address space. */
static void top(void **state)
{
	uint64_t last = UINT64_MAX - 2 * CBMEM_PAGE + 1;

	cbmem_console(piece(last, CBMEM_PAGE), 0x10000, 0x10000, TEXT);
	cbmem_table(piece(0x10000, CBMEM_PAGE), last, 0x10008, 0x10000);
	finds(&mem, MEMLOG_PHYS, "");
}

/* Every bit of each header: no crash, and no text but this. */
static void flips(void **state)
{
	struct memlog_image *image;
	size_t k, bit;
	char *got;

	lay_out(false, true, true);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (k = 1; k < 4; k++)
		for (bit = 0; bit < 8 * 120; bit++) {
			mem.piece[k].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			got = tell(image, MEMLOG_SCAN_PAGES);
			if (k != 2)
				assert_string_equal(got, FOUND("phys:3fde000"));
			free(got);
			mem.piece[k].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	memlog_image_close(image);
}

/* ---- through a pipe ------------------------------------------------------ */

static struct {
	uint8_t *p;
	size_t len;
	int fd;
} input;

static void *writer(void *arg)
{
	size_t off;
	ssize_t n;

	for (off = 0; off < input.len; off += (size_t)n) {
		n = write(input.fd, input.p + off,
			  input.len - off < 70001 ? input.len - off : 70001);
		if (n <= 0)
			break;
	}
	close(input.fd);
	return NULL;
}

static char *tell_pipe(const char *formats, bool *ret_late)
{
	struct memlog_image *image;
	pthread_t thread;
	int fds[2], spool;
	char *out;

	assert_int_equal(pipe(fds), 0);
	input.fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	assert_int_equal(memlog_stream_open(fds[0], "-", NULL, formats, false,
					    &image, &spool, NULL),
			 0);
	assert_int_equal(spool, -1);
	close(fds[0]);
	pthread_join(thread, NULL);
	out = tell(image, MEMLOG_SCAN_PAGES);
	*ret_late = memlog_image_warning(image, 0);
	memlog_image_close(image);
	return out;
}

/* The header comes before the log, or after it: far before is too late. */
static void in_pipe(void **state)
{
	static const struct {
		uint64_t table, root, console;
		bool late;
	} t[] = {
		{ 0x100000, 0, 0x2fe0000, false }, /* waited for */
		{ 0x100000, 0x2fff000, 0x1300000, false },
		{ 0, 0x1321000, 0x1300000, false }, /* in the window */
		{ 0x1380000, 0, 0x1300000, false },
		{ 0x2f00000, 0, 0x100000, true },  /* gone */
		{ 0x100000, 0, 0x2fffe00, false }, /* to the very end */
	};
	char *got;
	bool late;
	size_t i;

	input.len = 0x3000000;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		input.p = calloc(1, input.len);
		assert_non_null(input.p);
		cbmem_console(input.p + t[i].console, 0x100, 43, TEXT);
		if (t[i].table)
			cbmem_table(input.p + t[i].table, t[i].console, 0x108,
				    t[i].table);
		if (t[i].root)
			cbmem_root(input.p + t[i].root,
				   (int32_t)(t[i].console - t[i].root), 0x108);
		got = tell_pipe("cbmem", &late);
		assert_int_equal(late, t[i].late);
		if (t[i].late)
			assert_string_equal(got, "");
		else
			assert_non_null(strstr(got, "+108 43 0\n" LINES));
		free(got);
		free(input.p);
	}
}

/* Circles in the window, and one that is waited for; then more places than are
 * waited for. */
static void pipe_pointers(void **state)
{
	uint64_t far = 0x2f00000, i;
	bool late;
	char *got;

	input.len = 0x3000000;
	input.p = calloc(1, input.len);
	assert_non_null(input.p);
	cbmem_forward(input.p + 0x10000, 0x10000);
	cbmem_forward(input.p + 0x20000, 0x30000);
	cbmem_forward(input.p + 0x30000, 0x20000);
	cbmem_forward(input.p + 0x40000, far);
	cbmem_forward(input.p + far, far);
	cbmem_forward(input.p + 0x50000, UINT64_MAX);
	got = tell_pipe("cbmem", &late);
	assert_string_equal(got, "");
	assert_false(late);
	free(got);
	cbmem_console(input.p + far, 0x100, 43, TEXT);
	for (i = 0; i < 100; i++)
		cbmem_table(input.p + (0x100 + i) * CBMEM_PAGE,
			    i < 99 ? far + CBMEM_PAGE : far, 0x108,
			    (0x100 + i) * CBMEM_PAGE);
	got = tell_pipe("cbmem", &late);
	assert_true(late);
	free(got);
	free(input.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(indexes, setup, teardown),
		cmocka_unit_test(root32),
		cmocka_unit_test_setup_teardown(elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(at, setup, teardown),
		cmocka_unit_test_setup_teardown(rings, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(circles, setup, teardown),
		cmocka_unit_test_setup_teardown(top, setup, teardown),
		cmocka_unit_test_setup_teardown(flips, setup, teardown),
		cmocka_unit_test(in_pipe),
		cmocka_unit_test(pipe_pointers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
