/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.h - read a migration stream of QEMU, field by field.
 *
 * "QEVM", version 3, then sections, all big endian: one byte of type, then
 * fields that depend on it. The memory begins with a START section, which has
 * the list of blocks; any number of PARTs and an END have the pages, each a
 * record: the offset in the block, with flags in the low 12 bits; the name of
 * the block unless it is that of the previous page; then the page, or one byte
 * that fills it. A running guest changes its memory, so a page may be sent
 * several times: the last one counts. Sections of devices have no length; most
 * come after the END of memory, some before its pages (virtio-mem, VFIO).
 *
 * With mapped-ram, the pages are outside the stream: the list of blocks has,
 * for each block, the file offsets of a bitmap (little endian) and of its
 * pages.
 *
 * libvirt writes a header of 92 bytes before the stream, in the byte order of
 * its host: "LibvirtQemudSave", or "LibvirtQemudPart" while it is being
 * written, version, length of the data after the header (the guest's XML and
 * more), whether the guest was running, compression.
 *
 * Sources: QEMU's docs/devel/migration, migration/savevm.c and ram.c; libvirt's
 * qemu_saveimage.h; streams of QEMU 7.2 and 11.1.
 */
#ifndef ML_IMAGE_QEVM_STREAM_H
#define ML_IMAGE_QEVM_STREAM_H

#include "qevm.h"

/* Types of sections. */
enum {
	ML_QEVM_EOF = 0, /* the end of the stream */
	ML_QEVM_START = 1,
	ML_QEVM_PART = 2,
	ML_QEVM_END = 3,
	ML_QEVM_FULL = 4,
	ML_QEVM_SUBSECTION = 5,
	ML_QEVM_VMDESC = 6, /* after the end: text that describes the devices */
	ML_QEVM_CONFIGURATION = 7,
	ML_QEVM_COMMAND = 8,
	ML_QEVM_FOOTER = 0x7e,
};

/* Flags of records. */
enum {
	ML_QEVM_REC_FILL = 0x02,
	ML_QEVM_REC_MEM_SIZE = 0x04,
	ML_QEVM_REC_PAGE = 0x08,
	ML_QEVM_REC_EOS = 0x10,
	ML_QEVM_REC_CONTINUE = 0x20,
	ML_QEVM_REC_XBZRLE = 0x40,
	ML_QEVM_REC_HOOK = 0x80,
	ML_QEVM_REC_COMPRESSED = 0x100,
	ML_QEVM_REC_MULTIFD = 0x200,
};

/* The end of errors about unsupported streams. */
#define ML_QEVM_INSTEAD                                       \
	"; use QEMU's dump-guest-memory FILE, or virsh dump " \
	"--memory-only --format elf DOMAIN FILE"

/*
 * Read len bytes, a number, or a name that follows its length, at q->at and
 * advance q->at. NO_DATA: the file ends before; a name is then "", a number 0.
 */
enum memlog_status ml_qevm_take(struct ml_qevm *q, void *to, size_t len,
				struct memlog_err *err);
enum memlog_status ml_qevm_u32(struct ml_qevm *q, uint32_t *ret,
			       struct memlog_err *err);
enum memlog_status ml_qevm_u64(struct ml_qevm *q, uint64_t *ret,
			       struct memlog_err *err);
enum memlog_status ml_qevm_name(struct ml_qevm *q, char name[ML_QEVM_NAME],
				struct memlog_err *err);

/* Skip len bytes. NO_DATA: the file ends before. */
enum memlog_status ml_qevm_skip(struct ml_qevm *q, uint64_t len,
				struct memlog_err *err);

/* Skip the rest of a COMMAND section, after its type. */
enum memlog_status ml_qevm_command(struct ml_qevm *q, struct memlog_err *err);

/* Parse the header of a START or FULL section after its type. */
enum memlog_status ml_qevm_section(struct ml_qevm *q, char name[ML_QEVM_NAME],
				   uint32_t *ret_id, uint32_t *ret_version,
				   struct memlog_err *err);

/* Step over the data of section id, which q->at is in, and its footer. NO_DATA: the file
 * has no footer of it. */
enum memlog_status ml_qevm_device(struct ml_qevm *q, uint32_t id,
				  struct memlog_err *err);

/* Count the pages of mapped-ram that are in the file, after which the index has them. whole:
 * the stream is complete, so that pages without a bit are zeros; otherwise they may not
 * have been written yet. NO_DATA: a bitmap is cut. mapped.c */
enum memlog_status ml_qevm_mapped(struct ml_qevm *q, bool whole,
				  struct memlog_err *err);

/* Remember where memory is plugged in, if the section from offset from to q->at is of
 * virtio-mem. NO_MEMORY. */
enum memlog_status ml_qevm_plug(struct ml_qevm *q, const char *name,
				uint64_t from, struct memlog_err *err);

/* After the END of memory: look for the sections of devices that have memory, if there
 * are any without an address. Only STOP and NO_MEMORY are errors. */
enum memlog_status ml_qevm_plug_rest(struct ml_qevm *q, struct memlog_err *err);

/* Report progress now and then. STOP: the caller asked to stop. */
enum memlog_status ml_qevm_tick(struct ml_qevm *q, struct memlog_err *err);

/* Fail with CORRUPT: the what that ends at q->at is invalid. */
enum memlog_status ml_qevm_invalid(const struct ml_qevm *q, const char *what,
				   struct memlog_err *err);

#endif
