/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones of ramoops: a model of what Linux writes, against what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "libmem.h"

#define PAGE	4096u
#define AT	0x7800000u
#define SIG	0x43474244u
#define VERSION 0x0601c0u
#define HEADER	12u

static struct mem mem;
static uint64_t dice;

static uint32_t pick(uint32_t n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice >> 33) % n;
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
static void parity(const uint8_t *data, size_t len, uint8_t *ret, size_t n)
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

static size_t all_ecc(size_t len, size_t ecc)
{
	size_t blocks = (len - HEADER - ecc + 127 + ecc) / (128 + ecc);

	return ecc ? (blocks + 1) * ecc : 0;
}

/* A zone of len bytes to which text was written. */
static void zone(uint8_t *p, size_t len, uint32_t sig, size_t ecc,
		 const char *text, size_t n)
{
	size_t cap = len - HEADER - all_ecc(len, ecc), at, i;
	uint8_t *codes = p + HEADER + cap;

	put32(p, sig);
	for (i = 0, at = 0; i < n; i++, at = at + 1 == cap ? 0 : at + 1)
		p[HEADER + at] = (uint8_t)text[i];
	put32(p + 4, (uint32_t)at);
	put32(p + 8, (uint32_t)(n < cap ? n : cap));
	for (i = 0; ecc && i < cap; i += 128, codes += ecc)
		parity(p + HEADER + i, i + 128 < cap ? 128 : cap - i, codes,
		       ecc);
	if (ecc)
		parity(p, HEADER, p + len - ecc, ecc);
}

/* A record that pstore has deleted: its bytes stay. */
static void erase(uint8_t *p, size_t len, size_t ecc)
{
	memset(p + 4, 0, 8);
	if (ecc)
		parity(p, HEADER, p + len - ecc, ecc);
}

struct layout {
	size_t dmesg, record, console, ftrace, traces, pmsg, ecc, all;
};

/* Where a zone starts: those of dmesg, then 'c', 'f' + n, 'p'. */
static size_t place(const struct layout *l, char kind, size_t n)
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

