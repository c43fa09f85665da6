/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tables.c - every entry of the tables is complete, and within their limits.
 * With --list it prints them, one a line, for tests/golden/tables.bats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/names.h"
#include "image/ext/source.h"
#include "image/image.h"
#include "render/render.h"
#include "scan/scan.h"

/* The column of names in --help and --info. */
#define NAME_MAX_LEN 12

static const char *names[64];
static size_t n_names;

/* A name for a command line, JSON, a file of fuzz/ and that column, new in its
 * table; and words for people. */
static void check_name(const char *name, const char *title)
{
	size_t i;

	assert_in_range(strlen(name), 1, NAME_MAX_LEN);
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
			 strlen(name));
	assert_true(name[0] >= 'a' && name[0] <= 'z');
	assert_true(title && *title);
	for (i = 0; i < n_names; i++)
		assert_string_not_equal(names[i], name);
	assert_true(n_names < sizeof(names) / sizeof(names[0]));
	names[n_names++] = name;
}

struct hits {
	const struct ml_format *fmt;
	uint64_t addr;
	size_t n;
};

static enum memlog_status on_hit(void *arg, const struct ml_format *fmt,
				 uint64_t addr)
{
	struct hits *h = arg;

	h->n += fmt == h->fmt && addr == h->addr;
	return MEMLOG_OK;
}

/* The search finds a magic on a page of its own, among those of all formats. */
static void check_magic(const struct ml_format *fmt, const struct ml_magic *m)
{
	static uint8_t page[2 * ML_PAGE];
	struct hits h = { .fmt = fmt, .addr = 0x10000000 };
	struct ml_scanner sc;
	int exhaustive;

	/* it is compared by its first four bytes, and is in any peek, and in
	 * what pieces of a search share */
	assert_in_range(m->len, 4, ML_SCAN_OVERLAP);
	assert_true(m->offset + m->len <= MEMLOG_PEEK || m->align < ML_PAGE);
	assert_true(m->offset + m->len <= ML_PAGE);
	/* if it can be at any byte, four heads follow one another */
	assert_true(m->len >= 7 || !((m->fine | m->align | m->offset) % 4));
	memset(page, 0, sizeof(page));
	memcpy(page + m->offset, m->bytes, m->len);
	for (exhaustive = 0; exhaustive < 2; exhaustive++) {
		ml_scanner_init(&sc, ML_FORMATS_ALL, exhaustive, 0, on_hit, &h);
		h.n = 0;
		assert_int_equal(ml_scan_feed(&sc, h.addr, page, sizeof(page)),
				 MEMLOG_OK);
		/* of two formats with one magic the first explains itself */
		assert_true(h.n + sc.dismissed);
	}
}

static void formats(void **state)
{
	char all[ML_FORMAT_NAMES] = "";
	const struct ml_magic *m;
	struct ml_scanner sc;
	size_t i;

	/* a page scan looks at one cache line of each page */
	ml_scanner_init(&sc, ML_FORMATS_ALL, false, 0, on_hit, NULL);
	assert_false(ml_scanner_needs_all(&sc));
	n_names = 0;
	for (i = 0; ml_formats[i]; i++) {
		const struct ml_format *f = ml_formats[i];

		check_name(f->name, f->title);
		assert_int_equal(ml_format_index(f), i);
		assert_int_equal(ml_format_bit(f), UINT64_C(1) << i);
		assert_non_null(f->probe);
		assert_true(f->probe_min <= f->probe_len);
		assert_in_range(f->probe_len, 1, ML_PROBE_MAX);
		assert_true(f->find.reach <= ML_STREAM_BACK);
		assert_ptr_equal(ml_format_find(f->name), f);
		assert_true(ml_name_add(all, sizeof(all), f->name));
		assert_true(f->magics || f->find.screen || f->find.likely ||
			    f->find.locate);
		for (m = f->magics; m && m->len; m++)
			check_magic(f, m);
		assert_int_equal(
			f->find.screen_align & (f->find.screen_align - 1), 0);
		assert_true((f->say.event && !f->say.visits) ==
			    !!f->say.reason);
		assert_non_null(f->say.absent);
		assert_null(strchr(f->say.absent, '\n'));
		assert_true(!f->say.clock || f->say.clock->say.rate);
		/* what is only listed has none of these */
		assert_true(!f->open == !f->next);
		assert_true(f->open || (!f->close && !f->state_size));
	}
}

/* One takes any bytes, so it comes last. */
static void images(void **state)
{
	size_t i;

	n_names = 0;
	for (i = 0; ml_image_formats[i]; i++) {
		const struct ml_image_format *f = ml_image_formats[i];

		check_name(f->name, f->title);
		assert_non_null(f->open);
		assert_int_equal(f->raw, !ml_image_formats[i + 1]);
	}
}

static void check_prefix(const struct ml_image_source *other, const char *p)
{
	const char *o;
	size_t i;

	for (i = 0; (o = other->prefixes[i]); i++)
		assert_true(strncmp(o, p, strlen(o)) &&
			    strncmp(o, p, strlen(p)));
}

/* No name of an image may be of two sources. */
static void sources(void **state)
{
	size_t i, k, p;

	n_names = 0;
	for (i = 0; ml_image_sources[i]; i++) {
		const struct ml_image_source *s = ml_image_sources[i];
		size_t n = strlen(s->name);

		check_name(s->name, s->name);
		assert_non_null(s->open);
		if (!s->whole && !s->url) {
			assert_memory_equal(s->prefixes[0], s->name, n);
			assert_string_equal(s->prefixes[0] + n, ":");
		}
		for (p = 0; s->prefixes[p]; p++)
			for (k = 0; k < i; k++)
				check_prefix(ml_image_sources[k],
					     s->prefixes[p]);
	}
}

static void renders(void **state)
{
	size_t i;

	n_names = 0;
	for (i = 0; ml_renders[i]; i++) {
		const struct ml_render *r = ml_renders[i];

		check_name(r->name, r->title);
		assert_ptr_equal(ml_render_find(r->name), r);
		assert_true(r->record || r->only_tables);
		assert_true(!r->directory || !r->may_directory);
		assert_true(!r->only ||
			    ml_format_find(r->only->name) == r->only);
		assert_true(!r->only || !r->events);
	}
}

static int list(void)
{
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		printf("format %s\n", ml_formats[i]->name);
	for (i = 0; ml_image_formats[i]; i++)
		printf("image %s\n", ml_image_formats[i]->name);
	for (i = 0; ml_image_sources[i]; i++)
		printf("source %s %s\n", ml_image_sources[i]->name,
		       ml_image_sources[i]->prefixes[0]);
	for (i = 0; ml_renders[i]; i++)
		printf("render %s\n", ml_renders[i]->name);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(images),
		cmocka_unit_test(sources),
		cmocka_unit_test(renders),
	};

	if (argc > 1 && !strcmp(argv[1], "--list"))
		return list();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
