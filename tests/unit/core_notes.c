/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF notes are read through a window: what is larger, or cannot be read, is left out and
 * said, and what follows is there all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "image/elf/note.h"
#include "image/image.h"
#include "libmem.h"

enum { HEADER = 12, OWNER = 8, BEFORE = 1 << 20 };

/* A file of which bytes from bad on cannot be read, up to end. */
struct part {
	const uint8_t *bytes;
	uint64_t size, bad, end;
};

static enum memlog_status part_read(void *self, uint64_t off, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	const struct part *f = self;

	(void)err;
	*ret = 0;
	if (off >= f->bad && off < f->end)
		return MEMLOG_IO;
	len = (size_t)ml_min(len, f->size - off);
	if (off < f->bad)
		len = (size_t)ml_min(len, f->bad - off);
	memcpy(buf, f->bytes + off, len);
	*ret = len;
	return MEMLOG_OK;
}

static const struct memlog_reader_ops part_ops = {
	.size = sizeof(part_ops),
	.read = part_read,
};

static size_t add(uint8_t *p, size_t at, uint32_t type, uint32_t desc)
{
	put32(p + at, 5);
	put32(p + at + 4, desc);
	put32(p + at + 8, type);
	memcpy(p + at + HEADER, "Test", 5);
	return at + HEADER + OWNER + (desc + 3) / 4 * 4;
}

/* Three notes, the second with so many bytes, of which those in the middle cannot be read
 * if bad; what is left out is said in a warning with these words. */
static void check(uint32_t desc, bool bad, const char *warning)
{
	static const struct ml_ehdr e = { .is64 = true };
	size_t size = (size_t)desc + BEFORE + 3 * (HEADER + OWNER) + 16;
	uint8_t *p = calloc(1, size);
	struct memlog_note n = { .size = sizeof(n) };
	struct ml_note_facts facts = { 0 };
	struct part f = { p, 0, UINT64_MAX, UINT64_MAX };
	struct memlog_image *image;
	struct ml_file file;
	size_t at, i = 0;

	at = add(p, 0, 1, BEFORE);
	if (bad)
		f.bad = at + desc / 2;
	at = add(p, at, 2, desc);
	if (bad)
		f.end = at;
	f.size = add(p, at, 3, 4);
	file = (struct ml_file){
		.ops = &part_ops, .self = &f, .size = f.size, .name = "notes"
	};
	assert_int_equal(ml_image_create("n", NULL, NULL, &image, NULL), 0);
	ml_notes_add(image, &e, &file, 0, f.size, 4, &facts);
	assert_int_equal(memlog_image_note(image, i++, &n), 0);
	assert_int_equal(n.type, 1);
	if (!warning) {
		assert_int_equal(memlog_image_note(image, i++, &n), 0);
		assert_int_equal(n.type, 2);
		assert_null(memlog_image_warning(image, 0));
	} else {
		assert_string_equal(memlog_image_warning(image, 0), warning);
		assert_null(memlog_image_warning(image, 1));
	}
	assert_int_equal(memlog_image_note(image, i++, &n), 0);
	assert_int_equal(n.type, 3);
	assert_int_equal(memlog_image_note(image, i, &n), MEMLOG_NO_DATA);
	memlog_image_close(image);
	free(p);
}

static void test_window(void **state)
{
	(void)state;
	check(100, false, NULL);
	check(ML_MAX_NOTE, false, NULL);
	check(2 * ML_MAX_NOTE, false,
	      "a note of more than 4194304 bytes is left out");
}

static void test_unreadable(void **state)
{
	(void)state;
	check(1 << 20, true, "a note that cannot be read is left out");
}

/* All notes of an image together have a limit: those of 1 MiB that fit are kept. */
static void test_together(void **state)
{
	enum { LEN = 1 << 20 };
	struct memlog_note n = { .size = sizeof(n) };
	struct mem mem = { .n = 0 };
	struct memlog_image *image;
	uint8_t *desc = calloc(1, LEN);
	size_t i, kept;

	(void)state;
	assert_non_null(desc);
	mem_add(&mem, 0, 4096);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (i = 0; i < 2 * ML_MAX_NOTE_BYTES / LEN; i++)
		ml_image_add_note(image, "Test", 1, "", "", desc, LEN);
	for (kept = 0; !memlog_image_note(image, kept, &n); kept++)
		assert_int_equal(n.desc_len, LEN);
	assert_int_equal(kept, ML_MAX_NOTE_BYTES / LEN - 1);
	assert_non_null(strstr(memlog_image_warning(image, 0),
			       "too many or too large notes"));
	memlog_image_close(image);
	mem_free(&mem);
	free(desc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_together),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
