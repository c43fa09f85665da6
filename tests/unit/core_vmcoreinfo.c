/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_vmcoreinfo.c - are symbols those of the kernel in the image, and where is a
 * kernel that has no VMCOREINFO? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/vmcoreinfo.h"
#include "libmem.h"

#define BASE   UINT64_C(0x40000000)
#define LINKED UINT64_C(0xffff800080000000) /* to BASE, but for the slide */
#define BANNER 0x1000u
#define TEXT \
	"Linux version 5.4.1 (someone) #1 SMP Mon Jun 1 10:00:00 UTC 2026\n"

#define PLACE                               \
	"SYMBOL(_stext)=ffffa00080000000\n" \
	"NUMBER(kimage_voffset)=0xffffa00040000000\n"
#define ID_LINE "BUILD-ID=000102030405060708090a0b0c0d0e0f10111213\n"

struct file {
	uint8_t id[20];
	size_t id_len;
	const char *banner; /* NULL: the file does not have it */
};

static enum memlog_status file_addr(void *self, const char *name, uint64_t *ret)
{
	(void)self;
	if (!strcmp(name, "linux_banner"))
		*ret = LINKED + BANNER;
	else if (!strcmp(name, "_stext"))
		*ret = LINKED;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

static enum memlog_status file_build_id(void *self, const void **ret,
					size_t *ret_len)
{
	struct file *f = self;

	*ret = f->id;
	*ret_len = f->id_len;
	return f->id_len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status file_read(void *self, uint64_t addr, void *buf,
				    size_t len)
{
	struct file *f = self;

	assert_int_equal(addr, LINKED + BANNER);
	if (!f->banner)
		return MEMLOG_NO_DATA;
	memset(buf, 0xff, len);
	memcpy(buf, f->banner, strlen(f->banner) + 1);
	return MEMLOG_OK;
}

/* The warning with that file, "" if it is the kernel's; info: VMCOREINFO. */
static void check(struct file *f, const char *info, size_t memory,
		  const char *want)
{
	struct memlog_symbols s = { .size = sizeof(s),
				    .self = f,
				    .addr = file_addr,
				    .build_id = file_build_id,
				    .read = file_read,
				    .file = "vmlinux" };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	const char *line;
	uint8_t *ram = mem_add(&m, BASE, BANNER + memory);

	memcpy(ram + BANNER, TEXT,
	       memory < sizeof(TEXT) ? memory : sizeof(TEXT));
	image = mem_image(&m, MEMLOG_PHYS);
	ml_image_add_note(image, "VMCOREINFO", 0, "", info, info, strlen(info));
	/* the second time it says nothing new */
	if (ml_vmcoreinfo_checked(image, &s))
		assert_ptr_equal(ml_vmcoreinfo_checked(image, &s), &s);
	else
		assert_null(ml_vmcoreinfo_checked(image, &s));
	line = memlog_image_warning(image, 0);
	assert_string_equal(line ? line : "", want);
	assert_null(memlog_image_warning(image, 1));
	memlog_image_close(image);
	mem_free(&m);
}

static void test_build_id(void **state)
{
	struct file f = { .id_len = 20, .banner = "Linux version 4.1\n" };
	uint8_t i;

	(void)state;
	for (i = 0; i < 20; i++)
		f.id[i] = i;
	/* it is enough */
	check(&f, ID_LINE PLACE, 4096, "");
	f.id[19] = 0xff;
	check(&f, ID_LINE PLACE, 4096,
	      "vmlinux is of another kernel and not used: its build ID is "
	      "000102030405060708090a0b0c0d0e0f101112ff, and the kernel in the "
	      "image has 000102030405060708090a0b0c0d0e0f10111213");
	/* of another length, or none */
	f.id_len = 16;
	check(&f, ID_LINE PLACE, 4096, "");
	f.id_len = 0;
	check(&f, ID_LINE PLACE, 4096, "");
	check(&f, "BUILD-ID=00\n" PLACE, 4096, "");
}

static void test_banner(void **state)
{
	static const char differs[] =
		"vmlinux is of another kernel and not used: linux_banner is not "
		"the same; the image is of Linux 5.4.1";
	struct file f = { .id_len = 20, .banner = TEXT };

	(void)state;
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 4096, "");
	f.banner = "Linux version 5.4.1 (someone) #1 SMP Mon Jun 1 10:00:01 "
		   "UTC 2026\n";
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 4096, differs);
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 61, differs);
	/* not in the image, as far as it differs; where it is is not known */
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 50, "");
	check(&f, "OSRELEASE=5.4.1\n", 4096, "");
	/* a file with debug information only */
	f.banner = NULL;
	check(&f, "OSRELEASE=5.4.1\n" PLACE, 4096, "");
}

