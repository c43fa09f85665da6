/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xen.c - dumps of Xen machines: their notes, and dom0's memory. */
#include "xen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "image/elf/note.h"
#include "image/elf/qemu_cpu.h"

/* The strings of CRASH_INFO are shorter than this. */
#define STRING_MAX 256

static void set_note(struct memlog_image *image, const struct ml_note *n,
		     const char *title, const char *text)
{
	ml_image_set_note(image, (size_t)(n - image->notes), title, text);
}

/* A string in machine memory; "" if it cannot be read. */
static void read_string(struct memlog_image *image, uint64_t mach,
			char buf[STRING_MAX])
{
	size_t got = 0;

	if (!mach || memlog_image_read(image, image->xen->space, mach, buf,
				       STRING_MAX - 1, &got, NULL))
		got = 0;
	buf[got] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static void crash_info(struct memlog_image *image, struct ml_note *n,
		       struct ml_xen_crash_info *c)
{
	static const char *const names[ML_XEN_STRINGS] = {
		NULL, "changeset", "compiler", "built", "at",
	};
	char text[(ML_XEN_STRINGS + 1) * (STRING_MAX + 16)], s[STRING_MAX];
	size_t len = 0, i;

	read_string(image, c->strings[0], s);
	len = (size_t)snprintf(text, sizeof(text),
			       "version %" PRIu64 ".%" PRIu64 "%s", c->major,
			       c->minor, s);
	for (i = 1; i < ML_XEN_STRINGS; i++) {
		read_string(image, c->strings[i], s);
		if (s[0])
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"\n%s %s", names[i], s);
	}
	len += (size_t)snprintf(text + len, sizeof(text) - len,
				"\ntainted 0x%" PRIx64, c->tainted);
	if (c->has_phys_start)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"\nxen_phys_start 0x%" PRIx64,
					c->phys_start);
	if (c->has_p2m)
		snprintf(text + len, sizeof(text) - len,
			 "\np2m root frame 0x%" PRIx64, c->p2m);
	set_note(image, n,
		 c->has_phys_start ? "Xen crash information" :
		 c->has_p2m ? "Xen crash information, without xen_phys_start" :
			      "Xen crash information, without a p2m",
		 text);
}

static void learn_info(struct memlog_image *image,
		       const struct ml_xen_crash_info *c)
{
	struct ml_xen *x = image->xen;

	x->is64 = c->is64;
	x->has_version = true;
	x->major = c->major;
	x->minor = c->minor;
	x->has_phys_start = c->has_phys_start;
	x->phys_start = c->phys_start;
}

static void crash_regs(struct memlog_image *image, struct ml_note *n,
		       unsigned int cpu)
{
	struct ml_xen *x = image->xen;
	char title[64], text[128];
	uint64_t cr[4];

	if (!ml_xen_crash_regs(n->desc, n->desc_len, cr))
		return;
	snprintf(title, sizeof(title), "control registers of physical CPU %u",
		 cpu);
	snprintf(text, sizeof(text),
		 "cr0 0x%" PRIx64 " cr2 0x%" PRIx64 " cr3 0x%" PRIx64
		 " cr4 0x%" PRIx64,
		 cr[0], cr[1], cr[2], cr[3]);
	set_note(image, n, title, text);
	if (x->n_cr3 < ML_XEN_CR3S)
		x->cr3[x->n_cr3++] = cr[2];
}

/* The notes of 2006 do not name their CPU; they are in the CPUs' order. */
static void kdump_cr3(struct memlog_image *image, struct ml_note *n,
		      unsigned int cpu)
{
	struct ml_xen *x = image->xen;
	char title[64], text[96];
	uint64_t frame;

	if (n->desc_len != 4 && n->desc_len != 8)
		return;
	frame = n->desc_len == 8 ? ml_le64(n->desc) : ml_le32(n->desc);
	snprintf(title, sizeof(title), "page table of dom0 on virtual CPU %u",
		 cpu);
	snprintf(text, sizeof(text), "cr3 frame 0x%" PRIx64 ", mach:0x%" PRIx64,
		 frame, frame << 12);
	set_note(image, n, title, text);
	if (x->n_dom0_cr3 < ML_XEN_CR3S)
		x->dom0_cr3[x->n_dom0_cr3++] = frame;
}

