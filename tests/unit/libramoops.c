/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libramoops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

struct mem oops_mem;
uint64_t oops_dice;

uint32_t oops_pick(uint32_t n)
{
	oops_dice = oops_dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(oops_dice >> 33) % n;
}

/* ---- what Linux writes --------------------------------------------------- */

/* Multiplication by tables of powers, not as the reader does it. */
static uint8_t power[512];
static int logarithm[256];

static void field(void)
{
	unsigned int i, v = 1;

	for (i = 0; i < 255; i++) {
		power[i] = power[i + 255] = (uint8_t)v;
		logarithm[v] = (int)i;
		v = v << 1 ^ (v & 0x80 ? 0x11d : 0);
	}
}

static uint8_t times(uint8_t a, uint8_t b)
{
	return a && b ? power[logarithm[a] + logarithm[b]] : 0;
}

/* The remainder of data, shifted, by the product of (x - 2^i), i < n. */
void oops_parity(const uint8_t *data, size_t len, uint8_t *ret, size_t n)
{
	uint8_t g[65] = { 1 }, feed;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = i + 1; k > 0; k--)
			g[k] ^= times(g[k - 1], power[i]);
	memset(ret, 0, n);
	for (i = 0; i < len; i++) {
		feed = data[i] ^ ret[0];
		memmove(ret, ret + 1, n - 1);
		ret[n - 1] = 0;
		for (k = 0; k < n; k++)
			ret[k] ^= times(feed, g[k + 1]);
	}
}

size_t oops_all_ecc(size_t len, size_t ecc)
{
	size_t blocks = (len - OOPS_HEADER - ecc + 127 + ecc) / (128 + ecc);

	return ecc ? (blocks + 1) * ecc : 0;
}

/* A zone of len bytes to which text was written. */
void oops_zone(uint8_t *p, size_t len, uint32_t sig, size_t ecc,
	       const char *text, size_t n)
{
	size_t cap = len - OOPS_HEADER - oops_all_ecc(len, ecc), at, i;
	uint8_t *codes = p + OOPS_HEADER + cap;

	put32(p, sig);
	for (i = 0, at = 0; i < n; i++, at = at + 1 == cap ? 0 : at + 1)
		p[OOPS_HEADER + at] = (uint8_t)text[i];
	put32(p + 4, (uint32_t)at);
	put32(p + 8, (uint32_t)(n < cap ? n : cap));
	for (i = 0; ecc && i < cap; i += 128, codes += ecc)
		oops_parity(p + OOPS_HEADER + i, i + 128 < cap ? 128 : cap - i,
			    codes, ecc);
	if (ecc)
		oops_parity(p, OOPS_HEADER, p + len - ecc, ecc);
}

/* A record that pstore has deleted: its bytes stay. */
void oops_erase(uint8_t *p, size_t len, size_t ecc)
{
	memset(p + 4, 0, 8);
	if (ecc)
		oops_parity(p, OOPS_HEADER, p + len - ecc, ecc);
}

/* Where a zone starts: those of dmesg, then 'c', 'f' + n, 'p'. */
size_t oops_place(const struct oops_layout *l, char kind, size_t n)
{
	size_t at = n * l->record;

	if (kind == 'd')
		return at;
	at = l->dmesg * l->record;
	if (kind == 'c')
		return at;
	at += l->console;
	if (kind == 'f')
		return at + n * (l->ftrace / l->traces);
	return at + (l->traces ? l->ftrace / l->traces * l->traces : 0);
}

uint8_t *oops_lay(struct oops_layout *l)
{
	uint8_t *p;
	size_t i;

	l->all = oops_place(l, 'p', 0) + l->pmsg;
	p = mem_add(&oops_mem, OOPS_AT,
		    (l->all + OOPS_PAGE - 1) / OOPS_PAGE * OOPS_PAGE);
	for (i = 0; i < l->dmesg; i++)
		oops_zone(p + oops_place(l, 'd', i), l->record, OOPS_SIG,
			  l->ecc, "", 0);
	if (l->console)
		oops_zone(p + oops_place(l, 'c', 0), l->console, OOPS_SIG,
			  l->ecc, "", 0);
	for (i = 0; i < l->traces; i++)
		oops_zone(p + oops_place(l, 'f', i), l->ftrace / l->traces,
			  OOPS_SIG ^ OOPS_VERSION, l->ecc, "", 0);
	if (l->pmsg)
		oops_zone(p + oops_place(l, 'p', 0), l->pmsg, OOPS_SIG, l->ecc,
			  "", 0);
	return p;
}

