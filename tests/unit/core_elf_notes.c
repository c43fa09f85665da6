/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF notes: of dumps, and what they say of CPUs and machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <elf.h>

#include "base/bytes.h"
#include "image/elf/note.h"
#include "image/elf/qemu_cpu.h"
#include "libmkelf.h"
#include "libopen.h"

#define NOTE 4

static void test_notes(void **state)
{
	struct mkelf *m = mkelf_new(true, false);
	struct memlog_note n = { .size = sizeof(n) };
	struct memlog_image *image;
	uint8_t state440[440] = { 1 }, prstatus[336] = { 0 };

	(void)state;
	state440[136] = 0x34;
	state440[418] = 0x12;
	prstatus[32] = 7;
	mkelf_ehdr(m, 62, 64, 0, 1, 0, 64);
	mkelf_phdr(m, (struct mkelf_phdr){ NOTE, 120, 0, 0, 1024, 0, 0 });
	mkelf_note(m, "CORE", 1, prstatus, 336, 4);
	mkelf_note(m, "QEMU", 0, state440, 440, 4);
	mkelf_note(m, "VMCOREINFO", 0, "OSRELEASE=1\n", 12, 4);
	mkelf_note(m, "Weird", 9, "x", 1, 4);
	mkelf_u32(m, 400); /* cut off */
	mkelf_pad(m, 120 + 1024);
	m->len -= 100;
	image = open_elf(m);
	assert_int_equal(memlog_image_note(image, 0, &n), 0);
	assert_non_null(strstr(n.text, "pid 7"));
	assert_int_equal(n.desc_len, 336);
	assert_int_equal(memlog_image_note(image, 1, &n), 0);
	assert_non_null(strstr(n.text, "rip 0x34 "));
	assert_non_null(strstr(n.text, "cr3 0x120000 "));
	assert_int_equal(memlog_image_note(image, 2, &n), 0);
	assert_string_equal(n.text, "OSRELEASE=1\n");
	assert_int_equal(memlog_image_note(image, 3, &n), 0);
	assert_string_equal(n.owner, "Weird");
	assert_string_equal(n.text, "type 0x9, 1 byte");
	assert_int_equal(memlog_image_note(image, 4, &n), MEMLOG_NO_DATA);
	assert_non_null(memlog_image_warning(image, 0));
	memlog_image_close(image);
	free(m);
}

/* Notes are read through a window: a header may straddle its end. */
static void test_window(void **state)
{
	enum {
		WINDOW = ML_NOTE_WINDOW,
		FIRST = 120,
		PIECE = 1 << 20,
		LAST = 12 + 12 + 12,
	};
	uint8_t *p = calloc(1, FIRST + WINDOW + 64), *at;
	struct memlog_image *image;
	struct memlog_note n = { .size = sizeof(n) };
	struct memlog_err err;
	char path[32];
	size_t left, left_of, end;
	int fd = memfd_create("notes", MFD_CLOEXEC);

	(void)state;
	assert_true(p && fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (left_of = 0; left_of <= LAST + 4; left_of += 4) {
		end = FIRST + WINDOW - left_of;
		mkelf_put_core(p, 1);
		mkelf_put_phdr(p, 0,
			       (struct mkelf_phdr){ NOTE, FIRST, 0, 0,
						    end + LAST - FIRST, 0, 0 });
		for (at = p + FIRST; at < p + end; at += left) {
			left = ml_min((size_t)(p + end - at), PIECE);
			ml_put_le32(at, 6);
			ml_put_le32(at + 4, (uint32_t)left - 12 - 8);
			ml_put_le32(at + 8, 9);
			memcpy(at + 12, "Weird", 6);
		}
		ml_put_le32(at, 11);
		ml_put_le32(at + 4, 12);
		ml_put_le32(at + 8, 0);
		memcpy(at + 12, "VMCOREINFO\0", 12);
		memcpy(at + 24, "OSRELEASE=1\n", 12);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, p, end + LAST, 0), end + LAST);
		assert_int_equal(
			memlog_image_open_file(path, NULL, &image, &err), 0);
		assert_int_equal(memlog_image_note(image, 5, &n), 0);
		assert_string_equal(n.text, "OSRELEASE=1\n");
		assert_int_equal(memlog_image_note(image, 6, &n),
				 MEMLOG_NO_DATA);
		assert_null(memlog_image_warning(image, 0));
		memlog_image_close(image);
	}
	close(fd);
	free(p);
}