/* Get the address of the hypervisor's image from any symbol in its
 * vmcoreinfo. */
static void vmcoreinfo_xen(struct memlog_image *image, const struct ml_note *n)
{
	static const char *const names[] = {
		"SYMBOL(domain_list)=",
		"SYMBOL(max_page)=",
		"SYMBOL(dom_xen)=",
		"SYMBOL(pgd_l4)=",
	};
	uint64_t va = 0;
	const char *s;
	size_t i, k;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		s = strstr(n->text, names[i]);
		if (!s)
			continue;
		s += strlen(names[i]);
		for (va = 0, k = 0; k < 16; k++) {
			if (s[k] >= '0' && s[k] <= '9')
				va = va << 4 | (uint64_t)(s[k] - '0');
			else if (s[k] >= 'a' && s[k] <= 'f')
				va = va << 4 | (uint64_t)(s[k] - 'a' + 10);
			else
				break;
		}
		if (va < ML_XEN_VIRT_LOW || va >= ML_XEN_DIRECTMAP)
			continue;
		image->xen->virt_start = va - va % ML_XEN_IMAGE_SPAN;
		return;
	}
}

/* va is in the hypervisor's code or its tables, hence in its image. */
static void learn_virt(struct ml_xen *x, uint64_t va)
{
	if (!x->virt_start && va >= ML_XEN_VIRT_LOW && va < ML_XEN_DIRECTMAP)
		x->virt_start = va - va % ML_XEN_IMAGE_SPAN;
}

static void all_notes(struct memlog_image *image,
		      struct ml_xen_crash_info *info, bool *ret_info)
{
	unsigned int regs = 0, cr3 = 0, status = 0;
	struct ml_xen_crash_info c;
	char title[64];
	uint64_t rip;
	size_t i;

	for (i = 0; i < image->n_notes; i++) {
		struct ml_note *n = &image->notes[i];

		if (!strcmp(n->owner, "VMCOREINFO_XEN")) {
			vmcoreinfo_xen(image, n);
			ml_image_set_note(image, i,
					  "description of the "
					  "hypervisor",
					  n->text);
		} else if (!strcmp(n->owner, "CORE") &&
			   n->type == ML_NT_PRSTATUS) {
			snprintf(title, sizeof(title),
				 "registers of physical CPU %u, in Xen",
				 status++);
			set_note(image, n, title, n->text);
			if (ml_prstatus_rip(n->desc, n->desc_len, &rip))
				learn_virt(image->xen, rip);
		} else if (n->type == ML_XEN_CRASH_INFO &&
			   ml_xen_crash_info(n->desc, n->desc_len, &c)) {
			crash_info(image, n, &c);
			if (*ret_info)
				continue;
			*info = c;
			*ret_info = true;
			learn_info(image, &c);
		} else if (n->type == ML_XEN_CRASH_REGS) {
			crash_regs(image, n, regs++);
		} else if (n->type == ML_XEN_KDUMP_CR3) {
			kdump_cr3(image, n, cr3++);
		}
	}
}

/* ---- dom0's memory ------------------------------------------------------ */

static void add_phys(struct memlog_image *image, struct ml_p2m *p2m)
{
	const struct ml_p2m_stats *st = ml_p2m_stats(p2m);

	image->p2m = p2m;
	ml_image_add_space(image, MEMLOG_PHYS, &ml_p2m_ops, p2m, 0, false);
	image->spaces[MEMLOG_PHYS].hole = ml_p2m_hole;
	if (st->damaged)
		ml_image_warn_part(image,
				   "%" PRIu64 " page%s of dom0's p2m "
				   "tree %s not in the image: the memory that "
				   "%s is missing",
				   st->damaged, ml_s(st->damaged),
				   ml_are(st->damaged),
				   st->damaged == 1 ? "it maps" : "they map");
	if (st->repeated)
		ml_image_warn_part(image,
				   "dom0's p2m tree is damaged: %" PRIu64
				   " pages are in it twice and were not "
				   "followed",
				   st->repeated);
}

