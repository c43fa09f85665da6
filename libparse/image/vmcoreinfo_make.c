/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmcoreinfo_make.c - what VMCOREINFO would say of a kernel that has none, from its
 * symbol file and its memory.
 *
 * The text that the kernel logs first, linux_banner, is in the file and in memory. So
 * it is known where in memory the kernel's image is. How far it was moved in virtual
 * memory follows from a constant pointer: that of init_nsproxy to init_uts_ns.
 */
#include "vmcoreinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

/* x86-64: the kernel's image is mapped from here on. */
#define X86_IMAGE UINT64_C(0xffffffff80000000)

/* struct nsproxy: a counter is before it. struct new_utsname: arrays of characters. */
enum { NSPROXY_UTS = 8, UTS_RELEASE = 2 * 65, UTS_SIZE = 3 * 65 };

/* The header of arm64's image, at _text: bits 1 and 2 of its flags are the size of
 * pages. */
enum { ARM_FLAGS = 24, ARM_MAGIC = 56, ARM_HEADER = 64 };

struct vmcoreinfo_make {
	struct memlog_image *image;
	const struct memlog_symbols *symbols;
	uint64_t delta; /* of a physical address to the one that it is linked to */
	uint64_t slide;
	char text[1024];
	size_t len;
};

static bool make_addr(const struct vmcoreinfo_make *m, const char *name,
		      uint64_t *ret)
{
	return !m->symbols->addr(m->symbols->self, name, ret);
}

/* The len bytes of a variable, off bytes after its beginning. */
static bool make_read(const struct vmcoreinfo_make *m, const char *name,
		      uint64_t off, void *buf, size_t len)
{
	uint64_t va;
	size_t got;

	return make_addr(m, name, &va) &&
	       !ml_image_fill(m->image, MEMLOG_PHYS, va + off + m->delta, buf,
			      len, &got, NULL) &&
	       got == len;
}

static bool make_number(const struct vmcoreinfo_make *m, const char *name,
			uint64_t off, uint64_t *ret)
{
	uint8_t b[8];

	if (!make_read(m, name, off, b, sizeof(b)))
		return false;
	*ret = ml_le64(b);
	return true;
}

static void make_line(struct vmcoreinfo_make *m, const char *key, bool hex,
		      uint64_t v)
{
	int n = snprintf(m->text + m->len, sizeof(m->text) - m->len,
			 hex ? "%s=%" PRIx64 "\n" : "%s=%" PRIu64 "\n", key, v);

	if (n > 0)
		m->len += ml_min((uint64_t)n, sizeof(m->text) - 1 - m->len);
}

static void make_symbol(struct vmcoreinfo_make *m, const char *name,
			const char *as)
{
	uint64_t va;
	char key[64];

	snprintf(key, sizeof(key), "SYMBOL(%s)", as);
	if (make_addr(m, name, &va))
		make_line(m, key, true, va + m->slide);
}

/* The release, as uname says it. */
static bool make_release(struct vmcoreinfo_make *m)
{
	static const uint8_t offsets[] = { 0, 4, 8 };
	char uts[UTS_SIZE + 1] = "";
	const char *release = uts + UTS_RELEASE;
	size_t i, n;

	for (i = 0; i < sizeof(offsets); i++)
		if (make_read(m, "init_uts_ns", offsets[i], uts, UTS_SIZE) &&
		    !strcmp(uts, "Linux"))
			break;
	n = strlen(release);
	if (i == sizeof(offsets) || !n)
		return false;
	for (i = 0; i < n; i++)
		if (release[i] <= ' ' || release[i] > '~')
			return false;
	m->len = (size_t)snprintf(m->text, sizeof(m->text), "OSRELEASE=%s\n",
				  release);
	return true;
}

/* An address, or a place relative to one, that only 52 bits of addresses have. */
static bool make_is_52(uint64_t v)
{
	return v >> 48 >= 0xfff0 && v >> 48 < 0xffff;
}

/* Bits of virtual addresses: the image is in the upper half of them, above the
 * direct map. A kernel for 52 of them is linked as if for 48 or 47, and is known by a
 * variable, a pointer to memory, or where the direct map would begin; the processor
 * may have fewer. */
