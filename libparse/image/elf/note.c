/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* note.c - parse the ELF notes of dumps and describe them as text. Sources:
 * System V ABI; the headers of QEMU, Linux and Xen. */
#include "note.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "image/xen/note.h"
#include "qemu_cpu.h"

enum { NT_X86_XSTATE = 0x202, NT_ARM_SVE = 0x405 };

static bool elf_note_skip(size_t *pos, size_t len, uint64_t bytes,
			  uint64_t align)
{
	uint64_t end;

	if (bytes > len - *pos)
		return false;
	end = *pos + bytes;
	end += (align - end % align) % align;
	*pos = (size_t)ml_min(end, len); /* the last may lack padding */
	return true;
}

enum memlog_status ml_note_next(const uint8_t *p, size_t len, size_t *pos,
				bool big_endian, uint64_t align,
				struct ml_elf_note *ret)
{
	uint32_t namesz, descsz;
	struct ml_cursor c;

	if (align != 8)
		align = 4;
	if (*pos >= len)
		return MEMLOG_NO_DATA;
	ml_cursor_init(&c, p, len, big_endian);
	ml_cursor_seek(&c, *pos);
	namesz = ml_cursor_u32(&c);
	descsz = ml_cursor_u32(&c);
	ret->type = ml_cursor_u32(&c);
	if (c.failed)
		return MEMLOG_CORRUPT;
	*pos = c.pos;
	ret->owner = p + *pos;
	ret->owner_len =
		strnlen((const char *)ret->owner, ml_min(namesz, len - *pos));
	if (!elf_note_skip(pos, len, namesz, align))
		return MEMLOG_CORRUPT;
	ret->desc = p + *pos;
	ret->desc_len = descsz;
	return elf_note_skip(pos, len, descsz, align) ? MEMLOG_OK :
							MEMLOG_CORRUPT;
}

bool ml_note_is(const struct ml_elf_note *n, const char *owner)
{
	return n->owner_len == strlen(owner) &&
	       !memcmp(n->owner, owner, n->owner_len);
}

/* A string that text is appended to, truncated at cap. */
struct text {
	char *p;
	size_t cap, len;
};

static void elf_note_put(struct text *t, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);

static void elf_note_put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len = ml_min(t->len + (size_t)n, t->cap - 1);
}

/* A register of a PRSTATUS note: its name and its offset. */
struct reg {
	const char *name;
	uint16_t at;
};

static const struct reg regs_x86_64[] = {
	{ "rip", 240 }, { "rsp", 264 }, { "rflags", 256 }, { "rax", 192 },
	{ "rbp", 144 }, { "cs", 248 },	{ NULL, 0 },
};
static const struct reg regs_i386[] = {
	{ "eip", 120 }, { "esp", 132 }, { "eflags", 128 }, { "eax", 96 },
	{ "ebp", 92 },	{ "cs", 124 },	{ NULL, 0 },
};
static const struct reg regs_aarch64[] = {
	{ "pc", 368 },	{ "sp", 360 },	{ "pstate", 376 }, { "x0", 112 },
	{ "x29", 344 }, { "x30", 352 }, { NULL, 0 },
};

/* The supported PRSTATUS notes, distinguished by their size. */
static const struct prstatus {
	uint16_t len, machine;
	uint8_t word, pid;
	const struct reg *regs;
} prstatuses[] = {
	{ 336, ML_EM_X86_64, 8, 32, regs_x86_64 },
	{ 144, ML_EM_386, 4, 24, regs_i386 },
	{ 392, ML_EM_AARCH64, 8, 32, regs_aarch64 },
};

static const struct prstatus *find_prstatus(size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(prstatuses) / sizeof(prstatuses[0]); i++)
		if (prstatuses[i].len == len)
			return &prstatuses[i];
	return NULL;
}

uint16_t ml_prstatus_machine(size_t len, bool is64)
{
	const struct prstatus *p = find_prstatus(len);

	return p && (p->word == 8) == is64 ? p->machine : ML_EM_NONE;
}

bool ml_prstatus_rip(const uint8_t *desc, size_t len, uint64_t *ret)
{
	if (ml_prstatus_machine(len, true) != ML_EM_X86_64)
		return false;
	*ret = ml_le64(desc + regs_x86_64[0].at);
	return true;
}

static void put_prstatus(struct text *t, const struct ml_ehdr *e,
			 const struct ml_elf_note *n)
{
	const struct prstatus *p = find_prstatus(n->desc_len);
	const struct reg *r;

	if (!p || e->big_endian ||
	    (p->machine != ML_EM_X86_64 && p->machine != e->machine))
		return;
	elf_note_put(t, "pid %u", ml_le32(n->desc + p->pid));
	for (r = p->regs; r->name; r++)
		elf_note_put(t, " %s 0x%" PRIx64, r->name,
			     p->word == 4 ? ml_le32(n->desc + r->at) :
					    ml_le64(n->desc + r->at));
}

