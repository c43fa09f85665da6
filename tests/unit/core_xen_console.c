/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_xen_console.c - the console ring, held against a model of its writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "format/xen/console.h"
#include "image/xen/xen.h"
#include "libmem.h"

#define MIB (1u << 20)

static void test_prefix(void **state)
{
	static const struct {
		const char *s;
		size_t n;
	} t[] = {
		{ "(XEN) x", 6 }, { "(XEN)x", 0 },     { "(XEN) ", 6 },
		{ "(d1) x", 5 },  { "(d32767) x", 9 }, { "(d1v0) x", 7 },
		{ "(d) x", 0 },	  { "(d1)x", 0 },      { "(d1", 0 },
		{ "d1", 0 },	  { "", 0 },	       { "(dx1) ", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(ml_xen_prefix((const uint8_t *)t[i].s,
					       strlen(t[i].s)),
				 t[i].n);
}

static void test_timestamp(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		uint64_t time, hz;
	} t[] = {
		{ "[1970-01-01 00:00:00] x", 22, 0, 1 },
		{ "[2026-11-21 06:52:28] x", 22, 1795243948, 1 },
		{ "[2024-02-29 23:59:60] x", 22, 1709251200, 1 },
		{ "[2026-11-21 06:52:28.007] x", 26, 1795243948007, 1000 },
		{ "[    1.605895] x", 15, 1605895, 1000000 },
		{ "[123456.000001] x", 16, 123456000001, 1000000 },
		{ "[0000000010f76c3b] x", 19, 0x10f76c3b, 0 },
		{ "[ffffffffffffffff] x", 19, UINT64_MAX, 0 },
		{ "[    1.605895]x", 0, 0, 0 },
		{ "[1.605895] x", 0, 0, 0 },
		{ "[0000000010F76c3b] x", 0, 0, 0 },
		{ "[2026-13-21 06:52:28] x", 0, 0, 0 },
		{ "[2026-11-21 06:52:2] x", 0, 0, 0 },
		{ "[", 0, 0, 0 },
		{ "[99999999999999999999.000000] ", 0, 0, 0 },
		{ "", 0, 0, 0 },
	};
	struct xen_time x;
	size_t i, n;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(ml_xen_timestamp((const uint8_t *)t[i].s,
						  strlen(t[i].s), &x),
				 t[i].n);
		assert_true(x.time == t[i].time && x.hz == t[i].hz);
		/* no prefix of it reads past its end */
		for (n = 0; n < strlen(t[i].s); n++) {
			char *copy = malloc(n + 1);

			memcpy(copy, t[i].s, n);
			ml_xen_timestamp((uint8_t *)copy, n, &x);
			free(copy);
		}
	}
}

/* The writer: a byte at a time, as conring_puts does. */
struct ring {
	uint8_t *buf;
	uint32_t size, p, c;
	uint64_t us;
	bool times, guests;
	unsigned int line;
};

static void put(struct ring *r, const char *s)
{
	for (; *s; s++)
		r->buf[r->p++ & (r->size - 1)] = (uint8_t)*s;
	if (r->p - r->c > r->size)
		r->c = r->p - r->size;
}

static void put_lines(struct ring *r, unsigned int n)
{
	char line[160], when[40] = "";

	while (n--) {
		r->us += 1000 + (uint64_t)rand() % 90000;
		if (r->times)
			snprintf(when, sizeof(when), "[%5u.%06u] ",
				 (unsigned int)(r->us / 1000000),
				 (unsigned int)(r->us % 1000000));
		if (r->guests && rand() % 3 == 0)
			snprintf(line, sizeof(line),
				 "[%5u.%06u] dom0 says %u\r\n",
				 (unsigned int)(r->us / 1000000),
				 (unsigned int)(r->us % 1000000), r->line++);
		else if (r->guests && rand() % 5 == 0)
			snprintf(line, sizeof(line), "(d%u) %sfw %u\n",
				 1 + r->line % 3, when, r->line),
				r->line++;
		else
			snprintf(line, sizeof(line), "(XEN) %s%.*s %u\n", when,
				 rand() % 60,
				 "CPU7: entering the state that nobody wanted "
				 "to see again",
				 r->line++);
		put(r, line);
	}
}