static uint8_t *lay(struct layout *l)
{
	uint8_t *p;
	size_t i;

	l->all = place(l, 'p', 0) + l->pmsg;
	p = mem_add(&mem, AT, (l->all + PAGE - 1) / PAGE * PAGE);
	for (i = 0; i < l->dmesg; i++)
		zone(p + place(l, 'd', i), l->record, SIG, l->ecc, "", 0);
	if (l->console)
		zone(p + place(l, 'c', 0), l->console, SIG, l->ecc, "", 0);
	for (i = 0; i < l->traces; i++)
		zone(p + place(l, 'f', i), l->ftrace / l->traces, SIG ^ VERSION,
		     l->ecc, "", 0);
	if (l->pmsg)
		zone(p + place(l, 'p', 0), l->pmsg, SIG, l->ecc, "", 0);
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
static char *tell(struct memlog_image *image, bool expand)
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
			(unsigned long long)log->extents->addr - AT,
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

static void finds(const char *want)
{
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	char *got = tell(image, true);

	memlog_image_close(image);
	assert_string_equal(got, want);
	free(got);
}

static int setup(void **state)
{
	(void)state;
	memset(&mem, 0, sizeof(mem));
	field();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_free(&mem);
	return 0;
}

/* ---- models -------------------------------------------------------------- */

#define TEXT_MAX 20000

/* Lines, so many bytes; returns what is left of them in a ring of cap. */
static const char *lines(char *text, size_t n, size_t cap)
{
	size_t i, k;

	for (i = 0; i < n; i += k) {
		k = (size_t)snprintf(text + i, n - i + 1, "line %u of %u\n",
				     pick(1000), pick(100000));
		if (k > n - i)
			k = n - i;
	}
	if (n)
		text[n - 1] = '\n';
	text[n] = '\0';
	return n > cap ? text + (n - cap) : text;
}

static void calls(FILE *f, uint8_t *text, size_t n, size_t cap)
{
	size_t i;
	uint64_t to, from, number;

	for (i = 0; i < n; i++, text += 24) {
		to = UINT64_C(0xffffffff81000000) + pick(1u << 20);
		from = UINT64_C(0xffffffff81000000) + pick(1u << 20);
		number = pick(1u << 30);
		put64(text, to);
		put64(text + 8, from);
		put64(text + 16, number << 8 | i % 4);
		if ((n - i) * 24 <= cap)
			fprintf(f, "#%llu CPU %u: 0x%llx from 0x%llx\n",
				(unsigned long long)number,
				(unsigned int)(i % 4), (unsigned long long)to,
				(unsigned long long)from);
	}
}

/* A record of dmesg for a zone. Returns its bytes. */
static size_t record(char *out, size_t cap, unsigned int sec, bool packed,
		     char *ret_text)
{
	size_t n, at = (size_t)sprintf(out, "====%u.%06u-%c\n", sec,
				       pick(1000000), packed ? 'C' : 'D');

	n = 1 + pick((uint32_t)(cap - at - 1));
	if (n > TEXT_MAX / 2)
		n = TEXT_MAX / 2;
	lines(ret_text, n, n);
	memcpy(out + at, ret_text, n);
	if (!packed)
		return at + n;
	for (size_t i = 0; i < n; i++)
		out[at + i] = (char)~out[at + i];
	out[at + n] = '\0';
	return at + n + 1;
}

static void random_layout(struct layout *l)
{
	static const size_t eccs[] = { 0, 0, 16, 8, 32 };

	*l = (struct layout){ .dmesg = 1 + pick(6),
			      .record = 600 + pick(9000),
			      .console = (size_t)1024 << pick(3),
			      .ecc = eccs[pick(5)] };
	if (pick(4)) {
		l->ftrace = (size_t)2048 << pick(3);
		l->traces = pick(3) ? 1 : 3;
		l->pmsg = (size_t)1024 << pick(3);
	}
}

/* One layout with something in each kind of zone, and what is to be found. */
static void model(uint64_t seed)
{
	char *text = calloc(1, 2 * TEXT_MAX), *raw = calloc(1, 2 * TEXT_MAX);
	size_t i, n, cap, len;
	const char *left;
	char *want = NULL;
	struct layout l;
	uint8_t *p;
	FILE *f = open_memstream(&want, &len);
	unsigned int newest;

	dice = seed;
	random_layout(&l);
	p = lay(&l);
	newest = pick((uint32_t)l.dmesg);
	for (i = 0; i < l.dmesg; i++) {
		if (i != newest && pick(3) == 0)
			continue;
		cap = l.record - HEADER - all_ecc(l.record, l.ecc);
		n = record(raw, cap,
			   i == newest ? 1800000000 : 1790000000 + pick(1000),
			   pick(2), text);
		zone(p + place(&l, 'd', i), l.record, SIG, l.ecc, raw, n);
		if (pick(3) == 0)
			erase(p + place(&l, 'd', i), l.record, l.ecc);
		fprintf(f, "dmesg %zx%s\n%s", place(&l, 'd', i),
			i == newest ? "" : " stale", text);
	}
	cap = l.console - HEADER - all_ecc(l.console, l.ecc);
	n = 1 + pick((uint32_t)cap * 2);
	left = lines(text, n, cap);
	zone(p + place(&l, 'c', 0), l.console, SIG, l.ecc, text, n);
	fprintf(f, "console %zx%s\n%s", place(&l, 'c', 0),
		n > cap && n % cap ? " wrapped" : "", left);
	for (i = 0; i < l.traces; i++) {
		cap = l.ftrace / l.traces;
		cap -= HEADER + all_ecc(cap, l.ecc);
		n = 1 + pick((uint32_t)cap / 12);
		fprintf(f, "ftrace %zx%s\n", place(&l, 'f', i),
			n * 24 > cap && n * 24 % cap ? " wrapped" : "");
		calls(f, (uint8_t *)text, n, cap);
		zone(p + place(&l, 'f', i), l.ftrace / l.traces, SIG ^ VERSION,
		     l.ecc, text, 24 * n);
	}
	if (l.pmsg) {
		cap = l.pmsg - HEADER - all_ecc(l.pmsg, l.ecc);
		n = 1 + pick((uint32_t)cap * 2);
		left = lines(text, n, cap);
		zone(p + place(&l, 'p', 0), l.pmsg, SIG, l.ecc, text, n);
		fprintf(f, "pmsg %zx%s\n%s", place(&l, 'p', 0),
			n > cap && n % cap ? " wrapped" : "", left);
	}
	fclose(f);
	finds(want);
	free(want);
	free(text);
	free(raw);
	mem_free(&mem);
}

static void models(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 0; i < 400; i++)
		model(i);
}

