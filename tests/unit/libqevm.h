/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libqevm.h - a writer of QEMU's migration streams, and of libvirt's header for them. */
#ifndef LIBQEVM_H
#define LIBQEVM_H

#include "image/open.h"
#include "libconform.h"

#define PAGE   4096u
#define GIB    (1ull << 30)
#define RAM_ID 2u

enum {
	ZERO = 0x02,
	SIZE = 0x04,
	DATA = 0x08,
	EOS = 0x10,
	SAME = 0x20,
	XBZRLE = 0x40,
	HOOK = 0x80,
	PACKED = 0x100,
	MULTIFD = 0x200,
};

/* One that is being written. qevm_drop() frees it. */
struct qevm {
	uint8_t *p;
	size_t len, cap;
	const char *block; /* of the page before */
	size_t marks[64];  /* where records begin */
	size_t n_marks;
};

/* What memory ends up with, what a page had before, and all that came first. */
extern uint8_t qevm_mem[16 * PAGE], qevm_old[PAGE], qevm_first[16 * PAGE];

/* The memory of qevm_small() and qevm_mapped(). */
extern const struct conform_piece qevm_small_piece;

/* Bytes; zeros if p is NULL. A number of width bytes, the highest first. A string after
 * its length in a byte. */
void qevm_bytes(struct qevm *f, const void *p, size_t len);
void qevm_num(struct qevm *f, uint64_t v, unsigned int width);
void qevm_word(struct qevm *f, const char *s);
/* The header; machine NULL: without a configuration. Then the beginning of the section of
 * RAM with the total of its blocks, each block, and later sections of a type. */
void qevm_head(struct qevm *f, const char *machine);
void qevm_start(struct qevm *f, const char *device, uint64_t total);
void qevm_block(struct qevm *f, const char *name, uint64_t len);
void qevm_section(struct qevm *f, unsigned int type);
/* The end of a section, with a footer as machines since 2.4 write it. */
void qevm_close_section(struct qevm *f);
/* A page: filled with one byte, or those at p. */
void qevm_page(struct qevm *f, const char *name, uint64_t off, uint8_t fill,
	       const uint8_t *p);
/* After memory: a device, of unknown length. */
void qevm_devices(struct qevm *f);
/* The section of a device with len bytes, NULL: of zeros, and its footer. type 2 and 3
 * have no name. */
void qevm_device(struct qevm *f, unsigned int type, uint32_t id,
		 const void *bytes, size_t len);
/* Free it, to be written again from the beginning. */
void qevm_drop(struct qevm *f);
/* Fill qevm_mem and qevm_old. */
void qevm_fill_mem(void);
/* 16 pages of memory: 3 is zeros, 5 is filled with a byte, and 2, 4, 6 and 7
 * are written to while the guest runs. */
void qevm_small(struct qevm *f, const char *machine, const char *ram,
		bool footers);
/* Open it: fails the test unless the status is wanted, and, if good, without warnings.
 * The caller closes the image. */
struct memlog_image *qevm_open(const struct qevm *f,
			       const struct memlog_allocator *alloc,
			       enum memlog_status want, struct memlog_err *err);
struct memlog_image *qevm_open_good(const struct qevm *f);
struct memlog_image_info qevm_info(struct memlog_image *image);
/* Does one of the notes have this text? */
bool qevm_noted(struct memlog_image *image, const char *text);
/* It is refused with this status, and a message that says this. Drops it. */
void qevm_refuse(struct qevm *f, enum memlog_status status, const char *say);
/* libvirt's header, in its byte order or the other. */
void qevm_libvirt(struct qevm *f, const char *magic, uint32_t compression,
		  bool be);
void qevm_capability(struct qevm *f, const char *name);
/* mapped-ram: 16 pages of which 3 is not written, after other things. */
void qevm_mapped(struct qevm *f);

#endif
