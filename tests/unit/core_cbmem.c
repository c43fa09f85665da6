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

#include "base/bytes.h"
#include "base/limits.h"
#include "libmem.h"

#define PAGE 4096u
#define TEXT                        \
	"\x15"                      \
	"coreboot-1 starting\n\x17" \
	"two\nplain\n\x18"          \
	"spew\n\x10"                \
	"end\n"

/* ---- what coreboot writes ------------------------------------------------ */

static uint8_t *rec64(uint8_t *p, uint32_t tag, uint64_t v)
{
	put32(p, tag);
	put32(p + 4, 16);
	put64(p + 8, v);
	return p + 16;
}

static uint8_t *rec_entry(uint8_t *p, uint64_t addr, uint32_t size, uint32_t id)
{
	put32(p, 0x31);
	put32(p + 4, 24);
	put64(p + 8, addr);
	put32(p + 16, size);
	put32(p + 20, id);
	return p + 24;
}

static void close_table(uint8_t *p, const uint8_t *end, uint32_t n)
{
	uint32_t len = (uint32_t)(end - p) - 24;

	memcpy(p, "LBIO", 4);
	put32(p + 4, 24);
	put32(p + 8, 0);
	put32(p + 12, len);
	put32(p + 16, ml_ip_sum(p + 24, len));
	put32(p + 20, n);
	put32(p + 8, ml_ip_sum(p, 24));
}

static void forward(uint8_t *p, uint64_t to)
{
	close_table(p, rec64(p + 24, 0x11, to), 1);
}

/* self 0: an old table, without the entries of CBMEM */
static void table(uint8_t *p, uint64_t console, uint32_t size, uint64_t self)
{
	uint8_t *at = rec64(p + 24, 0x17, console);

	if (self) {
		at = rec_entry(at, console, size, 0x434f4e53);
		at = rec_entry(at, self, PAGE, 0x43425442);
	}
	close_table(p, at, self ? 3 : 1);
}

static void root(uint8_t *p, int32_t start, uint32_t size)
{
	static const uint32_t ids[] = { 0xff4017ff, 0x434f4e53 };
	unsigned int i;

	put32(p, 254);
	put32(p + 4, 2);
	put32(p + 12, PAGE);
	for (i = 0; i < 2; i++) {
		put32(p + 20 + 16 * i, 0x3fc76b7e);
		put32(p + 24 + 16 * i, i ? (uint32_t)start : 0);
		put32(p + 28 + 16 * i, i ? size : PAGE);
		put32(p + 32 + 16 * i, ids[i]);
	}
	put32(p + PAGE - 8, 0xc0389481);
	put32(p + PAGE - 4, 0xfffff008);
}

static void console(uint8_t *p, uint32_t size, uint32_t cursor,
		    const char *text)
{
	put32(p, size);
	put32(p + 4, cursor);
	memcpy(p + 8, text, strlen(text));
}

/* ---- what is found ------------------------------------------------------- */

static void line(FILE *f, const struct memlog_record *rec)
{
	fprintf(f, "%d%s ", rec->has_level ? (int)rec->level : -1,
		rec->flags & MEMLOG_REC_TRUNCATED_HEAD ? "<" : "");
	fwrite(rec->text, 1, rec->text_len, f);
}

/* All logs and their lines, as one string. */
static char *tell(struct memlog_image *image, enum memlog_scan_mode mode)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .mode = mode };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	char *out = NULL;
	size_t len, i;
	FILE *f = open_memstream(&out, &len);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		assert_string_equal(log->format, "cbmem");
		fprintf(f, "%s:%llx+%llx %llu %x\n",
			memlog_space_name(log->extents->space),
			(unsigned long long)log->extents->addr,
			(unsigned long long)log->extents->len,
			(unsigned long long)log->used, log->flags);
		assert_int_equal(
			memlog_decoder_open(image, log, NULL, &d, NULL), 0);
		while (!memlog_decoder_next(d, &rec, NULL))
			line(f, rec);
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	fclose(f);
	return out;
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
	p = piece(0, PAGE);
	if (low)
		forward(p + 0x500, 0x3e98000);
	p = piece(0x3e98000, PAGE);
	if (high)
		table(p, 0x3fde000, 0x108, 0x3e98000);
	console(piece(0x3fde000, PAGE), 0x100, 43, TEXT);
	p = piece(0x3fff000, PAGE);
	if (top)
		root(p, -0x21000, 0x108);
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
	forward(piece(0, PAGE) + 0x500, 0x3e98010);
	table(piece(0x3e98000, PAGE) + 0x10, 0x3fde000, 0, 0);
	console(piece(0x3fde000, PAGE), 0x100, 43, TEXT);
	finds(&mem, MEMLOG_PHYS, FOUND("phys:3fde000"));
}

