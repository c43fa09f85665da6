/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scanner core, fed in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/names.h"
#include "scan/scan.h"

struct hits {
	uint64_t addr[64];
	size_t n;
};

static enum memlog_status hit(void *arg, const struct ml_format *fmt,
			      uint64_t addr)
{
	struct hits *h = arg;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->addr[i] == addr)
			return MEMLOG_OK;
	assert_true(h->n < 64);
	h->addr[h->n++] = addr;
	return MEMLOG_OK;
}

static void feed_pieces(void **state)
{
	static uint8_t mem[8 * 4096];
	struct ml_scanner sc;
	struct hits h;
	size_t piece, at, n;

	memset(mem, 0, sizeof(mem));
	memcpy(mem + 0x1000, "ovmfmdg1", 8);
	memcpy(mem + 0x3008, "ovmfmdgl", 8);
	memcpy(mem + 0x4ff8, "ovmfmemdebugmagc", 16);
	memcpy(mem + 0x6004, "ovmfmdg1", 8);
	for (piece = 128; piece <= sizeof(mem); piece += 1000) {
		h.n = 0;
		ml_scanner_init(&sc, NULL, true, 0, hit, &h);
		assert_true(ml_scanner_needs_all(&sc));
		for (at = 0; at < sizeof(mem); at += n - ML_SCAN_OVERLAP) {
			n = sizeof(mem) - at < piece ? sizeof(mem) - at : piece;
			ml_scan_feed(&sc, 0x40000000 + at, mem + at, n);
			if (at + n == sizeof(mem))
				break;
		}
		/* the one at 0x6004 is not on a step of eight */
		assert_int_equal(h.n, 3);
		assert_int_equal(h.addr[0] + h.addr[1] + h.addr[2],
				 3ull * 0x40000000 + 0x1000 + 0x3008 + 0x4ff8);
	}
	/* with a bias, pages start elsewhere */
	h.n = 0;
	ml_scanner_init(&sc, NULL, false, 8, hit, &h);
	ml_scan_feed(&sc, 0x40000000, mem, sizeof(mem));
	assert_int_equal(h.n, 1);
	assert_int_equal(h.addr[0], 0x40003008);
}

/* ---- a model ------------------------------------------------------------ */

#define MODEL_BYTES (300u << 10)
#define MODEL_CHUNK (128u << 10) /* pages before the rest, so far */

struct listed {
	struct {
		const struct ml_format *fmt;
		uint64_t addr;
	} hit[4096];
	size_t n;
	uint64_t dismissed;
	bool explained;
};

static enum memlog_status list_hit(void *arg, const struct ml_format *fmt,
				   uint64_t addr)
{
	struct listed *l = arg;

	assert_true(l->n < 4096);
	l->hit[l->n].fmt = fmt;
	l->hit[l->n++].addr = addr;
	return MEMLOG_OK;
}

struct model {
	const char *formats;
	bool exhaustive;
	uint32_t bias;
	uint64_t addr;
	const uint8_t *p;
	size_t len;
	bool asked[64];
};

static uint32_t model_step(const struct model *m, const struct ml_magic *g)
{
	if (g->align == 4096 && m->exhaustive)
		return g->fine ? g->fine : 8;
	return g->align ? g->align : 1;
}

static void model_hit(const struct model *m, struct listed *l,
		      const struct ml_format *fmt, size_t start, size_t peek)
{
	if (fmt->find.glance && m->len - start >= peek &&
	    !fmt->find.glance(m->p + start, m->len - start)) {
		l->dismissed += l->explained;
		if (l->explained)
			return;
		l->explained = true;
	}
	list_hit(l, fmt, m->addr + start);
}

/* One magic with its first byte at at, compared byte by byte. */
static void model_magic(const struct model *m, struct listed *l,
			const struct ml_format *fmt, const struct ml_magic *g,
			size_t at, bool pages)
{
	uint32_t step = model_step(m, g);
	bool page = step == 4096 && g->offset + g->len <= MEMLOG_PEEK;

	if (m->p[at] != (uint8_t)g->bytes[0] || page != pages ||
	    m->len - at < g->len || memcmp(m->p + at, g->bytes, g->len) ||
	    (m->addr + at - g->offset - m->bias) % step)
		return;
	if (at < g->offset)
		page ? (void)0 :
		       (void)list_hit(l, fmt, m->addr + at - g->offset);
	else
		model_hit(m, l, fmt, at - g->offset, page ? 0 : MEMLOG_PEEK);
}

/* The magics of the formats at one place. */
static void model_at(const struct model *m, struct listed *l, size_t at,
		     bool pages)
{
	const struct ml_magic *g;
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		for (g = m->asked[i] ? ml_formats[i]->magics : NULL;
		     g && g->len; g++)
			model_magic(m, l, ml_formats[i], g, at, pages);
}

static void model_feed(const struct model *m, struct listed *l)
{
	size_t chunk, at;

	for (chunk = 0; chunk < m->len; chunk += MODEL_CHUNK) {
		for (at = chunk; at < chunk + MODEL_CHUNK && at < m->len; at++)
			model_at(m, l, at, true);
		for (at = chunk; at < chunk + MODEL_CHUNK && at < m->len; at++)
			model_at(m, l, at, false);
	}
}

