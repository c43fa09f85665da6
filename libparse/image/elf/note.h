/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * note.h - ELF notes: parse them and describe them as text.
 *
 * This does not use libelf: the notes decide which address space an image has,
 * so the plugins need them, too, and those of a kdump file are not in an ELF
 * file. The tests compare it with libelf.
 */
#ifndef ML_IMAGE_NOTE_H
#define ML_IMAGE_NOTE_H

#include "base/limits.h"
#include "ehdr.h"
#include "image/image.h"

/* Bytes of notes that are read at a time: room for the largest one with its header and its
 * owner. */
#define ML_NOTE_WINDOW (ML_MAX_NOTE + 65536u)

/* Types of notes of the owner CORE. */
enum {
	ML_NT_PRSTATUS = 1,
	ML_NT_FPREGSET = 2,
	ML_NT_PRPSINFO = 3,
	ML_NT_AUXV = 6,
	ML_NT_SIGINFO = 0x53494749,
	ML_NT_FILE = 0x46494c45,
};

/* One note. owner is not NUL-terminated. The lengths do not count padding. */
struct ml_elf_note {
	const uint8_t *owner;
	size_t owner_len; /* without its NUL */
	uint32_t type;
	const uint8_t *desc;
	size_t desc_len;
};

/*
 * Parse the note at *pos of len bytes and advance *pos to the next. align is 4
 * or 8 (anything else counts as 4). *ret points into p. NO_DATA: the end.
 * CORRUPT: truncated. Source: System V ABI, chapter 5.
 */
enum memlog_status ml_note_next(const uint8_t *p, size_t len, size_t *pos,
				bool big_endian, uint64_t align,
				struct ml_elf_note *ret);

bool ml_note_is(const struct ml_elf_note *n, const char *owner);

/* The e_machine of 64 or 32 bits whose PRSTATUS notes have len bytes.
 * ML_EM_NONE: none that is known. */
uint16_t ml_prstatus_machine(size_t len, bool is64);

/* The instruction pointer of a PRSTATUS note of x86-64. False: of another
 * machine. */
bool ml_prstatus_rip(const uint8_t *desc, size_t len, uint64_t *ret);

/* What the notes of an image show together. */
struct ml_note_facts {
	bool qemu;	 /* CPU states that QEMU writes */
	bool vmcoreinfo; /* of a Linux kernel */
	bool xen;	 /* a crashed Xen machine: machine addresses */
	bool process;	 /* notes that only processes have */
	uint32_t n_prstatus, n_qemu;
	bool named; /* an extract: whose addresses are of this space */
	enum memlog_space space;
	uint32_t bias;
};

/* Add a note to the image, with a description if it is known, and update the facts. e
 * gives byte order and machine. */
void ml_note_add(struct memlog_image *image, const struct ml_ehdr *e,
		 const struct ml_elf_note *n, struct ml_note_facts *facts);

/*
 * Add the notes at [off, off + len) of a file to the image; a note of more than
 * ML_MAX_NOTE bytes, or that cannot be read, is left out. Warns of that, and of notes
 * that are damaged. notes.c
 */
void ml_notes_add(struct memlog_image *image, const struct ml_ehdr *e,
		  const struct ml_file *file, uint64_t off, uint64_t len,
		  uint64_t align, struct ml_note_facts *facts);

#endif
