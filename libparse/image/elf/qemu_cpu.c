/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qemu_cpu.c - parse QEMU's note with the state of a CPU. */
#include "qemu_cpu.h"

#include <string.h>

#include "base/bytes.h"

enum { VERSION = 1, LEN_MIN = 432 };

/* Version and size, 18 registers, 10 segments, 5 control registers; newer
 * versions of QEMU append the kernel's GS base. Little endian, as x86 is. */
bool ml_qemu_cpu_parse(const uint8_t *desc, size_t len, struct ml_qemu_cpu *ret)
{
	struct ml_cursor c;
	size_t i;

	if (len < LEN_MIN || ml_le32(desc) != VERSION)
		return false;
	ml_cursor_init(&c, desc, len, false);
	ml_cursor_seek(&c, 8 + 6 * 8);
	ret->rsp = ml_cursor_u64(&c);
	ml_cursor_seek(&c, 8 + 16 * 8);
	ret->rip = ml_cursor_u64(&c);
	ret->rflags = ml_cursor_u64(&c);
	for (i = 0; i < ML_QEMU_SEGMENTS; i++) {
		ret->seg[i].selector = ml_cursor_u32(&c);
		ret->seg[i].limit = ml_cursor_u32(&c);
		ml_cursor_u64(&c); /* flags, padding */
		ret->seg[i].base = ml_cursor_u64(&c);
	}
	for (i = 0; i < 5; i++)
		ret->cr[i] = ml_cursor_u64(&c);
	return true;
}

bool ml_qemu_cpu_note(const struct ml_note *note, struct ml_qemu_cpu *ret)
{
	return !strcmp(note->owner, "QEMU") && !note->type && note->desc &&
	       ml_qemu_cpu_parse(note->desc, note->desc_len, ret);
}
