/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extracts: what is printed of them is the same as of the memory that they are from. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/xen/xen.h"
#include "libmem.h"
#include "libquery.h"

/* Write what is in the sink to a file and open that. */
static struct memlog_image *reopen(void)
{
	struct memlog_open_opts opts = { .size = sizeof(opts) };
	char name[] = "/tmp/memlog-test-XXXXXX";
	struct memlog_image *image;
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, sink.text, sink.len), (ssize_t)sink.len);
	close(fd);
	assert_int_equal(memlog_image_open_file(name, &opts, &image,
						&query_err),
			 MEMLOG_OK);
	unlink(name);
	return image;
}

/* dom0's log on scattered pages of machine memory: the extract describes dom0's
 * addresses, and has no note that would say otherwise. */
static void extract_xen(void **state)
{
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0, 64 * 4096), ring[0x2000] = { 0 };
	uint8_t info[80] = { 0 };
	struct memlog_image *image = mem_image(&m, MEMLOG_MACH), *small;

	image->machine = "x86_64";
	query_put_log(ring, sizeof(ring), "in dom0\r\n");
	put64(ring + 0x28, 0xf00);
	put64(ring + 0x30, 0xf00 + 9);
	memset(ring + 192, 0, 9);
	memcpy(ring + 192 + 0xf00, "in dom0\r\n", 9);
	memcpy(p + 40 * 4096, ring, 4096);
	memcpy(p + 30 * 4096, ring + 4096, 4096);
	put64(p + 5 * 4096, 6);
	put64(p + 6 * 4096, 7);
	put64(p + 7 * 4096 + 8 * 16, 40);
	put64(p + 7 * 4096 + 8 * 17, 30);
	put64(info + 72, 5);
	ml_image_add_note(image, "CORE", 1, "t", "kept", info, 80);
	ml_image_add_note(image, "Xen", ML_XEN_CRASH_INFO, "t", "", info, 80);
	ml_xen_attach(image);
	assert_true(memlog_image_has_space(image, MEMLOG_PHYS));
	assert_int_equal(query_run(image, "-F ovmf"), MEMLOG_OK);
	assert_string_equal(sink.text, "in dom0\n");
	assert_int_equal(query_run(image, "-F ovmf --extract"), MEMLOG_OK);
	small = reopen();
	assert_int_equal(query_run(small, "-F ovmf"), MEMLOG_OK);
	assert_string_equal(sink.text, "in dom0\n");
	assert_false(query_was_said("machine addresses"));
	assert_int_equal(query_run(small, "-F ovmf --list"), MEMLOG_OK);
	assert_non_null(strstr(sink.text, " phys:0x10000 "));
	assert_int_equal(query_run(small, "--info"), MEMLOG_OK);
	assert_non_null(strstr(sink.text, "CORE 0x1"));
	assert_null(strstr(sink.text, "Xen 0x"));
	memlog_image_close(small);
	memlog_image_close(image);
	mem_free(&m);
}

/* What is in the sink is an ELF core, every field of its headers as the specification has
 * it: notes without an address, then the loads one after another, in whole pages. */
static void check_headers(void)
{
	const Elf64_Phdr *ph;
	Elf64_Ehdr eh;
	uint64_t end;
	size_t i;

	assert_true(sink.len > sizeof(eh));
	memcpy(&eh, sink.text, sizeof(eh));
	assert_memory_equal(eh.e_ident, ELFMAG, SELFMAG);
	assert_int_equal(eh.e_ident[EI_CLASS], ELFCLASS64);
	assert_int_equal(eh.e_ident[EI_DATA], ELFDATA2LSB);
	assert_int_equal(eh.e_ident[EI_VERSION], EV_CURRENT);
	for (i = EI_VERSION + 1; i < EI_NIDENT; i++)
		assert_int_equal(eh.e_ident[i], 0);
	assert_int_equal(eh.e_type, ET_CORE);
	assert_int_equal(eh.e_version, EV_CURRENT);
	assert_int_equal(eh.e_entry, 0);
	assert_int_equal(eh.e_phoff, sizeof(eh));
	assert_int_equal(eh.e_shoff, 0);
	assert_int_equal(eh.e_flags, 0);
	assert_int_equal(eh.e_ehsize, sizeof(eh));
	assert_int_equal(eh.e_phentsize, sizeof(*ph));
	assert_int_equal(eh.e_shentsize, 0);
	assert_int_equal(eh.e_shnum, 0);
	assert_int_equal(eh.e_shstrndx, 0);
	assert_true(eh.e_phnum >= 2);
	ph = (const Elf64_Phdr *)(const void *)(sink.text + sizeof(eh));
	assert_int_equal(ph[0].p_type, PT_NOTE);
	assert_int_equal(ph[0].p_offset, sizeof(eh) + eh.e_phnum * sizeof(*ph));
	assert_int_equal(ph[0].p_vaddr, 0);
	assert_int_equal(ph[0].p_paddr, 0);
	end = (ph[0].p_offset + ph[0].p_filesz + 4095) / 4096 * 4096;
	for (i = 1; i < eh.e_phnum; i++) {
		assert_int_equal(ph[i].p_type, PT_LOAD);
		assert_int_equal(ph[i].p_flags, PF_R);
		assert_int_equal(ph[i].p_offset, end);
		assert_int_equal(ph[i].p_filesz, ph[i].p_memsz);
		assert_int_equal((ph[i].p_vaddr | ph[i].p_paddr) % 4096, 0);
		assert_true(!ph[i].p_vaddr || !ph[i].p_paddr);
		end += ph[i].p_filesz;
	}
	assert_int_equal(sink.len, end);
}

