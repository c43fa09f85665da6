/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF dumps whose program headers overlap: each byte is read, or a warning counts it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/open.h"
#include "libconform.h"
#include "libmkelf.h"

#define LOAD 1
#define NOTE 4
#define DATA 0x1234u /* where the memory begins in the file: not a whole page */

/* A dump with a note of the owner and n loads; the bytes after the headers are a
 * pattern. */
static struct mkelf *make(const char *owner, const struct mkelf_phdr *loads,
			  uint16_t n)
{
	struct mkelf *m = mkelf_new(true, false);
	uint16_t i;

	mkelf_ehdr(m, 62, 64, 0, (uint16_t)(n + 1), 0, 64);
	mkelf_phdr(m, (struct mkelf_phdr){ NOTE, 0x400, 0, 0, 32, 32, 0 });
	for (i = 0; i < n; i++)
		mkelf_phdr(m, loads[i]);
	mkelf_pad(m, 0x400);
	mkelf_note(m, owner, 0, "12345678", 8, 4);
	mkelf_pad(m, DATA);
	mkelf_fill(m, DATA + 0x8000);
	return m;
}

static struct memlog_image *open_elf(const struct mkelf *m)
{
	struct memlog_image *image;
	struct ml_file f;

	assert_int_equal(ml_file_memory(m->p, m->len, "m", NULL, &f, NULL), 0);
	assert_int_equal(ml_image_open_on(&f, NULL, &image, NULL), 0);
	return image;
}

static bool warned(struct memlog_image *image, const char *text)
{
	const char *w;
	size_t i;

	for (i = 0; (w = memlog_image_warning(image, i)); i++)
		if (strstr(w, text))
			return true;
	return false;
}

#define VA 0xffff888000001000u

/* All p_paddr are 0: p_vaddr has the addresses. */
static void test_virtual(void **state)
{
	static const struct mkelf_phdr h[] = {
		{ LOAD, DATA, VA, 0, 0x1000, 0x1000, 0 },
		{ LOAD, DATA + 0x1000, VA + 0x4000, 0, 0x2000, 0x2000, 0 },
		{ LOAD, 0, VA + 0x9000, 0, 0, 0x2000, 0 },
	};
	static const char *const owners[] = { "VMCOREINFO", "QEMU" };
	struct memlog_image *image;
	struct mkelf *m;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		m = make(owners[i], h, 3);
		const struct conform_piece p[] = {
			{ VA, 0x1000, m->p + DATA, 0, 0, 0 },
			{ VA + 0x4000, 0x2000, m->p + DATA + 0x1000, 0, 0, 0 },
		};

		image = open_elf(m);
		assert_false(memlog_image_has_space(image, MEMLOG_PHYS));
		conform_image(image, MEMLOG_VIRT, p, 2);
		assert_true(warned(image, "physical address 0"));
		assert_true(warned(image, "the virtual ones"));
		memlog_image_close(image);
		free(m);
	}
}

/* p_vaddr does not tell the segments apart either: offsets in the file do. */
static void test_offsets(void **state)
{
	static const struct mkelf_phdr h[][3] = {
		{ { LOAD, DATA, 0, 0, 0x1000, 0x1000, 0 },
		  { LOAD, DATA + 0x1000, 0, 0, 0x1000, 0x1000, 0 },
		  { LOAD, DATA + 0x4000, 0, 0, 0x1000, 0x1000, 0 } },
		/* not next to each other in the order of the headers */
		{ { LOAD, DATA, VA, 0, 0x1000, 0x1000, 0 },
		  { LOAD, DATA + 0x1000, VA + 0x8000, 0, 0x1000, 0x1000, 0 },
		  { LOAD, DATA + 0x4000, VA + 0x800, 0, 0x1000, 0x1000, 0 } },
		{ { LOAD, DATA, VA, 0, 0x1000, 0x1000, 0 },
		  { LOAD, DATA + 0x1000, UINT64_MAX - 0x800, 0, 0x1000, 0x1000,
		    0 },
		  { LOAD, DATA + 0x4000, VA + 0x8000, 0, 0x1000, 0x1000, 0 } },
	};
	struct memlog_image *image;
	struct mkelf *m;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		m = make("QEMU", h[i], 3);
		const struct conform_piece p[] = {
			{ DATA, 0x2000, m->p + DATA, 0, 0, 0 },
			{ DATA + 0x4000, 0x1000, m->p + DATA + 0x4000, 0, 0,
			  0 },
		};

		image = open_elf(m);
		assert_false(memlog_image_has_space(image, MEMLOG_PHYS));
		conform_image(image, MEMLOG_FILE, p, 2);
		assert_int_equal(image->spaces[MEMLOG_FILE].bias,
				 DATA % 0x1000);
		assert_true(warned(image, "offsets in the file"));
		memlog_image_close(image);
		free(m);
	}
}