/* Whatever was written, the seam is found again by the text alone. */
static void test_order(void **state)
{
	unsigned int round, wrong = 0;
	struct xen_ring got = { .size = XEN_RING_MIN };
	uint8_t buf[XEN_RING_MIN];

	srand(1);
	for (round = 0; round < 400; round++) {
		struct ring r = { .buf = buf, .size = sizeof(buf) };

		memset(buf, 0, sizeof(buf));
		r.times = round & 1;
		r.guests = round & 2;
		put(&r, "(XEN) Xen version 4.17.7\n");
		put_lines(&r, 20 + (unsigned int)rand() % 1500);
		if (r.p < r.size) {
			assert_true(ml_xen_order(buf, sizeof(buf), &got));
			assert_int_equal(got.start, 0);
			assert_int_equal(got.used, r.p);
			assert_false(got.wrapped);
			continue;
		}
		/* where the oldest line is whole there may be no sign of it */
		if (buf[(r.p - 1) % r.size] != '\n' ||
		    !memcmp(buf + r.p % r.size, "(XEN) ", 6) ||
		    r.p % r.size == 0)
			continue;
		if (!ml_xen_order(buf, sizeof(buf), &got) ||
		    got.start != r.p % r.size)
			wrong++;
		assert_true(got.wrapped);
		assert_int_equal(got.used, r.size);
	}
	assert_int_equal(wrong, 0);
}

/* ---- through the scan -------------------------------------------------- */

static struct memlog_logs *scan(struct memlog_image *image, const char *formats)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = formats };
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan(image, &o, &logs, NULL, &err))
		fail_msg("%s", err.text);
	return logs;
}

/* All text of a log, and the number of its records. */
static char *text_of(struct memlog_image *image, const struct memlog_log *log,
		     size_t *ret_records)
{
	struct memlog_decode_opts o = { .size = sizeof(o) };
	char *text = calloc(1, log->used + 1);
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_err err;
	size_t len = 0, n = 0;

	assert_int_equal(memlog_decoder_open(image, log, &o, &d, &err), 0);
	while (!memlog_decoder_next(d, &rec, &err)) {
		assert_true(len + rec->text_len <= log->used);
		memcpy(text + len, rec->text, rec->text_len);
		len += rec->text_len;
		n++;
	}
	memlog_decoder_close(d);
	if (ret_records)
		*ret_records = n;
	return text;
}

static void expect_text(struct memlog_image *image,
			const struct memlog_log *log, const uint8_t *ring,
			uint32_t size, uint32_t p)
{
	char *text = text_of(image, log, NULL);
	uint32_t n = p < size ? p : size, i;

	assert_int_equal(log->used, n);
	for (i = 0; i < n; i++)
		assert_int_equal((uint8_t)text[i],
				 ring[(p - n + i) & (size - 1)]);
	free(text);
}

/* Rings of several sizes by their looks; copies beside them are not listed. */
static void test_shape(void **state)
{
	static const uint32_t sizes[] = { 16384, 32768, 131072 };
	static const unsigned int lines[] = { 200, 4000 };
	size_t i, k;

	srand(2);
	for (i = 0; i < 3; i++)
		for (k = 0; k < 2; k++) {
			struct mem mem = { 0 };
			uint8_t *m = mem_add(&mem, 0, 2 * MIB);
			struct ring r = { .buf = m + MIB + sizes[i],
					  .size = sizes[i],
					  .times = true,
					  .guests = true };
			struct memlog_image *image;
			const struct memlog_log *log;
			struct memlog_logs *logs;
			char line[80];
			uint32_t n;

			memset(m + MIB, 0xcc, MIB);
			memset(r.buf, 0, r.size);
			put(&r, "(XEN) [    0.000001] Xen version 4.17\n");
			snprintf(line, sizeof(line),
				 "(XEN) [    0.000002] "
				 "Allocated console ring of %u KiB.\n",
				 r.size / 1024);
			put(&r, line);
			put_lines(&r, lines[k]);
			/* a page of it, and all of it as dmesg reads it */
			memcpy(m + 4 * XEN_RING_MIN, r.buf, 4096);
			for (n = 0; n < r.p - r.c; n++)
				m[8 * XEN_RING_MIN + 16 + n] =
					r.buf[(r.c + n) & (r.size - 1)];
			image = mem_image(&mem, MEMLOG_PHYS);
			logs = scan(image, "xen-console");
			assert_int_equal(memlog_logs_count(logs), 1);
			log = memlog_logs_get(logs, 0);
			assert_int_equal(log->extents[0].addr, MIB + sizes[i]);
			assert_int_equal(log->capacity, r.size);
			assert_true(log->flags & MEMLOG_LOG_GUESSED);
			expect_text(image, log, r.buf, r.size, r.p);
			memlog_logs_destroy(logs);
			memlog_image_close(image);
			mem_free(&mem);
		}
}