/* ---- single cases -------------------------------------------------------- */

#define ONE "====1795828273.896700-D\nPanic#1 Part1\n<0>[   21.614389] no\n"
#define TWO "====1795828269.000001-D\nOops#1 Part1\n"
#define OLD "====1795820000.123456\nold\n"

static struct layout small = { .dmesg = 3,
			       .record = 2001,
			       .console = 2048,
			       .ftrace = 1024,
			       .traces = 1,
			       .pmsg = 1024 };

static uint8_t *lay_small(void)
{
	uint8_t *p = lay(&small);

	zone(p, small.record, SIG, 0, OLD, strlen(OLD));
	zone(p + small.record, small.record, SIG, 0, ONE, strlen(ONE));
	zone(p + 2 * small.record, small.record, SIG, 0, TWO, strlen(TWO));
	zone(p + 3 * small.record, small.console, SIG, 0, "hello\n", 6);
	return p;
}

#define SMALL                                                     \
	"dmesg 0 stale\nold\ndmesg 7d1\nPanic#1 Part1\n"          \
	"<0>[   21.614389] no\ndmesg fa2\nOops#1 Part1\nconsole " \
	"1773\nhello\n"

/* Records of one crash belong together; those before are stale. */
static void newest(void **state)
{
	(void)state;
	lay_small();
	finds(SMALL);
}

/* Any header of a zone may be lost; the records of dmesg are still found. */
static void lost(void **state)
{
	uint8_t *p = lay_small();
	size_t i;

	(void)state;
	for (i = 1; i < 3; i++)
		memset(p + i * small.record, (int)(0x5a * (i - 1)), HEADER);
	finds(SMALL);
	memset(p + 4, 0xff, 8);
	finds(SMALL);
}

/* A running machine: zones are copied, and their headers read again. */
static void live(void **state)
{
	struct memlog_reader_ops ops = mem_ops;
	struct memlog_image *image;
	uint8_t *p = lay_small();
	char *got;

	(void)state;
	memset(p + 4, 0, 8);
	memset(p + small.record, 0, HEADER);
	ops.flags |= MEMLOG_READER_LIVE;
	assert_int_equal(memlog_image_wrap(&ops, &mem, MEMLOG_PHYS, "live",
					   NULL, &image, NULL),
			 0);
	got = tell(image, true);
	memlog_image_close(image);
	assert_string_equal(got, SMALL);
	free(got);
}

/* A ring that is not full has not wrapped. */
static void inconsistent(void **state)
{
	uint8_t *p = mem_add(&mem, AT, 2 * PAGE);

	(void)state;
	zone(p, 2048, SIG, 0, "", 0);
	zone(p + 2048, 2048, SIG, 0, "hello\nworld\n", 12);
	zone(p + 4096, 2048, SIG, 0, "", 0);
	finds("console 800\nhello\nworld\n");
	put32(p + 2048 + 4, 6);
	finds("console 800 wrapped damaged\nworld\nhello\n");
}

/* Headers that codes were made for, and that are lost: other zones tell how long codes
 * are. */