/* One block of memory at 0 is what it says, even if a header without bytes follows. */
static void test_one_block(void **state)
{
	static const struct mkelf_phdr h[] = {
		{ LOAD, DATA, VA, 0, 0x2000, 0x2000, 0 },
		{ LOAD, 0, VA + 0x9000, 0, 0, 0x2000, 0 },
	};
	struct mkelf *m = make("QEMU", h, 2);
	const struct conform_piece p = { 0, 0x2000, m->p + DATA, 0, 0, 0 };
	struct memlog_image *image = open_elf(m);

	(void)state;
	conform_image(image, MEMLOG_PHYS, &p, 1);
	assert_false(warned(image, "address 0"));
	memlog_image_close(image);
	free(m);
}

/* Bytes that another segment hides are counted once, if they differ from what is read
 * instead. */
static void test_hidden(void **state)
{
	static const struct {
		struct mkelf_phdr h[3];
		const char *want;
	} t[] = {
		{ { { LOAD, DATA, 0, 0x1000, 0x2000, 0x2000, 0 },
		    { LOAD, DATA + 0x2000, 0, 0x2000, 0x2000, 0x2000, 0 },
		    { LOAD, DATA + 0x2000, 0, 0x8000, 0x100, 0x100, 0 } },
		  "3840 bytes of the file are not read" },
		{ { { LOAD, DATA, 0, 0x1000, 1, 1, 0 },
		    { LOAD, DATA + 0x2000, 0, 0x1000, 0x1000, 0x1000, 0 },
		    { LOAD, DATA, 0, 0x8000, 0x100, 0x100, 0 } },
		  "1 byte of the file is not read" },
		/* the same bytes of the file: nothing is hidden */
		{ { { LOAD, DATA, 0, 0x1000, 0x1000, 0x1000, 0 },
		    { LOAD, DATA, 0, 0x1000, 0x2000, 0x2000, 0 },
		    { LOAD, DATA + 0x2000, 0, 0x8000, 0x100, 0x100, 0 } },
		  NULL },
	};
	struct memlog_image *image;
	struct mkelf *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		m = make("QEMU", t[i].h, 3);
		image = open_elf(m);
		assert_true(warned(image, t[i].want ? t[i].want : "not read") ==
			    (t[i].want != NULL));
		memlog_image_close(image);
		free(m);
	}
}

/* ---- bytes that several segments have ------------------------------------ */

/* A file that says where it has data up to an offset, and fails from there on. */
struct limited {
	const struct mkelf *m;
	uint64_t end;
	enum memlog_status then;
};

static enum memlog_status limited_read(void *self, uint64_t addr, void *buf,
				       size_t len, size_t *ret,
				       struct memlog_err *err)
{
	const struct limited *f = self;

	(void)err;
	*ret = 0;
	if (addr >= f->m->len)
		return MEMLOG_NO_DATA;
	*ret = len < f->m->len - addr ? len : f->m->len - (size_t)addr;
	memcpy(buf, f->m->p + addr, *ret);
	return MEMLOG_OK;
}

static enum memlog_status limited_next(void *self, uint64_t addr,
				       struct memlog_range *ret,
				       struct memlog_err *err)
{
	const struct limited *f = self;

	(void)err;
	*ret = (struct memlog_range){ addr, f->m->len };
	return addr < f->m->len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status limited_data(void *self, uint64_t addr,
				       struct memlog_range *ret,
				       struct memlog_err *err)
{
	const struct limited *f = self;

	(void)err;
	*ret = (struct memlog_range){ addr, f->end };
	return addr < f->end ? MEMLOG_OK : f->then;
}

/* What the file says of later segments, after bytes that two of them have. */
static void test_shared(void **state)
{
	static const struct mkelf_phdr h[] = {
		{ LOAD, DATA, 0, 0x1000, 0x2000, 0x2000, 0 },
		{ LOAD, DATA, 0, 0x9000, 0x2000, 0x2000, 0 },
		{ LOAD, DATA + 0x2000, 0, 0x20000, 0x2000, 0x2000, 0 },
	};
	static const struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.read = limited_read,
		.next_range = limited_next,
		.next_data = limited_data,
	};
	static const enum memlog_status then[] = { MEMLOG_IO, MEMLOG_NO_DATA };
	struct mkelf *m = make("VMCOREINFO", h, 3);
	struct limited self = { .m = m };
	struct memlog_image *image;
	struct memlog_range r;
	struct ml_file f;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		self.end = m->len;
		f = (struct ml_file){
			.ops = &ops, .self = &self, .size = m->len, .name = "m"
		};
		assert_int_equal(ml_image_open_on(&f, NULL, &image, NULL), 0);
		self.end = DATA + 0x2000;
		self.then = then[i];
		assert_int_equal(memlog_image_next_data(image, MEMLOG_PHYS, 0,
							&r, NULL),
				 MEMLOG_OK);
		assert_true(r.start == 0x1000 && r.end == 0x3000);
		assert_int_equal(memlog_image_next_data(image, MEMLOG_PHYS,
							0x3000, &r, NULL),
				 then[i]);
		memlog_image_close(image);
	}
	free(m);
}