/* A copy that nothing tells from a ring is recognised by having less text. */
static void test_copy(void **state)
{
	struct mem mem = { 0 };
	uint8_t *m = mem_add(&mem, 0, 2 * MIB);
	struct ring r = { .buf = m + MIB, .size = XEN_RING_MIN };
	struct memlog_image *image;
	struct memlog_logs *logs;

	put(&r, "(XEN) Xen version 4.17.7\n");
	put_lines(&r, 100);
	memcpy(m + 2 * XEN_RING_MIN, m + MIB, XEN_RING_MIN);
	put_lines(&r, 3);
	image = mem_image(&mem, MEMLOG_PHYS);
	logs = scan(image, NULL);
	assert_int_equal(memlog_logs_count(logs), 2);
	assert_int_equal(memlog_logs_get(logs, 0)->state, MEMLOG_STATE_COPY);
	assert_int_equal(memlog_logs_get(logs, 1)->state, MEMLOG_STATE_CURRENT);
	assert_int_equal(memlog_logs_get(logs, 1)->extents[0].addr, MIB);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
}

/* A hypervisor: its data, its ring, its symbols. */
#define START (4u * MIB) /* xen_phys_start */
#define DATA  0x263d60u	 /* conring_size, conring */
#define BSS   0x3899d0u	 /* conringp, conringc */

struct world {
	struct mem mem;
	uint8_t *m;
	struct ring r;
	struct memlog_image *image;
};

static void world_init(struct world *w, enum memlog_space space, bool note)
{
	uint8_t info[80] = { 0 };

	memset(w, 0, sizeof(*w));
	w->m = mem_add(&w->mem, 0, 24 * MIB);
	w->r = (struct ring){ .buf = w->m + 2 * MIB,
			      .size = 32768,
			      .times = true };
	put32(w->m + START + DATA, w->r.size);
	put64(w->m + START + DATA + 8, ML_XEN_DIRECTMAP + 2 * MIB);
	put64(w->m + START + 0x263600, START);
	w->image = mem_image(&w->mem, space);
	w->image->machine = "x86_64";
	if (!note)
		return;
	put64(info, 4);
	put64(info + 8, 17);
	put64(info + 64, START);
	ml_image_add_note(w->image, "Xen", ML_XEN_CRASH_INFO, "", "", info, 80);
	ml_xen_attach(w->image);
}

static void world_sync(struct world *w)
{
	put32(w->m + START + BSS, w->r.p);
	put32(w->m + START + BSS + 4, w->r.c);
}

static void world_fini(struct world *w)
{
	memlog_image_close(w->image);
	mem_free(&w->mem);
}

static enum memlog_status addr(void *self, const char *name, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t at;
	} syms[] = {
		{ "conring", DATA + 8 },
		{ "conring_size", DATA },
		{ "conringp", BSS },
		{ "conringc", BSS + 4 },
		{ "xen_phys_start", 0x263600 },
	};
	size_t i;

	for (i = 0; i < 5; i++)
		if (!strcmp(syms[i].name, name)) {
			*ret = 0xffff82d040000000 + syms[i].at;
			return MEMLOG_OK;
		}
	return MEMLOG_NO_DATA;
}

static const struct memlog_symbols symbols = {
	.size = sizeof(symbols),
	.addr = addr,
};

/* With symbols, in a dump that says nothing of Xen and in one that does. */
static void test_symbols(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .symbols = &symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		world_init(&w, i & 1 ? MEMLOG_MACH : MEMLOG_PHYS, i & 1);
		put(&w.r, "(XEN) first\n");
		put_lines(&w.r, i & 2 ? 3000 : 100);
		world_sync(&w);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->extents[0].addr, 2 * MIB);
		assert_false(log->flags & MEMLOG_LOG_GUESSED);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_WRAPPED), i >> 1);
		expect_text(w.image, log, w.r.buf, w.r.size, w.r.p);
		memlog_logs_destroy(logs);
		world_fini(&w);
	}
}