static void codes(void **state)
{
	static const char record[] = "====1795828273.896700-D\n";
	struct layout l = { .dmesg = 3, .record = 3001, .ecc = 16 };
	char text[3000], want[3100];
	size_t cap = 3001 - HEADER - all_ecc(3001, 16);
	uint8_t *p = lay(&l);

	(void)state;
	memset(text, 'a', cap);
	memcpy(text, record, strlen(record));
	text[cap] = '\0';
	zone(p + 3001, 3001, SIG, 16, text, cap);
	memset(p + 3001, 0, HEADER);
	snprintf(want, sizeof(want), "dmesg bb9\n%s", text + strlen(record));
	finds(want);
}

/* Fields of a record. */
static void fields(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_record *rec;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;

	(void)state;
	lay_small();
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_string_equal(memlog_logs_get(logs, 1)->reason,
			    "written 2026-11-28 01:11:13.896700");
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 1),
					     NULL, &d, NULL),
			 0);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_false(rec->has_time || rec->has_level);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_true(rec->has_time && rec->has_level);
	assert_int_equal(rec->level, 0);
	assert_true(rec->time == 21614389000 && rec->time_hz == 1000000000);
	assert_int_equal(rec->message_len, 3);
	assert_memory_equal(rec->message, "no\n", 3);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* Without a codec the line that a record begins with, and who prints the rest. */
static void unexpanded(void **state)
{
	static const char text[] = "====1795828273.896700-C\n\xaf\xac\xff";
	struct memlog_image *image;
	uint8_t *p = lay(&small);
	char *got;

	(void)state;
	zone(p, small.record, SIG, 0, text, sizeof(text));
	image = mem_image(&mem, MEMLOG_PHYS);
	got = tell(image, false);
	assert_string_equal(got,
			    "dmesg 0\n====1795828273.896700-C\n(its text is "
			    "compressed: memlog-dump prints it)\n");
	free(got);
	memlog_image_close(image);
}

/* A zone that would end after the last address is none, and hides no other. */
static void beyond(void **state)
{
	uint64_t at = 0 - (uint64_t)2 * PAGE;
	uint8_t *p = mem_add(&mem, at, PAGE);
	char want[80];

	(void)state;
	zone(p, 2048, SIG, 0, ONE, strlen(ONE));
	zone(p + 2048, 2048, SIG, 0, "hello\n", 6);
	put32(p + 2048 + 4, 4 * PAGE);
	put32(p + 2048 + 8, 4 * PAGE);
	snprintf(want, sizeof(want),
		 "dmesg %llx\nPanic#1 Part1\n<0>[   21.614389] no\n",
		 (unsigned long long)(at - AT));
	finds(want);
}

