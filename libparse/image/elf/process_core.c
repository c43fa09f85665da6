/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process_core.c - cores of a virtual machine monitor: gcore, systemd-coredump,
 * the kernel's own.
 *
 * The guest's memory is in the large mappings. Often it is not in the core:
 * with dump-guest-core=off QEMU asks the kernel to leave it out, and by default
 * the kernel and gcore leave out shared memory of a file. The kernel then
 * writes a header without bytes, gcore none; the list of mapped files (NT_FILE)
 * still has the file.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "elf.h"
#include "image/process/guestram.h"

#define MIB ((uint64_t)1 << 20)

/* The most mapped files that are checked for missing ones, and the most large
 * ones of them that are looked up in the program headers: a guest has few. */
#define FILES_MAX 65536u
#define LARGE_MAX 64u

static bool writable_data(const struct ml_phdr *p)
{
	return (p->flags & (ML_PF_R | ML_PF_W | ML_PF_X)) ==
	       (ML_PF_R | ML_PF_W);
}

/* Large mapped files. */
struct large {
	uint64_t start[LARGE_MAX], len[LARGE_MAX];
	unsigned int n;
};

/* Forget those whose bytes are in the core. */
static void large_in_core(struct large *l, const struct ml_elf *elf)
{
	unsigned int k;
	size_t i;

	for (i = 0; i < elf->n_phdrs; i++) {
		const struct ml_phdr *p = &elf->phdrs[i];

		for (k = 0; p->type == ML_PT_LOAD && k < l->n; k++)
			if (p->vaddr <= l->start[k] &&
			    l->start[k] - p->vaddr < p->filesz)
				l->len[k] = 0;
	}
}

/* Programs and libraries are mapped files, too. */
static bool is_program(const char *name, size_t len)
{
	return (len >= 5 && !memcmp(name, "/usr/", 5)) ||
	       (len >= 4 && !memcmp(name, "/lib", 4)) ||
	       (len >= 3 && memmem(name, len, ".so", 3));
}

/* From an NT_FILE note: count, page size, {start, end, offset} each, then the names. */
static void large_find(struct large *l, const struct ml_elf *elf,
		       const struct ml_note *note)
{
	uint64_t count, i, start[2], word = elf->ehdr.is64 ? 8 : 4;
	const uint8_t *name, *desc = note->desc, *end = desc + note->desc_len;
	struct ml_cursor c;

	ml_cursor_init(&c, desc, note->desc_len, elf->ehdr.big_endian);
	count = word == 8 ? ml_cursor_u64(&c) : ml_cursor_u32(&c);
	if (count > FILES_MAX || (2 + 3 * count) * word > note->desc_len)
		return;
	name = desc + (2 + 3 * count) * word;
	for (i = 0; i < count && name < end && l->n < LARGE_MAX; i++) {
		size_t n = strnlen((const char *)name, (size_t)(end - name));

		ml_cursor_seek(&c, (size_t)((2 + 3 * i) * word));
		start[0] = word == 8 ? ml_cursor_u64(&c) : ml_cursor_u32(&c);
		start[1] = word == 8 ? ml_cursor_u64(&c) : ml_cursor_u32(&c);
		if (start[1] > start[0] &&
		    start[1] - start[0] >= ML_GUEST_RAM_MIN &&
		    !is_program((const char *)name, n)) {
			l->start[l->n] = start[0];
			l->len[l->n++] = start[1] - start[0];
		}
		name += n + 1;
	}
}

/* How many bytes of large mapped files are not in the core. It has one list of them. */
static uint64_t files_missing(const struct memlog_image *image,
			      const struct ml_elf *elf)
{
	struct large l = { .n = 0 };
	uint64_t all = 0;
	size_t i;

	for (i = image->n_notes; i-- > 0;)
		if (image->notes[i].type == ML_NT_FILE &&
		    image->notes[i].desc) {
			large_find(&l, elf, &image->notes[i]);
			break;
		}
	large_in_core(&l, elf);
	for (i = 0; i < l.n; i++)
		if (!ml_add(all, l.len[i], &all))
			return UINT64_MAX;
	return all;
}

static uint64_t core_missing(const struct memlog_image *image,
			     const struct ml_elf *elf)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < elf->n_phdrs; i++) {
		const struct ml_phdr *p = &elf->phdrs[i];

		if (p->type == ML_PT_LOAD && writable_data(p) && !p->filesz &&
		    p->memsz >= ML_GUEST_RAM_MIN &&
		    !ml_add(all, p->memsz, &all))
			return UINT64_MAX;
	}
	/* mappings of the kernel's list have a header, too: do not add them */
	return ml_max(all, files_missing(image, elf));
}

static void core_explain(struct memlog_image *image, uint64_t bytes, bool none)
{
	static const char how[] =
		"start QEMU with -machine dump-guest-core=on, and before the "
		"core is made: echo 0x7f > /proc/PID/coredump_filter; of a "
		"running guest, read pid:N instead";

	if (bytes)
		ml_image_warn(image,
			      "%" PRIu64 " MiB of what looks like guest "
			      "memory are not in this core: %s",
			      bytes / MIB, how);
	else if (none)
		ml_image_warn(image,
			      "this core of a process has no guest "
			      "memory: %s",
			      how);
}

size_t ml_core_pick(struct memlog_image *image, const struct ml_elf *elf,
		    enum ml_elf_by by, struct ml_load *in, size_t n)
{
	struct ml_mapping m;
	size_t i, at, kept = 0;

	if (by != ML_ELF_VADDR || !elf->facts.process)
		return n;
	for (i = 0, at = 0; i < elf->n_phdrs && at < n; i++) {
		const struct ml_phdr *p = &elf->phdrs[i];

		if (p->type != ML_PT_LOAD)
			continue;
		m = (struct ml_mapping){
			.start = p->vaddr,
			.end = p->vaddr + p->memsz,
			.read = p->flags & ML_PF_R,
			.write = p->flags & ML_PF_W,
			.exec = p->flags & ML_PF_X,
		};
		/* one by one: segments that join here may not join in the
		 * process */
		if (p->filesz && ml_guest_ram(&m, 1) >= ML_GUEST_RAM_MIN)
			in[kept++] = in[at];
		at++;
	}
	core_explain(image, core_missing(image, elf), !kept);
	return kept ? kept : n;
}