/* What is extracted is the same logs with the same states. */
static void extract(void **state)
{
	static const char *const args[] = { "", "-r -a", "--at 0x3cb3000" };
	struct mem m = { .n = 0 };
	struct memlog_image *image, *small;
	uint8_t *p = mem_add(&m, 0, 0x4000000);
	char *want;
	size_t i;

	query_put_log(p + 0x820000, 0x10000, "early\r\n");
	query_put_log(p + 0x3cb3000, 0x20000, "a whole boot\r\nbefore\r\n");
	image = mem_image(&m, MEMLOG_PHYS);
	assert_int_equal(query_run(image, "--extract"), MEMLOG_OK);
	assert_true(sink.len < 0x40000);
	check_headers();
	small = reopen();
	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		assert_int_equal(query_run(image, args[i]), MEMLOG_OK);
		want = strdup(sink.text);
		assert_non_null(want);
		assert_int_equal(query_run(small, args[i]), MEMLOG_OK);
		assert_string_equal(sink.text, want);
		free(want);
	}
	assert_int_equal(query_run(small, "--info"), MEMLOG_OK);
	assert_non_null(strstr(sink.text, "extract of 2 logs"));
	memlog_image_close(small);
	memlog_image_close(image);
	mem_free(&m);
}

/* Addresses of a debugger or a process are that in the extract, too, whatever notes of a
 * machine come along, and all parts of the logs are reached. */
static void extract_spaces(void **state)
{
	static const enum memlog_space spaces[] = { MEMLOG_VIRT, MEMLOG_HOST };
	static const char *const owners[] = { "VMCOREINFO", "QEMU", "none" };
	struct memlog_image *image, *small, *smaller;
	struct mem m = { .n = 0 };
	char want[80];
	size_t i, k;

	query_put_log(mem_add(&m, 0x7f1234400000, 0x20000), 0x10000, "one\r\n");
	query_put_log(mem_add(&m, 0x7f1234800000, 0x20000), 0x20000,
		      "the other one\r\n");
	for (i = 0; i < 6; i++) {
		image = mem_image(&m, spaces[i % 2]);
		image->machine = "x86_64";
		ml_image_add_note(image, owners[i / 2], 0, "t",
				  "OSRELEASE=6.1.0\n", "OSRELEASE=6.1.0\n", 16);
		assert_int_equal(query_run(image, "-F ovmf --extract"), 0);
		small = reopen();
		assert_int_equal(query_run(small, "-F ovmf --extract"), 0);
		smaller = reopen();
		for (k = 0; k < 2; k++) {
			assert_int_equal(query_run(k ? smaller : small,
						   "-F ovmf -a --list"),
					 0);
			snprintf(want, sizeof(want), " %s:0x7f1234400000 ",
				 memlog_space_name(spaces[i % 2]));
			assert_non_null(strstr(sink.text, want));
			snprintf(want, sizeof(want), " %s:0x7f1234800000 ",
				 memlog_space_name(spaces[i % 2]));
			assert_non_null(strstr(sink.text, want));
			assert_false(query_was_said("cannot be"));
		}
		memlog_image_close(smaller);
		memlog_image_close(small);
		memlog_image_close(image);
	}
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extract),
		cmocka_unit_test(extract_xen),
		cmocka_unit_test(extract_spaces),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