static void put_qemu(struct text *t, const struct ml_ehdr *e,
		     const struct ml_elf_note *n)
{
	static const struct {
		enum ml_qemu_segment_name number;
		const char *name;
	} shown[] = {
		{ ML_QEMU_CS, "cs" },	{ ML_QEMU_SS, "ss" },
		{ ML_QEMU_TR, "tr" },	{ ML_QEMU_GDT, "gdt" },
		{ ML_QEMU_IDT, "idt" },
	};
	const struct ml_qemu_segment *s;
	struct ml_qemu_cpu c;
	size_t i;

	if (e->big_endian || !ml_qemu_cpu_parse(n->desc, n->desc_len, &c))
		return;
	elf_note_put(t,
		     "rip 0x%" PRIx64 " rsp 0x%" PRIx64 " rflags 0x%" PRIx64
		     "\n",
		     c.rip, c.rsp, c.rflags);
	elf_note_put(t,
		     "cr0 0x%" PRIx64 " cr2 0x%" PRIx64 " cr3 0x%" PRIx64
		     " cr4 0x%" PRIx64 "\n",
		     c.cr[0], c.cr[2], c.cr[3], c.cr[4]);
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		s = &c.seg[shown[i].number];
		elf_note_put(t, "%s%s 0x%x base 0x%" PRIx64 " limit 0x%x",
			     i ? ", " : "", shown[i].name, s->selector, s->base,
			     s->limit);
	}
}

static const char *core_title(uint32_t type)
{
	switch (type) {
	case ML_NT_PRSTATUS:
		return "registers of a CPU or thread";
	case ML_NT_FPREGSET:
		return "floating point registers";
	case ML_NT_PRPSINFO:
		return "process";
	case ML_NT_AUXV:
		return "auxiliary vector";
	case ML_NT_SIGINFO:
		return "signal";
	case ML_NT_FILE:
		return "mapped files";
	}
	return NULL;
}

static const char *arch_title(uint32_t type)
{
	switch (type) {
	case NT_X86_XSTATE:
		return "extended state of a CPU or thread";
	case NT_ARM_SVE:
		return "SVE registers";
	}
	return NULL;
}

/* Xen notes are recognised by their type under any owner: producers differ. */
static void elf_note_learn(const struct ml_elf_note *n, struct ml_note_facts *f)
{
	if (ml_note_is(n, "CORE")) {
		f->n_prstatus += n->type == ML_NT_PRSTATUS;
		f->process |= n->type == ML_NT_PRPSINFO ||
			      n->type == ML_NT_AUXV || n->type == ML_NT_FILE ||
			      n->type == ML_NT_SIGINFO;
	} else if (ml_note_is(n, "QEMU")) {
		f->qemu = true;
		f->n_qemu++;
	} else if (ml_note_is(n, "VMCOREINFO")) {
		f->vmcoreinfo = true;
	} else if (ml_note_is(n, ML_NOTE_OWNER) && n->type == ML_NOTE_LOGS) {
		f->named = ml_named_space((const char *)n->desc, n->desc_len,
					  &f->space, &f->bias);
	}
	f->xen |= n->type == ML_XEN_CRASH_INFO || n->type == ML_XEN_KDUMP_CR3 ||
		  ml_note_is(n, "VMCOREINFO_XEN");
}

/* The title of a note whose content is text, or NULL. */
static const char *text_title(const struct ml_elf_note *n)
{
	if (ml_note_is(n, "VMCOREINFO") || ml_note_is(n, "VMCOREINFO_XEN"))
		return "description of the kernel";
	if (!ml_note_is(n, ML_NOTE_OWNER))
		return NULL;
	return n->type == ML_NOTE_LOGS ? "logs in this file" :
					 "description of this file";
}

static void add_note(struct memlog_image *image, const struct ml_ehdr *e,
		     const struct ml_elf_note *n, const struct ml_note_facts *f)
{
	char owner[33], title[64], words[640] = "", *copy;
	struct text t = { .p = words, .cap = sizeof(words) };
	const char *known = text_title(n);
	size_t len;

	snprintf(owner, sizeof(owner), "%.*s",
		 (int)ml_min(n->owner_len, sizeof(owner) - 1),
		 (const char *)n->owner);
	if (known) {
		len = strnlen((const char *)n->desc, n->desc_len);
		copy = ml_calloc(&image->alloc, len + 1, 1);
		if (!copy) {
			image->starved = true;
			return;
		}
		memcpy(copy, n->desc, len);
		ml_image_add_note(image, owner, n->type, known, copy, n->desc,
				  n->desc_len);
		ml_free(&image->alloc, copy);
		return;
	}
	if (ml_note_is(n, "CORE")) {
		known = core_title(n->type);
		if (n->type == ML_NT_PRSTATUS) {
			snprintf(title, sizeof(title), "registers, number %u",
				 f->n_prstatus - 1);
			known = title;
			put_prstatus(&t, e, n);
		}
	} else if (ml_note_is(n, "QEMU") && !n->type) {
		snprintf(title, sizeof(title), "state of CPU %u",
			 f->n_qemu - 1);
		known = title;
		put_qemu(&t, e, n);
	} else if (ml_note_is(n, "LINUX")) {
		known = arch_title(n->type);
	}
	if (!known)
		known = ml_xen_note_title(n->type);
	if (!t.len)
		elf_note_put(&t, "type 0x%x, %zu byte%s", n->type, n->desc_len,
			     ml_s(n->desc_len));
	ml_image_add_note(image, owner, n->type, known ? known : "unknown",
			  words, n->desc, n->desc_len);
}

void ml_note_add(struct memlog_image *image, const struct ml_ehdr *e,
		 const struct ml_elf_note *n, struct ml_note_facts *facts)
{
	/* zeros after the last note are padding */
	if (!n->owner_len && !n->type && !n->desc_len)
		return;
	elf_note_learn(n, facts);
	add_note(image, e, n, facts);
}
