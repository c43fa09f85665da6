/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.h - a migration stream of QEMU, field by field.
 *
 * "QEVM", version 3, then sections, all big endian: a type of one byte and what
 * the type has. Sections of memory begin with START, which lists its blocks;
 * any number of PARTs and an END have its pages, each a record: offset in the
 * block, with flags in the low 12 bits; the block's name unless it is the one
 * before; then the page, or one byte that fills it. A running guest writes to
 * its memory, so pages come again: the last one counts. Sections of devices
 * have no length, but QEMU writes them after the END of memory.
 *
 * With mapped-ram, pages do not stand in the stream: the list of blocks says
 * for each where in the file a bitmap (little endian) and the pages are.
 *
 * libvirt puts a header of 92 bytes in front, in the byte order of its host:
 * "LibvirtQemudSave", or Part while it is being written, version, length of
 * what follows it (the guest's XML and more), was it running, compression.
 *
 * Sources: QEMU's docs/devel/migration, migration/savevm.c and ram.c; libvirt's
 * qemu_saveimage.h; streams of QEMU 7.2 and 11.1.
 */
#ifndef ML_IMAGE_QEVM_STREAM_H
#define ML_IMAGE_QEVM_STREAM_H

#include "qevm.h"

/* Types of sections. */
enum {
	ML_QEVM_START = 1, ML_QEVM_PART = 2, ML_QEVM_END = 3,
	ML_QEVM_SUBSECTION = 5, ML_QEVM_CONFIGURATION = 7, ML_QEVM_COMMAND = 8,
	ML_QEVM_FOOTER = 0x7e,
};

/* Flags of records. */
enum {
	ML_QEVM_REC_FILL = 0x02, ML_QEVM_REC_MEM_SIZE = 0x04,
	ML_QEVM_REC_PAGE = 0x08, ML_QEVM_REC_EOS = 0x10,
	ML_QEVM_REC_CONTINUE = 0x20, ML_QEVM_REC_XBZRLE = 0x40,
	ML_QEVM_REC_HOOK = 0x80, ML_QEVM_REC_COMPRESSED = 0x100,
	ML_QEVM_REC_MULTIFD = 0x200,
};

/* The end of errors about what is not read. */
#define ML_QEVM_INSTEAD "; use QEMU's dump-guest-memory FILE, or virsh dump " \
	"--memory-only --format elf DOMAIN FILE"

/*
 * Read what stands at q->at and go on to what follows it: len bytes, a number,
 * a name after its length. NO_DATA: the file ends before; a name is "" then, a
 * number 0.
 */
enum memlog_status ml_qevm_take(struct ml_qevm *q, void *to, size_t len,
				struct memlog_err *err);
enum memlog_status ml_qevm_u32(struct ml_qevm *q, uint32_t *ret,
			       struct memlog_err *err);
enum memlog_status ml_qevm_u64(struct ml_qevm *q, uint64_t *ret,
			       struct memlog_err *err);
enum memlog_status ml_qevm_name(struct ml_qevm *q, char name[ML_QEVM_NAME],
				struct memlog_err *err);

/* Go on by len bytes. NO_DATA: the file ends before. */
enum memlog_status ml_qevm_skip(struct ml_qevm *q, uint64_t len,
				struct memlog_err *err);

/* Step over what follows the type of a COMMAND. */
enum memlog_status ml_qevm_command(struct ml_qevm *q, struct memlog_err *err);

/* CORRUPT: what stands before q->at is invalid. */
enum memlog_status ml_qevm_invalid(const struct ml_qevm *q, const char *what,
				   struct memlog_err *err);

#endif