/* ---- a kernel without VMCOREINFO ---------------------------------------- */

enum {
	M_TEXT = 0, /* offsets from where the image begins */
	M_STEXT = 0x10000,
	M_BANNER = 0x20bc8,
	M_NSPROXY = 0x31000,
	M_UTS = 0x32000,
	M_PLACE = 0x33000,   /* kimage_voffset, phys_base */
	M_START = 0x33008,   /* memstart_addr */
	M_MORE = 0x33010,    /* vabits_actual, __pgtable_l5_enabled */
	M_COMMAND = 0x33018, /* saved_command_line */
	M_ROOT = 0x34000,
	M_SIZE = 0x40000,
};

/* phys: where the image is. pages: bits 1 and 2 of the flags in arm64's header. */
struct kernel {
	bool x86, no_more;
	uint64_t linked, slide, phys, more;
	uint64_t start, command; /* 0: 1 GiB, none */
	uint8_t pages;
};

static enum memlog_status kernel_addr(void *self, const char *name,
				      uint64_t *ret)
{
	static const struct {
		const char *name;
		uint32_t off;
		int arch; /* 0: both */
	} syms[] = {
		{ "_text", M_TEXT, 0 },
		{ "_stext", M_STEXT, 0 },
		{ "linux_banner", M_BANNER, 0 },
		{ "init_nsproxy", M_NSPROXY, 0 },
		{ "init_uts_ns", M_UTS, 0 },
		{ "kimage_voffset", M_PLACE, 1 },
		{ "memstart_addr", M_START, 1 },
		{ "vabits_actual", M_MORE, 1 },
		{ "saved_command_line", M_COMMAND, 1 },
		{ "swapper_pg_dir", M_ROOT, 1 },
		{ "phys_base", M_PLACE, 2 },
		{ "__pgtable_l5_enabled", M_MORE, 2 },
		{ "init_top_pgt", M_ROOT, 2 },
	};
	const struct kernel *k = self;
	size_t i;

	for (i = 0; i < sizeof(syms) / sizeof(*syms); i++)
		if (!strcmp(name, syms[i].name) &&
		    syms[i].arch != (k->x86 ? 1 : 2) &&
		    !(k->no_more && syms[i].off == M_MORE)) {
			*ret = k->linked + syms[i].off;
			return MEMLOG_OK;
		}
	return MEMLOG_NO_DATA;
}

static enum memlog_status kernel_read(void *self, uint64_t addr, void *buf,
				      size_t len)
{
	const struct kernel *k = self;

	memset(buf, 0, len);
	if (addr == k->linked + M_BANNER) {
		strcpy(buf, TEXT);
	} else if (addr == k->linked && !k->x86) {
		assert_int_equal(len, 64);
		((uint8_t *)buf)[24] = (uint8_t)(8 | k->pages << 1);
		memcpy((char *)buf + 56, "ARM\x64", 4);
	} else {
		return MEMLOG_NO_DATA;
	}
	return MEMLOG_OK;
}

static uint8_t *kernel_ram(struct mem *m, const struct kernel *k)
{
	uint8_t *ram = mem_add(m, k->phys, M_SIZE);
	uint64_t va = k->linked + k->slide;

	strcpy((char *)ram + M_BANNER, TEXT);
	put32(ram + M_NSPROXY, 37);
	put64(ram + M_NSPROXY + 8, va + M_UTS);
	strcpy((char *)ram + M_UTS + 4, "Linux");
	strcpy((char *)ram + M_UTS + 4 + 130, "5.4.1");
	put64(ram + M_PLACE,
	      k->x86 ? k->phys - (va - 0xffffffff80000000) : va - k->phys);
	put64(ram + M_START, k->start ? k->start : 0x40000000);
	put64(ram + M_COMMAND, k->command);
	put64(ram + M_MORE, k->more);
	return ram;
}