/* Without, by the pointer among the data. */
static void test_pointer(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct world w;

	world_init(&w, MEMLOG_MACH, true);
	put_lines(&w.r, 3000);
	world_sync(&w);
	logs = scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_false(log->flags & MEMLOG_LOG_GUESSED);
	expect_text(w.image, log, w.r.buf, w.r.size, w.r.p);
	memlog_logs_destroy(logs);
	world_fini(&w);
}

/* Lines that tell nothing of their order: the counters do. */
static void test_order_by_counters(void **state)
{
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct world w;
	unsigned int i;

	world_init(&w, MEMLOG_MACH, true);
	for (i = 0; i < 3000; i++)
		put(&w.r, "(XEN) 16 bytes.\n");
	world_sync(&w);
	logs = scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_false(log->flags & MEMLOG_LOG_GUESSED);
	assert_true(w.r.p % w.r.size != 0);
	/* nor is a line that happens to look like a piece the oldest one */
	memcpy(w.r.buf + 160, "time of day 16.\n", 16);
	memlog_logs_destroy(logs);
	world_sync(&w);
	logs = scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	expect_text(w.image, memlog_logs_get(logs, 0), w.r.buf, w.r.size,
		    w.r.p);
	memlog_logs_destroy(logs);
	world_fini(&w);
}

/* A ring whose start was never written, and text with a byte that is none. */
static void test_start(void **state)
{
	static const struct {
		uint32_t zeros, odd;
	} t[] = { { 0, 5000 }, { 0, 100 }, { 6000, 0 }, { 6000, 7000 } };
	struct memlog_scan_opts o = { .size = sizeof(o), .symbols = &symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		world_init(&w, MEMLOG_MACH, true);
		put_lines(&w.r, 200);
		assert_in_range(w.r.p, 8000, w.r.size);
		memset(w.r.buf, 0, t[i].zeros);
		if (t[i].odd)
			w.r.buf[t[i].odd] = 1;
		world_sync(&w);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_LOST_HEAD),
				 t[i].zeros > 0);
		expect_text(w.image, log, w.r.buf + t[i].zeros, w.r.size,
			    w.r.p - t[i].zeros);
		memlog_logs_destroy(logs);
		world_fini(&w);
	}
}

/* What `xl dmesg -c` took away is still there, and marked. The counters ran
 * over 2^32, too. */
static void test_hidden(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .symbols = &symbols };
	struct memlog_decode_opts dec = { .size = sizeof(dec) };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct memlog_err err;
	unsigned int over, consumed, fresh;
	struct world w;

	for (over = 0; over < 2; over++) {
		world_init(&w, MEMLOG_MACH, true);
		put_lines(&w.r, 3000);
		if (over) {
			uint32_t add = UINT32_MAX - w.r.size + 1;

			add -= w.r.p - w.r.p % w.r.size;
			w.r.p += add;
			w.r.c = w.r.p - w.r.size;
			put_lines(&w.r, 900);
			assert_true(w.r.p < (1u << 20));
		}
		w.r.c = w.r.p;
		put_lines(&w.r, 7);
		world_sync(&w);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		expect_text(w.image, memlog_logs_get(logs, 0), w.r.buf,
			    w.r.size, over ? w.r.p + w.r.size : w.r.p);
		memlog_decoder_open(w.image, memlog_logs_get(logs, 0), &dec, &d,
				    &err);
		for (consumed = fresh = 0; !memlog_decoder_next(d, &rec, &err);)
			if (rec->flags & MEMLOG_REC_CONSUMED)
				consumed++;
			else
				fresh++;
		assert_int_equal(fresh, 7);
		assert_true(consumed > 100);
		memlog_decoder_close(d);
		memlog_logs_destroy(logs);
		world_fini(&w);
	}
}