/* Names and numbers of machines, held against the system's header. */
static void test_machines(void **state)
{
	static const uint16_t known[] = {
		EM_386,	  EM_MIPS,   EM_PPC,	 EM_PPC64, EM_S390, EM_ARM,
		EM_IA_64, EM_X86_64, EM_AARCH64, EM_RISCV, 258,
	};
	unsigned int i, n = 0;
	const char *name;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		name = ml_elf_machine(known[i]);
		assert_int_equal(ml_elf_machine_number(name), known[i]);
	}
	for (i = 0; i < 0x10000; i++)
		n += ml_elf_machine((uint16_t)i)[0] != '\0';
	assert_int_equal(n, sizeof(known) / sizeof(known[0]));
	assert_string_equal(ml_elf_machine(EM_X86_64), "x86_64");
	assert_int_equal(ml_elf_machine_number(""), EM_NONE);
	assert_int_equal(ml_elf_machine_number("x86_6"), EM_NONE);
}

static void test_prstatus(void **state)
{
	uint8_t desc[336] = { 0 };
	uint64_t rip;

	(void)state;
	assert_int_equal(ml_prstatus_machine(336, true), EM_X86_64);
	assert_int_equal(ml_prstatus_machine(392, true), EM_AARCH64);
	assert_int_equal(ml_prstatus_machine(144, false), EM_386);
	assert_int_equal(ml_prstatus_machine(336, false), EM_NONE);
	assert_int_equal(ml_prstatus_machine(144, true), EM_NONE);
	assert_int_equal(ml_prstatus_machine(0, true), EM_NONE);
	desc[241] = 0x12;
	assert_true(ml_prstatus_rip(desc, sizeof(desc), &rip));
	assert_int_equal(rip, 0x1200);
	assert_false(ml_prstatus_rip(desc, sizeof(desc) - 1, &rip));
}

/* Each 4 bytes hold their own offset. */
static void test_qemu_cpu(void **state)
{
	struct ml_note note = { .owner = (char *)"QEMU", .desc_len = 432 };
	struct ml_qemu_cpu c;
	uint8_t desc[432];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(desc); i++)
		desc[i] = i % 4 < 2 ? (uint8_t)((i & ~3u) >> 8 * (i % 4)) : 0;
#define AT(off) ((uint64_t)(off) | (uint64_t)((off) + 4) << 32)
	assert_false(ml_qemu_cpu_parse(desc, sizeof(desc), &c));
	desc[0] = 1;
	assert_false(ml_qemu_cpu_parse(desc, sizeof(desc) - 1, &c));
	assert_true(ml_qemu_cpu_parse(desc, sizeof(desc), &c));
	assert_true(c.rsp == AT(56) && c.rip == AT(136) && c.rflags == AT(144));
	for (i = 0; i < ML_QEMU_SEGMENTS; i++)
		assert_true(c.seg[i].selector == 152 + 24 * i &&
			    c.seg[i].limit == 156 + 24 * i &&
			    c.seg[i].base == AT(168 + 24 * i));
	for (i = 0; i < 5; i++)
		assert_true(c.cr[i] == AT(392 + 8 * i));
	assert_false(ml_qemu_cpu_note(&note, &c));
	note.desc = desc;
	assert_true(ml_qemu_cpu_note(&note, &c));
	note.type = 7;
	assert_false(ml_qemu_cpu_note(&note, &c));
	note.type = 0;
	note.owner = (char *)"CORE";
	assert_false(ml_qemu_cpu_note(&note, &c));
#undef AT
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_prstatus),
		cmocka_unit_test(test_qemu_cpu),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