static struct ml_p2m_opts xen_machine(struct memlog_image *image)
{
	const struct ml_space *sp = &image->spaces[MEMLOG_MACH];

	return (struct ml_p2m_opts){ .mach = sp->ops,
				     .mach_self = sp->self,
				     .allocator = &image->alloc };
}

static void by_list(struct memlog_image *image,
		    const struct ml_xen_crash_info *c)
{
	struct ml_p2m_opts o = xen_machine(image);
	struct memlog_err err = { 0 };
	struct ml_p2m *p2m;
	enum memlog_status s;

	o.kind = c->is64 ? ML_P2M_LIST64 : ML_P2M_LIST32;
	o.root = c->p2m;
	s = ml_p2m_open(&o, &p2m, &err);
	image->starved |= s == MEMLOG_NO_MEMORY;
	if (s)
		ml_image_warn_part(image, "only machine addresses: %s",
				   err.text);
	else
		add_phys(image, p2m);
}

/* The frame that entry index of a page table points to. */
static bool table_entry(struct memlog_image *image, uint64_t frame,
			unsigned int index, uint64_t *ret)
{
	uint8_t b[8];
	uint64_t addr;

	if (!ml_mul(frame, ML_PAGE, &addr) ||
	    !ml_xen_read(image, addr + 8ull * index, b, 8))
		return false;
	*ret = (ml_le64(b) & 0x000ffffffffff000ull) >> 12;
	return ml_le64(b) & 1;
}

/* What was tried as a direct map: all of these are wrong. */
struct xen_tried {
	uint64_t root[ML_XEN_TREES];
	size_t n;
};

/* Remember a root. False: it was tried before, or too many were. */
static bool xen_is_new(struct xen_tried *tried, uint64_t root)
{
	size_t i;

	for (i = 0; i < tried->n; i++)
		if (tried->root[i] == root)
			return false;
	if (tried->n == ML_XEN_TREES)
		return false;
	tried->root[tried->n++] = root;
	return true;
}

/* The page tables of the CPUs are in dom0's own memory, so a direct map that maps none of
 * them is the wrong one. Some may be missing from the dump. */
static bool try_table(struct memlog_image *image, struct ml_p2m_opts *o,
		      struct xen_tried *tried)
{
	const struct ml_xen *x = image->xen;
	struct ml_p2m *p2m;
	enum memlog_status s;
	uint64_t addr, phys;
	size_t i;

	if (!xen_is_new(tried, o->root))
		return false;
	s = ml_p2m_open(o, &p2m, NULL);
	image->starved |= s == MEMLOG_NO_MEMORY;
	if (s)
		return false;
	for (i = 0, s = MEMLOG_NO_DATA; i < x->n_dom0_cr3 && s; i++) {
		if (!ml_mul(x->dom0_cr3[i], ML_PAGE, &addr))
			continue;
		s = ml_p2m_phys(p2m, addr, &phys);
		image->starved |= s == MEMLOG_NO_MEMORY;
	}
	if (s) {
		ml_p2m_close(p2m);
		return false;
	}
	add_phys(image, p2m);
	return true;
}

/* Try every place of Linux's direct map. 64 bit: it starts at one of the slots
 * of 512 GiB from 272 on. 32 bit: at 3 GiB, with three levels or with two. */
static bool by_table(struct memlog_image *image, uint64_t frame,
		     struct xen_tried *tried)
{
	struct ml_p2m_opts o = xen_machine(image);
	uint64_t next;
	unsigned int i;

