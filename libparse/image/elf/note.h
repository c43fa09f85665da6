/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * note.h - ELF notes: walk over them, and say what they are.
 *
 * A walker of its own, held against libelf in the tests: notes decide which
 * address space an image has, so the plugins need them too; and those of a
 * kdump file do not stand in an ELF file.
 */
#ifndef ML_IMAGE_NOTE_H
#define ML_IMAGE_NOTE_H

#include "ehdr.h"
#include "image/image.h"

/* Types of the notes of CORE. */
enum {
	ML_NT_PRSTATUS = 1, ML_NT_FPREGSET = 2, ML_NT_PRPSINFO = 3,
	ML_NT_AUXV = 6, ML_NT_SIGINFO = 0x53494749, ML_NT_FILE = 0x46494c45,
};

/* One note. owner is not NUL-terminated; the padding is not counted. */
struct ml_elf_note {
	const uint8_t *owner;
	size_t owner_len;	/* without its NUL */
	uint32_t type;
	const uint8_t *desc;
	size_t desc_len;
};

/*
 * The note at *pos of len bytes; *pos moves to the next one. align is 4 or 8
 * (anything else counts as 4). NO_DATA at the end, CORRUPT when the rest is
 * too short for what it says. Source: System V ABI, chapter 5.
 */
enum memlog_status ml_note_next(const uint8_t *p, size_t len, size_t *pos,
				bool big_endian, uint64_t align,
				struct ml_elf_note *ret);

bool ml_note_is(const struct ml_elf_note *n, const char *owner);

/* The machine, of 64 bits or of 32, whose registers a PRSTATUS note of len
 * bytes has: its e_machine, ML_EM_NONE when no known one has such notes. */
uint16_t ml_prstatus_machine(size_t len, bool is64);

/* The address of the next instruction in a PRSTATUS note of x86-64. */
bool ml_prstatus_rip(const uint8_t *desc, size_t len, uint64_t *ret);

/* What the notes of an image say together. */
struct ml_note_facts {
	bool qemu;		/* CPU states that QEMU writes */
	bool vmcoreinfo;	/* a Linux kernel's */
	bool xen;		/* a crashed Xen machine: machine addresses */
	bool process;		/* what only a process has */
	uint32_t n_prstatus, n_qemu;
};

/*
 * Give the image the notes that stand in len bytes, with words for those that
 * are known, and gather the facts. The machine comes from e. Notes that are
 * cut off become a warning.
 */
void ml_notes_add(struct memlog_image *image, const struct ml_ehdr *e,
		  const uint8_t *p, size_t len, uint64_t align,
		  struct ml_note_facts *facts);

#endif