static struct memlog_symbols kernel_symbols(struct kernel *k)
{
	return (struct memlog_symbols){ .size = sizeof(struct memlog_symbols),
					.self = k,
					.addr = kernel_addr,
					.read = kernel_read };
}

/* The text that is made for it, or a part of it. */
static void make(struct kernel *k, const char *want)
{
	struct memlog_symbols s = kernel_symbols(k);
	struct memlog_note note = { .size = sizeof(note) };
	struct memlog_image *image;
	struct mem m = { .n = 0 };
	uint64_t phys;

	kernel_ram(&m, k);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_true(ml_vmcoreinfo_make(image, &s, k->phys + M_BANNER));
	assert_int_equal(memlog_image_note(image, 0, &note), 0);
	assert_string_equal(note.owner, "VMCOREINFO");
	if (strncmp(want, "OSRELEASE", 9))
		assert_non_null(strstr(note.text, want));
	else
		assert_string_equal(note.text, want);
	/* it leads where everything is */
	assert_true(
		ml_vmcoreinfo_symbol(image, &s, "init_uts_ns", NULL, &phys));
	assert_int_equal(phys, k->phys + M_UTS);
	memlog_image_close(image);
	mem_free(&m);
}

static void test_make_arm64(void **state)
{
	struct kernel k = { .linked = 0xffff800080000000,
			    .slide = 0x3cb585800000,
			    .phys = 0x40210000,
			    .pages = 1,
			    .no_more = true };

	(void)state;
	make(&k, "OSRELEASE=5.4.1\nPAGESIZE=4096\n"
		 "NUMBER(kimage_voffset)=18446670087619280896\n"
		 "NUMBER(PHYS_OFFSET)=1073741824\n"
		 "NUMBER(VA_BITS)=48\n"
		 "SYMBOL(swapper_pg_dir)=ffffbcb605834000\n"
		 "SYMBOL(_stext)=ffffbcb605810000\n"
		 "SYMBOL(init_uts_ns)=ffffbcb605832000\n"
		 "KERNELOFFSET=3cb585800000\n");
	/* 39 bits; not moved */
	k.linked = 0xffffffc080000000;
	k.slide = 0;
	make(&k, "OSRELEASE=5.4.1\nPAGESIZE=4096\n"
		 "NUMBER(kimage_voffset)=18446743799903223808\n"
		 "NUMBER(PHYS_OFFSET)=1073741824\n"
		 "NUMBER(VA_BITS)=39\n"
		 "SYMBOL(swapper_pg_dir)=ffffffc080034000\n"
		 "SYMBOL(_stext)=ffffffc080010000\n"
		 "SYMBOL(init_uts_ns)=ffffffc080032000\n"
		 "KERNELOFFSET=0\n");
	/* 47 and pages of 16 KiB; 52 and 64 KiB */
	k.linked = 0xffffc00080000000;
	k.pages = 2;
	make(&k, "OSRELEASE=5.4.1\nPAGESIZE=16384\n"
		 "NUMBER(kimage_voffset)=18446673706036953088\n"
		 "NUMBER(PHYS_OFFSET)=1073741824\n"
		 "NUMBER(VA_BITS)=47\n"
		 "SYMBOL(swapper_pg_dir)=ffffc00080034000\n"
		 "SYMBOL(_stext)=ffffc00080010000\n"
		 "SYMBOL(init_uts_ns)=ffffc00080032000\n"
		 "KERNELOFFSET=0\n");
	/* for 52, which the processor has or not: a variable tells, the pointer to
	 * the command line, or the direct map's beginning, which was moved */
	k.linked = 0xffff800080000000;
	k.pages = 3;
	k.no_more = false;
	k.more = 52;
	make(&k, "NUMBER(TCR_EL1_T1SZ)=12\nNUMBER(VA_BITS)=52\n");
	k.more = 48;
	make(&k, "NUMBER(TCR_EL1_T1SZ)=16\nNUMBER(VA_BITS)=52\n");
	k.no_more = true;
	make(&k, "PHYS_OFFSET)=1073741824\nNUMBER(VA_BITS)=48\n");
	k.command = 0xfff000007fe00000;
	make(&k, "NUMBER(TCR_EL1_T1SZ)=12\nNUMBER(VA_BITS)=52\n");
	k.command = 0xffff00007fe00000;
	make(&k, "PHYS_OFFSET)=1073741824\nNUMBER(VA_BITS)=48\n");
	/* 1 GiB less 15 << 48; or only a bit lower, by chance */
	k.start = 0xfff1000040000000;
	make(&k, "NUMBER(TCR_EL1_T1SZ)=16\nNUMBER(VA_BITS)=52\n");
	k.start = 0xffffd00040000000;
	make(&k, "PHYS_OFFSET)=18446691298225160192\nNUMBER(VA_BITS)=48\n");
	k.linked = 0xffffc00080000000;
	k.pages = 2;
	k.start = 0xfff0800040000000;
	make(&k, "NUMBER(TCR_EL1_T1SZ)=17\nNUMBER(VA_BITS)=52\n");
}