static void test_records(void **state)
{
	static const char text[] =
		"(XEN) [2026-11-21 06:52:28] Xen version 4.17\n"
		"(d12) [    3.000004] SeaBIOS (version 1)\n"
		"[    0.000001] dom0 of its own\r\n"
		"(XEN) no time\n";
	struct memlog_decode_opts o = { .size = sizeof(o) };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;

	world_init(&w, MEMLOG_MACH, true);
	put(&w.r, text);
	world_sync(&w);
	logs = scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	memlog_decoder_open(w.image, memlog_logs_get(logs, 0), &o, &d, &err);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "xen");
	assert_true(rec->has_time && rec->time_hz == 1);
	assert_true(rec->time == 1795243948);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "d12");
	assert_true(rec->time == 3000004 && rec->time_hz == 1000000);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "dom0");
	assert_false(rec->has_time);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), 0);
	assert_string_equal(rec->component, "xen");
	assert_false(rec->has_time);
	assert_int_equal(memlog_decoder_next(d, &rec, &err), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	world_fini(&w);
}

/* The ring of Xen 3 lies in its own image, at any address. */
static void test_static(void **state)
{
	uint8_t info[40] = { 0 };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct world w;

	memset(&w, 0, sizeof(w));
	w.m = mem_add(&w.mem, 0, 24 * MIB);
	w.r = (struct ring){ .buf = w.m + START + 0x123460, .size = 16384 };
	put_lines(&w.r, 900);
	w.image = mem_image(&w.mem, MEMLOG_MACH);
	w.image->machine = "i386";
	put32(info, 3);
	put32(info + 4, 4);
	put32(info + 32, START);
	ml_image_add_note(w.image, "Xen", ML_XEN_CRASH_INFO, "", "", info, 40);
	ml_xen_attach(w.image);
	logs = scan(w.image, NULL);
	assert_int_equal(memlog_logs_count(logs), 1);
	log = memlog_logs_get(logs, 0);
	assert_int_equal(log->extents[0].addr, START + 0x123460);
	assert_true(log->flags & MEMLOG_LOG_GUESSED);
	expect_text(w.image, log, w.r.buf, w.r.size, w.r.p);
	memlog_logs_destroy(logs);
	world_fini(&w);
}

/* What is not found must not take long either: an image of the hypervisor that
 * is full of what looks like the start of a static ring, or like pointers. */
static void test_hostile(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .mode = MEMLOG_SCAN_LIKELY,
				      .formats = "xen-console" };
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;
	size_t i, said;
	int old;

	for (old = 0; old < 2; old++) {
		world_init(&w, MEMLOG_MACH, true);
		memset(w.m + 16 * MIB, 'x', MIB);
		for (i = 0; i < 2 * MIB; i += 2)
			if (old)
				w.m[START + i] = 'x';
		for (i = 0; i < 2 * MIB && !old; i += 16) {
			put64(w.m + START + i, ML_XEN_DIRECTMAP + 16 * MIB);
			put32(w.m + START + i + 8, XEN_RING_MIN);
		}
		put64(w.m + START + DATA + 8, 0);
		w.image->xen->is64 = !old;
		w.mem.bytes = 0;
		said = w.image->n_warnings;
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 0);
		/* the image, some times over, and a ring for each pointer */
		assert_true(w.mem.bytes < 4ull * ML_XEN_IMAGE_MAX +
						  (uint64_t)ML_XEN_POINTERS *
							  2 * XEN_RING_MIN);
		/* and the user is warned, once */
		memlog_logs_destroy(logs);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(w.image->n_warnings, said + !old);
		memlog_logs_destroy(logs);
		world_fini(&w);
	}
}

static enum memlog_status trace_addr(void *self, const char *name,
				     uint64_t *ret)
{
	if (strcmp(name, "t_info"))
		return MEMLOG_NO_DATA;
	*ret = 0xffff82d040000000 + BSS + 64;
	return MEMLOG_OK;
}

static const struct memlog_symbols trace_symbols = {
	.size = sizeof(trace_symbols),
	.addr = trace_addr,
};

/* The list of the trace buffers of two CPUs, with two frames each: the second of CPU
 * 0 and the first of CPU 1 are given. Numbers as a real Xen 4.17 has them. */
static void put_t_info(struct world *w, uint32_t second, uint32_t third)
{
	uint8_t *t = w->m + 0x300000;

	put16(t, 2);
	put16(t + 2, 129);
	put16(t + 4, 131);
	put32(t + 4 * 129, 0x400);
	put32(t + 4 * 130, second);
	put32(t + 4 * 131, third);
	put32(t + 4 * 132, 0x405);
	put32(w->m + 0x400000 + 4, 4000);
}

