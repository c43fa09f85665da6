/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutate.c - small images, cut at every byte, and with every bit of their
 * headers flipped. Nothing may crash, hang, leak, take memory without bound or
 * say something a terminal must not get; look_*() checks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "damage.h"
#include "liblook.h"

static const char *const recipes[] = {
	"small-c",	"small-c-wrapped",  "small-a32",  "small-b-be",
	"small-paging", "small-early-main", "small-qevm", "small-index",
};
#define RECIPES (sizeof(recipes) / sizeof(recipes[0]))

struct fixture {
	uint8_t *p;
	size_t len;
};

/* Made by mkimage, which is in the build directory. */
static struct fixture make(const char *recipe)
{
	struct fixture f = { NULL, 0 };
	const char *b = getenv("B");
	char cmd[512], path[] = "/tmp/memlog-mutate.XXXXXX";
	int fd = mkstemp(path);
	off_t len;

	assert_true(fd >= 0);
	snprintf(cmd, sizeof(cmd), "%s/mkimage fixtures/gen/recipes/%s.rec %s",
		 b ? b : "build", recipe, path);
	assert_int_equal(system(cmd), 0);
	len = lseek(fd, 0, SEEK_END);
	assert_true(len > 0);
	f.len = (size_t)len;
	f.p = malloc(f.len);
	assert_non_null(f.p);
	assert_int_equal(pread(fd, f.p, f.len, 0), len);
	close(fd);
	unlink(path);
	return f;
}

static int in_memory(const struct fixture *f)
{
	int fd = memfd_create("mutate", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, f->p, f->len, 0), f->len);
	return fd;
}

static void prefixes(void **state)
{
	const char *recipe = *state;
	struct fixture f = make(recipe);
	int fd = in_memory(&f);
	size_t len;

	for (len = f.len; len--;) {
		if (!damage_turn())
			continue;
		assert_int_equal(ftruncate(fd, (off_t)len), 0);
		snprintf(look_at, sizeof(look_at), "the first %zu bytes of %s",
			 len, recipe);
		look_file(fd, NULL, len % 61 ? LOOK_QUICK : LOOK_ALL);
	}
	close(fd);
	free(f.p);
}

static void flip(int fd, const struct fixture *f, size_t at, const char *recipe)
{
	static unsigned int flips;
	unsigned int bit;
	uint8_t b;

	for (bit = 0; bit < 8; bit++) {
		if (!damage_turn())
			continue;
		b = f->p[at] ^ (uint8_t)(1u << bit);
		assert_int_equal(pwrite(fd, &b, 1, (off_t)at), 1);
		snprintf(look_at, sizeof(look_at),
			 "%s with bit %u of byte 0x%zx flipped", recipe, bit,
			 at);
		/* 7 and 8 have no common divisor: every bit has its turn */
		look_file(fd, NULL, flips++ % 7 ? LOOK_QUICK : LOOK_ALL);
	}
	/* and what single bits do not reach */
	for (bit = 0; bit < 2; bit++) {
		if (!damage_turn())
			continue;
		b = bit ? 0xff : 0x00;
		assert_int_equal(pwrite(fd, &b, 1, (off_t)at), 1);
		look_file(fd, NULL, LOOK_QUICK);
	}
	assert_int_equal(pwrite(fd, f->p + at, 1, (off_t)at), 1);
}

/* The container's headers and notes end where the first log's page, or other
 * memory, begins; a log's header is found by its magic. That of family C says how
 * long it is. */
static void bits(void **state)
{
	const char *recipe = *state;
	struct fixture f = make(recipe);
	int fd = in_memory(&f);
	size_t at, first = 0, logs = 0, len;

	for (at = 0; at + 5 <= f.len; at++) {
		size_t i;

		if (memcmp(f.p + at, "ovmfm", 5))
			continue;
		first = first ? first : at;
		logs++;
		len = 192;
		if (!memcmp(f.p + at, "ovmfmdg1", 8))
			len = f.p[at + 16] | (size_t)f.p[at + 17] << 8;
		for (i = at; i < at + len && i < f.len; i++)
			flip(fd, &f, i, recipe);
		at += len;
	}
	assert_true(logs > 0);
	for (at = 0; at < first && at < 2048; at++)
		flip(fd, &f, at, recipe);
	/* section names and such stand at the end */
	for (at = f.len - 16; at < f.len; at++)
		flip(fd, &f, at, recipe);
	close(fd);
	free(f.p);
}

int main(void)
{
	struct CMUnitTest tests[2 * RECIPES];
	static char names[2 * RECIPES][64];
	size_t i;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	for (i = 0; i < RECIPES; i++) {
		snprintf(names[2 * i], sizeof(names[0]), "every prefix of %s",
			 recipes[i]);
		snprintf(names[2 * i + 1], sizeof(names[0]),
			 "every header bit of %s", recipes[i]);
		tests[2 * i] = (struct CMUnitTest){ names[2 * i], prefixes,
						    NULL, NULL,
						    (void *)recipes[i] };
		tests[2 * i + 1] = (struct CMUnitTest){ names[2 * i + 1], bits,
							NULL, NULL,
							(void *)recipes[i] };
	}
	return _cmocka_run_group_tests("mutate", tests, 2 * RECIPES, NULL,
				       NULL);
}