static void make_arm64_bits(struct vmcoreinfo_make *m, uint64_t text,
			    uint64_t start)
{
	uint64_t bits = 65 - (uint64_t)__builtin_clzll(~text | 1);
	uint64_t actual = 0, pointer = 0;

	make_number(m, "vabits_actual", 0, &actual);
	make_number(m, "saved_command_line", 0, &pointer);
	if (actual < bits || actual > 52)
		actual = make_is_52(pointer) ? 52 :
			 make_is_52(start)   ? bits :
					       0;
	if (actual) {
		make_line(m, "NUMBER(TCR_EL1_T1SZ)", false, 64 - actual);
		bits = 52;
	}
	make_line(m, "NUMBER(VA_BITS)", false, bits);
}

static bool make_arm64(struct vmcoreinfo_make *m)
{
	uint64_t va, voffset, start = 0;
	uint8_t b[ARM_HEADER];

	if (!make_number(m, "kimage_voffset", 0, &voffset) ||
	    voffset != m->slide - m->delta || !make_addr(m, "_text", &va) ||
	    m->symbols->read(m->symbols->self, va, b, sizeof(b)) ||
	    memcmp(b + ARM_MAGIC, "ARM\x64", 4) || !(b[ARM_FLAGS] >> 1 & 3))
		return false;
	make_line(m, "PAGESIZE", false,
		  UINT64_C(1024) << 2 * (b[ARM_FLAGS] >> 1 & 3));
	make_line(m, "NUMBER(kimage_voffset)", false, voffset);
	if (make_number(m, "memstart_addr", 0, &start))
		make_line(m, "NUMBER(PHYS_OFFSET)", false, start);
	make_arm64_bits(m, va, start);
	make_symbol(m, "swapper_pg_dir", "swapper_pg_dir");
	return true;
}

static bool make_x86(struct vmcoreinfo_make *m)
{
	uint64_t base, is = m->delta - m->slide + X86_IMAGE;
	uint8_t five[4] = { 0 };

	if (!make_number(m, "phys_base", 0, &base) || base != is)
		return false;
	make_read(m, "__pgtable_l5_enabled", 0, five, sizeof(five));
	make_line(m, "PAGESIZE", false, ML_PAGE);
	make_line(m, "NUMBER(phys_base)", false, base);
	make_line(m, "NUMBER(pgtable_l5_enabled)", false, ml_le32(five) != 0);
	make_symbol(m, "init_top_pgt", "swapper_pg_dir");
	return true;
}

bool ml_vmcoreinfo_banner(const struct memlog_symbols *symbols,
			  char ret[ML_BANNER], uint64_t *ret_va)
{
	return symbols->addr && symbols->read &&
	       !symbols->addr(symbols->self, "linux_banner", ret_va) &&
	       !symbols->read(symbols->self, *ret_va, ret, ML_BANNER) &&
	       !memcmp(ret, "Linux version ", 14) && memchr(ret, 0, ML_BANNER);
}

bool ml_vmcoreinfo_make(struct memlog_image *image,
			const struct memlog_symbols *symbols, uint64_t phys)
{
	struct vmcoreinfo_make m = { .image = image, .symbols = symbols };
	char want[ML_BANNER], is[ML_BANNER];
	uint64_t va, uts, known;

	if (!ml_vmcoreinfo_banner(symbols, want, &va))
		return false;
	m.delta = phys - va;
	if (!make_read(&m, "linux_banner", 0, is, strlen(want) + 1) ||
	    strcmp(is, want) || !make_addr(&m, "init_uts_ns", &uts) ||
	    !make_number(&m, "init_nsproxy", NSPROXY_UTS, &known))
		return false;
	m.slide = known - uts;
	if (m.slide % ML_PAGE || !make_release(&m) ||
	    (!make_arm64(&m) && !make_x86(&m)))
		return false;
	make_symbol(&m, "_stext", "_stext");
	make_symbol(&m, "init_uts_ns", "init_uts_ns");
	make_line(&m, "KERNELOFFSET", true, m.slide);
	ml_image_add_note(image, "VMCOREINFO", 0,
			  "description of the kernel, from its symbols", m.text,
			  m.text, m.len);
	return true;
}