/* Memory of a process: nothing is at the address that it has for the guest. */
static void elsewhere(void **state)
{
	table(piece(0x7f0003e98000, PAGE), 0x3fde000, 0x108, 0x3e98000);
	console(piece(0x7f0003fde000, PAGE), 0x100, 43, TEXT);
	finds(&mem, MEMLOG_HOST, FOUND("host:7f0003fde000"));
	mem_free(&mem);
	console(piece(0x7f0003fde000, PAGE), 0x100, 43, TEXT);
	root(piece(0x7f0003fff000, PAGE), -0x21000, 0x108);
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
	console(p, 0x20, 0x80000000 | 11,
		"ond\n\x13"
		"third\nrst, cut\n\x15"
		"a line\nsec2");
	root(mem.piece[3].bytes, -0x21000, 0x28);
	table(mem.piece[1].bytes, 0x3fde000, 0x28, 0x3e98000);
	finds(&mem, MEMLOG_PHYS,
	      "phys:3fde000+28 32 1\n"
	      "-1< rst, cut\n5 a line\n-1 sec2ond\n3 third\n");
	/* before 2017: what did not fit is lost */
	console(p, 0x20, 0x50, "0123456789012345678901234567890\n");
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
	forward(piece(0x10000, PAGE), 0x10000);
	forward(piece(0x20000, PAGE), 0x30000);
	forward(piece(0x30000, PAGE), 0x20000);
	forward(piece(0x40000, PAGE), UINT64_MAX);
	table(piece(0x50000, PAGE), UINT64_MAX - 4, 0x108, 0x60000);
	root(piece(0x60000, PAGE), INT32_MIN, 0x108);
	finds(&mem, MEMLOG_PHYS, "");
}

/* A console that is longer than the rest of the address space. */
static void top(void **state)
{
	uint64_t last = UINT64_MAX - 2 * PAGE + 1;

	console(piece(last, PAGE), 0x10000, 0x10000, TEXT);
	table(piece(0x10000, PAGE), last, 0x10008, 0x10000);
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
		console(input.p + t[i].console, 0x100, 43, TEXT);
		if (t[i].table)
			table(input.p + t[i].table, t[i].console, 0x108,
			      t[i].table);
		if (t[i].root)
			root(input.p + t[i].root,
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
	forward(input.p + 0x10000, 0x10000);
	forward(input.p + 0x20000, 0x30000);
	forward(input.p + 0x30000, 0x20000);
	forward(input.p + 0x40000, far);
	forward(input.p + far, far);
	forward(input.p + 0x50000, UINT64_MAX);
	got = tell_pipe("cbmem", &late);
	assert_string_equal(got, "");
	assert_false(late);
	free(got);
	console(input.p + far, 0x100, 43, TEXT);
	for (i = 0; i < 100; i++)
		table(input.p + (0x100 + i) * PAGE, i < 99 ? far + PAGE : far,
		      0x108, (0x100 + i) * PAGE);
	got = tell_pipe("cbmem", &late);
	assert_true(late);
	free(got);
	free(input.p);
}

/* ---- boots --------------------------------------------------------------- */

/* A console with this text, from byte from of the ring on. ~ is a byte that the
 * image does not have. */
static void lay_ring(const char *text, size_t from)
{
	size_t all = strlen(text), size = all + !from, end = 8 + size + 16;
	uint8_t *ring = calloc(1, end);
	size_t i, n;

	assert_non_null(ring);
	root(piece(0x3fff000, PAGE), -0x21000, (uint32_t)size + 8);
	put32(ring, (uint32_t)size);
	put32(ring + 4, from ? (uint32_t)from | 0x80000000 : (uint32_t)all);
	memcpy(ring + 8 + from, text, all - from);
	memcpy(ring + 8, text + all - from, from);
	for (i = 0; i < end; i += n + 1) {
		for (n = i ? 0 : 8; i + n < end && ring[i + n] != '~';)
			n++;
		if (n)
			memcpy(piece(0x3fde000 + i, n), ring + i, n);
	}
	free(ring);
}

/* The boot of a record, "<": an older one, "?": it is not known. */
static void tell_boot(FILE *f, const struct memlog_record *rec)
{
	bool stale = rec->flags & MEMLOG_REC_STALE;

	if (!rec->has_boot) {
		assert_int_equal(rec->boot, 0);
		fprintf(f, "%c ", stale ? '<' : '?');
		return;
	}
	assert_int_equal(stale, rec->boot != 0);
	fprintf(f, "%d ", rec->boot);
}

/* The boot of each line of a ring, as "-1 -1 0 "; before them "unknown" if the
 * log may not be current. */
static char *boots_of(const char *text, size_t from)
{
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	lay_ring(text, from);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	log = memlog_logs_get(logs, 0);
	assert_non_null(log);
	if (log->state != MEMLOG_STATE_CURRENT)
		fprintf(f, "%s ", memlog_state_name(log->state));
	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL))
		tell_boot(f, rec);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
	fclose(f);
	return out;
}

