/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_named.c - the note of an extract that names its logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "image/image.h"
#include "libmem.h"

/* An image with such a note, which is not the first one. */
static struct memlog_image *named_image(struct mem *mem, const char *text)
{
	struct memlog_image *image;

	memset(mem, 0, sizeof(*mem));
	mem_add(mem, 0, 4096);
	image = mem_image(mem, MEMLOG_HOST);
	ml_image_add_note(image, "CORE", ML_NOTE_LOGS, "", "ovmf 0x9000", NULL,
			  0);
	ml_image_add_note(image, ML_NOTE_OWNER, ML_NOTE_LOGS, "", text, text,
			  (uint32_t)strlen(text));
	return image;
}

static void test_lines(void **state)
{
	struct memlog_image *image;
	struct ml_named n;
	struct mem mem;

	(void)state;
	image = named_image(&mem, "ovmf 0x5000 0x4000\nacrn-log 0x7000\n"
				  "dlog 0x3000 0x3001\nsome\nhost\n");
	assert_true(ml_image_named(image, 0, &n));
	assert_int_equal(n.format_len, 4);
	assert_memory_equal(n.format, "ovmf ", 5);
	assert_int_equal(n.addr, 0x5000);
	assert_true(n.has_base);
	assert_int_equal(n.base, 0x4000);
	assert_true(ml_image_named(image, 1, &n));
	assert_memory_equal(n.format, "acrn-log ", n.format_len + 1);
	assert_int_equal(n.addr, 0x7000);
	assert_false(n.has_base);
	/* no log is before the memory that it is in */
	assert_true(ml_image_named(image, 2, &n));
	assert_int_equal(n.addr, 0x3000);
	assert_false(n.has_base);
	assert_false(ml_image_named(image, 3, &n));
	assert_false(ml_image_named(image, 5, &n));
	assert_true(ml_image_named_word(image, "some"));
	assert_true(ml_image_named_word(image, "host"));
	assert_false(ml_image_named_word(image, "so"));
	assert_false(ml_image_named_word(image, "hosts"));
	memlog_image_close(image);
	mem_free(&mem);
}

/* The first note counts, wherever notes without logs are, and with the text that it has
 * now. It is not looked for again. */
static void test_first(void **state)
{
	struct memlog_image *image;
	struct ml_named n;
	struct mem mem;

	(void)state;
	image = named_image(&mem, "ovmf 0x5000\nsome\n");
	ml_image_add_note(image, ML_NOTE_OWNER, ML_NOTE_LOGS, "",
			  "ovmf 0x6000\nhost\n", "", 0);
	assert_int_equal(image->naming, 2);
	assert_true(ml_image_named(image, 0, &n));
	assert_int_equal(n.addr, 0x5000);
	assert_false(ml_image_named_word(image, "host"));
	ml_image_set_note(image, 1, "", "ovmf 0x7000\n\nvirt");
	assert_true(ml_image_named(image, 0, &n));
	assert_int_equal(n.addr, 0x7000);
	assert_false(ml_image_named_word(image, "some"));
	assert_true(ml_image_named_word(image, "virt"));
	memlog_image_close(image);
	mem_free(&mem);
	/* without any */
	memset(&mem, 0, sizeof(mem));
	mem_add(&mem, 0, 4096);
	image = mem_image(&mem, MEMLOG_HOST);
	assert_int_equal(image->naming, 0);
	assert_false(ml_image_named(image, 0, &n));
	assert_false(ml_image_named_word(image, "some"));
	memlog_image_close(image);
	mem_free(&mem);
}

/* It is that of the log at this address, and nothing is set without one. */
static void test_base(void **state)
{
	struct memlog_image *image;
	struct mem mem;
	uint64_t base = 1;

	(void)state;
	image = named_image(&mem, "ovmf 0x5000 0x4000\nacrn-log 0x7000\n"
				  "dlog 0x9000 0x0\n");
	assert_false(ml_image_named_base(image, 0x4000, &base));
	assert_false(ml_image_named_base(image, 0x7000, &base));
	assert_int_equal(base, 1);
	assert_true(ml_image_named_base(image, 0x5000, &base));
	assert_int_equal(base, 0x4000);
	assert_true(ml_image_named_base(image, 0x9000, &base));
	assert_int_equal(base, 0);
	memlog_image_close(image);
	mem_free(&mem);
}

static void test_space(void **state)
{
	static const struct {
		const char *text;
		bool is;
		enum memlog_space space;
		uint32_t bias;
	} t[] = {
		{ "ovmf 0x1000\nhost\n", true, MEMLOG_HOST, 0 },
		{ "virt", true, MEMLOG_VIRT, 0 },
		{ "phys", false, MEMLOG_FILE, 0 },
		{ "some\nfile+0x84\n", true, MEMLOG_FILE, 0x84 },
		{ "file+4095", true, MEMLOG_FILE, 4095 },
		{ "file+4096", false, MEMLOG_FILE, 0 },
		{ "file+1x", false, MEMLOG_FILE, 0 },
		{ "file", false, MEMLOG_FILE, 0 },
		{ "hosts\nsome\n", false, MEMLOG_FILE, 0 },
		{ "", false, MEMLOG_FILE, 0 },
	};
	enum memlog_space space;
	uint32_t bias;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_int_equal(ml_named_space(t[i].text, strlen(t[i].text),
						&space, &bias),
				 t[i].is);
		if (!t[i].is)
			continue;
		assert_int_equal(space, t[i].space);
		assert_int_equal(bias, t[i].bias);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_space),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