/* Codes that leave less than the line that a record begins with: the record has that. */
static void short_record(void **state)
{
	static const char record[] = "====1795828273.896700-C\n";
	enum { LEN = 76, CODES = 21 };
	struct memlog_scan_opts o = { .size = sizeof(o) };
	uint8_t *p = mem_add(&mem, AT, PAGE);
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_logs *logs;

	(void)state;
	zone(p + LEN, 80, SIG, 0, ONE, 40);
	put32(p, SIG);
	memcpy(p + HEADER, record, strlen(record));
	parity(p, HEADER, p + LEN - CODES, CODES);
	finds("dmesg 0\n====1795828273.896700-C\n"
	      "(it is compressed with lzo, lz4 or 842, or damaged)\n"
	      "dmesg 4c\nPanic#1 Part1\n<0");
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	log = memlog_logs_get(logs, 0);
	assert_int_equal(log->capacity, strlen(record));
	assert_int_equal(log->extents->len, HEADER + log->capacity);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* The signature alone is in the code of the module. */
static void refused(void **state)
{
	uint8_t *p = mem_add(&mem, AT, 3 * PAGE);

	(void)state;
	put32(p, SIG);
	finds("");
	put32(p + 4, 6);
	put32(p + 8, 6);
	memcpy(p + HEADER, "hello\n", 6);
	finds("");
	put32(p + 4, 7);
	put32(p + 2 * PAGE, SIG);
	finds("");
	/* an empty region is one if it has two zones */
	put32(p + 4, 0);
	put32(p + 8, 0);
	finds("dmesg 0 empty\n");
	/* traces do not begin one */
	put32(p, SIG ^ VERSION);
	put32(p + 2 * PAGE, 0);
	finds("");
}

/* Every bit of each header and of the lines after it: no crash, and no text that is
 * nowhere. */
static void flips(void **state)
{
	static const char *const texts[] = { "old\n", "Panic#1 Part1\n",
					     "Oops#1 Part1\n", "hello\n" };
	struct memlog_image *image;
	uint8_t *p = lay_small();
	size_t i, k, bit, left, n = 4;
	char *got;

	(void)state;
	image = mem_image(&mem, MEMLOG_PHYS);
	for (k = 0; k < n; k++)
		for (bit = 0; bit < 8 * (HEADER + 40); bit++) {
			uint8_t *at = p + k * small.record + bit / 8;

			*at ^= (uint8_t)(1 << bit % 8);
			got = tell(image, true);
			for (i = left = 0; i < n; i++)
				left += i != k && strstr(got, texts[i]);
			/* the other records are found wherever one is lost, but
			 * for the first, which leads to them */
			if (k)
				assert_int_equal(left, n - 1);
			free(got);
			*at ^= (uint8_t)(1 << bit % 8);
		}
	memlog_image_close(image);
}

/* All prefixes: what is found is found with the same text, or less of it. */
static void prefixes(void **state)
{
	uint8_t *p = lay_small(), *all = malloc(small.all);
	struct memlog_image *image;
	size_t len, i, n;
	char *got;

	(void)state;
	assert_non_null(all);
	memcpy(all, p, small.all);
	for (len = 1; len < small.all; len += len < 100 ? 1 : 13) {
		mem_free(&mem);
		memcpy(mem_add(&mem, AT, len), all, len);
		image = mem_image(&mem, MEMLOG_PHYS);
		got = tell(image, true);
		n = 0;
		for (i = 0; i < 3; i++)
			n += len >= i * small.record + HEADER + 40;
		for (i = 0; got[i]; i++)
			n -= !strncmp(got + i, "dmesg ", 6) && n;
		assert_int_equal(n, 0);
		free(got);
		memlog_image_close(image);
	}
	free(all);
}

/* Zones by the thousand, each of which claims all that follows. */
static void planted(void **state)
{
	struct memlog_image *image;
	uint8_t *p = mem_add(&mem, AT, 4096 * PAGE);
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < 4096; i++) {
		put32(p + i * PAGE, SIG);
		put32(p + i * PAGE + 4, (uint32_t)(i * 4001));
		put32(p + i * PAGE + 8, ML_RAMOOPS_REGION - HEADER);
		if (i % 3 == 0)
			memcpy(p + i * PAGE + HEADER, ONE, 40);
	}
	image = mem_image(&mem, MEMLOG_PHYS);
	got = tell(image, true);
	free(got);
	memlog_image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(models, setup, teardown),
		cmocka_unit_test_setup_teardown(newest, setup, teardown),
		cmocka_unit_test_setup_teardown(lost, setup, teardown),
		cmocka_unit_test_setup_teardown(live, setup, teardown),
		cmocka_unit_test_setup_teardown(inconsistent, setup, teardown),
		cmocka_unit_test_setup_teardown(codes, setup, teardown),
		cmocka_unit_test_setup_teardown(fields, setup, teardown),
		cmocka_unit_test_setup_teardown(unexpanded, setup, teardown),
		cmocka_unit_test_setup_teardown(beyond, setup, teardown),
		cmocka_unit_test_setup_teardown(short_record, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(flips, setup, teardown),
		cmocka_unit_test_setup_teardown(prefixes, setup, teardown),
		cmocka_unit_test_setup_teardown(planted, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
