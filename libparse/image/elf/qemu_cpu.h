/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cpu.h - the state of a CPU in the dump of an x86 guest: a note of type 0
 * and owner "QEMU". Source: QEMU's target/i386/arch_dump.c.
 */
#ifndef ML_IMAGE_ELF_QEMU_CPU_H
#define ML_IMAGE_ELF_QEMU_CPU_H

#include "image/image.h"

enum ml_qemu_segment_name {
	ML_QEMU_CS,
	ML_QEMU_DS,
	ML_QEMU_ES,
	ML_QEMU_FS,
	ML_QEMU_GS,
	ML_QEMU_SS,
	ML_QEMU_LDT,
	ML_QEMU_TR,
	ML_QEMU_GDT,
	ML_QEMU_IDT,
	ML_QEMU_SEGMENTS,
};

struct ml_qemu_segment {
	uint32_t selector, limit;
	uint64_t base;
};

struct ml_qemu_cpu {
	uint64_t rip, rsp, rflags;
	struct ml_qemu_segment seg[ML_QEMU_SEGMENTS];
	uint64_t cr[5];
};

/* Parse the content of the note. False: truncated, or of an unknown version. */
bool ml_qemu_cpu_parse(const uint8_t *desc, size_t len,
		       struct ml_qemu_cpu *ret);

/* ml_qemu_cpu_parse() for a note of an image. False: also for other notes. */
bool ml_qemu_cpu_note(const struct ml_note *note, struct ml_qemu_cpu *ret);

#endif