	o.kind = ML_P2M_TABLE64;
	if (image->xen->is64) {
		for (i = 272; i < 400; i++) {
			if (!table_entry(image, frame, i, &next))
				continue;
			o.root = next;
			if (try_table(image, &o, tried))
				return true;
		}
		return false;
	}
	o.mid = true;
	if (table_entry(image, frame, 3, &next)) {
		o.root = next;
		if (try_table(image, &o, tried))
			return true;
	}
	o.kind = ML_P2M_TABLE32;
	o.root = frame;
	o.from = 768;
	return try_table(image, &o, tried);
}

/* ---- is it Xen? --------------------------------------------------------- */

/* In QEMU's CPU states, the interrupt table of the first CPU is in Xen's image.
 * Those of the others are in its direct map, and their segment tables in the
 * area that it maps per domain. Windows may have both tables of a CPU at the
 * addresses of that direct map, but next to each other. */
static bool tables_of_xen(uint64_t gdt, uint64_t idt)
{
	if (idt < ML_XEN_IMAGES || idt >= ML_XEN_VIRT_HIGH)
		return false;
	return idt < ML_XEN_DIRECTMAP ||
	       (gdt >= ML_XEN_PERDOMAIN && gdt < ML_XEN_DIRECTMAP);
}

/* Do the CPU states in QEMU's notes show Xen? If so, the physical addresses of
 * the dump are Xen's machine addresses. Fills in virt_start and cr3. */
static bool qemu_of_xen(const struct memlog_image *image, struct ml_xen *x)
{
	bool xen = false;
	struct ml_qemu_cpu cpu;
	uint64_t idt;
	size_t i;

	for (i = 0; i < image->n_notes; i++) {
		if (!ml_qemu_cpu_note(&image->notes[i], &cpu))
			continue;
		idt = cpu.seg[ML_QEMU_IDT].base;
		if (!tables_of_xen(cpu.seg[ML_QEMU_GDT].base, idt))
			continue;
		xen = true;
		learn_virt(x, idt);
		if (x->n_cr3 < ML_XEN_CR3S)
			x->cr3[x->n_cr3++] = cpu.cr[3];
	}
	return xen;
}

bool ml_xen_runs(const struct memlog_image *image)
{
	struct ml_xen x = { 0 };

	return qemu_of_xen(image, &x);
}

void ml_xen_attach(struct memlog_image *image)
{
	struct ml_xen_crash_info info = { 0 };
	struct ml_xen x = { .space = MEMLOG_MACH,
			    .is64 = !strcmp(image->machine, "x86_64") };
	struct xen_tried tried = { .n = 0 };
	bool has_info = false;
	size_t i;

	if (!memlog_image_has_space(image, MEMLOG_MACH)) {
		x.space = MEMLOG_PHYS;
		if (!x.is64 || !memlog_image_has_space(image, MEMLOG_PHYS) ||
		    !qemu_of_xen(image, &x))
			return;
	}
	image->xen = ml_calloc(&image->alloc, 1, sizeof(*image->xen));
	image->starved |= !image->xen;
	if (!image->xen)
		return;
	*image->xen = x;
	if (x.space == MEMLOG_PHYS) {
		ml_image_add_note(image, "", 0, "hypervisor",
				  "the CPUs run Xen: physical addresses are "
				  "its machine addresses, and dom0's are "
				  "unknown",
				  NULL, 0);
		return;
	}
	all_notes(image, &info, &has_info);
	if (info.has_p2m && !strcmp(image->machine, "ia64"))
		info.has_p2m = false;
	if (info.has_p2m)
		by_list(image, &info);
	for (i = 0; i < image->xen->n_dom0_cr3 && !image->p2m; i++)
		by_table(image, image->xen->dom0_cr3[i], &tried);
	if (!image->p2m && !info.has_p2m)
		ml_image_warn_part(image, "only machine addresses: no note "
					  "leads to dom0's p2m tree");
}