static void test_make_x86(void **state)
{
	struct kernel k = { .x86 = true,
			    .linked = 0xffffffff81000000,
			    .slide = 0x10400000,
			    .phys = 0x35c00000 };

	(void)state;
	make(&k, "OSRELEASE=5.4.1\nPAGESIZE=4096\nNUMBER(phys_base)=612368384\n"
		 "NUMBER(pgtable_l5_enabled)=0\n"
		 "SYMBOL(swapper_pg_dir)=ffffffff91434000\n"
		 "SYMBOL(_stext)=ffffffff91410000\n"
		 "SYMBOL(init_uts_ns)=ffffffff91432000\n"
		 "KERNELOFFSET=10400000\n");
	k.slide = 0;
	k.phys = 0x1000000;
	k.more = 1;
	make(&k, "OSRELEASE=5.4.1\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
		 "NUMBER(pgtable_l5_enabled)=1\n"
		 "SYMBOL(swapper_pg_dir)=ffffffff81034000\n"
		 "SYMBOL(_stext)=ffffffff81010000\n"
		 "SYMBOL(init_uts_ns)=ffffffff81032000\n"
		 "KERNELOFFSET=0\n");
}

/* One wrong value is enough for nothing to be made. */
static void test_make_hostile(void **state)
{
	static const struct {
		uint32_t off;
		uint64_t v;
	} bad[] = {
		{ M_BANNER + 40, 0 },
		{ M_NSPROXY + 8, 0x4141414141414141 },
		{ M_NSPROXY + 8, 0xffffffff81032000 },
		{ M_UTS + 4, 0 },
		{ M_UTS + 4 + 130, 0 },
		{ M_UTS + 4 + 130, 0x1b5b324a },
		{ M_PLACE, 0 },
		{ M_PLACE, UINT64_MAX },
	};
	struct kernel k = { .linked = 0xffff800080000000,
			    .slide = 0x200000,
			    .phys = 0x40210000,
			    .pages = 1 };
	struct memlog_symbols s = kernel_symbols(&k);
	struct memlog_image *image;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(bad) / sizeof(*bad); i++) {
		struct mem m = { .n = 0 };
		uint8_t *ram;

		k.x86 = i % 2;
		k.linked = k.x86 ? 0xffffffff81000000 : 0xffff800080000000;
		ram = kernel_ram(&m, &k);
		put64(ram + bad[i / 2].off, bad[i / 2].v);
		image = mem_image(&m, MEMLOG_PHYS);
		assert_false(ml_vmcoreinfo_make(image, &s, k.phys + M_BANNER));
		/* and where it is not */
		assert_false(ml_vmcoreinfo_make(image, &s, k.phys));
		assert_false(ml_vmcoreinfo_make(image, &s, UINT64_MAX));
		assert_int_equal(image->n_notes, 0);
		memlog_image_close(image);
		mem_free(&m);
	}
}

static void test_none(void **state)
{
	struct memlog_symbols s = { .size = sizeof(s), .addr = file_addr };
	struct mem m = { .n = 0 };
	struct memlog_image *image;

	(void)state;
	mem_add(&m, BASE, 4096);
	image = mem_image(&m, MEMLOG_PHYS);
	assert_null(ml_vmcoreinfo_checked(image, NULL));
	assert_ptr_equal(ml_vmcoreinfo_checked(image, &s), &s);
	memlog_image_close(image);
	mem_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_banner),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_make_arm64),
		cmocka_unit_test(test_make_x86),
		cmocka_unit_test(test_make_hostile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
