/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libadvlogger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libmem.h"

static const uint64_t headers[] = { 32, 48, 72, 80, 80, 80, 88 };

/* 2026-11-28 01:20:30, no zone */
static const uint8_t date[16] = {
	0xea, 0x07, 11, 28, 1, 20, 30, 0, 0, 0, 0, 0, 0xff, 0x07, 0, 0,
};

static uint64_t aligned(uint64_t v)
{
	return (v + 7) / 8 * 8;
}

void adv_start(struct adv_log *a, uint8_t *p, unsigned int version,
	       uint64_t base, uint64_t bytes)
{
	memset(a, 0, sizeof(*a));
	a->p = p;
	a->version = version;
	a->base = base;
	a->header = a->cursor = headers[version];
	a->size = bytes - a->header;
	a->hz = 1000000;
	a->stamp = 100;
	a->permanent = true;
	a->old_kind = version < 4;
	adv_store(a);
}

void adv_store(struct adv_log *a)
{
	uint8_t *p = a->p;

	memset(p, 0, a->header);
	memcpy(p, "ALOG", 4);
	put32(p + 4, a->version ? a->version : (uint32_t)a->size);
	if (a->version < 5) {
		put64(p + 8, a->base + a->header);
		put64(p + 16, a->base + a->cursor);
	} else {
		put32(p + 12, (uint32_t)a->header);
		put32(p + 20, (uint32_t)a->cursor);
	}
	put32(p + 24, a->discarded);
	if (!a->version) {
		p[29] = a->permanent;
		return;
	}
	put32(p + 28, (uint32_t)a->size);
	p[32] = a->permanent;
	p[33] = a->runtime;
	put64(p + 40, a->hz);
	if (a->version >= 2) {
		put64(p + 48, a->ticks);
		if (a->ticks)
			memcpy(p + 56, date, sizeof(date));
	}
	if (a->version >= 6)
		put64(p + 80, a->next);
}

/* Messages that this one overwrites are gone. */
static void forget(struct adv_log *a, uint64_t at, uint64_t end)
{
	size_t i, n = 0;

	for (i = 0; i < a->n; i++) {
		if (a->said[i].at < end && a->said[i].end > at)
			free(a->said[i].text);
		else
			a->said[n++] = a->said[i];
	}
	a->n = n;
}

static uint64_t put_head(struct adv_log *a, uint8_t *p, uint32_t level,
			 unsigned int phase, size_t len)
{
	if (a->old_kind) {
		memcpy(p, "ALMS", 4);
		put32(p + 4, level);
		put64(p + 8, a->stamp);
		put16(p + 16, (uint16_t)len);
		return 18;
	}
	memcpy(p, "ALM2", 4);
	p[4] = 2;
	p[5] = a->version == 6;
	put32(p + 6, level);
	put64(p + 10, a->stamp);
	put16(p + 18, (uint16_t)phase);
	put16(p + 20, (uint16_t)len);
	put16(p + 22, 24);
	return 24;
}

void adv_say_n(struct adv_log *a, uint32_t level, unsigned int phase,
	       const char *text, size_t len, bool torn)
{
	uint64_t n = aligned((a->old_kind ? 18 : 24) + len), at;
	struct adv_said *m;
	uint8_t *p;

	if (a->cursor + n > a->header + a->size && a->wraps && a->runtime &&
	    n <= a->size) {
		a->cursor = a->header;
		a->turn++;
	}
	if (a->cursor + n > a->header + a->size) {
		a->discarded += (uint32_t)len;
		a->stamp++;
		adv_store(a);
		return;
	}
	at = a->cursor;
	forget(a, at, at + n);
	assert_true(a->n < ADV_LOG_MESSAGES);
	p = a->p + at;
	m = &a->said[a->n++];
	*m = (struct adv_said){ .at = at,
				.end = at + n,
				.text = malloc(len + 1),
				.len = len,
				.level = level,
				.stamp = a->stamp,
				.phase = a->old_kind ? 0 : phase,
				.turn = a->turn,
				.torn = torn };
	memcpy(m->text, text, len);
	memcpy(p + put_head(a, p, level, phase, len), text, len);
	if (torn)
		memset(p, 0, 4);
	a->cursor += n;
	a->stamp += 7;
	adv_store(a);
}

void adv_say(struct adv_log *a, uint32_t level, unsigned int phase,
	     const char *text)
{
	adv_say_n(a, level, phase, text, strlen(text), false);
}