static void boots_are(const char *text, size_t from, const char *want)
{
	char *got = boots_of(text, from);

	assert_string_equal(got, want);
	free(got);
}

/* What tables lead to is current, however much was searched: an extract of it, and its
 * image, say the same. */
static void part(void **state)
{
	static const struct memlog_range range = { 0x3000000, 0x4000000 };
	struct memlog_scan_opts o = { .size = sizeof(o), .ranges = &range };
	struct memlog_image *image;
	struct memlog_logs *logs;

	lay_ring("a\n", 0);
	piece(0x100000, PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (; o.n_ranges < 2; o.n_ranges++) {
		assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_int_equal(memlog_logs_get(logs, 0)->state,
				 MEMLOG_STATE_CURRENT);
		memlog_logs_destroy(logs);
	}
	memlog_image_close(image);
	mem_free(&mem);
}

#define STAGE(name) \
	"\n\n\x15"  \
	"coreboot-1 x86 " name " starting (log level: 7)...\n"

static void boots(void **state)
{
	static const struct {
		const char *text, *want;
		size_t from;
	} cases[] = {
		{ "no\nbanner\n", "0 0 ", 0 },
		{ STAGE("bootblock") "a\n", "0 0 0 0 ", 0 },
		/* later stages start no boot; empty lines do, at most two */
		{ STAGE("bootblock") STAGE("romstage") "a\n\n" STAGE(
			  "bootblock") STAGE("romstage"),
		  "-1 -1 -1 -1 -1 -1 -1 -1 0 0 0 0 0 0 ", 0 },
		/* what is left of a boot, in a ring that wrapped */
		{ "ft\n" STAGE("bootblock") "a\n" STAGE("bootblock"),
		  "-2 -1 -1 -1 -1 0 0 0 ", 20 },
		/* the first stage that there is, even if it comes late */
		{ STAGE("romstage") STAGE("ramstage") STAGE("romstage"),
		  "-1 -1 -1 -1 -1 -1 0 0 0 ", 0 },
		{ STAGE("romstage") STAGE("verstage-before-bootblock")
			  STAGE("bootblock") STAGE("romstage"),
		  "-1 -1 -1 0 0 0 0 0 0 0 0 0 ", 0 },
		/* lost before there was memory */
		{ "a\n\x14*** Pre-CBMEM romstage console overflowed\nb\n",
		  "-1 0 0 ", 0 },
		/* no banners: in mid-line, of others */
		{ "a coreboot-1 bootblock starting\nx bootblock starting\n"
		  "coreboot-1 boot starting\n",
		  "0 0 0 ", 0 },
	};
	char *text;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		boots_are(cases[i].text, cases[i].from, cases[i].want);
	/* in the rest of a line that is too long for a record */
	text = calloc(1, ML_MAX_LINE + 200);
	assert_non_null(text);
	memset(text, 'x', ML_MAX_LINE);
	strcat(text, "coreboot-1 bootblock starting\nb\n");
	boots_are(text, 0, "0 0 0 ");
	free(text);
}

/* A line, of which the header is known by. */
#define FIRST "of a boot, longer\n"

/* Bytes that are missing may hold the start of a boot. */
static void damaged(void **state)
{
	static const struct {
		const char *text, *want;
		size_t from;
	} cases[] = {
		/* between two boots, and in the older one */
		{ STAGE("bootblock") "a\n~~" STAGE("bootblock") "b\n",
		  "< < < < 0 0 0 0 ", 0 },
		{ STAGE("bootblock") "a\n~~b\n" STAGE("bootblock"),
		  "< < < < -1 0 0 0 ", 0 },
		{ STAGE("bootblock") "a\n~~" STAGE("bootblock")
			  STAGE("bootblock"),
		  "< < < < -1 -1 -1 0 0 0 ", 0 },
		/* empty lines before them are not of the boot after them */
		{ FIRST "\n~~\x15"
			"coreboot-1 bootblock starting\n",
		  "< < 0 ", 0 },
		/* only what comes after the last of them is certain */
		{ FIRST "~~" STAGE("bootblock") "~~b\n" STAGE("bootblock"),
		  "< < < < -1 0 0 0 ", 0 },
		/* in the newest boot, or before another one */
		{ STAGE("bootblock") STAGE("bootblock") "a\n~~b\n",
		  "< < < ? ? ? ? 0 ", 0 },
		{ FIRST "~~b\n", "? 0 ", 0 },
		/* the end: no boot is known to be the current one */
		{ STAGE("bootblock") STAGE("bootblock") "a\n~~",
		  "unknown < < < ? ? ? ? ", 0 },
		{ STAGE("bootblock") "a\n~~", "unknown ? ? ? ? ", 0 },
		{ FIRST "~~", "unknown ? ", 0 },
		/* in a ring, from its middle on */
		{ STAGE("bootblock") "a\n" STAGE("bootblock") "bc~~",
		  "unknown < < < < ? ? ? ? ", 20 },
		{ "ft\n~~" STAGE("bootblock") STAGE("bootblock"),
		  "< -1 -1 -1 0 0 0 ", 20 },
		/* the beginning of a ring that wrapped: as if it was older */
		{ "~~ft\n" STAGE("bootblock") "a\n", "-1 0 0 0 0 ", 20 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		boots_are(cases[i].text, cases[i].from, cases[i].want);
}

/* Two lines for each of n boots, and what is left of the one before. */
static void many_boots(void **state)
{
	static const int counts[] = { 64, 65, 100, 1000 };
	static const char line[] = "coreboot-1 bootblock starting\nb\n";
	char *text, *want, *end;
	size_t i;
	int k, n;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n = counts[i];
		text = calloc((size_t)n + 1, sizeof(line));
		want = end = calloc((size_t)n + 1, 16);
		assert_non_null(text);
		assert_non_null(want);
		strcpy(text, "a\n");
		end += sprintf(end, "%d ", -n);
		for (k = n - 1; k >= 0; k--) {
			memcpy(text + 2 +
				       (size_t)(n - 1 - k) * (sizeof(line) - 1),
			       line, sizeof(line));
			end += sprintf(end, "%d %d ", -k, -k);
		}
		boots_are(text, 0, want);
		free(text);
		free(want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(indexes, setup, teardown),
		cmocka_unit_test_setup_teardown(elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(at, setup, teardown),
		cmocka_unit_test_setup_teardown(rings, setup, teardown),
		cmocka_unit_test_setup_teardown(boots, setup, teardown),
		cmocka_unit_test_setup_teardown(part, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(many_boots, setup, teardown),
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
