/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notes.c - the ELF notes in a kdump-compressed file, and VMCOREINFO. */
#include "kdump.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "image/elf/note.h"

/* Newer QEMU leaves the machine empty: guess it from the size of a CPU's
 * registers. */
static uint16_t machine_of(const struct ml_kdump_head *h, const uint8_t *notes,
			   size_t len)
{
	struct ml_elf_note n;
	size_t pos = 0;

	if (*h->machine)
		return ml_elf_machine_number(h->machine);
	while (!ml_note_next(notes, len, &pos, h->big_endian, 4, &n))
		if (ml_note_is(&n, "CORE") && n.type == ML_NT_PRSTATUS)
			return ml_prstatus_machine(n.desc_len, h->is64);
	return ML_EM_NONE;
}

/* The bytes at [off, off + len) up to the end of the file, followed by a NUL.
 * The caller frees them. NULL: none, or no memory, which image notes. */
static uint8_t *kdump_load(struct memlog_image *image,
			   const struct ml_file *file, uint64_t off,
			   uint64_t len, size_t *ret_len)
{
	uint64_t room = off < file->size ? file->size - off : 0;
	uint8_t *buf;

	len = ml_min(ml_min(len, room), ML_MAX_NOTE);
	buf = len ? ml_calloc(&image->alloc, (size_t)len + 1, 1) : NULL;
	image->starved |= len && !buf;
	if (buf &&
	    ml_file_read_some(file, off, buf, (size_t)len, ret_len, NULL)) {
		ml_free(&image->alloc, buf);
		buf = NULL;
	}
	return buf;
}

void ml_kdump_add_notes(struct memlog_image *image, const struct ml_file *file,
			const struct ml_kdump_head *h,
			struct ml_note_facts *facts)
{
	struct ml_ehdr e = { .is64 = h->is64, .big_endian = h->big_endian };
	uint8_t *buf;
	size_t len;

	buf = kdump_load(image, file, h->notes, h->notes_len, &len);
	if (buf) {
		e.machine = machine_of(h, buf, len);
		if (!*image->machine)
			image->machine = ml_elf_machine(e.machine);
	}
	ml_free(&image->alloc, buf);
	ml_notes_add(image, &e, file, h->notes,
		     ml_min(h->notes_len, ML_MAX_NOTES_READ), 4, facts);
	buf = kdump_load(image, file, h->eraseinfo, h->eraseinfo_len, &len);
	if (buf)
		ml_image_add_note(image, "ERASEINFO", 0,
				  "what makedumpfile erased", (char *)buf, buf,
				  len);
	ml_free(&image->alloc, buf);
	if (facts->vmcoreinfo)
		return;
	buf = kdump_load(image, file, h->vmcoreinfo, h->vmcoreinfo_len, &len);
	if (buf)
		ml_image_add_note(image, "VMCOREINFO", 0,
				  "description of the kernel", (char *)buf, buf,
				  len);
	ml_free(&image->alloc, buf);
}