void adv_copy(struct adv_log *to, const struct adv_log *from, uint8_t *p,
	      uint64_t base, uint64_t bytes)
{
	size_t i;

	*to = *from;
	to->p = p;
	to->base = base;
	to->size = bytes - to->header;
	memcpy(p + to->header, from->p + to->header, to->cursor - to->header);
	for (i = 0; i < to->n; i++) {
		to->said[i].text = malloc(to->said[i].len + 1);
		memcpy(to->said[i].text, from->said[i].text, to->said[i].len);
	}
	adv_store(to);
}

void adv_free(struct adv_log *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->said[i].text);
	a->n = 0;
}

/* ---- what a reader should get -------------------------------------------- */

static const char *const phases[] = {
	"-",	   "SEC", "PEI",      "PEI64", "DXE", "RT",
	"MM_CORE", "MM",  "SMM_CORE", "SMM",   "TFA",
};

static unsigned int level_of(uint32_t bits)
{
	return bits & 0x80000000 ? 3 : bits & 2 ? 4 : bits & 0x445 ? 6 : 7;
}

struct line {
	FILE *out;
	char *text;
	size_t len;
	uint64_t lost, next_lost;
	const struct adv_said *first;
	unsigned int level;
};

static void line_end(struct line *l)
{
	if (!l->len)
		return;
	fprintf(l->out, "%u %s %llu %llu|", l->level, phases[l->first->phase],
		(unsigned long long)l->first->stamp,
		(unsigned long long)l->lost);
	fwrite(l->text, 1, l->len, l->out);
	l->len = 0;
	l->lost = 0;
}

static void line_add(struct line *l, const struct adv_said *m)
{
	unsigned int level = level_of(m->level);
	size_t i;

	if (m->torn) {
		l->next_lost += m->end - m->at;
		return;
	}
	if (l->next_lost && m->len) {
		line_end(l);
		l->lost = l->next_lost;
		l->next_lost = 0;
	}
	for (i = 0; i < m->len; i++) {
		if (!l->len) {
			l->first = m;
			l->level = level;
		}
		l->level = level < l->level ? level : l->level;
		l->text[l->len++] = m->text[i];
		if (m->text[i] == '\n')
			line_end(l);
	}
}

/* The messages of a turn. Of an earlier one nothing tells of what was not finished at its
 * ends. */
static void add_turn(struct line *l, const struct adv_log *a, unsigned int turn)
{
	size_t i, first = SIZE_MAX, last = 0;

	for (i = 0; i < a->n; i++)
		if (a->said[i].turn == turn &&
		    (turn == a->turn || !a->said[i].torn)) {
			first = first == SIZE_MAX ? i : first;
			last = i;
		}
	for (i = first; first != SIZE_MAX && i <= last; i++)
		if (a->said[i].turn == turn)
			line_add(l, &a->said[i]);
}

bool adv_has_older(const struct adv_log *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->said[i].turn < a->turn && !a->said[i].torn)
			return true;
	return false;
}

/* From the cursor on those of the turn before, then those of this one. */
void adv_expect(const struct adv_log *a, FILE *out)
{
	struct line l = { .out = out, .text = malloc(1 << 20) };
	unsigned int turn = 0;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->said[i].turn < a->turn && !a->said[i].torn &&
		    a->said[i].turn > turn)
			turn = a->said[i].turn;
	if (adv_has_older(a))
		add_turn(&l, a, turn);
	add_turn(&l, a, a->turn);
	line_end(&l);
	free(l.text);
}

void adv_read(struct memlog_image *image, const struct memlog_log *log,
	      FILE *out)
{
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	bool within = false;

	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		assert_true(rec->has_level);
		if (!within)
			fprintf(out, "%u %s %llu %llu|", rec->level,
				rec->phase ? rec->phase : "-",
				(unsigned long long)rec->time,
				(unsigned long long)rec->lost);
		fwrite(rec->raw, 1, rec->raw_len, out);
		within = rec->flags & MEMLOG_REC_CONTINUES;
	}
	memlog_decoder_close(d);
}

/* ---- as strings ----------------------------------------------------------- */

static char *as_string(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		text[i] = text[i] ? text[i] : 1;
	return text;
}

char *adv_expected(const struct adv_log *a)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	adv_expect(a, f);
	fclose(f);
	return as_string(out, len);
}

char *adv_found(struct mem *mem, uint32_t *ret_flags)
{
	struct memlog_image *image = mem_image(mem, MEMLOG_PHYS);
	const struct memlog_log *log;
	struct memlog_logs *logs;
	char *out = NULL;
	size_t len = 0;
	FILE *f;

	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_in_range(memlog_logs_count(logs), 0, 1);
	log = memlog_logs_get(logs, 0);
	if (log) {
		f = open_memstream(&out, &len);
		assert_string_equal(log->format, "advlogger");
		adv_read(image, log, f);
		fclose(f);
		as_string(out, len);
		*ret_flags = log->flags;
	}
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	return out;
}
