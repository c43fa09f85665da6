/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key of what went wrong: lines of each family, a model of edk2's forms with other
 * directories and addresses, and hostile text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/cleaned.h"
#include "record/signature.h"

static void add(struct ml_signing *s, const void *text, size_t len, int level)
{
	struct memlog_record r = { .size = sizeof(r), .cpu = -1 };
	/* of that size, so that a sanitizer sees a byte too many */
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	r.text = r.raw = copy;
	r.text_len = r.raw_len = len;
	r.has_level = level >= 0;
	r.level = (uint32_t)level;
	ml_signing_take(s, &r);
	free(copy);
}

static void begin(struct ml_signing *s, const char *format, uint64_t addr)
{
	struct memlog_extent e = { .space = MEMLOG_PHYS, .addr = addr };
	struct memlog_log log = { .size = sizeof(log),
				  .format = format,
				  .extents = &e,
				  .n_extents = 1 };

	ml_signing_log(s, &log, ml_format_find(format));
}

/* A log of these lines, which may begin with "<N>", their level. */
static void add_log(struct ml_signing *s, const char *format, const char *lines)
{
	const char *end;
	int level;

	begin(s, format, 0x1000);
	for (; *lines; lines = end) {
		end = strchr(lines, '\n') + 1;
		level = -1;
		if (lines[0] == '<' && lines[2] == '>') {
			level = lines[1] - '0';
			lines += 3;
		}
		add(s, lines, (size_t)(end - lines), level);
	}
	ml_signing_log_end(s, true);
}

static void is(const char *format, const char *lines, const char *key,
	       const char *kind)
{
	struct ml_signing s = { .cut = false };
	struct ml_signature ret;

	add_log(&s, format, lines);
	assert_true(ml_signing_get(&s, &ret));
	assert_string_equal(ret.key, key);
	assert_string_equal(ret.kind, kind);
	assert_string_equal(ret.log.format, format);
	assert_true(ret.whole);
}