/* Linux's kernel text is twice in /proc/vmcore: only a difference is a loss. */
static void test_twice(void **state)
{
	static const struct mkelf_phdr h[] = {
		{ LOAD, DATA, 0, 0x3000, 0x2000, 0x2000, 0 },
		{ LOAD, DATA + 0x2000, 0, 0x1000, 0x6000, 0x6000, 0 },
	};
	struct mkelf *m = make("VMCOREINFO", h, 2);
	struct memlog_image *image;

	(void)state;
	memcpy(m->p + DATA + 0x4000, m->p + DATA, 0x2000);
	image = open_elf(m);
	assert_false(warned(image, "overlap"));
	memlog_image_close(image);
	m->p[DATA + 0x5fff] ^= 1;
	image = open_elf(m);
	assert_true(warned(image, "8192 bytes of the file are not read"));
	memlog_image_close(image);
	free(m);
}

/* Memory that is twice in a file, all zeros but for a byte of the second copy. */
#define TWICE (300 * UINT64_C(0x1000))

struct twice {
	const struct mkelf *m;
	uint64_t at; /* of that byte in the file; 0: there is none */
	size_t reads;
};

static enum memlog_status twice_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct twice *f = self;
	uint8_t *p = buf;

	(void)err;
	f->reads++;
	for (*ret = 0; *ret < len && addr < DATA + 2 * TWICE; addr++)
		p[(*ret)++] = addr < f->m->len ? f->m->p[addr] :
						 f->at && addr == f->at;
	return *ret ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status twice_next(void *self, uint64_t addr,
				     struct memlog_range *ret,
				     struct memlog_err *err)
{
	(void)self;
	(void)err;
	*ret = (struct memlog_range){ addr, DATA + 2 * TWICE };
	return addr < ret->end ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static struct memlog_image *twice_open(struct twice *self, unsigned int flags)
{
	static struct memlog_reader_ops ops = {
		.size = sizeof(ops),
		.read = twice_read,
		.next_range = twice_next,
	};
	struct ml_file f = {
		.ops = &ops, .self = self, .size = DATA + 2 * TWICE, .name = "m"
	};
	struct memlog_image *image;

	ops.flags = flags;
	self->reads = 0;
	assert_int_equal(ml_image_open_on(&f, NULL, &image, NULL), 0);
	return image;
}

/* Each page is compared; of a file on another machine only some are, and the rest is not
 * taken to be the same. */
static void test_every_page(void **state)
{
	static const struct mkelf_phdr h[] = {
		{ LOAD, DATA, 0, 0x100000, TWICE, TWICE, 0 },
		{ LOAD, DATA + TWICE, 0, 0x100000, TWICE, TWICE, 0 },
	};
	static const uint64_t at[] = { 0x1000, 0x2fff, TWICE / 2, TWICE - 1 };
	struct mkelf *m = make("VMCOREINFO", h, 2);
	struct twice self = { .m = m };
	struct memlog_image *image;
	size_t i;

	(void)state;
	m->len = DATA;
	image = twice_open(&self, 0);
	assert_false(warned(image, "overlap"));
	assert_false(image->suspect);
	memlog_image_close(image);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		self.at = DATA + TWICE + at[i];
		image = twice_open(&self, 0);
		assert_true(warned(image, "1228800 bytes of the file are not"));
		assert_true(image->suspect);
		memlog_image_close(image);
	}
	self.at = 0;
	image = twice_open(&self, MEMLOG_READER_SLOW);
	assert_true(warned(image, "1228800 bytes could not be compared"));
	/* most likely nothing is wrong, but not all of it was searched */
	assert_false(image->cut);
	assert_true(image->uncompared);
	assert_false(image->suspect);
	assert_in_range(self.reads, 256, 400);
	memlog_image_close(image);
	free(m);
}

/* More to be compared than is, and bytes that cannot be read: they may differ. */
static void test_not_compared(void **state)
{
	static struct mkelf_phdr h[5000];
	struct memlog_image *image;
	struct mkelf *m;
	size_t i;

	(void)state;
	for (i = 0; i < 5000; i++)
		h[i] = (struct mkelf_phdr){
			LOAD, 0x60000, 0, 0x1000, 16, 16, 0
		};
	h[4999].off += 16;
	m = mkelf_new(true, false);
	mkelf_ehdr(m, 62, 64, 0, 5000, 0, 64);
	for (i = 0; i < 5000; i++)
		mkelf_phdr(m, h[i]);
	mkelf_pad(m, 0x60000);
	mkelf_fill(m, 0x60020);
	image = open_elf(m);
	assert_true(warned(image, "16 bytes could not be compared"));
	assert_true(image->cut);
	memlog_image_close(image);
	free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_virtual),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_one_block),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_every_page),
		cmocka_unit_test(test_not_compared),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