static void model_check(const struct model *m)
{
	static struct listed want, got;
	struct ml_scanner sc;
	size_t i;

	memset(&want, 0, sizeof(want));
	got.n = 0;
	model_feed(m, &want);
	ml_scanner_init(&sc, m->formats, m->exhaustive, m->bias, list_hit,
			&got);
	assert_int_equal(ml_scan_feed(&sc, m->addr, m->p, m->len), MEMLOG_OK);
	assert_int_equal(got.n, want.n);
	assert_int_equal(sc.dismissed, want.dismissed);
	assert_int_equal(sc.explained, want.explained);
	for (i = 0; i < want.n; i++) {
		assert_int_equal(got.hit[i].addr, want.hit[i].addr);
		assert_ptr_equal(got.hit[i].fmt, want.hit[i].fmt);
	}
}

static uint32_t model_random(uint32_t below)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32) % below;
}

/* All magics, some of them damaged in one byte, at every alignment and often around
 * the ends of pages, of chunks and of the memory. */
static void model_plant(uint8_t *p, size_t len)
{
	static const size_t edges[] = {
		0, 4096, 65536, MODEL_CHUNK, 2 * MODEL_CHUNK, MODEL_BYTES
	};
	const struct ml_magic *g;
	size_t i, k, at;

	for (i = 0; ml_formats[i]; i++)
		for (g = ml_formats[i]->magics; g && g->len; g++)
			for (k = 0; k < 12; k++) {
				at = model_random(3) ?
					     model_random((uint32_t)len) :
					     edges[model_random(6)] +
						     model_random(64) - 32;
				at -= model_random(2) ? at % 8 : 0;
				if (at > len || len - at < g->len)
					continue;
				memcpy(p + at, g->bytes, g->len);
				if (!model_random(4))
					p[at + model_random(g->len)] ^= 1;
			}
}

/* Hits, in the same order, and counts as by comparing every byte. */
static void model(void **state)
{
	static const char every[] = "ovmf,advlogger,acrn-log,acrn-trace,"
				    "acrn-sbuf,cbmem,opal,tboot,dlog,"
				    "hyp-trace,ftrace,ramoops,debugport";
	static uint8_t mem[MODEL_BYTES];
	struct model m;
	size_t i, round, from;

	for (round = 0; round < 24; round++) {
		for (i = 0; i < sizeof(mem); i++)
			mem[i] = round % 3 ? (uint8_t)model_random(256) : 0;
		model_plant(mem, sizeof(mem));
		from = round % 2 ? model_random(5000) : 0;
		m = (struct model){
			.formats = round % 5 ? every : "acrn-log",
			.exhaustive = round % 4 != 3,
			.bias = round % 7 ? 0 : model_random(4096),
			.addr = 0x40000000 + (round % 8 ? from : 0),
			.p = mem + from,
			.len = sizeof(mem) - from,
		};
		for (i = 0; ml_formats[i]; i++)
			m.asked[i] = ml_format_asked(m.formats, ml_formats[i]);
		model_check(&m);
	}
}

/* Formats known by their looks are asked only where they could say yes. */
static void screens(void **state)
{
	struct ml_scanner sc;
	struct hits h = { 0 };
	size_t i;

	ml_scanner_init(&sc, NULL, false, 0, hit, &h);
	assert_int_equal(sc.eager, 0);
	/* nothing starts within a page, without a magic */
	assert_int_equal(sc.screen_mask, 0xfff);
	assert_true(sc.screen_text);
	for (i = 0; ml_formats[i]; i++)
		if (ml_formats[i]->find.screen_eager) {
			uint64_t bit = ml_format_bit(ml_formats[i]);

			assert_false(sc.screens & bit);
			ml_scanner_expect(&sc, ml_formats[i]);
			assert_true(sc.screens & bit);
			assert_true(sc.eager & bit);
			assert_false(sc.screen_text);
			assert_int_equal(sc.screen_mask, 0xfff);
		}
	ml_scanner_init(&sc, "xencons", false, 0, hit, &h);
	i = ml_format_bit(ml_format_find("xencons"));
	assert_int_equal(sc.screens, i);
	assert_int_equal(sc.eager, i);
}

/* A page is only looked at if its first four bytes are text, 0x07 to 0x7f, in the fast loop and
 * alone. */
static void screens_text(void **state)
{
	static uint8_t page[4096] = "\n\n\n\n(XEN) a line\n";
	struct ml_scanner sc;
	struct hits h = { 0 };
	size_t i, want;
	int v;

	ml_scanner_init(&sc, "xen-console", false, 0, hit, &h);
	assert_false(sc.screen_text);
	ml_scanner_init(&sc, NULL, false, 0, hit, &h);
	for (i = 0; i < 4; i++) {
		for (v = 0; v < 256; v++) {
			page[i] = (uint8_t)v;
			want = v >= 7 && v < 128;
			h.n = 0;
			ml_scan_feed(&sc, 0x1000, page, sizeof(page));
			assert_int_equal(h.n, want);
			h.n = 0;
			ml_scan_page(&sc, 0x1000, page, sizeof(page));
			assert_int_equal(h.n, want);
		}
		page[i] = '\n';
	}
}

static void names(void **state)
{
	assert_true(ml_name_in_list(NULL, "a"));
	assert_true(ml_name_in_list("a", "a"));
	assert_true(ml_name_in_list("b,a", "a"));
	assert_true(ml_name_in_list("a,b", "a"));
	assert_false(ml_name_in_list("ab", "a"));
	assert_false(ml_name_in_list("b,aa", "a"));
	assert_false(ml_name_in_list("", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feed_pieces), cmocka_unit_test(model),
		cmocka_unit_test(screens),     cmocka_unit_test(screens_text),
		cmocka_unit_test(names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
