/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * note.h - parse the notes that Xen writes; does no I/O. Sources: Xen's public
 * header elfnote.h, and its kexec code for their sizes.
 */
#ifndef ML_IMAGE_XEN_NOTE_H
#define ML_IMAGE_XEN_NOTE_H

#include "memlog.h"

/* Note types. Producers use different owners, so only the type counts. */
enum {
	ML_XEN_CRASH_INFO = 0x1000001,
	ML_XEN_CRASH_REGS = 0x1000002,
	/* xl dump-core */
	ML_XEN_DUMP_NONE = 0x2000000,
	ML_XEN_DUMP_HEADER = 0x2000001,
	ML_XEN_DUMP_VERSION = 0x2000002,
	ML_XEN_DUMP_FORMAT = 0x2000003,
	ML_XEN_KDUMP_CR3 = 0x10000001, /* Xen of 2006 */
};

/* A title for notes of this type. NULL: not one of Xen's. */
const char *ml_xen_note_title(uint32_t type);

/*
 * The CRASH_INFO note. strings are machine addresses of NUL-terminated text:
 * the rest of the version, changeset, compiler, and by whom and when it was
 * built (see crash_info() in xen.c for their order).
 */
#define ML_XEN_STRINGS 5
struct ml_xen_crash_info {
	bool is64;
	uint64_t major, minor;
	uint64_t strings[ML_XEN_STRINGS];
	uint64_t tainted;
	bool has_p2m, has_phys_start;
	uint64_t p2m;	     /* frame of dom0's list of lists of frames */
	uint64_t phys_start; /* machine address of the hypervisor */
};

/* Parse CRASH_INFO. The size tells 4- from 8-byte words and the version: 32/64
 * bytes have no p2m (Arm), 36/72 end with it, 40/80 have xen_phys_start before
 * it. In longer notes the p2m is taken to be last, too. False: invalid size. */
bool ml_xen_crash_info(const uint8_t *desc, size_t len,
		       struct ml_xen_crash_info *ret);

/* Parse CRASH_REGS: cr0, cr2, cr3, cr4. False: not 16 or 32 bytes long. */
bool ml_xen_crash_regs(const uint8_t *desc, size_t len, uint64_t ret[4]);

#endif