static void asserts(void **state)
{
	static const char key[] =
		"assert MdePkg/Library/BaseLib/String.c:199 String != ((VOID *) 0)";
	static const char *const forms[] = {
		"ASSERT [PciBusDxe] /home/a/edk2/MdePkg/Library/BaseLib/"
		"String.c(199): String != ((VOID *) 0)\r\n",
		"ASSERT MdePkg/Library/BaseLib/String.c(199): String != ((VOID *) 0)\n",
		"ASSERT [X] c:\\w (2)\\edk2\\MdePkg\\Library\\BaseLib\\"
		"String.c(199): String != ((VOID *) 0)\n",
		"PEI_ASSERT!: [X] /b/MdePkg/Library/BaseLib/String.c (199): String != ((VOID *) 0)\n",
		"DXE_ASSERT!: /b/OldPkg/../MdePkg/Library/BaseLib/"
		"String.c (199): String != ((VOID *) 0)\n",
		/* after text without a line end */
		"Loading ASSERT /b/MdePkg/Library/BaseLib/String.c(199): String != ((VOID *) 0)\n",
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		is("ovmf", forms[i], key, "assert");
	is("advlogger", forms[0], key, "assert");
	/* the first counts, and not what comes of it */
	is("ovmf",
	   "ASSERT_EFI_ERROR (Status = Not Found)\n"
	   "ASSERT [A] /x/APkg/A.c(7): !(((INTN)(RETURN_STATUS)(Status)) < 0)\n"
	   "ASSERT [B] /x/BPkg/B.c(8): ((BOOLEAN)(0==1))\n"
	   "!!!! X64 Exception Type - 0D(#GP - General Protection)  CPU Apic ID - 00000000 !!!!\n"
	   "<3>Error: it failed\n",
	   "assert APkg/A.c:7 !(((INTN)(RETURN_STATUS)(Status)) < 0) (Not Found)",
	   "assert");
	/* no package: a path that is not absolute is the same everywhere */
	is("ovmf", "ASSERT src/deep/A.c(7): a\n", "assert src/deep/A.c:7 a",
	   "assert");
	is("ovmf", "ASSERT ../deep/A.c(7): a\n", "assert A.c:7 a", "assert");
	/* no assertions */
	is("ovmf",
	   "ASSERT me\nASSERT a(x): b\nASSERT (1): b\nASSERT a(99999999999999999999): b\n",
	   "log ovmf", "log");
}

static void exceptions(void **state)
{
	static const char type[] =
		"!!!! X64 Exception Type - 0E(#PF - Page-Fault)  CPU Apic ID - 00000003 !!!!\n"
		"ExceptionData - 0000000000000002  I:0 R:0 U:0 W:1 P:0 PK:0 SS:0 SGX:0\n"
		"RIP  - 000000007E8F1234, CS  - 0000000000000038, RFLAGS - 0000000000010206\n";
	char text[1024];

	snprintf(
		text, sizeof(text),
		"%s!!!! Find image based on IP(0x7E8F1234) "
		"/b/Build/OvmfX64/DEBUG_GCC5/X64/APkg/A/A/DEBUG/ADxe.dll "
		"(ImageBase=000000007E8F0000, EntryPoint=000000007E8F1000) !!!!\n",
		type);
	is("ovmf", text, "exception X64 0E(#PF - Page-Fault) ADxe+0x1234",
	   "exception");
	snprintf(
		text, sizeof(text),
		"%s!!!! Find image based on IP(0x7E8F1234) (No PDB)  "
		"(ImageBase=000000007E8F0000, EntryPoint=000000007E8F1000) !!!!\n",
		type);
	is("ovmf", text, "exception X64 0E(#PF - Page-Fault) +0x1234",
	   "exception");
	snprintf(text, sizeof(text),
		 "%s!!!! Can't find image information. !!!!\n", type);
	is("ovmf", text, "exception X64 0E(#PF - Page-Fault)", "exception");
	/* an instruction before its image */
	snprintf(
		text, sizeof(text),
		"%s!!!! Find image based on IP(0x10) A.dll (ImageBase=20, EntryPoint=30) !!!!\n",
		type);
	is("ovmf", text, "exception X64 0E(#PF - Page-Fault) A", "exception");
	is("ovmf",
	   "!!!! IA32 Exception Type - 06(#UD - Invalid Opcode)  CPU Apic ID - 00000000 !!!!\n"
	   "!!!! Find image based on IP(0x820345) c:\\b\\PeiCore.pdb "
	   "(ImageBase=820000, EntryPoint=820240) !!!!\n",
	   "exception IA32 06(#UD - Invalid Opcode) PeiCore+0x345",
	   "exception");
	is("ovmf",
	   "!!!! RISCV64 Exception Type - 000000000000000D(EXCEPT_RISCV_LOAD_PAGE_FAULT) !!!!\n",
	   "exception RISCV64 000000000000000D(EXCEPT_RISCV_LOAD_PAGE_FAULT)",
	   "exception");
	/* AArch64: the first of the backtrace, the syndrome, and the assertion at
	 * the end, which is of the handler */
	is("ovmf",
	   "Synchronous Exception at 0x000000004753FE00\n"
	   "PC 0x00004753FE00 (0x00004753D000+0x00002E00) [ 0] FaultDxe.dll\n"
	   "PC 0x0000477A8934 (0x00004779B000+0x0000D934) [ 1] DxeCore.dll\n"
	   " ESR : EC 0x25  IL 0x1  ISS 0x00000044\n"
	   "ASSERT ArmPkg/Library/H.c(333): ((BOOLEAN)(0==1))\n",
	   "exception Synchronous EC 0x25 FaultDxe+0x2e00", "exception");
	is("ovmf", "x SError Exception at 0x0000000047530000\n",
	   "exception SError", "exception");
	is("ovmf",
	   "Data Abort Exception PC at 0x5FFA3C2C  CPSR 0x20000033 nzCveAifTj_svc\n",
	   "exception Data Abort", "exception");
}

/* Words of a fault are looked for near it only. */
static void near(void **state)
{
	struct ml_signing s = { .cut = false };
	struct ml_signature ret;
	size_t i;

	begin(&s, "ovmf", 0);
	add(&s, "SError Exception at 0x1\n", 24, -1);
	for (i = 1; i < ML_SIGNATURE_NEAR; i++)
		add(&s, "x\n", 2, -1);
	add(&s, "PC 0x1 (0x1+0x2) [ 0] In.dll\n", 29, -1);
	add(&s, " ESR : EC 0x25  IL 0x1\n", 23, -1);
	ml_signing_log_end(&s, false);
	assert_true(ml_signing_get(&s, &ret));
	assert_string_equal(ret.key, "exception SError In+0x2");
	assert_false(ret.whole);
}

static void errors(void **state)
{
	/* the last one of the last phase */
	is("ovmf",
	   "<6>SecCoreStartupWithStack(0xFFFCC000, 0x820000)\n"
	   "<3>old: Not Found\n"
	   "<6>[Bds] Entry...\n"
	   "<3>Boot0001 failed, rc 17 at 7E9B2000, Device Error\n"
	   "<6>more\n",
	   "error Boot0001 failed, rc # at #, Device Error", "error");
	is("ovmf",
	   "<3>old: Not Found\n"
	   "<6>[Bds] Entry...\n",
	   "phase BDS", "phase");
	/* it went on to try to boot, and that is what failed */
	is("ovmf", "[Bds] Entry...\nERROR: C90000002\n[Bds] Unable to boot!\n",
	   "no boot device", "no-boot");
	is("ovmf",
	   "[Bds] Entry...\n[Bds] Unable to boot!\n"
	   "Error: Image at 000030DC000 start failed: Not Found\n",
	   "error Error: Image at # start failed: Not Found", "error");
	/* status codes are numbers that tell, but for the address at the end */
	is("ovmf",
	   "<2>ERROR: C40000002:V03051002 I0 "
	   "7BB28B99-61BB-11D5-9A5D-0090273FC14D 7E5C4A98\r\n",
	   "error ERROR: C40000002:V03051002 I0 "
	   "7BB28B99-61BB-11D5-9A5D-0090273FC14D",
	   "error");
	is("ovmf", "ERROR: C40000002:V03051002 I0\n",
	   "error ERROR: C40000002:V03051002 I0", "error");
	is("ovmf", "ERROR: C40000002:V03051002 I0 7E5C4A98\n",
	   "error ERROR: C40000002:V03051002 I0", "error");
	is("ovmf", "ERROR: C40000002:V\n", "error ERROR: #:V", "error");
	is("ovmf", "<3>UEFI firmware (version 1 built at 12:00:00)\n",
	   "log ovmf", "log");
}

static void others(void **state)
{
	static const char bug[] =
		"BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
		"#PF: supervisor write access in kernel mode\n"
		"CPU: 2 PID: 4711 Comm: bash Not tainted 6.1.0 #1\n"
		"RIP: 0010:sysrq_handle_crash+0x16/0x20 [mod]\n"
		"RIP: 0010:other+0x99/0x100\n"
		"Kernel panic - not syncing: Fatal exception\n";

	is("dmesg", bug,
	   "panic BUG: kernel NULL pointer dereference, address: # in sysrq_handle_crash+0x16",
	   "panic");
	is("ramoops", "Kernel panic - not syncing: sysrq triggered crash\n",
	   "panic sysrq triggered crash", "panic");
	is("xencons",
	   "[    1.5] Kernel panic - not syncing: VFS: unknown-block(0,0)\n",
	   "panic VFS: unknown-block(#,#)", "panic");
	is("dmesg",
	   "Unable to handle kernel paging request at virtual address dead000000000108\n"
	   "pc : list_del+0x10/0x80\n",
	   "panic Unable to handle kernel paging request at virtual address # in list_del+0x10",
	   "panic");
	is("dmesg", "divide error: 0000 [#1] SMP PTI\n",
	   "panic divide error: # [##] SMP PTI", "panic");
	is("dmesg", "kernel BUG at fs/ext4/inode.c:123!\n",
	   "assert fs/ext4/inode.c:123 BUG", "assert");
	is("dmesg",
	   "Linux version 6.1\nwatchdog: BUG: soft lockup - CPU#3 stuck\n",
	   "phase kernel", "phase");
	is("xen-console",
	   "----[ Xen-4.17.3  x86_64  debug=n  Not tainted ]----\n"
	   "CPU:    3\n"
	   "RIP:    e008:[<ffff82d04030f1b2>] memory.c#do_it+0x52/0x80\n"
	   "****************************************\n"
	   "Panic on CPU 3:\n\n"
	   "FATAL PAGE FAULT\n[error_code=0002]\n",
	   "panic FATAL PAGE FAULT in memory.c#do_it+0x52", "panic");
	is("xen-console",
	   "Assertion 'a->b == 'c'' failed at common/sched.c:55\n",
	   "assert common/sched.c:55 a->b == 'c'", "assert");
	is("xen-console",
	   "Xen BUG at arch/x86/mm.c:9\nPanic on CPU 1:\nXen BUG\n",
	   "assert arch/x86/mm.c:9 BUG", "assert");
	is("acrn-log",
	   "<2>vcpu3 of vm1: cannot run, status 0x80000021\n<2>second\n",
	   "panic vcpu# of vm#: cannot run, status #", "panic");
	is("acrn-log",
	   "<5>Assertion failed in file arch/x86/ept.c,line 12 : fatal error\n",
	   "assert arch/x86/ept.c:12 fatal error", "assert");
	is("opal", "< assert failed at core/init.c:620 >\n",
	   "assert core/init.c:620", "assert");
}

/* Of several logs, whatever their order. */
static void several(void **state)
{
	static const struct {
		const char *format, *lines;
	} logs[] = {
		{ "dmesg",
		  "Linux version 6.1\nKernel panic - not syncing: a\n" },
		{ "ovmf", "Synchronous Exception at 0x1\n" },
		{ "ovmf", "[Bds] Entry...\nERROR: at once\n" },
		{ "ovmf", "ASSERT A.c(1): a\n" },
	};
	static const struct {
		size_t a, b;
		const char *key;
	} cases[] = {
		{ 0, 1, "exception Synchronous" }, { 0, 2, "panic a" },
		{ 0, 3, "assert A.c:1 a" },	   { 1, 3, "assert A.c:1 a" },
		{ 1, 2, "exception Synchronous" }, { 2, 3, "assert A.c:1 a" },
	};
	size_t i, turned;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (turned = 0; turned < 2; turned++) {
			struct ml_signing s = { .cut = false };
			struct ml_signature ret;
			size_t a = turned ? cases[i].b : cases[i].a;
			size_t b = turned ? cases[i].a : cases[i].b;

			add_log(&s, logs[a].format, logs[a].lines);
			add_log(&s, logs[b].format, logs[b].lines);
			assert_true(ml_signing_get(&s, &ret));
			assert_string_equal(ret.key, cases[i].key);
		}
}

/* An error is no failure if another log goes on. */
static void overtaken(void **state)
{
	size_t turned;

	for (turned = 0; turned < 2; turned++) {
		struct ml_signing s = { .cut = false };
		struct ml_signature ret;

		if (turned)
			add_log(&s, "dmesg", "Linux version 6.1\n");
		add_log(&s, "ovmf", "[Bds] Entry...\nERROR: at once\n");
		if (!turned)
			add_log(&s, "dmesg", "Linux version 6.1\n");
		assert_true(ml_signing_get(&s, &ret));
		assert_string_equal(ret.key, "phase kernel");
		assert_string_equal(ret.log.format, "dmesg");
	}
}

static void none(void **state)
{
	struct ml_signing s = { .cut = false };
	struct ml_signature ret;

	assert_false(ml_signing_get(&s, &ret));
	ml_signature_of_image("unreadable", "unreadable", "no data", &ret);
	assert_string_equal(ret.key, "unreadable: no data");
	assert_null(ret.log.format);
}

static void messages(void **state)
{
	static const struct {
		const char *text, *cleaned;
	} cases[] = {
		{ "  a \t b\r\n", "a b" },
		{ "at 0x7E9B2000 and 7e9b2000", "at # and #" },
		{ "Tcg2 on I440FX, X64, PciRoot(0x1)",
		  "Tcg2 on I440FX, X64, PciRoot(#)" },
		{ "10ms 64bit pid 4711", "#ms #bit pid #" },
		{ "CPU3 vcpu12 d1v0 Dom0", "CPU# vcpu# d#v# Dom#" },
		{ "dead beef added deadbeef", "dead beef added #" },
		{ "at 7FE4A000h, 0a123H deadbeefh", "at #, # #" },
		{ "each beach aach", "each beach aach" },
		{ "D6A2CB7F-6A18-4E2F-B43B-9920A733700A!",
		  "D6A2CB7F-6A18-4E2F-B43B-9920A733700A!" },
		{ "HD(1,GPT,D6A2CB7F-6A18-4E2F-B43B-9920A733700A,0x800)",
		  "HD(#,GPT,#,#)" },
		{ "\x1b[31m\xe2\x80\xae", "?[#m???" },
	};
	char ret[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ml_cleaned_message(
			(struct ml_words){ (const uint8_t *)cases[i].text,
					   strlen(cases[i].text) },
			ret, sizeof(ret));
		assert_string_equal(ret, cases[i].cleaned);
	}
}

/* ---- a model of what edk2 writes ---------------------------------------- */

static unsigned int model_seed = 1;

static unsigned int rnd(unsigned int n)
{
	model_seed = model_seed * 1103515245u + 12345u;
	return (model_seed >> 16) % n;
}

/* One fault, as two builds in different directories write it, in two runs. */
static void model(void **state)
{
	static const char *const dirs[] = { "", "/src/",
					    "/home/u/my (new) tree/",
					    "/b/AlphaPkg-1.2/edk2/" };
	static const char *const packages[] = { "MdePkg", "OvmfPkg",
						"UefiCpuPkg" };
	static const char *const forms[] = {
		"ASSERT [%s] %s(%u): %s\n",
		"ASSERT [%s] %s(%u): %s\r\n",
		"PEI_ASSERT!: [%s] %s (%u): %s\n",
		"DXE_ASSERT!: [%s] %s (%u): %s\n",
	};
	unsigned int i, run, line;
	char lines[1024], path[256], expr[64], want[256], name[32];
	unsigned long base, offset;

	for (i = 0; i < 2000; i++) {
		const char *package = packages[rnd(3)];

		line = 1 + rnd(3000);
		offset = rnd(0x8000);
		snprintf(name, sizeof(name), "Mod%uDxe", rnd(50));
		snprintf(expr, sizeof(expr), "Index%u <= (0x%x)", rnd(9),
			 rnd(999));
		if (i % 2)
			snprintf(want, sizeof(want), "assert %s/%s/%s.c:%u %s",
				 package, name, name, line, expr);
		else
			snprintf(
				want, sizeof(want),
				"exception X64 0D(#GP - General Protection) %s+0x%lx",
				name, offset);
		for (run = 0; run < 2; run++) {
			snprintf(path, sizeof(path), "%s%s/%s/%s.%s",
				 dirs[rnd(4)], package, name, name,
				 i % 2 ? "c" : "dll");
			base = (1ul + rnd(0x7000)) << 12;
			if (i % 2)
				snprintf(lines, sizeof(lines), forms[rnd(4)],
					 name, path, line, expr);
			else
				snprintf(
					lines, sizeof(lines),
					"!!!! X64 Exception Type - 0D(#GP - General Protection)  CPU Apic ID - %08x !!!!\n"
					"RIP  - %016lX, CS  - 0000000000000038\n"
					"!!!! Find image based on IP(0x%lX) %s (ImageBase=%016lX, EntryPoint=%016lX) !!!!\n",
					rnd(8), base + offset, base + offset,
					path, base, base + 0x240);
			is("ovmf", lines, want, i % 2 ? "assert" : "exception");
		}
	}
}

/* Pieces of all forms in any order, cut anywhere, with any bytes between. */
static void hostile(void **state)
{
	static const char *const pieces[] = {
		"ASSERT ",
		"ASSERT_EFI_ERROR (Status = ",
		"PEI_ASSERT!: ",
		"[",
		"] ",
		"(",
		"): ",
		"!!!! ",
		" Exception Type - ",
		" !!!!",
		"!!!! Find image based on IP(0x",
		" (ImageBase=",
		"Synchronous Exception at 0x",
		"PC 0x",
		"+0x",
		"ESR : ",
		"  ",
		"ffffffffffffffff",
		"99999999999999999999",
		"/",
		"\\",
		"Pkg/",
		"RIP: 0010:",
		"Kernel panic - not syncing: ",
		"Panic on CPU ",
		"Assertion '",
		"' failed at ",
		":",
		"Xen BUG at ",
		"assertion failed in file ",
		",line ",
		"< assert failed at ",
		"kernel BUG at ",
		"[Bds] Unable to boot!",
		"ERROR: ",
		"ERROR: C40000002:V03051002 I0 ",
		"GPT,",
		"D6A2CB7F-6A18-4E2F-B43B-9920A733700A",
		"\n",
		"\0",
	};
	static const char *const formats[] = { "ovmf",	   "dmesg",
					       "ramoops",  "xen-console",
					       "acrn-log", "opal",
					       "xencons",  "tboot" };
	unsigned int i, k, n;
	char text[600];
	size_t len, m;

	for (i = 0; i < 4000; i++) {
		struct ml_signing s = { .cut = false };
		struct ml_signature ret;

		begin(&s, formats[rnd(8)], 0);
		for (k = rnd(20); k; k--) {
			len = 0;
			for (n = rnd(12); n; n--) {
				const char *p = pieces[rnd(sizeof(pieces) /
							   sizeof(*pieces))];

				m = strlen(p) - rnd(2) * rnd(2);
				if (!*p)
					m = 0;
				memcpy(text + len, p, m);
				len += m;
				if (!rnd(3))
					text[len++] = (char)rnd(256);
			}
			add(&s, text, len, (int)rnd(9) - 1);
		}
		ml_signing_log_end(&s, true);
		assert_true(ml_signing_get(&s, &ret));
		assert_in_range(strlen(ret.key), 1, ML_SIGNATURE_KEY - 1);
		for (m = 0; ret.key[m]; m++)
			assert_in_range(ret.key[m], ' ', '~');
	}
}

/* What is longer than its part of the key is cut, a path at its beginning. */
static void lengths(void **state)
{
	struct ml_words w;
	char text[5000], ret[40];

	memset(text, 'x', sizeof(text));
	w = (struct ml_words){ (uint8_t *)text, sizeof(text) };
	memcpy(text + sizeof(text) - 4, "/a.c", 4);
	ml_cleaned_path(w, ret, sizeof(ret));
	assert_string_equal(ret, "a.c");
	w.len = 100;
	ml_cleaned_path(w, ret, sizeof(ret));
	assert_int_equal(strlen(ret), sizeof(ret) - 1);
	ml_cleaned_name(w, ret, sizeof(ret));
	assert_int_equal(strlen(ret), sizeof(ret) - 1);
	ml_cleaned_message(w, ret, sizeof(ret));
	assert_int_equal(strlen(ret), sizeof(ret) - 1);
	ml_cleaned_message((struct ml_words){ NULL, 0 }, ret, sizeof(ret));
	assert_string_equal(ret, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(asserts),   cmocka_unit_test(exceptions),
		cmocka_unit_test(near),	     cmocka_unit_test(errors),
		cmocka_unit_test(others),    cmocka_unit_test(several),
		cmocka_unit_test(overtaken), cmocka_unit_test(none),
		cmocka_unit_test(messages),  cmocka_unit_test(model),
		cmocka_unit_test(hostile),   cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