/* They are found by the console's own lines and by symbols. */
static void test_xentrace(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace" };
	struct memlog_decoder *d;
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;
	int i;

	for (i = 0; i < 3; i++) {
		world_init(&w, MEMLOG_MACH, true);
		put_t_info(&w, 0x402, i == 2 ? 0x9999 : 0x404);
		if (i != 1)
			put(&w.r, "(XEN) xentrace: requesting 1 t_info pages "
				  "for 2 trace pages on 2 cpus\n"
				  "(XEN) xentrace: p0 mfn 400 offset 129\n"
				  "(XEN) xentrace: p1 mfn 404 offset 131\n");
		put_lines(&w.r, 100);
		world_sync(&w);
		put64(w.m + START + BSS + 64, ML_XEN_DIRECTMAP + 0x300000);
		o.symbols = i == 1 ? &trace_symbols : NULL;
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		/* lines that the list does not bear out lead nowhere */
		assert_int_equal(memlog_logs_count(logs), i < 2);
		if (i < 2) {
			log = memlog_logs_get(logs, 0);
			assert_int_equal(log->n_extents, 5);
			assert_int_equal(log->extents[0].addr, 0x300000);
			assert_int_equal(log->extents[2].addr, 0x402000);
			assert_int_equal(log->extents[2].cpu, 0);
			assert_int_equal(log->extents[4].addr, 0x405000);
			assert_int_equal(log->extents[4].cpu, 1);
			assert_int_equal(log->capacity, 2 * (8192 - 8));
			assert_int_equal(log->used, 4000);
			assert_int_equal(memlog_decoder_open(w.image, log, NULL,
							     &d, &err),
					 MEMLOG_UNSUPPORTED);
		}
		memlog_logs_destroy(logs);
		world_fini(&w);
	}
}

/* Frames that are not in the image are counted, and what is in the others is still
 * known. */
static void test_xentrace_missing(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace",
				      .symbols = &trace_symbols };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;
	int i;

	for (i = 0; i < 3; i++) {
		world_init(&w, MEMLOG_MACH, true);
		put_t_info(&w, i ? 0x9998 : 0x402, i == 2 ? 0x9999 : 0x404);
		put32(w.m + 0x404000 + 4, 500);
		world_sync(&w);
		put64(w.m + START + BSS + 64, ML_XEN_DIRECTMAP + 0x300000);
		assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err),
				 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->n_extents, 5);
		assert_int_equal(log->capacity, 2 * (8192 - 8));
		assert_int_equal(log->used, i == 2 ? 4000 : 4500);
		assert_int_equal(((const struct ml_log *)log)->absent,
				 i * 4096);
		assert_int_equal(!(log->flags & MEMLOG_LOG_INCOMPLETE), !i);
		assert_string_equal(
			log->reason,
			i == 2 ? "8192 of the 20480 bytes of it are not in the "
				 "image; buffers of 2 CPUs, 2 pages each" :
			i == 1 ? "4096 of the 20480 bytes of it are not in the "
				 "image; buffers of 2 CPUs, 2 pages each" :
				 "buffers of 2 CPUs, 2 pages each");
		memlog_logs_destroy(logs);
		world_fini(&w);
	}
}

/* More memory than is searched for that list; all but the first MiBs zero. */
static uint64_t huge_reads;

static enum memlog_status huge_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct mem *m = self;

	huge_reads++;
	if (addr < m->piece[0].len)
		return mem_ops.read(self, addr, buf, len, ret, err);
	memset(buf, 0, len);
	*ret = len;
	return MEMLOG_OK;
}