/* ---- what is read -------------------------------------------------------- */

/* For "compressed" text here: each byte is stored inverted, 0 ends it. */
static enum memlog_status invert(void *state, const uint8_t *in, size_t in_len,
				 uint8_t *out, size_t out_len, size_t *ret)
{
	(void)state;
	for (*ret = 0; *ret < in_len && *ret < out_len && in[*ret]; ++*ret)
		out[*ret] = (uint8_t)~in[*ret];
	if (*ret == out_len)
		return MEMLOG_OK;
	return *ret < in_len ? MEMLOG_OK : MEMLOG_CORRUPT;
}

static const struct memlog_codec codec = { .size = sizeof(codec),
					   .name = "deflate",
					   .expand = invert };

static void tell_text(FILE *f, struct memlog_image *image,
		      const struct memlog_log *log, bool expand)
{
	struct memlog_decode_opts o = { .size = sizeof(o),
					.deflate = expand ? &codec : NULL };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	size_t i;

	assert_int_equal(memlog_decoder_open(image, log, &o, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL))
		for (i = 0; i < rec->text_len; i++)
			fputc(rec->text[i] ? rec->text[i] : '?', f);
	if (memlog_decoder_note(d)[0])
		fprintf(f, "(%s)\n", memlog_decoder_note(d));
	memlog_decoder_close(d);
}

/* "VARIANT OFFSET STATE FLAGS" and the text of each log. */
char *oops_tell(struct memlog_image *image, bool expand)
{
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	char *out = NULL;
	size_t len, i;
	FILE *f = open_memstream(&out, &len);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		assert_string_equal(log->format, "ramoops");
		fprintf(f, "%s %llx%s%s%s\n", log->variant,
			(unsigned long long)log->extents->addr - OOPS_AT,
			log->state == MEMLOG_STATE_STALE ? " stale" : "",
			log->flags & MEMLOG_LOG_WRAPPED ? " wrapped" : "",
			log->flags & MEMLOG_LOG_EMPTY	? " empty" :
			log->flags & MEMLOG_LOG_DAMAGED ? " damaged" :
							  "");
		tell_text(f, image, log, expand);
	}
	memlog_logs_destroy(logs);
	fclose(f);
	return out;
}

void oops_finds(const char *want)
{
	struct memlog_image *image = mem_image(&oops_mem, MEMLOG_PHYS);
	char *got = oops_tell(image, true);

	memlog_image_close(image);
	assert_string_equal(got, want);
	free(got);
}

int oops_setup(void **state)
{
	(void)state;
	memset(&oops_mem, 0, sizeof(oops_mem));
	field();
	return 0;
}

int oops_teardown(void **state)
{
	(void)state;
	mem_free(&oops_mem);
	return 0;
}

/* ---- a region -------------------------------------------------------------- */

struct oops_layout oops_small = { .dmesg = 3,
				  .record = 2001,
				  .console = 2048,
				  .ftrace = 1024,
				  .traces = 1,
				  .pmsg = 1024 };

uint8_t *oops_lay_small(void)
{
	uint8_t *p = oops_lay(&oops_small);

	oops_zone(p, oops_small.record, OOPS_SIG, 0, OOPS_OLD,
		  strlen(OOPS_OLD));
	oops_zone(p + oops_small.record, oops_small.record, OOPS_SIG, 0,
		  OOPS_ONE, strlen(OOPS_ONE));
	oops_zone(p + 2 * oops_small.record, oops_small.record, OOPS_SIG, 0,
		  OOPS_TWO, strlen(OOPS_TWO));
	oops_zone(p + 3 * oops_small.record, oops_small.console, OOPS_SIG, 0,
		  "hello\n", 6);
	return p;
}