static enum memlog_status huge_next(void *self, uint64_t addr,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	ret->start = addr;
	ret->end = 1ull << 46;
	return addr < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static void test_xentrace_huge(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .mode = MEMLOG_SCAN_LIKELY,
				      .formats = "xentrace" };
	struct memlog_reader_ops ops = mem_ops;
	uint8_t info[80] = { 0 };
	struct memlog_logs *logs;
	struct memlog_err err;
	struct world w;
	size_t said;

	ops.read = huge_read;
	ops.next_range = huge_next;
	ops.map = NULL;
	world_init(&w, MEMLOG_MACH, true);
	put(&w.r, "(XEN) xentrace: p0 mfn 400 offset 129\n");
	put_lines(&w.r, 10);
	world_sync(&w);
	memlog_image_close(w.image);
	assert_int_equal(memlog_image_wrap(&ops, &w.mem, MEMLOG_MACH, "huge",
					   NULL, &w.image, &err),
			 0);
	w.image->machine = "x86_64";
	put64(info, 4);
	put64(info + 64, START);
	ml_image_add_note(w.image, "Xen", ML_XEN_CRASH_INFO, "", "", info, 80);
	ml_xen_attach(w.image);
	huge_reads = 0;
	said = w.image->n_warnings;
	assert_int_equal(memlog_scan(w.image, &o, &logs, NULL, &err), 0);
	assert_int_equal(memlog_logs_count(logs), 0);
	assert_in_range(huge_reads, ML_MAX_XENTRACE_PAGES,
			ML_MAX_XENTRACE_PAGES + 100000);
	assert_int_equal(w.image->n_warnings, said + 1);
	memlog_logs_destroy(logs);
	world_fini(&w);
}

/* Without Xen only --at leads to such a list: its frames have to be there, and
 * to begin with the counters of a buffer. */
static void test_xentrace_at(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "xentrace" };
	struct memlog_logs *logs;
	struct memlog_err err;
	int i;

	for (i = 0; i < 4; i++) {
		struct mem mem = { 0 };
		uint8_t *m = mem_add(&mem, 0, MIB), *t = m + 0x4000;
		struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
		enum memlog_status s;

		put16(t, 2);
		put16(t + 2, 129);
		put32(t + 4 * 129, 0x10);
		put32(t + 4 * 130, i == 1 ? 0x999 : 0x12);
		if (i == 2)
			put32(m + 0x10000, 0x11223344);
		if (i == 3) /* more than a buffer holds */
			put32(m + 0x10004, 8192);
		logs = NULL;
		s = memlog_scan_at(image, MEMLOG_PHYS, 0x4000, &o, &logs, &err);
		assert_int_equal(s, i ? MEMLOG_NOT_MINE : MEMLOG_OK);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

/* A guest's console page: found where the image is of Xen, or when asked. */
static void test_xencons(void **state)
{
	uint32_t prod, n, i;
	char line[64];

	for (prod = 0; prod < 3; prod++) {
		struct mem mem = { 0 };
		uint8_t *m = mem_add(&mem, 0, MIB), *page = m + 5 * 4096;
		struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
		const struct memlog_log *log;
		struct memlog_logs *logs;
		char *text, want[4096];

		memset(m + 4096, 'x', 4096); /* text that is no such page */
		memcpy(page, "typed", 5);
		put32(page + 3072, 4);
		put32(page + 3076, 5);
		for (n = i = 0; n < 500 + prod * 1500; i++) {
			int len = snprintf(line, sizeof(line), "grub says %u\n",
					   i);

			for (int k = 0; k < len; k++)
				page[1024 + n++ % 2048] = (uint8_t)line[k];
		}
		put32(page + 3080, n - 10);
		put32(page + 3084, n);
		put32(page + 3088, 1);
		logs = scan(image, NULL);
		assert_int_equal(memlog_logs_count(logs), 0);
		memlog_logs_destroy(logs);
		logs = scan(image, "xencons");
		assert_int_equal(memlog_logs_count(logs), 1);
		log = memlog_logs_get(logs, 0);
		assert_int_equal(log->extents[0].addr, 5 * 4096);
		assert_int_equal(!!(log->flags & MEMLOG_LOG_WRAPPED), n > 2048);
		text = text_of(image, log, NULL);
		i = n < 2048 ? n : 2048;
		for (uint32_t k = 0; k < i; k++)
			want[k] = (char)page[1024 + (n - i + k) % 2048];
		assert_int_equal(strlen(text), i);
		assert_memory_equal(text, want, i);
		free(text);
		memlog_logs_destroy(logs);
		put32(page + 3080, n - 3000); /* more than fits */
		logs = scan(image, "xencons");
		assert_int_equal(memlog_logs_count(logs), 0);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_order_by_counters),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_xencons),
		cmocka_unit_test(test_xentrace),
		cmocka_unit_test(test_xentrace_missing),
		cmocka_unit_test(test_xentrace_huge),
		cmocka_unit_test(test_xentrace_at),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
